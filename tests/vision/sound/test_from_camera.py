"""From a camera's microphone through relay and local socket to a report, and none without a ground."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.slices.footage.camera import FPS, TestCamera
from tests.slices.footage.kit import camera_of, stage
from tests.vision.sound.kit import CAMERA, constant

from ansimnet.kernel.clock import now
from ansimnet.slices.footage.relay.local import Local
from ansimnet_vision.feed import Arrived, Feed
from ansimnet_vision.sound.ears import Ears, Sounded
from ansimnet_vision.types import Report


@pytest.mark.requirement("VA-01", "VA-02")
@pytest.mark.parametrize("listened", [True, False])
async def test_a_scream_at_a_camera_is_reported_only_where_its_site_has_a_ground(
    tmp_path: Path, listened: bool
) -> None:
    until: datetime | None = now() + timedelta(hours=1) if listened else None
    told: list[Report] = []
    pictures = 0
    async with TestCamera() as camera, stage() as s:
        camera.sound = bytes(range(0x10, 0x30)) * (8000 // FPS // 32)
        pulled = replace(camera_of(camera.url), listened_until=until)
        ears = Ears(constant(scream=9.0), told.extend)
        ears.set([replace(CAMERA, camera_id=str(pulled.camera_id))])

        def give(message: object) -> None:
            nonlocal pictures
            pictures += isinstance(message, Arrived)
            if isinstance(message, Sounded):
                ears.arrive(message)

        async with Local(s.sources).serving(tmp_path / "run", 0):
            s.sources.keep_warm([pulled])
            feed = Feed(tmp_path / "run", give)
            feed.want({str(pulled.camera_id): 0.0})
            feed.reach()
            async with asyncio.timeout(60):
                while pictures < 40 or (listened and not told):
                    await asyncio.to_thread(feed.read, 0.1)
    assert [r.behaviour for r in told] == (["scream"] if listened else [])
    assert all(r.camera_id == str(pulled.camera_id) for r in told)
