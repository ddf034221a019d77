"""Many fixes judged at once: the same compiled rules as one by one, over arrays.

A `Board` holds everybody: a row per person (`motion`), zones in compressed rows, a grid for zones that bind all,
pairs, and a row per watch. `judge_many` moves it by fixes in order and returns what must be told; whoever tells looks
up words and ids. Its result is the one `judge` reaches (a test draws both on random stories).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ansimnet.kernel.geo import Point
from ansimnet.slices.supervision.model import Approach, Condition, Curfew, Exclusion, Fix, Zone
from ansimnet.slices.supervision.rules.chance import EARTH_DEGREE_M, FAR_SIGMAS, compiled
from ansimnet.slices.supervision.rules.estimate import seconds_of, variance_of
from ansimnet.slices.supervision.rules.evidence import shape_of
from ansimnet.slices.supervision.rules.limits import CURFEW_FROM, NEAR_FROM, PLACE_ERROR_M, RULES, STALE, Rules
from ansimnet.slices.supervision.rules.motion import (
    AT,
    LAT,
    LON,
    LOST,
    PACE,
    PP,
    REST,
    REST_LAT,
    REST_LON,
    REST_PP,
    TAKEN,
    WIDTH,
    _age,
    _begin,
    _best,
    _follow,
    _metres,
)
from ansimnet.slices.supervision.rules.watching import AGAINST, ANNOUNCED, ARMED, STATE, SUPPORT, _step
from ansimnet.slices.supervision.rules.weights import NEAR_SIGMAS, _depth_at, _far_of, _weigh_pair, _weigh_zone

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
STALE_S = STALE.total_seconds()
PLACE_VARIANCE = variance_of(PLACE_ERROR_M)
OPEN = 8
"""Shared zones a person can be in doubt about at once. ours; more is an error, never a silence."""
SMALL = 1_000
"""So few fixes are judged as they come: all that they touch stays near the processor (ours, measured)."""
CELL_M = 500.0
SPARE_M = 250.0
"""The side of a cell of the grid of shared zones, and how far about its reach a zone is listed. ours: a zone's size;
and how far a usual fix may be off."""


@dataclass(slots=True, eq=False)
class Zones:
    """Zones in compressed rows: corners `first[z]` to `first[z + 1]`; `reach` (Z, 3) latitude, longitude, metres."""

    first: I64
    lats: F64
    lons: F64
    radius: F64
    reach: F64

    @staticmethod
    def of(zones: Sequence[Zone]) -> Zones:
        """Return zones as arrays."""
        shapes = [shape_of(z) for z in zones]
        sizes = np.array([0, *(len(s[0]) for s in shapes)], dtype=np.int64)
        none = np.zeros(0)
        return Zones(
            np.cumsum(sizes),
            np.concatenate([none, *(s[0] for s in shapes)]),
            np.concatenate([none, *(s[1] for s in shapes)]),
            np.array([s[2] for s in shapes], dtype=np.float64),
            np.array([s[3] for s in shapes], dtype=np.float64).reshape(-1, 3),
        )

    @staticmethod
    def together(parts: Sequence[Zones]) -> Zones:
        """Return the zones of all parts, in their order."""
        if not parts:
            return Zones.of([])
        ends, at = [np.zeros(1, dtype=np.int64)], 0
        for z in parts:
            ends.append(z.first[1:] + at)
            at += len(z.lats)
        return Zones(
            np.concatenate(ends),
            np.concatenate([z.lats for z in parts]),
            np.concatenate([z.lons for z in parts]),
            np.concatenate([z.radius for z in parts]),
            np.concatenate([z.reach for z in parts]),
        )


@dataclass(slots=True, eq=False)
class Grid:
    """Which shared zones may matter in a cell: zones `zone[first[c]:first[c + 1]]` of cell `c`, rows then columns."""

    south: float
    west: float
    high: float
    wide: float
    rows: int
    columns: int
    first: I64
    zone: I32


@dataclass(slots=True, eq=False)
class Board:
    """Everybody at once.

    `people` (N, WIDTH), `bound` whom the shared zones bind (wearers); a person's zones `own_first[p]` to
    `own_first[p + 1]` of `zones`, each with a watch (5 numbers) and whether it is turned round (a curfew in its hours);
    shared zones by `grid`, with `OPEN` places a person for watches that are not quiet (`open_zone` -1: free); `calm`
    (N, 3) a place in degrees and within how many metres of it no zone that may matter lies (0: not known); `group`
    by `groups_of`; a person's pairs `pair_first[p]` to `pair_first[p + 1]`: the other's row, the pair's number, and
    where the other is taken to be when not heard for long (degrees, NaN: nowhere).
    """

    people: F64
    known: NDArray[np.bool_]
    bound: NDArray[np.bool_]
    zones: Zones
    own_first: I64
    outside: NDArray[np.bool_]
    watch: I64
    shared: Zones
    grid: Grid
    open_zone: I32
    open_watch: I64
    calm: F64
    group: I32
    pair_first: I64
    pair_other: I32
    pair_number: I32
    pair_place: F64
    radii: F64
    pair_watch: I64


def grid_of(zones: Zones) -> Grid:
    """Return the grid over shared zones; each lies in the cells its reach touches, with `SPARE_M` to spare."""
    if len(zones.radius) == 0:
        return Grid(0.0, 0.0, 1.0, 1.0, 1, 1, np.zeros(2, dtype=np.int64), np.zeros(0, dtype=np.int32))
    lat, lon, reach = zones.reach[:, 0], zones.reach[:, 1], zones.reach[:, 2] * 1.03 + SPARE_M
    high = CELL_M / EARTH_DEGREE_M
    wide = high / math.cos(math.radians(float(lat.mean())))
    north, east = reach / CELL_M * high, reach / CELL_M * wide
    south, west = float((lat - north).min()), float((lon - east).min())
    rows = int((float((lat + north).max()) - south) / high) + 1
    columns = int((float((lon + east).max()) - west) / wide) + 1
    cells, which = [], []
    r0, r1 = ((lat - north - south) / high).astype(int), ((lat + north - south) / high).astype(int)
    c0, c1 = ((lon - east - west) / wide).astype(int), ((lon + east - west) / wide).astype(int)
    for z in range(len(lat)):
        for r in range(r0[z], r1[z] + 1):
            for c in range(c0[z], c1[z] + 1):
                cells.append(r * columns + c)
                which.append(z)
    order = np.argsort(np.array(cells), kind="stable")
    count = np.bincount(np.array(cells), minlength=rows * columns)
    first = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    return Grid(south, west, high, wide, rows, columns, first, np.array(which, dtype=np.int32)[order])


def board_of(people: Sequence[object], conditions: Sequence[Condition], shared: Sequence[Zone] = ()) -> Board:
    """Return a board on which nobody has been seen yet. `people` are ids of persons, in the order of their rows."""
    number = {p: i for i, p in enumerate(people)}
    wearers = {c.wearer_id for c in conditions}
    own: list[list[Exclusion | Curfew]] = [[] for _ in people]
    beside: list[list[tuple[int, int, Point | None]]] = [[] for _ in people]
    radii: list[tuple[float, float]] = []
    for c in conditions:
        match c:
            case Exclusion() | Curfew():
                own[number[c.wearer_id]].append(c)
            case Approach():
                a, b = number[c.wearer_id], number[c.protected_person_id]
                beside[a].append((b, len(radii), c.place))
                beside[b].append((a, len(radii), None))
                radii.append((c.warn_m, c.alarm_m))
            case _:
                raise ValueError("a board knows zones, curfews and pairs")
    flat = [c for cs in own for c in cs]
    zones, everybodys = Zones.of([c.home if isinstance(c, Curfew) else c.zone for c in flat]), Zones.of(shared)
    pairs = [p for ps in beside for p in ps]
    first = np.cumsum([0, *(len(ps) for ps in beside)]).astype(np.int64)
    others = np.array([p[0] for p in pairs], dtype=np.int32)
    places = OPEN if len(shared) else 0
    return Board(
        people=np.zeros((len(people), WIDTH)),
        known=np.zeros(len(people), dtype=np.bool_),
        bound=np.array([p in wearers for p in people], dtype=np.bool_),
        zones=zones,
        own_first=np.cumsum([0, *(len(cs) for cs in own)]).astype(np.int64),
        outside=np.array([isinstance(c, Curfew) for c in flat], dtype=np.bool_),
        watch=quiet(len(flat)),
        shared=everybodys,
        grid=grid_of(everybodys),
        open_zone=np.full((len(people), places), -1, dtype=np.int32),
        open_watch=quiet(len(people) * places).reshape(len(people), places, 5),
        calm=np.zeros((len(people), 3)),
        group=groups_of(len(people), first, others),
        pair_first=first,
        pair_other=others,
        pair_number=np.array([p[1] for p in pairs], dtype=np.int32),
        pair_place=places_of(p[2] for p in pairs),
        radii=np.array(radii, dtype=np.float64).reshape(-1, 2),
        pair_watch=quiet(len(radii)),
    )


def places_of(places: Iterable[Point | None]) -> F64:
    """Return places as rows of degrees, NaN for none."""
    return np.array([(p.lat, p.lon) if p is not None else (np.nan, np.nan) for p in places]).reshape(-1, 2)


def groups_of(people: int, first: I64, other: I32) -> I32:
    """Return for each person the lowest row of all who are bound together with him by pairs, however many lie between.

    Who shares no group can be judged in any order.
    """
    group = np.arange(people, dtype=np.int32)
    for p in np.flatnonzero(np.diff(first)).tolist():
        for o in other[first[p] : first[p + 1]].tolist():
            a, c = p, o
            while group[a] != a:
                a = int(group[a])
            while group[c] != c:
                c = int(group[c])
            group[max(a, c)] = min(a, c)
    while (group != group[group]).any():
        group = group[group]
    return group


@compiled
def _by_group(group: I32, who: I32) -> I64:
    """Return the order of fixes by group, within one as they came (a counting sort): neighbours in memory together."""
    at = np.zeros(group.shape[0] + 1, dtype=np.int64)
    for i in range(who.shape[0]):
        at[group[who[i]] + 1] += 1
    for n in range(group.shape[0]):
        at[n + 1] += at[n]
    order = np.empty(who.shape[0], dtype=np.int64)
    for i in range(who.shape[0]):
        n = group[who[i]]
        order[at[n]] = i
        at[n] += 1
    return order


def quiet(n: int) -> I64:
    """Return watches that remember nothing."""
    watches = np.zeros((n, 5), dtype=np.int64)
    watches[:, ARMED] = 1
    return watches


@dataclass(frozen=True, slots=True, eq=False)
class Fixes:
    """Fixes as columns, in the order they were seen: whose row, second, degrees, claimed radius and variance, speed."""

    who: I32
    at: F64
    lat: F64
    lon: F64
    error_m: F64
    variance: F64
    speed: F64


def columns_of(fixes: Sequence[tuple[int, Fix, Point]]) -> Fixes:
    """Return fixes as columns; each with its person's row and its place."""
    rows = [
        (
            n, seconds_of(f.seen_at), p.lat, p.lon, float(f.error_m), variance_of(f.error_m),
            f.speed_mps if f.speed_mps is not None else -1.0,
        )
        for n, f, p in fixes
    ]  # fmt: skip
    who, *columns = np.array(rows, dtype=np.float64).reshape(-1, 7).T.copy()
    return Fixes(who.astype(np.int32), *columns)


ZONE, SHARED, PAIR = 0, 1, 2


class TooManyOpenError(ValueError):
    """Somebody is in doubt about more shared zones at once than the board has places for."""


def judge_many(board: Board, fixes: Fixes, became: F64 | None = None) -> tuple[I64, F64]:
    """Judge fixes in order; return what must be told and how likely it is. (M, 4): fix, kind, number, bits of `_step`.

    Kind `ZONE`: the number is the row of `board.watch`; `PAIR`: of `board.pair_watch`; `SHARED`: of `board.shared`.
    `became`, where given, is filled with what became of each fix (a word of `motion`).

    Raises:
        TooManyOpenError: see there.
    """
    count = len(fixes.who)
    room = count // 4 + 64  # a fix moves no more watches than that; where it is not enough the rest comes in parts
    told, likely = np.empty((room, 4), dtype=np.int64), np.empty(room)
    words = became if became is not None else np.empty(count)
    columns: list[Any] = [getattr(fixes, name) for name in Fixes.__slots__]
    order = _by_group(board.group, fixes.who) if count > SMALL else None
    if order is not None:
        columns, words = [c[order] for c in columns], np.empty(count)
    found, likelihoods = _in_parts(board, columns, words, told, likely)
    if order is None:
        return found, likelihoods
    if became is not None:
        became[order] = words
    found[:, 0] = order[found[:, 0]]
    again = np.argsort(found[:, 0], kind="stable")
    return found[again], likelihoods[again]


def _in_parts(board: Board, columns: list[Any], words: F64, told: I64, likely: F64) -> tuple[I64, F64]:
    """Judge columns of fixes, as much at a time as there is room to tell of."""
    b, z, s, g = board, board.zones, board.shared, board.grid
    parts: list[tuple[I64, F64]] = []
    done, count = 0, len(words)
    while True:
        rows, judged, lost = _judge_many(  # type: ignore[call-arg]
            *columns, b.people, b.known, b.bound,
            z.first, z.lats, z.lons, z.radius, z.reach, b.own_first, b.outside, b.watch,
            s.first, s.lats, s.lons, s.radius, s.reach, g.first, g.zone,
            (g.south, g.west, g.high, g.wide, float(g.rows), float(g.columns)), b.open_zone, b.open_watch, b.calm,
            b.pair_first, b.pair_other, b.pair_number, b.pair_place, b.radii, b.pair_watch, NEAR_FROM, CURFEW_FROM,
            STALE_S, PLACE_ERROR_M, PLACE_VARIANCE, RULES, told, likely, words,
        )  # fmt: skip
        if lost:
            raise TooManyOpenError(f"more than {OPEN} shared zones in doubt at once")
        if judged == len(words) and not parts:
            return told[:rows], likely[:rows]
        part = told[:rows].copy()
        part[:, 0] += done
        parts.append((part, likely[:rows].copy()))
        done += judged
        if done == count:
            return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
        columns, words = [c[judged:] for c in columns], words[judged:]


@compiled
def _open(watch: I64) -> bool:
    """Tell whether a watch remembers anything that evidence against it would change."""
    return bool(watch[0] != 0 or watch[1] != 0 or watch[2] != 0 or watch[3] != 0 or watch[4] != 1)


@compiled
def _settled(watch: I64) -> bool:
    """Tell whether a watch is as certain as it gets, was told, and nothing speaks against it yet."""
    return bool(watch[STATE] == 3 and watch[ANNOUNCED] == 3 and watch[AGAINST] == 0)


@compiled
def _surely_in(
    after: F64, genuine: float, lat: float, lon: float, r: float, lats: F64, lons: F64, radius: float, k: Rules
) -> bool:
    """Tell from a fix's depth alone that it lies inside and that the person is far likelier there than `clear_below`.

    `_step` would then count one more in support of a settled watch and change nothing else, whatever the integrals say:
    within a distance d of its middle lies at least 1 - exp(-d²/2) of a round Gaussian.
    """
    depth = _depth_at(lat, lon, lats, lons, radius)
    if depth <= 1.02 * NEAR_SIGMAS * math.sqrt(r):
        return False
    x, y = _metres(lat, lon, after[REST_LAT], after[REST_LON])
    rests = max(0.0, depth / 1.02 - math.sqrt(x * x + y * y))
    x, y = _metres(lat, lon, after[LAT], after[LON])
    goes = max(0.0, depth / 1.02 - math.sqrt(x * x + y * y))
    w = after[REST]
    least = w * (1 - math.exp(-rests * rests / after[REST_PP] / 2))
    least += (1 - w) * (1 - math.exp(-goes * goes / after[PP] / 2))
    return bool(genuine * least >= 2 * k.clear_below)  # twice: ways to be that are hardly probable are not looked at


@compiled
def _place_of(zones: I32, zone: int) -> int:
    """Return where a person's watch of a shared zone stands or stood before this fix, else a free place, else -1."""
    free = -1
    for j in range(zones.shape[0]):
        if zones[j] == zone or zones[j] == -2 - zone:
            return j
        if zones[j] == -1 and free < 0:
            free = j
    return free


@compiled
def _judge_many(
    who: I32, at: F64, lat: F64, lon: F64, error_m: F64, variance: F64, speed: F64, people: F64,
    known: NDArray[np.bool_], bound: NDArray[np.bool_], z_first: I64, z_lats: F64, z_lons: F64, z_radius: F64,
    z_reach: F64, own_first: I64,
    outside: NDArray[np.bool_], watch: I64, s_first: I64, s_lats: F64, s_lons: F64, s_radius: F64, s_reach: F64,
    g_first: I64, g_zone: I32, g: tuple[float, float, float, float, float, float], open_zone: I32, open_watch: I64,
    calm: F64, pair_first: I64, pair_other: I32, pair_number: I32, pair_place: F64, radii: F64, pair_watch: I64,
    near_from: float, curfew_from: float, stale_s: float, place_error_m: float, place_variance: float, k: Rules,
    told: I64, likely: F64, words: F64,
) -> tuple[int, int, int]:  # fmt: skip
    """Fill `told`; return how many rows, how many fixes were judged, and how many watches found no place."""
    prior, after, other, mine, was = (
        np.empty(WIDTH), np.empty(WIDTH), np.empty(WIDTH), np.empty(WIDTH), np.empty(WIDTH),
    )  # fmt: skip
    m, lost = 0, 0
    south, west, high, wide_deg, rows, columns = g
    for i in range(who.shape[0]):
        if m + 64 > told.shape[0]:
            return m, i, lost
        p = who[i]
        first = not known[p]
        genuine, became, r = 1.0, TAKEN, variance[i]
        if first:
            _begin(at[i], lat[i], lon[i], variance[i], k.walk_mps, k, after)
            known[p] = True
        else:
            genuine, became, r = _follow(people[p], at[i], lat[i], lon[i], variance[i], speed[i], k, prior, after)
            first = became == LOST
        words[i] = became
        people[p] = after
        near = _far_of(prior, after, first, lat[i], lon[i], r, NEAR_SIGMAS)
        wide = EARTH_DEGREE_M * math.cos(math.radians(lat[i]))
        calm_for = calm[p, 2] - near
        if calm_for > 0:
            x, y = (calm[p, 1] - lon[i]) * wide, (calm[p, 0] - lat[i]) * EARTH_DEGREE_M
            calm_for -= 1.02 * math.sqrt(x * x + y * y)  # a fiftieth: the plane is no sphere
        zones_matter = calm_for <= 0  # else every zone lies as far as those that are left out below
        far, free = 0.0, SPARE_M  # the grid lists no zone further than that
        if zones_matter:
            far = _far_of(prior, after, first, lat[i], lon[i], r, FAR_SIGMAS)
        for q in range(own_first[p], own_first[p + 1] if zones_matter else own_first[p]):
            x, y = (z_reach[q, 1] - lon[i]) * wide, (z_reach[q, 0] - lat[i]) * EARTH_DEGREE_M
            gap = math.sqrt(x * x + y * y) - z_reach[q, 2] * 1.03
            a, b = z_first[q], z_first[q + 1]
            if not outside[q] and not _open(watch[q]):
                if gap > near:
                    free = min(free, gap)
                    continue  # nowhere near: the watch would stay as quiet as it is
                gap = -_depth_at(lat[i], lon[i], z_lats[a:b], z_lons[a:b], z_radius[q])
                if gap > near:
                    free = min(free, gap)
                    continue
            free = 0.0
            if (
                _settled(watch[q])
                and not outside[q]
                and became == TAKEN
                and _surely_in(after, genuine, lat[i], lon[i], r, z_lats[a:b], z_lons[a:b], z_radius[q], k)
            ):
                watch[q, SUPPORT] = min(watch[q, SUPPORT] + 1, 99)
                continue
            like, own, deep, expected = _weigh_zone(
                prior, after, genuine, became, first, lat[i], lon[i], r, error_m[i], far, outside[q], watch[q, STATE],
                z_lats[a:b], z_lons[a:b], z_radius[q], (z_reach[q, 0], z_reach[q, 1], z_reach[q, 2]), k,
            )  # fmt: skip
            begin = curfew_from if outside[q] else near_from
            _, bits = _step(watch[q], like, like, own, deep, expected, False, begin, k)
            if bits:
                told[m, 0], told[m, 1], told[m, 2], told[m, 3], likely[m] = i, ZONE, q, bits, like
                m += 1
        for j in range(open_zone.shape[1] if zones_matter else 0):  # first what is not quiet, wherever its zone lies
            q = open_zone[p, j]
            if q < 0:
                continue
            free = 0.0
            a, b = s_first[q], s_first[q + 1]
            if (
                _settled(open_watch[p, j])
                and became == TAKEN
                and _surely_in(after, genuine, lat[i], lon[i], r, s_lats[a:b], s_lons[a:b], s_radius[q], k)
            ):
                open_watch[p, j, SUPPORT] = min(open_watch[p, j, SUPPORT] + 1, 99)
                continue
            like, own, deep, expected = _weigh_zone(
                prior, after, genuine, became, first, lat[i], lon[i], r, error_m[i], far, False,
                open_watch[p, j, STATE],
                s_lats[a:b], s_lons[a:b], s_radius[q], (s_reach[q, 0], s_reach[q, 1], s_reach[q, 2]), k,
            )  # fmt: skip
            _, bits = _step(open_watch[p, j], like, like, own, deep, expected, False, near_from, k)
            if not _open(open_watch[p, j]):
                open_zone[p, j] = -2 - q  # free after this fix, and not to be looked at again in it
            if bits:
                told[m, 0], told[m, 1], told[m, 2], told[m, 3], likely[m] = i, SHARED, q, bits, like
                m += 1
        row, column = math.floor((lat[i] - south) / high), math.floor((lon[i] - west) / wide_deg)
        about = 0 if near <= SPARE_M else int((near - SPARE_M) / CELL_M) + 1
        if not bound[p] or not zones_matter:
            row = -2 - about  # no row of the grid
        for cell_row in range(max(0, row - about), min(int(rows), row + about + 1)):
            for cell_column in range(max(0, column - about), min(int(columns), column + about + 1)):
                cell = cell_row * int(columns) + cell_column
                for e in range(g_first[cell], g_first[cell + 1]):
                    q = g_zone[e]
                    x, y = (s_reach[q, 1] - lon[i]) * wide, (s_reach[q, 0] - lat[i]) * EARTH_DEGREE_M
                    gap = math.sqrt(x * x + y * y) - s_reach[q, 2] * 1.03
                    if gap > near:
                        free = min(free, gap)
                        continue
                    j = _place_of(open_zone[p], q)
                    if j >= 0 and open_zone[p, j] != -1:
                        continue  # looked at already
                    a, b = s_first[q], s_first[q + 1]
                    gap = -_depth_at(lat[i], lon[i], s_lats[a:b], s_lons[a:b], s_radius[q])
                    if gap > near:
                        free = min(free, gap)
                        continue
                    free = 0.0
                    like, own, deep, expected = _weigh_zone(
                        prior, after, genuine, became, first, lat[i], lon[i], r, error_m[i], far, False, 0,
                        s_lats[a:b], s_lons[a:b], s_radius[q], (s_reach[q, 0], s_reach[q, 1], s_reach[q, 2]), k,
                    )  # fmt: skip
                    if like < k.clear_below and own < near_from:
                        continue  # a quiet watch stays quiet
                    if j < 0:
                        lost += 1
                        continue
                    open_zone[p, j] = q
                    open_watch[p, j] = 0
                    open_watch[p, j, ARMED] = 1
                    _, bits = _step(open_watch[p, j], like, like, own, deep, expected, False, near_from, k)
                    if bits:
                        told[m, 0], told[m, 1], told[m, 2], told[m, 3], likely[m] = i, SHARED, q, bits, like
                        m += 1
        for j in range(open_zone.shape[1] if zones_matter else 0):
            if open_zone[p, j] < -1:
                open_zone[p, j] = -1
        if zones_matter:
            calm[p, 0], calm[p, 1], calm[p, 2] = lat[i], lon[i], free
        for e in range(pair_first[p], pair_first[p + 1]):
            o, c = pair_other[e], pair_number[e]
            t = max(at[i], people[o, AT]) if known[o] else at[i]
            if (not known[o] or t - people[o, AT] > stale_s) and not math.isnan(pair_place[e, 0]):
                other[:] = 0.0
                other[AT], other[LAT], other[LON], other[PP] = t, pair_place[e, 0], pair_place[e, 1], place_variance
                doubt = place_error_m
            elif known[o]:
                _age(people[o], t, people[o, PACE], k, other)
                doubt = math.sqrt(_best(other)[2]) * k.radius_per_sigma
            else:
                continue
            _age(after, t, after[PACE], k, mine)
            if not first:
                _age(prior, t, prior[PACE], k, was)
            like, sure, own, deep, expected = _weigh_pair(
                was, mine, genuine, became, first, lat[i], lon[i], r, error_m[i], other,
                doubt, radii[c, 0], radii[c, 1], k,
            )  # fmt: skip
            _, bits = _step(pair_watch[c], like, sure, own, deep, expected, False, near_from, k)
            if bits:
                told[m, 0], told[m, 1], told[m, 2], told[m, 3], likely[m] = i, PAIR, c, bits, like
                m += 1
    return m, who.shape[0], lost
