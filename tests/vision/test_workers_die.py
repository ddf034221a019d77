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

CAMERAS, WORKERS = 4, 2
LEARNT_S = 7.0
"""After so long a camera knows its place."""


def street(seed: int) -> Clip:
    """Return two seconds of a place with edges."""
    rng = np.random.default_rng(seed)
    place = np.kron(rng.integers(0, 255, (12, 20)), np.ones((15, 16)))[..., None].repeat(3, 2)
    noisy = (place + rng.normal(0, 2, (GROUP, *place.shape))).clip(0, 255)
    return encoded(noisy.astype(np.uint8))


def covered() -> Clip:
    """Return two seconds of a hand on the lens."""
    return encoded(np.full((GROUP, 180, 320, 3), 12, np.uint8))


def plays(seed: int, dark: Clip, hands: set[int]) -> Callable[[int], Clip]:
    open_ = street(seed)
    return lambda _: dark if seed in hands else open_


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


async def kill(workers: Workers) -> None:
    """Kill the process that watches most, and wait until it has a successor."""
    victim = max(workers.alive.values(), key=lambda p: len(p.given))
    os.kill(victim.process.pid, signal.SIGKILL)
    await until(lambda: victim not in workers.alive.values())
    await until(lambda: len(workers.alive) == WORKERS)


@pytest.mark.timeout(600)
@pytest.mark.requirement("VA-01", "VA-06")
async def test_no_alarm_is_lost_or_doubled_when_workers_are_killed(tmp_path: Path) -> None:
    dark, hands = covered(), set[int]()
    rows = Street([plays(n, dark, hands) for n in range(CAMERAS)])
    server = Server([str(c) for c in rows.cameras])
    places = Places(tmp_path / "run", tmp_path / "vision", tmp_path / "models")
    workers = Workers(WORKERS, places, server.configs, server.take, server.tell)
    running = asyncio.create_task(workers.run())

    def everybody() -> bool:
        seen = {c for p in workers.alive.values() for c, n in p.beat.items() if c in p.given and n["analysed_fps"] > 0}
        return seen == set(server.cameras)

    try:
        async with rows.running(places.run):
            await until(everybody)
            await asyncio.sleep(LEARNT_S)
            await until(lambda: workers.handed_over() == set(server.cameras))
            await kill(workers)
            await until(everybody)  # and what the dead one had learnt is known
            server.away = True  # what is said now waits on the disk
            hands |= {0, 2}
            await until(lambda: len(_waiting(places.outbox)) == 2)
            await kill(workers)
            hands |= {1, 3}
            server.away = False
            await until(lambda: {r["camera_id"] for r in server.reports.values()} == set(server.cameras))
            await until(everybody)
            await asyncio.sleep(3.0)  # whoever took over sees covered cameras and says nothing again
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    assert sorted(r["camera_id"] for r in server.reports.values()) == sorted(server.cameras)
    assert not _waiting(places.outbox)


def _waiting(outbox: Path) -> list[tuple[str, str]]:
    from ansimnet.slices.vision.service import workers

    return workers._waiting(outbox)
