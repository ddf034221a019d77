"""Does a picture ever pass without a valid permit? Random attempts at every door, judged by the database's own rows.

People × cameras × doors × moments against the real relays (a city's, its gateway's, the phones'), the real policy and a
real PostgreSQL. Each attempt knows which permit, if any, its socket stands on; that permit's row and the time at which
each picture left the relay decide. Valid: for this camera, no clearer than it says (by the pictures' own bytes), not
over, and not revoked for longer than the lease (1 s from the revocation's commit). Then every timer is taken away: what
is asked before each picture must suffice. Then checks are switched off, one at a time and door by door: each must be
found.

Keys: attempts frames_without_permit allowed_seen planted found by_moment by_door cut_ms late_cut_frames took_s cpu_s
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.sharedctypes import Synchronized
from typing import Any

import structlog
from evaluation import _rights_play as playing
from evaluation._rights_doors import DOORS
from evaluation._rights_plants import ALL, PLANTS, never_cut, trust_for_ever
from evaluation._rights_play import AT_ONCE, LEASE_S, Score, at_each, drawn, no_answer, play
from evaluation._rights_stage import Stage, staged

from ansimnet.app.measure import Options
from ansimnet.kernel.clock import monotonic_s
from ansimnet.platform.settings import cores

ATTEMPTS = {"small": 400, "full": 100_000}
PASSES = 3
"""How often a switched-off check is looked for at a door: on a busy machine a picture may not come in time."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one process found."""

    score: Score
    late: Score
    planted: dict[str, int]
    cpu_s: float


def run(options: Options) -> dict[str, Any]:
    """Evaluate and return the figures. Each core has a database, relays, cameras and people of its own."""
    count, workers, began_s = options.attempts or ATTEMPTS[options.size], cores(), monotonic_s()
    done: Synchronized[int] = get_context("fork").Value("i", 0)
    with ProcessPoolExecutor(
        workers, mp_context=get_context("fork"), initializer=playing.begin, initargs=(done,)
    ) as pool:
        shares = [count * (n + 1) // workers - count * n // workers for n in range(workers)]
        jobs = [pool.submit(_share, share, f"{options.seed}-{n}", n, workers) for n, share in enumerate(shares)]
        while not all(job.done() for job in jobs):
            options.progress(done.value, count, "attempts")
            time.sleep(0.5)
        found = [job.result() for job in jobs]
    score, late = Score(), Score()
    planted: dict[str, int] = {}
    for one in found:
        score.add(one.score)
        late.add(one.late)
        planted |= one.planted
    cuts = sorted(score.cut_ms)
    return {
        "attempts": score.attempts,
        "frames_without_permit": score.without,
        "allowed_seen": score.allowed,
        "planted": len(planted),
        "found": sum(n > 0 for n in planted.values()),
        "not_found": sorted(name for name, n in planted.items() if not n),
        "late_cut_frames": late.without,
        "late_cut_seen": late.allowed,
        "cut_ms": {"median": _at(cuts, 0.5), "p95": _at(cuts, 0.95), "max": _at(cuts, 1.0), "cuts": len(cuts)},
        "doors": [d.name for d in DOORS],
        "by_moment": dict(sorted(score.by_moment.items())),
        "by_door": dict(sorted(score.by_door.items())),
        "wrong": dict(score.wrong + late.wrong),
        "broken": dict(score.broken + late.broken),
        "lease_s": LEASE_S,
        "processes": workers,
        "took_s": round(monotonic_s() - began_s, 1),
        "cpu_s": round(sum(f.cpu_s for f in found), 1),
    }


def _at(ordered: list[float], part: float) -> float | None:
    return round(ordered[min(len(ordered) - 1, int(part * len(ordered)))], 1) if ordered else None


def _share(count: int, seed: str, number: int, of: int) -> Found:
    with _quiet():
        return asyncio.run(_play_all(count, random.Random(seed), number, of))


async def _play_all(count: int, rng: random.Random, number: int, of: int) -> Found:
    score, late, found = Score(), Score(), dict[str, int]()
    async with staged(AT_ONCE) as stage:
        await play(stage, [drawn(stage, rng, n) for n in range(count)], score)
        await no_answer(stage, ALL, score)
        with trust_for_ever(stage), never_cut(stage):
            await play(stage, at_each(stage, ALL, "expires-during", count), late)
        for name in list(PLANTS)[number::of]:
            found |= await _planted(stage, name)
    return Found(score, late, found, time.process_time())


async def _planted(stage: Stage, name: str) -> dict[str, int]:
    """Switch one check off; return how many pictures passed each door that it holds."""
    plant, score = PLANTS[name], Score()
    for _ in range(PASSES):
        doors = tuple(d for d in plant.doors if not score.wrong[f"{plant.moment}: {d.name}"])
        if not doors:
            break
        with trust_for_ever(stage), plant.off(stage):
            if plant.moment == "no-answer":
                await no_answer(stage, doors, score, patient=True)
            else:
                tries = at_each(stage, doors, plant.moment, secrets.randbelow(1 << 60))
                await play(stage, tries, score, patient=True)
    return {f"{name}: {d.name}": score.wrong[f"{plant.moment}: {d.name}"] for d in plant.doors}


@contextmanager
def _quiet() -> Iterator[None]:
    """Refusals by the thousand are the point here, not news."""
    logging.disable(logging.CRITICAL)
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)
        logging.disable(logging.NOTSET)
