"""kill -9 of the processes that watch, while cameras are covered one after the other: who was unwatched, and how long.

Real processes, the relay's real local door, real time; one is killed at a time, the next when that has a successor.
A camera counts as watched while a living process says that it has judged pictures of it in the last half second.
Every camera is covered once; each covering must be told once.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks._vision_street import FPS, GROUP, Clip, Street, encoded

from ansimnet.kernel.clock import monotonic_s
from ansimnet.slices.vision.service.workers import Places, Workers

LEARNT_S = 16.0
"""Nothing is covered before every camera has been watched for so long, through a kill or two."""
EVERY_S = 6.0
LAST_S = 14.0
"""After the last covering: whoever says it late, or again, does so by then."""


def kills(cameras: int, workers: int, seed: int, times: int) -> dict[str, Any]:
    """Run it; return how often was killed, the longest time unwatched, and alarms lost and doubled."""
    return asyncio.run(_kills(cameras, workers, seed, times))


def _place(seed: int) -> Clip:
    rng = np.random.default_rng(seed)
    place = np.kron(rng.integers(0, 255, (12, 20)), np.ones((15, 16)))[..., None].repeat(3, 2)
    noisy = (place + rng.normal(0, 2, (GROUP, *place.shape))).clip(0, 255)
    return encoded(noisy.astype(np.uint8))


def _plays(seed: int, dark: Clip, covered: Mapping[int, float]) -> Callable[[int], Clip]:
    open_ = _place(seed)
    return lambda _: dark if monotonic_s() >= covered.get(seed, float("inf")) else open_


async def _kills(cameras: int, count: int, seed: int, times: int) -> dict[str, Any]:
    chance, covered = random.Random(seed), dict[int, float]()
    dark = encoded(np.full((GROUP, 180, 320, 3), 12, np.uint8))
    street = Street([_plays(n, dark, covered) for n in range(cameras)])
    said: list[dict[str, Any]] = []

    async def configs() -> Sequence[Mapping[str, Any]]:
        return [
            {"camera_id": str(c), "behaviours": ["tampered"], "thresholds": {"tampered_s": 1.0}} for c in street.cameras
        ]

    async def take(reports: Sequence[object]) -> None:
        said.extend(r for r in reports if isinstance(r, dict))

    async def tell(_: Mapping[str, Any]) -> None:
        pass

    with tempfile.TemporaryDirectory() as name:
        places = Places(Path(name) / "run", Path(name) / "vision", Path(name) / "models")
        watchers = Workers(count, places, configs, take, tell)
        running = asyncio.create_task(watchers.run())
        watching = _Watching(watchers, [str(c) for c in street.cameras])
        try:
            async with street.running(places.run):
                await watching.everybody()
                measuring = asyncio.create_task(watching.measure())
                began_s = monotonic_s()
                covered |= {n: began_s + LEARNT_S + n * times * EVERY_S / cameras for n in range(cameras)}
                done = 0
                while done < times:
                    await asyncio.sleep(EVERY_S * chance.uniform(0.7, 1.3))
                    if len(watchers.alive) == count:  # one at a time: who was killed has a successor
                        victim = chance.choice(list(watchers.alive.values()))
                        os.kill(victim.process.pid, signal.SIGKILL)
                        done += 1
                await asyncio.sleep(max(0.0, max(covered.values()) - monotonic_s()) + LAST_S)
                measuring.cancel()
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
    told = [r["camera_id"] for r in {r["id"]: r for r in said}.values()]
    return {
        "kills": done,
        "cameras": cameras,
        "workers": count,
        "unwatched_max_s": round(watching.longest_s, 2),
        "planted": cameras,
        "told": len(set(told)),
        "doubled": len(told) - len(set(told)),
        "picture_rate": FPS,
    }


class _Watching:
    """How long each camera has not been judged, by what living processes say."""

    def __init__(self, workers: Workers, cameras: Sequence[str]) -> None:
        self._workers = workers
        self._last = dict.fromkeys(cameras, monotonic_s())
        self.longest_s = 0.0

    def _seen(self) -> set[str]:
        now_s = monotonic_s()
        living = [p for p in self._workers.alive.values() if now_s - p.heard_s < 1.0]
        return {c for p in living for c, n in p.beat.items() if c in p.given and n["analysed_fps"] > 0}

    async def everybody(self) -> None:
        """Wait until every camera is watched."""
        while self._seen() != self._last.keys():  # noqa: ASYNC110 - processes tell no event
            await asyncio.sleep(0.1)

    async def measure(self) -> None:
        """Look ten times a second, for ever."""
        self._last = dict.fromkeys(self._last, monotonic_s())
        while True:
            seen, now_s = self._seen(), monotonic_s()
            for camera, last_s in self._last.items():
                self.longest_s = max(self.longest_s, now_s - last_s)
                if camera in seen:
                    self._last[camera] = now_s
            await asyncio.sleep(0.1)
