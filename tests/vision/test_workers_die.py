"""kill -9 of the processes that watch: no alarm is lost, none is told twice, every camera is watched again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks._vision_street import GROUP, Clip, Street, encoded

from ansimnet.slices.vision.service.workers import Places, Workers

CAMERAS = 4
COVERED_AFTER = 4 * GROUP
"""Pictures of the open street that a camera shows before somebody covers it: eight seconds."""


def street(seed: int) -> Clip:
    """Return two seconds of a place with edges."""
    rng = np.random.default_rng(seed)
    place = np.kron(rng.integers(0, 255, (12, 20)), np.ones((15, 16)))[..., None].repeat(3, 2)
    noisy = (place + rng.normal(0, 2, (GROUP, *place.shape))).clip(0, 255)
    return encoded(noisy.astype(np.uint8))


def covered() -> Clip:
    """Return two seconds of a hand on the lens."""
    return encoded(np.full((GROUP, 180, 320, 3), 12, np.uint8))


def plays(seed: int, dark: Clip, covered_after: int) -> Callable[[int], Clip]:
    open_ = street(seed)
    return lambda count: open_ if count < covered_after else dark


class Server:
    """What stands for the city's database: keeps what is taken, by id, and refuses while it is `away`."""

    def __init__(self, cameras: Sequence[str]) -> None:
        self.cameras = cameras
        self.reports: dict[str, dict[str, Any]] = {}
        self.away = False
        self.state: Mapping[str, Any] = {}

    async def configs(self) -> list[dict[str, Any]]:
        return [
            {"camera_id": c, "behaviours": ["tampered"], "thresholds": {"tampered_s": 1.0}, "has": ["day", "night"]}
            for c in self.cameras
        ]

    async def take(self, said: Sequence[object]) -> None:
        if self.away:
            raise ConnectionError("away")
        for one in said:
            assert isinstance(one, dict)
            self.reports[one["id"]] = one

    async def tell(self, state: Mapping[str, Any]) -> None:
        self.state = state


async def until(true: Callable[[], bool], patience_s: float = 150.0) -> None:
    async with asyncio.timeout(patience_s):
        while not true():
            await asyncio.sleep(0.05)


def kill(workers: Workers) -> int:
    """Kill the process that watches most; return how many cameras it had."""
    victim = max(workers.alive.values(), key=lambda p: len(p.given))
    os.kill(victim.process.pid, signal.SIGKILL)
    return len(victim.given)


@pytest.mark.timeout(400)
@pytest.mark.requirement("VA-01", "VA-06")
async def test_no_alarm_is_lost_or_doubled_when_workers_are_killed(tmp_path: Path) -> None:
    dark = covered()
    rows = Street([plays(n, dark, COVERED_AFTER + (n % 2) * GROUP) for n in range(CAMERAS)])
    server = Server([str(c) for c in rows.cameras])
    places = Places(tmp_path / "run", tmp_path / "vision", tmp_path / "models")
    workers = Workers(2, places, server.configs, server.take, server.tell)
    running = asyncio.create_task(workers.run())
    try:
        await until(lambda: len(workers.alive) == 2 and all(p.given for p in workers.alive.values()))
        async with rows.running(places.run):
            watched = lambda: sum(n["analysed_fps"] > 0 for p in workers.alive.values() for n in p.beat.values())  # noqa: E731
            await until(lambda: watched() == CAMERAS)
            await asyncio.sleep(4.0)  # half of the street is learnt; a successor goes on from there
            assert kill(workers) == CAMERAS / 2
            await until(lambda: len(workers.alive) == 2)
            await asyncio.sleep(2.0)
            server.away = True  # what is said now waits on the disk
            await until(lambda: bool(_waiting(places.outbox)))
            kill(workers)
            server.away = False
            await until(lambda: {r["camera_id"] for r in server.reports.values()} == set(server.cameras))
            await until(lambda: len(workers.alive) == 2 and watched() == CAMERAS)
            await asyncio.sleep(2.0)  # whoever took over sees covered cameras and says nothing again
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    assert sorted(r["camera_id"] for r in server.reports.values()) == sorted(server.cameras)
    assert not _waiting(places.outbox)


def _waiting(outbox: Path) -> list[tuple[str, str]]:
    from ansimnet.slices.vision.service import workers

    return workers._waiting(outbox)
