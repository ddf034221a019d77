"""Relay workers side by side: who pulls what, what they say of themselves and of their cameras."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
import uvloop
from evaluation._installation import fresh_settings, workplace
from hypothesis import given
from hypothesis import strategies as st
from tests.slices.footage.camera import TestCamera
from tests.slices.footage.kit import camera_of, in_an_hour, stage, watching

from ansimnet.app.supervise import Running, system
from ansimnet.kernel.clock import now
from ansimnet.kernel.ids import CameraId, named_id
from ansimnet.kernel.permits import Masking
from ansimnet.platform.database import Database
from ansimnet.platform.db import Db, Dbs
from ansimnet.slices.cameras.service import import_cameras
from ansimnet.slices.footage.model import WORDS
from ansimnet.slices.footage.relay import shedding
from ansimnet.slices.footage.relay.assigning import assign
from ansimnet.slices.footage.store import relays

# ------------------------------------------------------------------------------------------------- who pulls what


def some(count: int) -> list[CameraId]:
    return [CameraId(named_id("camera", f"HD-{i}")) for i in range(count)]


def test_workers_share_the_cameras_about_evenly() -> None:
    given_ = assign(some(400), 4)
    shares = [sum(w == n for w in given_.values()) for n in range(4)]
    assert sum(shares) == 400
    assert 70 <= min(shares) <= max(shares) <= 130


@given(st.integers(0, 60), st.integers(1, 6), st.integers(1, 20))
def test_no_worker_takes_more_than_it_carries(cameras: int, workers: int, most: int) -> None:
    given_ = assign(some(cameras), workers, most)
    assert len(given_) == min(cameras, workers * most)
    assert all(sum(w == n for w in given_.values()) <= most for n in range(workers))


@given(st.integers(1, 60), st.integers(1, 6))
def test_one_worker_more_moves_only_what_it_takes(cameras: int, workers: int) -> None:
    before, after = assign(some(cameras), workers), assign(some(cameras), workers + 1)
    assert {after[c] for c in before if after[c] != before[c]} <= {workers}


@given(st.integers(1, 60), st.integers(1, 6))
def test_one_camera_more_moves_none(cameras: int, workers: int) -> None:
    assert assign(some(cameras), workers).items() <= assign(some(cameras + 1), workers).items()


# ------------------------------------------------------------------------------------------------- load


def test_a_late_loop_sheds_step_by_step_and_takes_it_back_slowly() -> None:
    s = shedding.Shedding()
    steps = []
    for _ in range(shedding.LATE_TURNS * shedding.STEPS + 5):
        s.note(0.5)
        steps.append(s.step)
    assert steps[: shedding.LATE_TURNS] == [0] * (shedding.LATE_TURNS - 1) + [1]
    assert (s.step, s.full, s.thinned(8)) == (shedding.STEPS, True, 8)
    for _ in range(shedding.CALM_TURNS):
        s.note(0.0)
    assert (s.step, s.full) == (shedding.STEPS - 1, False)


def test_a_single_late_turn_sheds_nothing() -> None:
    s = shedding.Shedding()
    for n in range(100):
        s.note(2.0 if n % 3 == 0 else 0.0)
    assert s.step == 0


async def test_a_busy_relay_says_so_in_the_tile_and_gives_everything_back() -> None:
    async with TestCamera() as camera, stage() as s:
        ticket, _ = s.gate.issue(camera_of(camera.url), in_an_hour())
        async with watching(s, ticket) as w:
            await w.frames(5)
            (view,) = s.relay.views
            view.viewer.busy(True)
            await w.until(lambda: any(m["type"] == "quality" for m in w.words))
            view.viewer.busy(False)
            await w.frames(60)
        said = [(m["level"], m["reason"]) for m in w.words if m["type"] == "quality"]
        assert said[:2] == [("key-frames", "busy"), ("full", None)]


# ------------------------------------------------------------------------------------------------- main streams


async def test_the_main_stream_is_pulled_when_a_viewer_asks_and_let_go_after_him(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ansimnet.slices.footage.relay.sources.LINGER_S", 0.3)
    async with TestCamera() as camera, TestCamera() as big, stage() as s:
        both = camera_of(camera.url, big.url)
        ticket, _ = s.gate.issue(both, in_an_hour())
        s.sources.keep_warm([both])
        async with watching(s, ticket) as w:
            await w.frames(5)
            assert not big.requests
            await w.send(type="stream", track="main")
            await w.until(lambda: len(w.parts) == 2)
            await w.frames(10)
            assert [m["stream"] for m in w.words if m["type"] == "init"] == ["sub", "main"]
            assert big.set_up == ["video"]  # boxes come with the sub-stream, sound never
            await w.send(type="stream", track="sub")
            await w.until(lambda: len(w.parts) == 3)
            await w.frames(3)
        while s.sources.mains or big.clients:
            await asyncio.sleep(0.01)
        assert camera.clients


async def test_a_camera_without_a_main_stream_says_so() -> None:
    async with TestCamera() as camera, stage() as s:
        ticket, _ = s.gate.issue(camera_of(camera.url), in_an_hour())
        async with watching(s, ticket) as w:
            await w.frames(1)
            await w.send(type="stream", track="main")
            await w.until(lambda: any(m["type"] == "refused" for m in w.words))
            assert w.words[-1]["name"] == "no-main-stream"
            await w.frames(20)


async def test_a_main_stream_is_armed_while_the_caller_says_so() -> None:
    async with TestCamera() as camera, TestCamera() as big, stage() as s:
        both = camera_of(camera.url, big.url)
        s.sources.keep_warm([both])
        assert not s.sources.mains
        s.sources.arm(frozenset({both.camera_id}))
        await s.sources.mains[both.camera_id].ready.wait()
        s.sources.arm(frozenset())
        assert not s.sources.mains


# ------------------------------------------------------------------------------------------------- words


async def test_h265_is_named_at_once_and_has_words_for_the_page() -> None:
    async with TestCamera() as camera, stage() as s:
        camera.codec = "H265"
        ticket, _ = s.gate.issue(camera_of(camera.url), in_an_hour())
        async with watching(s, ticket) as w:
            assert await w.close_code() == 4404
        assert {"type": "source", "live": False, "reason": "h265"} in w.words
    korean, english = WORDS["h265"]
    assert "H.264" in korean
    assert "H.264" in english


# ------------------------------------------------------------------------------------------------- health


async def note(dbs: Dbs, camera: CameraId, live: bool, reason: str, at: datetime) -> None:
    async with dbs.city.transaction() as tx:
        await relays.note(tx, camera, 0, live, reason, at)


async def beat(dbs: Dbs, at: datetime) -> None:
    async with dbs.city.transaction() as tx:
        await relays.beat(tx, 0, cameras=1, viewers=0, full=False, now=at)


@pytest.mark.requirement("VA-03")
async def test_uptime_counts_what_was_measured_and_nothing_else(dbs: Dbs) -> None:
    (camera,) = some(1)
    noon = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
    async with dbs.city.transaction() as tx:
        await relays.register(tx, 0, 1, "ws://127.0.0.1:1/stream", noon - timedelta(hours=4))
    await note(dbs, camera, True, "live", noon - timedelta(hours=4))
    await note(dbs, camera, False, "unreachable", noon - timedelta(hours=1))
    await note(dbs, camera, False, "unreachable", noon - timedelta(minutes=30))  # no news
    await beat(dbs, noon)
    async with dbs.city.transaction() as tx:
        (h,) = await relays.health(tx, noon)
        spells = await relays.spells(tx, camera, noon - timedelta(days=1))
    assert (h.live, h.reason, h.since) == (False, "unreachable", noon - timedelta(hours=1))
    assert h.uptime_24h == pytest.approx(0.75)
    assert h.measured_24h_s == pytest.approx(4 * 3600)
    assert [(s[2], s[3]) for s in spells] == [(True, "live"), (False, "unreachable")]
    assert h.reason in WORDS


async def test_what_a_dead_worker_did_not_measure_is_neither_up_nor_down(dbs: Dbs) -> None:
    (camera,) = some(1)
    noon = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
    async with dbs.city.transaction() as tx:
        await relays.register(tx, 0, 1, "ws://127.0.0.1:1/stream", noon - timedelta(hours=4))
    await note(dbs, camera, True, "live", noon - timedelta(hours=4))
    await beat(dbs, noon - timedelta(hours=3))
    async with dbs.city.transaction() as tx:
        (h,) = await relays.health(tx, noon)
        assert (h.live, h.reason) == (False, "relay-stopped")
        assert h.measured_24h_s == pytest.approx(3600)
        await relays.register(tx, 0, 1, "ws://127.0.0.1:1/stream", noon)
    await note(dbs, camera, True, "live", noon)
    await beat(dbs, noon + timedelta(hours=1))
    async with dbs.city.transaction() as tx:
        (h,) = await relays.health(tx, noon + timedelta(hours=1))
    assert (h.live, h.uptime_24h) == (True, 1.0)
    assert h.measured_24h_s == pytest.approx(2 * 3600)


# ------------------------------------------------------------------------------------------------- real processes


CAMERAS = 6


@asynccontextmanager
async def running(url: str) -> AsyncIterator[Running]:
    """Start two relay workers and the sealer with six cameras, which are the paths of one server."""
    with workplace("workers") as folder:
        rows = [f"HD-{i:04},새빛로 {i},방범 CCTV,37.5,{127.0 + i / 1000},,90,60,{url}/{i}" for i in range(CAMERAS)]
        head = "code,address,purpose,lat,lon,azimuth_deg,fov_deg,range_m,rtsp_url"
        file = folder / "cameras.csv"
        file.write_text("\n".join([head, *rows]), encoding="utf-8")
        settings = fresh_settings(folder, relay_workers=2, recording=False)

        async def fill(db: Database) -> None:
            async with db.dbs(settings, app="test") as dbs:
                report = await import_cameras(dbs.city, file, actor="system:test", now=now())
                assert report.accepted == CAMERAS, report

        async with system(settings, say=lambda _: None, prepare=fill, parts=("seal", "relay")) as started:
            yield started


@pytest.mark.requirement("VA-02")
async def test_a_killed_worker_comes_back_with_its_cameras_while_the_other_goes_on() -> None:
    async with (
        TestCamera() as camera,
        running(camera.url.rsplit("/", 1)[0]) as started,
        started.database.dbs(started.settings, app="test") as dbs,
        asyncio.timeout(100),
    ):
        before = await until_live(dbs.city)
        assert set(before) == {0, 1}
        assert before[0].url != before[1].url
        clients = len(camera.clients)
        os.kill(started.pids["relay-1"], signal.SIGKILL)
        while (await told(dbs.city))[1].started_at == before[1].started_at:
            await asyncio.sleep(0.2)
        after = await until_live(dbs.city)
        assert after[0] == before[0], "the other worker was not touched"
        assert after[1].live == before[1].live
        while len(camera.clients) < clients:
            await asyncio.sleep(0.1)


class Told(NamedTuple):
    url: str
    started_at: datetime
    live: int


async def told(db: Db) -> dict[int, Told]:
    """Return what the workers say of themselves, and how many of their cameras they have live."""
    async with db.transaction() as tx:
        rows = await tx.all(
            """select w.worker, w.url, w.started_at, count(c.camera_id) filter (where h.live)
               from footage_relay_worker w left join footage_relay_camera c using (centre_id, worker)
               left join footage_health h on h.camera_id = c.camera_id and h.until_at is null
                   and h.from_at >= w.started_at
               group by w.worker, w.url, w.started_at"""
        )
    return {r[0]: Told(*r[1:]) for r in rows}


async def until_live(db: Db) -> dict[int, Told]:
    while True:
        found = await told(db)
        if sum(w.live for w in found.values()) == CAMERAS:
            return found
        await asyncio.sleep(0.2)


def test_masked_pictures_come_on_the_loop_that_the_processes_run_on() -> None:
    """The tests' loop is asyncio's; the relay's is uvloop's, whose transports are of other classes."""

    async def run() -> None:
        async with TestCamera() as camera, stage() as s:
            s.sources.keep_warm([camera_of(camera.url)])
            while True:  # a view gives up after ten seconds; a first worker may take longer to start
                ticket, _ = s.gate.issue(camera_of(camera.url), in_an_hour(), masking=Masking.MASKED)
                async with watching(s, ticket) as w:
                    await w.frames(5)
                    if w.parts:
                        return

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asyncio.wait_for(run(), 100))
