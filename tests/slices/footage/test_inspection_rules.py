"""Measuring and judging: what is found, what is left in peace, what opens and closes; and one real look."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from evaluation._evidence_studio import street
from evaluation._inspection_city import blurred
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.slices.footage.camera import TestCamera
from tests.slices.footage.kit import camera_of

from ansimnet.kernel.clock import SystemClock, now
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import new_id
from ansimnet.platform.db import Dbs
from ansimnet.slices.cameras import store as camera_store
from ansimnet.slices.cameras.rules.register import CameraRow
from ansimnet.slices.footage.inspection import judging, keeping
from ansimnet.slices.footage.inspection.inspector import Inspector
from ansimnet.slices.footage.inspection.judging import LEAST, PATIENCE, Change, Watch, judge
from ansimnet.slices.footage.inspection.measuring import U8, Reading, measure
from ansimnet.slices.footage.inspection.sun import Light, light_at
from ansimnet.slices.footage.model import Defect
from ansimnet.slices.footage.relay import rtp
from ansimnet.slices.footage.relay.sources import Sources
from ansimnet.slices.footage.store import inspections as store

BEGAN = datetime(2026, 11, 7, 3, 0, tzinfo=UTC)
EVERY = timedelta(seconds=60)
RNG = np.random.default_rng(3)


def pictures(count: int, *, of: int = 5) -> list[U8]:
    """Return luma planes of a made-up street with people, a car and noise."""
    return [p[:360] for p in street(of, count)]


def grey(picture: U8, change: Callable[[np.ndarray], np.ndarray]) -> U8:
    return np.asarray(np.clip(change(picture.astype(np.float32)), 16, 235), np.uint8)


STREET = pictures(40)
LEARNT = Watch()
for n in range(80):
    LEARNT = judge(LEARNT, measure(STREET[n % 40]), BEGAN - (80 - n) * EVERY, Light.NIGHT, 0.0)[0]

HARMS: dict[Defect, Callable[[U8], U8 | None]] = {
    Defect.SILENT: lambda p: None,
    Defect.FROZEN: lambda p: STREET[0],
    Defect.COVERED: lambda p: grey(p, lambda y: np.full_like(y, 90) + RNG.normal(0, 3, y.shape)),
    Defect.MOVED: lambda p: np.roll(p, (40, 120), (0, 1)),
    Defect.BLURRED: lambda p: grey(p, lambda y: blurred(y, 2) + RNG.normal(0, 1, y.shape)),
    Defect.DARK: lambda p: grey(p, lambda y: 16 + (y - 16) * 0.01 + RNG.normal(0, 2, y.shape)),
    Defect.NOISY: lambda p: grey(p, lambda y: y + RNG.normal(0, 40, y.shape)),
}


def follow(watch: Watch, readings: list[Reading | None], begin: datetime = BEGAN, clock_s: float = 0.0) -> list[Change]:
    said = []
    for k, reading in enumerate(readings):
        watch, _, changes = judge(watch, reading, begin + k * EVERY, Light.NIGHT, clock_s)
        said += changes
    return said


@pytest.mark.requirement("CC-05")
@pytest.mark.parametrize("defect", HARMS)
def test_each_defect_is_found_by_its_name_and_closed_by_a_measurement(defect: Defect) -> None:
    steps = max(LEAST, int(PATIENCE[defect] / EVERY)) + 2
    harmed = [HARMS[defect](STREET[k % 40]) for k in range(steps)]
    fine = [STREET[(steps + k) % 40] for k in range(LEAST + 2)]
    said = follow(LEARNT, [None if p is None else measure(p) for p in (*harmed, *fine)])
    assert [(c.defect, c.opened) for c in said] == [(defect, True), (defect, False)]


@pytest.mark.requirement("CC-05")
def test_a_clock_that_is_off_is_found_whatever_is_seen() -> None:
    readings: list[Reading | None] = [measure(STREET[k]) for k in range(12)]
    assert [(c.defect, c.value) for c in follow(LEARNT, readings, clock_s=-2.5)] == [(Defect.CLOCK, -2.5)]
    assert follow(LEARNT, readings, clock_s=1.9) == []


def test_a_street_in_order_is_left_in_peace_and_shadows_and_rain_with_it() -> None:
    shade = 1 - 0.35 / (1 + np.exp((np.arange(640) - 320) / 4))
    wet = [grey(p, lambda y: ((y - 90) * 0.6 + 100) * shade) for p in STREET]
    assert follow(LEARNT, [measure(p) for p in (*STREET, *wet)]) == []


def test_what_was_not_learnt_is_not_judged_but_a_blank_picture_is() -> None:
    other = pictures(30, of=9)
    assert follow(Watch(), [measure(p) for p in other]) == []
    blank: list[Reading | None] = [measure(np.full((360, 640), 90, np.uint8)) for _ in range(20)]
    assert [c.defect for c in follow(Watch(), blank)] == [Defect.COVERED]


def test_a_view_given_up_is_learnt_anew_and_then_closes_its_ticket() -> None:
    elsewhere: list[Reading | None] = [measure(p) for p in pictures(40, of=9)]
    watch = replace(LEARNT, references={}, opened=frozenset({Defect.MOVED}), rows={})
    said = follow(watch, elsewhere * 2)
    assert [(c.defect, c.opened) for c in said] == [(Defect.MOVED, False)]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.booleans(), max_size=80))
def test_tickets_of_one_kind_open_and_close_in_turn(live: list[bool]) -> None:
    reading = measure(STREET[0])
    said = [c for c in follow(Watch(), [reading if on else None for on in live]) if c.defect is Defect.SILENT]
    assert [c.opened for c in said] == [k % 2 == 0 for k in range(len(said))]


def test_no_person_stands_in_a_reference() -> None:
    empty = judging.Reference.first(measure(STREET[0]), 0.5, 0.1)
    for p in STREET * 3:
        empty = empty.learn(measure(p), 0.5, 0.1)
    stood = empty.learn(measure(grey(STREET[0], lambda y: np.pad(y[:, 4:], ((0, 0), (0, 4))))), 0.5, 0.1)
    assert np.abs(stood.edges - empty.edges).max() < 3, (
        "one picture moves a cell of an average by less than two percent"
    )


def test_a_picture_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="too small"):
        measure(np.zeros((90, 160), np.uint8))


@pytest.mark.parametrize(
    ("hour", "light"), [(3, Light.DAY), (15, Light.NIGHT), (8, Light.TWILIGHT), (22, Light.TWILIGHT)]
)
def test_day_and_night_are_the_suns(hour: int, light: Light) -> None:
    minute = {8: 25, 22: 0}.get(hour, 0)
    assert light_at(Point(37.5, 127.0), datetime(2026, 11, 7, hour, minute, tzinfo=UTC)) is light


def test_a_sender_report_tells_the_cameras_clock() -> None:
    at = 1_793_000_000.25
    seconds, fraction = int(at) + 2_208_988_800, int(0.25 * (1 << 32))
    report = struct.pack(">BBHIII", 0x80, 200, 6, 1, seconds, fraction)
    assert rtp.sent_at(memoryview(report + bytes(12))) == pytest.approx(at)
    assert rtp.sent_at(memoryview(struct.pack(">BBHIII", 0x80, 200, 6, 1, 0, 0))) is None
    assert rtp.sent_at(memoryview(struct.pack(">BBHIII", 0x80, 201, 6, 1, seconds, 0))) is None
    assert rtp.sent_at(memoryview(b"\x80\xc8")) is None


@pytest.mark.requirement("CC-05")
async def test_the_relays_own_pictures_are_measured_and_nothing_but_numbers_is_kept(dbs: Dbs) -> None:
    sources = Sources()
    async with TestCamera() as made:
        camera = camera_of(made.url)
        row = CameraRow(
            line=1, lat=37.5, lon=127.0, code="HD-0001", agency="", address="", purpose="", count=1, azimuth_deg=0.0,
            fov_deg=90.0, range_m=100.0, retention_days=None, installed=None, rtsp_url=made.url,
        )  # fmt: skip
        async with dbs.city.transaction() as tx:
            import_id = new_id()
            await camera_store.begin_import(tx, import_id, "t.csv", b"x", "utf-8", 1, 0, now())
            await camera_store.save_cameras(tx, import_id, [(camera.camera_id, row)])
        sources.keep_warm([camera])
        inspector = Inspector(dbs.city, sources.cameras, SystemClock(), every_s=0.1)
        running = asyncio.create_task(inspector.run())
        try:
            source = sources.cameras[camera.camera_id]
            async with asyncio.timeout(60):
                await source.ready.wait()
                while camera.camera_id not in inspector.seen or inspector.seen[camera.camera_id].watch.last is None:
                    await asyncio.sleep(0.1)
                await inspector.keep()
            async with dbs.city.transaction() as tx:
                kept = await store.hours(tx, camera.camera_id, now() - timedelta(hours=2), now())
            assert sum(h.samples for h in kept) >= 1
            assert 60 < kept[0].brightness < 190, "a chequered picture of 50 and 200"
            assert (await keeping.load(dbs.city, [camera.camera_id]))[camera.camera_id].watch.references == {}
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            sources.stop()
