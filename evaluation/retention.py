"""Is footage gone after its days and not before, whatever happens to the machine? Random histories on the real archive.

Renames, deletions, shortened terms, clocks that jump, restarts with a dead clock, full disks, holds, kills and power
cuts at every write, restored databases and restored files are played on a disk in memory that forgets what was not
synced; some are played again on real files and a real PostgreSQL. A scorer that knows the true time judges. Then checks
of the archive are switched off one at a time, and each must be found out.

Keys: histories late early readable_after_destroy restored_frames planted found.
"""

from __future__ import annotations

import os
import random
from collections.abc import Coroutine
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

from evaluation._retention_law import Score
from evaluation._retention_plants import PLANTS, planted
from evaluation._retention_play import ROOM, TIGHT, History, Memory

from ansimnet.app.measure import Options
from ansimnet.kernel.clock import monotonic_s
from ansimnet.kernel.errors import Fault

HISTORIES = {"small": 600, "full": 100_000}
CHUNK = 50
STEADY = 12
"""One history in so many is a disk that fills at an even rate."""
MOST_PER_PLANT = 600
"""A fault that so many histories do not show is not found."""


def drive(work: Coroutine[Any, Any, None]) -> None:
    """Run what never waits for anything."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise Fault("a history in memory waits for something")


def history(seed: int, number: int) -> Score:
    """Play one history and return its score."""
    score = Score()
    steady = number % STEADY == 0
    place = Memory(TIGHT if steady else ROOM)
    drive(History(random.Random(f"{seed}/{number}"), place, score, steady=steady).play())
    return score


def chunk(seed: int, first: int, count: int) -> Score:
    """Play some histories in a process of their own."""
    total = Score()
    for number in range(first, first + count):
        total.add(history(seed, number))
    return total


def find(seed: int, name: str) -> int | None:
    """Return in which history a planted fault is found out, None where in none."""
    with planted(name):
        for number in range(MOST_PER_PLANT):
            try:
                if history(seed, number).wrong():
                    return number + 1
            except (Fault, AssertionError, KeyError):
                return number + 1
    return None


def run(options: Options) -> dict[str, Any]:
    """Play, plant, and return the figures."""
    wanted = options.histories or HISTORIES[options.size]
    began, score = monotonic_s(), Score()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        parts = [
            pool.submit(chunk, options.seed, first, min(CHUNK, wanted - first)) for first in range(0, wanted, CHUNK)
        ]
        for done, part in enumerate(as_completed(parts), 1):
            score.add(part.result())
            options.progress(done, len(parts) + len(PLANTS), "playing histories")
        played_s = monotonic_s() - began
        finds = {name: pool.submit(find, options.seed, name) for name in PLANTS}
        found = {}
        for name, future in finds.items():
            found[name] = future.result()
            options.progress(len(parts) + len(found), len(parts) + len(PLANTS), f"planted: {name}")
    return {
        "histories": wanted,
        "late": score.late,
        "early": score.early,
        "readable_after_destroy": score.readable_after_destroy,
        "restored_frames": score.restored_frames,
        "out_of_order": score.out_of_order,
        "unwarned": score.unwarned,
        "faults": score.faults,
        "planted": len(PLANTS),
        "found": sum(1 for f in found.values() if f is not None),
        "found_after": found,
        "segments": score.segments,
        "checks": score.checks,
        "holds": score.held,
        "evicted": score.evicted,
        "clock_doubts": score.doubts,
        "crashes": score.cuts,
        "restores": score.restores,
        "histories_a_second": round(wanted / played_s, 1),
    }
