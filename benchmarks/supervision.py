"""How many fixes a second one core judges: filter, zones, shared zones and pairs, by the server's own rules.

100,000 persons with three polygons of 24 corners each about their homes, 20,000 zones that bind everybody, 20,000
pairs of whom both move, in ten cities sized by their people; everybody walks, one fix per 15 s. Judged is: the filter
followed, each probability that can matter bounded or integrated, each watch moved. Beside it in the same run, on the
same fixes: Shapely, and PostGIS and Redis where they are installed (`_supervision_rivals`).

`fixes_per_s_core` is per second of processor time of this process, the median round; other work on the machine disturbs
it less than the wall clock. `memory_fixes_per_s_core` is how many it would be if a fix only read and wrote its person.
`p99_us_single` is the wall time of a call with one fix, `p99_us_nothing` of one with none. What is durable
is by the wall clock, with PostgreSQL, two gateways and the load on this machine's cores (`_supervision_durable`).

Keys: fixes_per_s_core p99_us_single p50_us_single p99_us_nothing memory_fixes_per_s_core durable_fixes_per_s
durable_us_per_fix osmand_requests_per_s core_share_of_5000_wearers_batched shards_of_a_million_phones rivals told
persons zones shared_zones pairs.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Callable
from time import perf_counter_ns, process_time
from typing import Any

import numpy as np
from benchmarks import _supervision_durable as durable
from benchmarks import _supervision_rivals as rivals
from numba import njit
from numpy.typing import NDArray

from ansimnet.app.measure import Options
from ansimnet.kernel.geo import Plane, Point
from ansimnet.kernel.ids import ConditionId, ProtectedPersonId, WearerId, named_id
from ansimnet.slices.supervision.model import Approach, Condition, Exclusion, Polygon
from ansimnet.slices.supervision.rules.batch import WHO, Fixes, judge_many
from ansimnet.slices.supervision.rules.board import Board, board_of, by_place
from ansimnet.slices.supervision.rules.estimate import variance_of

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
I8 = NDArray[np.int8]
PERSONS = {"small": 20_000, "full": 100_000}
SHARED = {"small": 4_000, "full": 20_000}
ROUNDS = {"small": 8, "full": 10}
SINGLES = {"small": 20_000, "full": 100_000}
EVERY_S = 15.0
CITIES = (
    (37.566, 126.978, 9.4), (35.18, 129.075, 3.3), (35.871, 128.601, 2.4), (37.456, 126.705, 3.0),
    (35.16, 126.852, 1.4), (36.35, 127.385, 1.45), (35.539, 129.311, 1.1), (37.263, 127.009, 1.2),
    (37.41, 127.137, 1.0), (37.66, 126.77, 1.05),
)  # fmt: skip
"""Latitude, longitude, millions of people."""
CORNERS = 24


def run(options: Options) -> dict[str, Any]:
    """Build the country, judge it round by round, and return the figures."""
    rng = np.random.default_rng(options.seed)
    n, shared = PERSONS[options.size], SHARED[options.size]
    share = n / PERSONS["full"]
    options.progress(0, 4, "building")
    homes = _places(rng, n, share)
    board, polygons, everybodys = _board(rng, homes, shared, n // 5, share)
    walk = _Walk(rng, homes)
    options.progress(1, 4, "judging")
    judge_many(board, walk.step())  # compiles, and puts everybody on the board
    rates, told = [], 0
    for _ in range(ROUNDS[options.size]):
        fixes = walk.step()
        began = process_time()
        rows, _ = judge_many(board, fixes)
        rates.append(n / (process_time() - began))
        told += len(rows)
    options.progress(2, 4, "one by one")
    p50, p99 = _single(judge_many, board, walk.step(), SINGLES[options.size])
    _, nothing = _single(_nothing, board, walk.step(), SINGLES[options.size])
    options.progress(3, 4, "rivals")
    ours = float(np.median(rates))
    return {
        "fixes_per_s_core": round(ours),
        "fixes_per_s_core_best": round(max(rates)),
        "p50_us_single": p50,
        "p99_us_single": p99,
        "p99_us_nothing": nothing,
        "memory_fixes_per_s_core": round(_of_memory(board, walk.step())),
        "rivals": rivals.run(walk.step(), polygons, everybodys, ours),
        "told": told,
        "judged": n * ROUNDS[options.size],
        "persons": n,
        "zones": 3 * n,
        "shared_zones": shared,
        "pairs": n // 5,
        **durable.measure(options),
    }


def _places(rng: np.random.Generator, n: int, share: float) -> F64:
    """Return places (n, 2) in degrees, as dense in a city of any size; `share` keeps that so with fewer people.

    In the order of the ground, as whoever builds a board may well have them.
    """
    people = np.array([c[2] for c in CITIES])
    which = rng.choice(len(CITIES), n, p=people / people.sum())
    spread_m = 6_600 * np.sqrt(people[which] / 2.0 * share)
    north, east = rng.normal(0, 1, n) * spread_m, rng.normal(0, 1, n) * spread_m
    lat = np.array([c[0] for c in CITIES])[which] + north / 111_195
    lon = np.array([c[1] for c in CITIES])[which] + east / (111_195 * np.cos(np.radians(lat)))
    places = np.column_stack([lat, lon])
    return places[by_place(places)]


def _polygon(rng: np.random.Generator, lat: float, lon: float, low_m: float, high_m: float) -> Polygon:
    to = Plane(Point(lat, lon)).to_point
    reach = rng.uniform(low_m, high_m)
    turns = np.sort(rng.uniform(0, 2 * math.pi, CORNERS))
    far = reach * rng.uniform(0.6, 1.0, CORNERS)
    return Polygon(
        tuple(to(r * math.cos(t), r * math.sin(t)) for r, t in zip(far.tolist(), turns.tolist(), strict=True))
    )


def _board(
    rng: np.random.Generator, homes: F64, shared: int, pairs: int, share: float
) -> tuple[Board, list[Polygon], list[Polygon]]:
    people = [named_id("bench", str(i)) for i in range(len(homes))]
    conditions: list[Condition] = []
    polygons: list[Polygon] = []
    both = rng.permutation(len(homes))[: 2 * pairs]
    hers = both[1::2]
    homes[hers] = homes[both[::2]] + rng.normal(0, 0.01, (pairs, 2))  # she lives a kilometre from him
    order = by_place(homes)
    row = np.empty_like(order)
    row[order] = np.arange(len(order))
    homes[:] = homes[order]
    for i, (lat, lon) in enumerate(homes.tolist()):
        for k in range(3):
            off_n, off_e = rng.normal(0, 0.02, 2)
            polygons.append(_polygon(rng, lat + off_n, lon + off_e, 300, 1500))
            key = ConditionId(named_id("bench", str(i), str(k)))
            conditions.append(Exclusion(key, WearerId(people[i]), "", polygons[-1]))
    for a, b in zip(row[both[::2]].tolist(), row[hers].tolist(), strict=True):
        key = ConditionId(named_id("bench-pair", str(a)))
        conditions.append(Approach(key, WearerId(people[a]), "", ProtectedPersonId(people[b]), 1000.0, 300.0))
    everybodys = [_polygon(rng, lat, lon, 100, 300) for lat, lon in _places(rng, shared, share).tolist()]
    return board_of(people, conditions, everybodys), polygons, everybodys


class _Walk:
    """Everybody walks: a step of some 20 m in 15 s, and a device that errs by some 15 m."""

    def __init__(self, rng: np.random.Generator, homes: F64) -> None:
        self.rng, self.n = rng, len(homes)
        self.at = homes + rng.normal(0, 0.012, homes.shape)
        self.course = rng.uniform(0, 2 * math.pi, self.n)
        self.t = 1_790_000_000.0

    def step(self) -> Fixes:
        """Return the next fix of everybody, in a random order."""
        self.t += EVERY_S
        self.course += self.rng.normal(0, 0.3, self.n)
        wide = 111_195 * np.cos(np.radians(self.at[:, 0]))
        self.at[:, 0] += 20 * np.cos(self.course) / 111_195
        self.at[:, 1] += 20 * np.sin(self.course) / wide
        claim = self.rng.choice([8.0, 15.0, 25.0, 35.0], self.n)
        lat = self.at[:, 0] + self.rng.normal(0, 10, self.n) / 111_195
        lon = self.at[:, 1] + self.rng.normal(0, 10, self.n) / wide
        order = self.rng.permutation(self.n)
        variance = np.array([variance_of(c) for c in claim])
        return Fixes.of(
            order.astype(np.int32), np.full(self.n, self.t), lat[order], lon[order], claim[order], variance[order],
            np.full(self.n, -1.0),
        )  # fmt: skip


@njit(nogil=True, cache=True)
def _only_read(
    who: I64, people: F64, calm: F64, own_first: I64, own_gap: F32, watch: I8, pair_first: I64, pair_other: I32
) -> float:
    """Read and write what every fix reads and writes, and judge nothing."""
    total = 0.0
    for p in who:
        for e in range(pair_first[p], pair_first[p + 1]):
            for w in range(people.shape[1]):
                total += people[pair_other[e], w]
        for w in range(people.shape[1]):
            total += people[p, w]
            people[p, w] += 0.0
        total += calm[p, 0] + calm[p, 2]
        for q in range(own_first[p], own_first[p + 1]):
            total += own_gap[q] + watch[q, 0]
    return total


def _of_memory(board: Board, fixes: Fixes) -> float:
    """Return how many fixes a second and core would be judged if all there were to it was memory, in rows' order."""
    who = np.sort(fixes.rows[:, WHO].astype(np.int64))
    rest = board.calm, board.own_first, board.own_gap, board.watch, board.pair_first, board.pair_other
    spent = []
    for _ in range(6):
        began = process_time()
        _only_read(who, board.people, *rest)
        spent.append(process_time() - began)
    return len(who) / min(spent)


def _nothing(board: Board, fixes: Fixes) -> None:
    """Judge no fix: what the clock, the interpreter and this machine take of a call as long as one with a fix."""
    judge_many(board, Fixes(fixes.rows[:0]))


def _single(call: Callable[[Board, Fixes], object], board: Board, fixes: Fixes, times: int) -> tuple[float, float]:
    """Return the median and the 99th percentile of the wall time of a call with one fix, µs.

    No server has everybody's conditions in memory as this run has: the collector is kept from walking them (`freeze`).
    """
    took = np.empty(min(times, len(fixes)))
    gc.collect()
    gc.freeze()
    for i in range(len(took)):
        one = Fixes(fixes.rows[i : i + 1])
        began = perf_counter_ns()
        call(board, one)
        took[i] = (perf_counter_ns() - began) / 1e3
    gc.unfreeze()
    return round(float(np.percentile(took, 50)), 1), round(float(np.percentile(took, 99)), 1)
