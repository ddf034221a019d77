"""A camera that turns, through the real relay: its zones stay black wherever it looks; in doubt all is hidden."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.slices.footage.camera import HEIGHT, WIDTH, TestCamera, boxes_document
from tests.slices.footage.kit import Watcher, camera_of, in_an_hour, showing, stage, watching

from ansimnet.kernel.clock import SystemClock, monotonic_s, now
from ansimnet.kernel.permits import Masking
from ansimnet.platform.db import Dbs
from ansimnet.slices.footage.relay import onvif
from ansimnet.slices.footage.relay.optics import Optics, Raw
from ansimnet.slices.footage.relay.sdp import BadStream
from ansimnet.slices.footage.relay.source import CameraSource
from ansimnet.slices.footage.relay.sources import Sources
from ansimnet.slices.footage.relay.turning import Position, Turned
from ansimnet.slices.footage.service.turning import DeviceNews
from ansimnet.slices.footage.store import onvif as store
from ansimnet_sim.onvif_head import Head

OPTICS = Optics(0.0, -180.0, 180.0, -90.0, 90.0, 60.0, 6.0, 5.0)
WINDOW = ((-6.0, -6.0), (6.0, -6.0), (6.0, 6.0), (-6.0, 6.0))
"""Straight to the north, where the device's zero looks."""
TURNED = Turned(OPTICS, (WINDOW,))
AWAY = (0.5, 0.0, 0.0)
"""East, by the device."""


def middle(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return picture[HEIGHT // 2 - 4 : HEIGHT // 2 + 4, WIDTH // 2 - 4 : WIDTH // 2 + 4]


def black(picture: NDArray[np.uint8]) -> bool:
    return bool(middle(picture).max() < 40)


def whole_hidden(picture: NDArray[np.uint8]) -> bool:
    """Tell whether a fine chequer has become cells of its mean: neighbours differ by the chequer where it is clear."""
    corner = picture[8 : HEIGHT // 4, 8 : WIDTH // 4].astype(int)
    return bool(np.abs(np.diff(corner, axis=1)).mean() < 8)


def clear(picture: NDArray[np.uint8]) -> bool:
    return not whole_hidden(picture) and not black(picture)


async def until(w: Watcher, seen: object, patience_s: float = 40.0) -> NDArray[np.uint8]:
    """Read on until the newest picture is what `seen` says."""
    async with asyncio.timeout(patience_s):
        while True:
            await w.frames(w.count + 2)
            newest = w.pictures()[-1]
            if seen(newest):  # type: ignore[operator]
                return newest


@pytest.mark.requirement("CC-03")
async def test_a_zone_of_the_world_stays_black_and_leaves_the_picture_with_it() -> None:
    async with TestCamera() as camera, stage() as s:
        camera.boxes, camera.head = [], Head()
        watched = replace(camera_of(camera.url), turned=TURNED)
        ticket, _ = s.gate.issue(watched, in_an_hour())
        async with showing(s.sources, watched, Masking.ORIGINAL), watching(s, ticket) as w:
            picture = await until(w, black)
            assert not whole_hidden(picture), "only the zone is black"
            camera.head.turn(AWAY)
            await until(w, clear)
            camera.head.turn((0.0, 0.0, 0.0))
            await until(w, black)


async def test_a_camera_that_does_not_say_where_it_looks_shows_nothing_clearly() -> None:
    async with TestCamera() as camera, stage() as s:
        camera.boxes, camera.head = [], None
        watched = replace(camera_of(camera.url), turned=TURNED)
        ticket, _ = s.gate.issue(watched, in_an_hour())
        async with showing(s.sources, watched, Masking.ORIGINAL), watching(s, ticket) as w:
            await w.frames(30)
            pictures = w.pictures()
            assert pictures
            assert all(whole_hidden(p) for p in pictures)
            camera.head = Head(at=AWAY, to=AWAY)
            await until(w, clear)
            camera.head = None  # its analytics have crashed
            await until(w, whole_hidden)


async def test_while_it_turns_fast_nothing_is_shown_clearly_and_a_command_hides_at_once() -> None:
    async with TestCamera() as camera, stage() as s:
        camera.boxes, camera.head = [], Head(at=AWAY, to=AWAY)
        watched = replace(camera_of(camera.url), turned=TURNED)
        ticket, _ = s.gate.issue(watched, in_an_hour())
        async with showing(s.sources, watched, Masking.ORIGINAL), watching(s, ticket) as w:
            await until(w, clear)
            camera.head.turn((-0.5, 0.0, 0.0))  # 180° at 90° a second, past the window
            await until(w, whole_hidden)
            await until(w, clear)
            s.sources.cameras[watched.camera_id].turning.command(asyncio.get_running_loop().time())
            await until(w, whole_hidden)
            await until(w, clear)


async def test_a_stream_that_begins_in_the_middle_of_a_group_asks_for_a_key_frame_and_has_it_at_once() -> None:
    async with TestCamera() as camera, stage() as s:
        asked = []

        def cold(camera_id: object, main: bool) -> None:
            asked.append((camera_id, main))
            camera.asked_for_key = True

        s.sources.on_cold = cold
        camera.sent = 3  # no key frame for 22 pictures
        watched = camera_of(camera.url)
        ticket, _ = s.gate.issue(watched, in_an_hour())
        async with watching(s, ticket) as w:
            await w.frames(5)
        assert asked == [(watched.camera_id, False)]


# --- what a device tells


@pytest.mark.parametrize(
    ("inner", "position"),
    [
        pytest.param(
            '<tt:Position><tt:PanTilt x="0.5" y="-0.25"/><tt:Zoom x="0.1"/></tt:Position>'
            "<tt:MoveStatus><tt:PanTilt>IDLE</tt:PanTilt><tt:Zoom>IDLE</tt:Zoom></tt:MoveStatus>",
            Position(Raw(0.5, -0.25, 0.1), False),
            id="stands",
        ),
        pytest.param(
            '<tt:Position><tt:PanTilt x="0" y="0"/></tt:Position><tt:MoveStatus><tt:PanTilt>MOVING</tt:PanTilt>'
            "</tt:MoveStatus>",
            Position(Raw(0, 0, 0), True),
            id="moves-and-has-no-zoom",
        ),
        pytest.param(
            '<tt:Position><tt:PanTilt x="0" y="0"/></tt:Position><tt:MoveStatus><tt:PanTilt>UNKNOWN</tt:PanTilt>'
            "</tt:MoveStatus>",
            Position(Raw(0, 0, 0), True),
            id="an-unknown-state-counts-as-moving",
        ),
        pytest.param('<tt:Position><tt:PanTilt x="120" y="0"/></tt:Position>', None, id="in-degrees-of-its-own"),
        pytest.param("<tt:MoveStatus/>", None, id="no-position"),
    ],
)
def test_a_position_is_read_where_it_is_plain(inner: str, position: Position | None) -> None:
    document = (
        '<tt:MetadataStream xmlns:tt="http://www.onvif.org/ver10/schema"><tt:PTZ><tt:PTZStatus>'
        f"{inner}</tt:PTZStatus></tt:PTZ></tt:MetadataStream>"
    )
    assert onvif.read_position(document.encode()) == position


@pytest.mark.parametrize(
    "document",
    [
        b"<tt:MetadataStream",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>",
        b'<m><PTZ><PTZStatus><Position><PanTilt x="nan" y="0"/></Position></PTZStatus></PTZ></m>',
        b'<m><PTZ><PTZStatus><Position><PanTilt x="0"/></Position></PTZStatus></PTZ></m>',
    ],
)
def test_what_cannot_be_read_is_refused(document: bytes) -> None:
    with pytest.raises(BadStream):
        onvif.read_position(document)


def test_boxes_and_position_come_in_one_document() -> None:
    document = boxes_document([("7", "Human", (0.1, 0.1, 0.2, 0.5))], Head(at=AWAY, to=AWAY))
    assert onvif.read_position(document) == Position(Raw(*AWAY), False)
    assert [s.track for s in onvif.read(document) or ()] == ["7"]


@pytest.mark.requirement("CC-05")
async def test_the_worse_of_two_clocks_counts_and_a_device_that_was_not_asked_lately_says_nothing(dbs: Dbs) -> None:
    watched = camera_of("rtsp://127.0.0.1:1/x")
    source = CameraSource(watched)
    assert source.clock_error_s is None
    source.clock_off_s = 0.4
    sources, at = Sources(), now()
    sources.cameras[watched.camera_id] = source
    async with dbs.city.transaction() as tx:
        await store.save_onvif(tx, watched.camera_id, 80, None, keep_login=False, by="system:test", now=at)
        await store.note_check(tx, watched.camera_id, "clock", at, clock_off_s=-45.0)
    news = DeviceNews(dbs.city, sources, SystemClock())
    await news.take_clocks()
    assert source.clock_error_s == -45.0
    async with dbs.city.transaction() as tx:
        await store.note_check(tx, watched.camera_id, "ok", at - timedelta(hours=4), clock_off_s=-45.0)
    await news.take_clocks()
    assert source.clock_error_s == 0.4
    sources.stop()


async def test_a_command_reaches_the_relay_that_pulls_the_camera(dbs: Dbs) -> None:
    watched = camera_of("rtsp://127.0.0.1:1/x")
    source, sources = CameraSource(watched), Sources()
    sources.cameras[watched.camera_id] = source
    source.turning.tell(Position(Raw(*AWAY), False), TURNED, monotonic_s())
    assert source.turning.zones(TURNED, monotonic_s()) == ()
    following = asyncio.create_task(DeviceNews(dbs.city, sources, SystemClock()).follow_turns())
    async with asyncio.timeout(20):
        while source.turning.zones(TURNED, monotonic_s()) is not None:
            async with dbs.city.transaction() as tx:
                await store.tell_turning(tx, watched.camera_id)
            source.turning.tell(Position(Raw(*AWAY), False), TURNED, monotonic_s())
            await asyncio.sleep(0.05)
    following.cancel()
    sources.stop()
