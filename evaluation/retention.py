"""Is footage gone after its days and not before, whatever happens to the machine? Random histories on the real archive.

Renames, deletions, shortened terms, clocks that jump, restarts with a dead clock, full disks, holds, kills and power
cuts at every write, restored databases and restored files are played on a disk in memory that forgets what was not
synced. A sample of them is played again on real files and a real PostgreSQL, where the night's backup of database, keys
and folders is put back. A scorer that knows the true time judges. Then checks of the archive are switched off one at a
time, in memory and on the real store, and each must be found out.

Keys: histories late early readable_after_destroy restored_frames planted found real_histories real_restores.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import structlog
from evaluation import _retention_real as real
from evaluation._retention_law import Score
from evaluation._retention_memory import Memory
from evaluation._retention_plants import PLANTS, REAL_PLANTS, planted
from evaluation._retention_play import ROOM, TIGHT, History

from ansimnet.app.measure import Options
from ansimnet.kernel.clock import monotonic_s
from ansimnet.kernel.errors import Fault

HISTORIES = {"small": 600, "full": 100_000}
REAL = {"small": 8, "full": 240}
"""Of these, so many are played on real files and tables too: each costs a second where memory costs a hundredth."""
CHUNK, REAL_CHUNK = 50, 4
STEADY = 24
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
    score.examples += [number] if score.wrong() else []
    return score


def chunk(seed: int, first: int, count: int) -> Score:
    """Play some histories in a process of their own."""
    total = Score()
    for number in range(first, first + count):
        total.add(history(seed, number))
    return total


def real_chunk(folder: Path, seed: int, first: int, count: int) -> Score:
    """Play some histories on real files and the PostgreSQL of a folder."""
    total = Score()
    for number in range(first, first + count):
        total.add(real.history(folder, seed, number, steady=number % STEADY == 0))
    return total


def _first(play: Callable[[int], Score]) -> int | None:
    """Return at which history a planted fault is found out, None where at none."""
    for number in range(MOST_PER_PLANT):
        try:
            if play(number).wrong():
                return number + 1
        except (Fault, AssertionError, KeyError):
            return number + 1
    return None


def find(seed: int, name: str) -> int | None:
    """Return in which history a planted fault is found out, None where in none."""
    with planted(PLANTS[name]):
        return _first(lambda number: history(seed, number))


def find_real(folder: Path, seed: int, name: str) -> int | None:
    """Return in which history on the real store a planted fault is found out, None where in none."""
    with planted(REAL_PLANTS[name]):
        return _first(lambda number: real.history(folder, seed, number, steady=False))


def _drop(*_: object) -> NoReturn:
    raise structlog.DropEvent


def _quiet() -> None:
    """Say nothing of the disks that fill: a hundred thousand lines are no alarm."""
    structlog.configure(processors=[_drop])


def run(options: Options) -> dict[str, Any]:
    """Play, plant, and return the figures."""
    wanted = options.histories or HISTORIES[options.size]
    wanted_real = min(wanted, REAL[options.size])
    began, score, on_files = monotonic_s(), Score(), Score()
    workers = (os.cpu_count() or 1) + 1  # one waits for its database
    with real.server() as folder, ProcessPoolExecutor(workers, initializer=_quiet) as pool:

        def chunks(work: Callable[[int, int, int], Score], count: int, each: int) -> list[Future[Score]]:
            return [pool.submit(work, options.seed, n, min(each, count - n)) for n in range(0, count, each)]

        finds = {f"{n} on the real store": pool.submit(find_real, folder, options.seed, n) for n in REAL_PLANTS}
        reals = chunks(partial(real_chunk, folder), wanted_real, REAL_CHUNK)
        finds |= {name: pool.submit(find, options.seed, name) for name in PLANTS}
        parts = chunks(chunk, wanted, CHUNK)
        every: list[Future[Any]] = [*reals, *finds.values(), *parts]
        for done, _ in enumerate(as_completed(every), 1):
            options.progress(done, len(every), "playing histories")
        for part in parts:
            score.add(part.result())
        for part in reals:
            on_files.add(part.result())
        found = {name: future.result() for name, future in finds.items()}
    took_s = monotonic_s() - began
    return _figures(score, on_files, found) | {
        "histories": wanted,
        "real_histories": wanted_real,
        "took_s": round(took_s, 1),
        "histories_a_second": round((wanted + wanted_real) / took_s, 1),
    }


def _figures(score: Score, on_files: Score, found: dict[str, int | None]) -> dict[str, Any]:
    real_restores = on_files.restores
    score.add(on_files)
    return {
        "late": score.late,
        "early": score.early,
        "readable_after_destroy": score.readable_after_destroy,
        "restored_frames": score.restored_frames,
        "out_of_order": score.out_of_order,
        "unwarned": score.unwarned,
        "faults": score.faults,
        "wrong_histories": score.examples[:20],
        "planted": len(found),
        "found": sum(1 for f in found.values() if f is not None),
        "found_after": found,
        "segments": score.segments,
        "checks": score.checks,
        "holds": score.held,
        "evicted": score.evicted,
        "clock_doubts": score.doubts,
        "crashes": score.cuts,
        "restores": score.restores,
        "real_restores": real_restores,
    }
