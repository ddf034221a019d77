"""A camera's sound is set up only where its site has a ground of its own, and goes to nobody but the listener."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.slices.footage.camera import SOUND, TestCamera
from tests.slices.footage.kit import camera_of, in_an_hour, stage, watching

from ansimnet.kernel.clock import now
from ansimnet.slices.footage.relay import sdp
from ansimnet.slices.footage.relay.sources import Sources

HOUR = timedelta(hours=1)


def collecting(sources: Sources) -> list[bytes]:
    heard: list[bytes] = []
    sources.on_sound = lambda _camera, _media, packet: heard.append(bytes(packet.payload))
    return heard


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.02)


@pytest.mark.requirement("VA-02")
async def test_only_the_listener_hears_and_no_picture_carries_sound() -> None:
    async with TestCamera() as camera, stage() as s:
        heard = collecting(s.sources)
        listened = replace(camera_of(camera.url), listened_until=now() + HOUR)
        s.sources.keep_warm([listened])
        ticket, _ = s.gate.issue(listened, in_an_hour())
        async with watching(s, ticket) as w:
            await w.frames(20)
        await until(lambda: len(heard) >= 5)
        assert camera.set_up == ["video", "meta", "sound"]
        assert set(heard) == {SOUND}
        assert SOUND not in b"".join(w.parts[0])
        source = next(iter(s.sources.cameras.values()))
        assert all(SOUND not in b"".join((frame.fragment, frame.init.segment)) for frame in source.ring.group)


@pytest.mark.requirement("VA-02")
@pytest.mark.parametrize("end", [None, datetime(2026, 1, 1).astimezone()])
async def test_without_a_ground_in_force_sound_is_never_set_up(end: datetime | None) -> None:
    async with TestCamera() as camera, stage() as s:
        heard = collecting(s.sources)
        s.sources.keep_warm([replace(camera_of(camera.url), listened_until=end)])
        source = next(iter(s.sources.cameras.values()))
        await until(lambda: source.frames >= 20)
        assert camera.set_up == ["video", "meta"]
        assert heard == []


@pytest.mark.requirement("VA-02")
async def test_a_ground_that_is_ended_ends_listening_though_somebody_watches() -> None:
    async with TestCamera() as camera, stage() as s:
        heard = collecting(s.sources)
        listened = replace(camera_of(camera.url), listened_until=now() + HOUR)
        s.sources.keep_warm([listened])
        ticket, _ = s.gate.issue(listened, in_an_hour())
        async with watching(s, ticket) as w:
            await w.frames(5)
            await until(lambda: heard)
            s.sources.keep_warm([replace(listened, listened_until=None)])
            many = len(heard)
            await w.frames(20)
        assert len(heard) == many


@pytest.mark.parametrize(
    ("lines", "encoding", "clock_hz"),
    [
        ("m=audio 0 RTP/AVP 0\n", "PCMU", 8000),
        ("m=audio 0 RTP/AVP 8\na=rtpmap:8 PCMA/8000\n", "PCMA", 8000),
        ("m=audio 0 RTP/AVP 97\na=rtpmap:97 mpeg4-generic/16000/1\na=fmtp:97 mode=AAC-hbr;config=1408\n",
         "MPEG4-GENERIC", 16_000),
    ],
)  # fmt: skip
def test_the_sound_track_of_a_description(lines: str, encoding: str, clock_hz: int) -> None:
    found = sdp.read("m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\n" + lines).sound
    assert found is not None
    assert (found.encoding, found.clock_hz) == (encoding, clock_hz)
    assert encoding != "MPEG4-GENERIC" or found.fmtp["config"] == "1408"


def test_another_sound_is_not_noted() -> None:
    text = "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\nm=audio 0 RTP/AVP 99\na=rtpmap:99 OPUS/48000/2\n"
    assert sdp.read(text).sound is None
