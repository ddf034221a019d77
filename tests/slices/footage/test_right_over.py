"""A loop so busy that it cuts late: whatever the door, nothing leaves after the right all the same."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.slices.footage.camera import TestCamera
from tests.slices.footage.kit import Stage, camera_of, showing, stage, watching
from tests.slices.footage.test_recording import archive_at, recording
from tests.slices.footage.test_uplink import line, phone, playing, until
from tests.slices.footage.test_whep import peering

from ansimnet.kernel.clock import now
from ansimnet.kernel.permits import Masking
from ansimnet.slices.footage.relay.gate import Recorded
from ansimnet.slices.footage.relay.view import View
from ansimnet.slices.footage.uplink.cascade import Edge
from ansimnet.slices.footage.uplink.whep import Whep

pytestmark = pytest.mark.requirement("CC-03")
LASTS = timedelta(seconds=3)


async def never_cut(at: Stage, not_after: datetime) -> View:
    """Take the timers from the one view, wait for the end of its right, and return it: nobody has cut it."""
    (view,) = at.relay.views
    view.disarm()
    await until(lambda: now() > not_after)
    assert view.end is None
    return view


async def stays_dark(at: Stage, view: View) -> None:
    """Nothing is sent to this view while its camera sends twenty pictures more."""
    source, sent, words = at.sources.cameras[view.held.camera.camera_id], view.viewer.frames, view.viewer.size
    assert sent > 0
    until_frames = source.frames + 20
    await until(lambda: source.frames > until_frames)
    assert (view.viewer.frames, view.viewer.size) == (sent, words)
    assert view.end is None


@pytest.mark.parametrize("masking", [Masking.ORIGINAL, Masking.MASKED])
async def test_a_live_picture(masking: Masking) -> None:
    async with TestCamera() as camera, stage() as at, showing(at.sources, camera_of(camera.url), masking):
        camera.boxes = [("17", "Human", (0.1, 0.1, 0.25, 0.7))]
        ends = now() + LASTS
        async with watching(at, at.gate.issue(camera_of(camera.url), ends, masking=masking)[0]) as w:
            await w.frames(1)
            await stays_dark(at, await never_cut(at, ends))


async def test_a_gateways_line() -> None:
    async with TestCamera() as camera, stage() as at:
        Edge(at.relay)
        far = replace_path(at, "/cascade")
        ends = now() + LASTS
        async with watching(far, at.gate.issue(camera_of(camera.url), ends)[0]) as w:
            await w.send(type="go")
            await w.frames(1)
            await stays_dark(at, await never_cut(at, ends))


async def test_a_peer_connection() -> None:
    pytest.importorskip("aiortc")
    async with TestCamera() as camera, stage() as at, showing(at.sources, camera_of(camera.url), Masking.ORIGINAL):
        Whep(at.relay)
        ends = now() + LASTS
        async with peering(at, at.gate.issue(camera_of(camera.url), ends)[0]) as peer:
            await peer.play()
            await until(lambda: bool(peer.pictures))
            await stays_dark(at, await never_cut(at, ends))


async def test_playback_and_files(tmp_path: Path) -> None:
    async with TestCamera() as camera, recording(camera, archive_at(tmp_path)) as r:
        span, ends = await r.waits(1), now() + LASTS
        past = Recorded((r.camera,), span[0], now() + timedelta(hours=1))  # it plays on into the present
        async with watching(r.stage, r.stage.gate.issue(r.camera, ends, recorded=past)[0]) as w:
            await w.frames(1)
            view = await never_cut(r.stage, ends)
            asked: dict[str, Any] = {"type": "clip", "from": span[0].isoformat(), "until": span[1].isoformat()}
            await w.socket.send(json.dumps(asked))
            await stays_dark(r.stage, view)


async def test_what_a_phone_sends_is_not_taken() -> None:
    async with line() as at:
        ticket, permit = at.sender()
        ends = now() + LASTS
        at.gate.tickets[ticket] = replace(at.gate.tickets[ticket], not_after=ends)
        at.gate.permits[permit] = ends
        async with phone(at, ticket) as sender, playing(sender):
            await until(at.live)
            await never_cut(at, ends)
            source, sent = at.sources.cameras[at.camera.camera_id], sender.sent
            taken = source.frames
            await until(lambda: sender.sent > sent + 20)
            await asyncio.sleep(0)
            assert source.frames == taken > 0
            assert sender.code is None


def replace_path(at: Stage, path: str) -> Stage:
    """Return the same relay with another of its doors."""
    return Stage(at.gate, at.sources, at.relay, at.url.replace("/stream", path))
