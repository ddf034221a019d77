"""Many fixes judged at once: the same compiled rules as one by one, over arrays.

A `Board` holds everybody: a row per person (`motion`), zones in compressed rows, a grid for zones that bind all,
pairs, and a row per watch. `judge_many` moves it by fixes in order and returns what must be told; whoever tells looks
up words and ids. Its result is the one `judge` reaches (a test draws both on random stories).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ansimnet.kernel.geo import Point
from ansimnet.slices.supervision.model import Fix
from ansimnet.slices.supervision.rules.board import CELL_M, NEVER, OPEN, SPARE_M, Board
from ansimnet.slices.supervision.rules.chance import EARTH_DEGREE_M, FAR_SIGMAS
from ansimnet.slices.supervision.rules.estimate import seconds_of, variance_of
from ansimnet.slices.supervision.rules.limits import CURFEW_FROM, NEAR_FROM, PLACE_ERROR_M, RULES, STALE, Rules
from ansimnet.slices.supervision.rules.machine import allocating, compiled, fetch, inlined
from ansimnet.slices.supervision.rules.motion import (
    ALIKE,
    AT,
    HELD,
    LAT,
    LON,
    LOST,
    PACE,
    PP,
    SUSPECT_AT,
    TAKEN,
    WIDTH,
    _age,
    _begin,
    _best,
    _follow,
)
from ansimnet.slices.supervision.rules.recalled import GAP_M, _looked, _note_back, _open, _place_of, _remembered, _spare
from ansimnet.slices.supervision.rules.rough import (
    APART_M,
    CORNERS,
    OWN,
    _bounds,
    _bounds_by_gap,
    _by_bounds,
    _idle,
    _lay,
    _lay_other,
    _part_by,
    _parts,
)
from ansimnet.slices.supervision.rules.watching import ANNOUNCED, ARMED, CLEARED, STATE, _bar, _step
from ansimnet.slices.supervision.rules.weights import (
    JUST_BELOW,
    PROBABLE,
    _again,
    _depth_at,
    _far_of,
    _held_below,
    _weigh_pair,
    _weigh_zone,
)

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
I8 = NDArray[np.int8]
STALE_S = STALE.total_seconds()
PLACE_VARIANCE = variance_of(PLACE_ERROR_M)
_NO_WORDS = np.empty(0)
SMALL = 1_000
"""So few fixes are judged as they come: all that they touch stays near the processor (ours, measured)."""


WHO, SEEN, PLACE_LAT, PLACE_LON, CLAIMED, VARIANCE, SPEED, NUMBER = range(8)
"""A fix as a row of numbers: whose row of the board, second, degrees, claimed radius (m) and variance (m²), stated
speed (m/s, negative: none), which of the batch. One row is one line of the processor's cache."""


@allocating
def _by_group(group: I32, rows: F64) -> F64:
    """Return fixes by group, within one as they came (a counting sort): neighbours in memory together."""
    at = np.zeros(group.shape[0] + 1, dtype=np.int64)
    for i in range(rows.shape[0]):
        at[group[int(rows[i, WHO])] + 1] += 1
    for n in range(group.shape[0]):
        at[n + 1] += at[n]
    ordered = np.empty_like(rows)
    for i in range(rows.shape[0]):
        n = group[int(rows[i, WHO])]
        for c in range(NUMBER + 1):
            ordered[at[n], c] = rows[i, c]
        at[n] += 1
    return ordered


@dataclass(frozen=True, slots=True, eq=False)
class Fixes:
    """Fixes as rows of numbers, (N, 8), in the order they were seen; see `NUMBER`."""

    rows: F64

    @staticmethod
    def of(who: I32, at: F64, lat: F64, lon: F64, error_m: F64, variance: F64, speed: F64) -> Fixes:
        """Return fixes from their columns, in the order they were seen."""
        return Fixes(np.column_stack([who, at, lat, lon, error_m, variance, speed, np.arange(len(who))]))

    def __len__(self) -> int:
        return len(self.rows)


def columns_of(fixes: Sequence[tuple[int, Fix, Point]]) -> Fixes:
    """Return fixes as rows; each with its person's row and its place."""
    rows = [
        (
            n, seconds_of(f.seen_at), p.lat, p.lon, float(f.error_m), variance_of(f.error_m),
            f.speed_mps if f.speed_mps is not None else -1.0, i,
        )
        for i, (n, f, p) in enumerate(fixes)
    ]  # fmt: skip
    return Fixes(np.array(rows, dtype=np.float64).reshape(-1, NUMBER + 1))


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
    count = len(fixes)
    room = count // 4 + 64  # a fix moves no more watches than that; where it is not enough the rest comes in parts
    told, likely = np.empty((room, 4), dtype=np.int64), np.empty(room)
    words = became if became is not None else _NO_WORDS
    if count <= SMALL:
        return _in_parts(board, fixes.rows, words, told, likely)
    found, likelihoods = _in_parts(board, _by_group(board.group, fixes.rows), words, told, likely)
    again = np.argsort(found[:, 0], kind="stable")
    return found[again], likelihoods[again]


def _in_parts(board: Board, rows: F64, words: F64, told: I64, likely: F64) -> tuple[I64, F64]:
    """Judge rows of fixes, as much at a time as there is room to tell of."""
    b, z, s, g = board, board.zones, board.shared, board.grid
    parts: list[tuple[I64, F64]] = []
    while True:
        found, judged, lost = _judge_many(
            rows, b.people, b.known, b.bound,
            z.first, z.lats, z.lons, z.radius, z.reach, b.own_first, b.outside, b.watch, b.own_gap,
            s.first, s.lats, s.lons, s.radius, s.reach, g.first, g.zone, g.near,
            (g.south, g.west, g.high, g.wide, float(g.rows), float(g.columns)), b.open_zone,
            b.open_watch.reshape(-1, 5), b.open_gap, b.back, b.open_back, b.calm, b.pair_first, b.pair_other,
            b.pair_number, b.pair_place, b.radii, b.pair_watch,
            *b.scratch, NEAR_FROM, CURFEW_FROM, STALE_S, PLACE_ERROR_M, PLACE_VARIANCE, RULES, told, likely, words,
        )  # fmt: skip
        if lost:
            raise TooManyOpenError(f"more than {OPEN} shared zones in doubt at once")
        if judged == len(rows) and not parts:
            return told[:found], likely[:found]
        parts.append((told[:found].copy(), likely[:found].copy()))
        rows = rows[judged:]
        if not len(rows):
            return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


@inlined
def _held_back(low: float, held: float, outside: bool, k: Rules) -> float:
    """Return how likely a zone's rule is broken at least: `_weigh_zone` holds it back below `held`."""
    return min(low, JUST_BELOW * k.near_from) if not outside and low < held else low


@inlined
def _unheard(own_low: float, own_high: float, alike: bool, k: Rules) -> bool:
    """Tell whether a mast may only have said again what it had said, which `_weigh_zone` lets count for nothing."""
    return alike and own_high >= k.clear_below and own_low < k.probable_from


@compiled
def _at_zone(
    watches: I8, at: int, lats: F64, lons: F64, start: int, n: int, radius: float, lat: float, lon: float, wide: float,
    depth: float, area: float, xs: F64, ys: F64, d2s: F64, parts: F64, genuine: float, became: float, first: bool,
    held: float, alike: bool, outside: bool, begin: float, k: Rules,
) -> bool:  # fmt: skip
    """Move the watch of a zone that was laid about a fix, where bounds say how and nothing is told; else tell so."""
    dx, dy = 0.0, 0.0
    if n == 1:
        dx, dy = (lons[start] - lon) * wide, (lats[start] - lat) * EARTH_DEGREE_M
    own_low, own_high, low, high = _bounds(
        n, xs, ys, d2s, area, depth, radius, dx, dy, parts, genuine, became, first, outside
    )
    if _unheard(own_low, own_high, alike, k):
        return False
    return _idle(watches, at, own_low, own_high, _held_back(low, held, outside, k), high, high, begin, k)


@compiled
def _laid(
    lats: F64, lons: F64, start: int, n: int, radius: float, lat: float, lon: float, wide: float, xs: F64, ys: F64,
    d2s: F64,
) -> tuple[float, float]:  # fmt: skip
    """Lay a zone about a fix; return how deep the fix lies and twice its signed area. Many corners are not laid."""
    if 1 < n <= CORNERS:
        return _lay(lats, lons, start, n, lat, lon, wide, xs, ys, d2s)
    return _depth_at(lat, lon, lats[start : start + n], lons[start : start + n], radius), 0.0


@inlined
def _cell(g: tuple[float, float, float, float, float, float], lat: float, lon: float) -> int:
    """Return the cell of the grid of a place; 0 for one that lies in none."""
    row, column = math.floor((lat - g[0]) / g[2]), math.floor((lon - g[1]) / g[3])
    return int(row * g[5] + column) if 0 <= row < g[4] and 0 <= column < g[5] else 0


@compiled
def _by_gap(
    watches: I8, at: int, gap: float, inside: bool, parts: F64, genuine: float, became: float, first: bool,
    held: float, alike: bool, outside: bool, begin: float, k: Rules,
) -> bool:  # fmt: skip
    """Move the watch of a zone whose edge is at least so far, where that says how and nothing is told; else say so."""
    own_low, own_high, low, high = _bounds_by_gap(gap, inside, parts, genuine, became, first)
    if outside:
        own_low, own_high, low, high = 1 - own_high, 1 - own_low, 1 - high, 1 - low
    if _unheard(own_low, own_high, alike, k):
        return False
    return _idle(watches, at, own_low, own_high, _held_back(low, held, outside, k), high, high, begin, k)


@inlined
def _fetch(
    rows: F64, i: int, people: F64, own_first: I64, outside: NDArray[np.bool_], watch: I8, own_gap: F32, z_reach: F64,
    g_first: I64, g_zone: I32, g_near: F32, g: tuple[float, float, float, float, float, float], open_zone: I32,
    open_gap: F32, calm: F64, pair_first: I64, pair_other: I32, pair_number: I32, radii: F64, pair_watch: I8,
) -> None:  # fmt: skip
    """Have on its way what the next fixes will ask for: memory takes longer than judging."""
    if i + 3 < rows.shape[0]:
        p = int(rows[i + 3, WHO])
        fetch(own_first, p)
        fetch(pair_first, p)
        fetch(calm, p * 4)
        fetch(g_first, _cell(g, rows[i + 3, PLACE_LAT], rows[i + 3, PLACE_LON]))
    if i + 2 < rows.shape[0]:
        p = int(rows[i + 2, WHO])
        for w in range(0, WIDTH, 8):
            fetch(people, p * WIDTH + w)
        fetch(people, p * WIDTH + WIDTH - 1)
        q, e = own_first[p], pair_first[p]
        fetch(own_gap, q)
        fetch(watch, q * 5)
        fetch(outside, q)
        if e < pair_first[p + 1]:
            fetch(pair_other, e)
            fetch(pair_number, e)
        if calm[p, 3]:
            fetch(open_zone, p * OPEN)
            fetch(open_gap, p * OPEN)
        if calm[p, 2] < SPARE_M:
            e = g_first[_cell(g, rows[i + 2, PLACE_LAT], rows[i + 2, PLACE_LON])]
            fetch(g_near, e * 3)
            fetch(g_zone, e)
    if i + 1 < rows.shape[0]:
        p = int(rows[i + 1, WHO])
        fetch(z_reach, own_first[p] * 3)
        for e in range(pair_first[p], pair_first[p + 1]):
            o, c = pair_other[e], pair_number[e]
            for w in range(0, WIDTH, 8):
                fetch(people, o * WIDTH + w)
            fetch(radii, c * 2)
            fetch(pair_watch, c * 5)


@compiled
def _judge_many(
    rows: F64, people: F64, known: NDArray[np.bool_], bound: NDArray[np.bool_], z_first: I64, z_lats: F64, z_lons: F64,
    z_radius: F64, z_reach: F64, own_first: I64, outside: NDArray[np.bool_], watch: I8, own_gap: F32, s_first: I64,
    s_lats: F64, s_lons: F64, s_radius: F64, s_reach: F64, g_first: I64, g_zone: I32, g_near: F32,
    g: tuple[float, float, float, float, float, float], open_zone: I32, open_watch: I8, open_gap: F32,
    back: F64, open_back: F64, calm: F64, pair_first: I64, pair_other: I32, pair_number: I32, pair_place: F64,
    radii: F64, pair_watch: I8,
    beliefs: F64, shapes: F64, laid: F64, fades: F64, fresh: I8,
    near_from: float, curfew_from: float, stale_s: float, place_error_m: float, place_variance: float, k: Rules,
    told: I64, likely: F64, words: F64,
) -> tuple[int, int, int]:  # fmt: skip
    """Fill `told`; return how many rows, how many fixes were judged, and how many watches found no place."""
    prior, after, other, mine, was = beliefs[0], beliefs[1], beliefs[2], beliefs[3], beliefs[4]
    parts, theirs = shapes[:5], shapes[5:]
    xs, ys, d2s = laid[0], laid[1], laid[2]
    m, lost = 0, 0
    south, west, high, wide_deg, g_rows, g_columns = g
    for i in range(rows.shape[0]):
        if m + 64 > told.shape[0]:
            return m, i, lost
        _fetch(
            rows, i, people, own_first, outside, watch, own_gap, z_reach, g_first, g_zone, g_near, g, open_zone,
            open_gap, calm, pair_first, pair_other, pair_number, radii, pair_watch,
        )  # fmt: skip
        p, number = int(rows[i, WHO]), int(rows[i, NUMBER])
        at, lat, lon, error_m = rows[i, SEEN], rows[i, PLACE_LAT], rows[i, PLACE_LON], rows[i, CLAIMED]
        first = not known[p]
        genuine, became, r = 1.0, TAKEN, rows[i, VARIANCE]
        if first:
            _begin(at, lat, lon, r, k.walk_mps, k, after)
            known[p] = True
        else:
            for w in range(WIDTH):
                was[w] = people[p, w]
            genuine, became, r = _follow(was, at, lat, lon, r, rows[i, SPEED], k, fades, prior, after)
            first = became == LOST
        if words.shape[0]:
            words[number] = became
        for w in range(WIDTH):
            people[p, w] = after[w]
        wide = EARTH_DEGREE_M * math.cos(math.radians(lat))
        near, beside, furthest = _parts(prior, after, first, lat, lon, wide, r, parts)
        rough = furthest < APART_M
        _, held = _held_below(prior, after, first, r, False, False, k)
        alike = after[ALIKE] > 0
        x, y = (calm[p, 1] - lon) * wide, (calm[p, 0] - lat) * EARTH_DEGREE_M
        moved = 1.02 * math.sqrt(x * x + y * y)  # a fiftieth: the plane is no sphere
        far, anew, looked = 0.0, moved > GAP_M, False
        for q in range(own_first[p], own_first[p + 1]):
            if outside[q] and alike:
                continue  # one mast heard again says nothing new of who should be at home, as in `judge`
            quiet_one = not outside[q] and not _open(watch, q)
            gap = abs(own_gap[q]) - moved
            if quiet_one and own_gap[q] < 0 and gap > near:
                continue  # nowhere near: the watch would stay as quiet as it is
            begin = curfew_from if outside[q] else _bar(near_from, back[q, 0], back[q, 1], at, k)
            if (
                gap > 0
                and rough
                and _by_gap(
                    watch, q, gap, own_gap[q] > 0, parts, genuine, became, first, held, alike, outside[q], begin, k
                )
            ):
                continue
            x, y = (z_reach[q, 1] - lon) * wide, (z_reach[q, 0] - lat) * EARTH_DEGREE_M
            gap = math.sqrt(x * x + y * y) - z_reach[q, 2] * 1.03
            if quiet_one and gap > beside:
                own_gap[q], looked = _looked(-gap), True
                anew |= gap > near
                continue
            a, b = z_first[q], z_first[q + 1]
            depth, area = _laid(z_lats, z_lons, a, b - a, z_radius[q], lat, lon, wide, xs, ys, d2s)
            own_gap[q], looked = _looked(depth), True
            anew |= abs(depth) > near
            if quiet_one and -depth > near:
                continue
            if rough and (
                _by_gap(
                    watch, q, abs(depth), depth > 0, parts, genuine, became, first, held, alike, outside[q], begin, k,
                )
                or (b - a <= CORNERS and _at_zone(
                    watch, q, z_lats, z_lons, a, b - a, z_radius[q], lat, lon, wide, depth, area, xs, ys, d2s, parts,
                    genuine, became, first, held, alike, outside[q], begin, k,
                ))
            ):  # fmt: skip
                continue
            if far == 0:
                far = _far_of(prior, after, first, lat, lon, r, FAR_SIGMAS)
            like, own, deep, expected = _weigh_zone(
                prior, after, genuine, became, first, lat, lon, r, error_m, far, outside[q],
                _again(back[q, 0], at, k), watch[q, STATE],
                z_lats[a:b], z_lons[a:b], z_radius[q], (z_reach[q, 0], z_reach[q, 1], z_reach[q, 2]), k,
            )  # fmt: skip
            probable = watch[q, ANNOUNCED] == PROBABLE
            _, bits = _step(watch[q], like, like, own, deep, expected, False, begin, k)
            if bits:
                if bits & CLEARED and (probable or outside[q]):
                    _note_back(back[q], at, k)
                told[m, 0], told[m, 1], told[m, 2], told[m, 3], likely[m] = number, ZONE, q, bits, like
                m += 1
        left = calm[p, 2] - moved
        for j in range(OPEN if calm[p, 3] else 0):  # first what is not quiet, wherever its zone lies
            q = open_zone[p, j]
            if q < 0:
                continue
            gap = abs(open_gap[p, j]) - moved
            begin = _bar(near_from, open_back[p, j, 0], open_back[p, j, 1], at, k)
            if not (gap > 0 and rough and _by_gap(
                open_watch, p * OPEN + j, gap, open_gap[p, j] > 0, parts, genuine, became, first, held, alike, False,
                begin, k,
            )):  # fmt: skip
                a, b = s_first[q], s_first[q + 1]
                depth, area = _laid(s_lats, s_lons, a, b - a, s_radius[q], lat, lon, wide, xs, ys, d2s)
                open_gap[p, j], looked = _looked(depth), True
                anew |= abs(depth) > near
                if not (rough and (
                    _by_gap(
                        open_watch, p * OPEN + j, abs(depth), depth > 0, parts, genuine, became, first, held, alike,
                        False, begin, k,
                    )
                    or (b - a <= CORNERS and _at_zone(
                        open_watch, p * OPEN + j, s_lats, s_lons, a, b - a, s_radius[q], lat, lon, wide, depth, area,
                        xs, ys, d2s, parts, genuine, became, first, held, alike, False, begin, k,
                    ))
                )):  # fmt: skip
                    if far == 0:
                        far = _far_of(prior, after, first, lat, lon, r, FAR_SIGMAS)
                    like, own, deep, expected = _weigh_zone(
                        prior, after, genuine, became, first, lat, lon, r, error_m, far, False, False,
                        open_watch[p * OPEN + j, STATE], s_lats[a:b], s_lons[a:b], s_radius[q],
                        (s_reach[q, 0], s_reach[q, 1], s_reach[q, 2]), k,
                    )  # fmt: skip
                    probable = open_watch[p * OPEN + j, ANNOUNCED] == PROBABLE
                    _, bits = _step(open_watch[p * OPEN + j], like, like, own, deep, expected, False, begin, k)
                    if bits:
                        if probable and bits & CLEARED:
                            _note_back(open_back[p, j], at, k)
                        told[m, 0], told[m, 1], told[m, 2], told[m, 3], likely[m] = number, SHARED, q, bits, like
                        m += 1
            if not _open(open_watch, p * OPEN + j) and at - open_back[p, j, 0] >= k.taken_back_s:
                open_zone[p, j] = -2 - q  # free after this fix, and not to be looked at again in it
                left, calm[p, 2], looked = 0.0, 0.0, True
        if bound[p] and left <= near:
            left = SPARE_M  # the grid lists no zone further than that
            row, column = math.floor((lat - south) / high), math.floor((lon - west) / wide_deg)
            about = 0 if near <= SPARE_M else int((near - SPARE_M) / CELL_M) + 1
            for cell_row in range(max(0, row - about), min(int(g_rows), row + about + 1)):
                for cell_column in range(max(0, column - about), min(int(g_columns), column + about + 1)):
                    cell = cell_row * int(g_columns) + cell_column
                    east = (lon - (west + cell_column * wide_deg)) * EARTH_DEGREE_M
                    north = (lat - (south + cell_row * high)) * EARTH_DEGREE_M
                    for e in range(g_first[cell], g_first[cell + 1]):
                        x, y = (g_near[e, 1] - east) * (wide / EARTH_DEGREE_M), g_near[e, 0] - north
                        gap = math.sqrt(x * x + y * y) - g_near[e, 2]
                        if gap > beside:
                            left = min(left, gap)
                            continue
                        q = g_zone[e]
                        j = _place_of(open_zone, p, q)
                        if j >= 0 and open_zone[p, j] != -1:
                            if open_zone[p, j] < 0:
                                left = 0.0
                            continue  # looked at already
                        a, b = s_first[q], s_first[q + 1]
                        depth, area = _laid(s_lats, s_lons, a, b - a, s_radius[q], lat, lon, wide, xs, ys, d2s)
                        if -depth > near:
                            left = min(left, -depth)
                            continue
                        fresh[0] = 0
                        fresh[0, ARMED] = 1
                        bits, like = 0, 0.0
                        if not (rough and (
                            _by_gap(
                                fresh, 0, abs(depth), depth > 0, parts, genuine, became, first, held, alike, False,
                                near_from, k,
                            )
                            or (b - a <= CORNERS and _at_zone(
                                fresh, 0, s_lats, s_lons, a, b - a, s_radius[q], lat, lon, wide, depth, area, xs, ys,
                                d2s, parts, genuine, became, first, held, alike, False, near_from, k,
                            ))
                        )):  # fmt: skip
                            if far == 0:
                                far = _far_of(prior, after, first, lat, lon, r, FAR_SIGMAS)
                            like, own, deep, expected = _weigh_zone(
                                prior, after, genuine, became, first, lat, lon, r, error_m, far, False, False, 0,
                                s_lats[a:b], s_lons[a:b], s_radius[q], (s_reach[q, 0], s_reach[q, 1], s_reach[q, 2]),
                                k,
                            )  # fmt: skip
                            _, bits = _step(fresh[0], like, like, own, deep, expected, False, near_from, k)
                        if not _open(fresh, 0):
                            left = 0.0
                            continue  # a quiet watch stays quiet
                        if j < 0:
                            j, left = _spare(open_watch, p), 0.0
                        if j < 0:
                            lost += 1
                            continue
                        open_zone[p, j], open_gap[p, j], looked = q, _looked(depth), True
                        open_back[p, j, 0] = NEVER
                        for w in range(5):
                            open_watch[p * OPEN + j, w] = fresh[0, w]
                        if bits:
                            told[m, 0], told[m, 1], told[m, 2], told[m, 3], likely[m] = number, SHARED, q, bits, like
                            m += 1
            anew |= left > near
            calm[p, 2] = 0.0
        if anew or looked:
            for q in range(own_first[p], own_first[p + 1]):
                own_gap[q] = _remembered(own_gap[q], moved, anew)
            taken = 0
            for j in range(open_zone.shape[1]):
                if open_zone[p, j] >= 0:
                    open_gap[p, j] = _remembered(open_gap[p, j], moved, anew)
                    taken += 1
                else:
                    open_zone[p, j] = -1
            calm[p, 3] = taken
        if anew:
            calm[p, 0], calm[p, 1], calm[p, 2] = lat, lon, left
        for e in range(pair_first[p], pair_first[p + 1]):
            o, c = pair_other[e], pair_number[e]
            t = max(at, people[o, AT]) if known[o] else at
            here = known[o] and (t - people[o, AT] <= stale_s or math.isnan(pair_place[e, 0]))
            if not here and math.isnan(pair_place[e, 0]):
                continue
            if not here:
                other[:] = 0.0
                other[AT], other[LAT], other[LON], other[PP] = t, pair_place[e, 0], pair_place[e, 1], place_variance
            else:
                for w in range(WIDTH):
                    was[w] = people[o, w]
                _age(was, t, was[PACE], k, fades, other)
            if (
                rough and became != HELD and t <= after[AT] and other[SUSPECT_AT] == 0
            ):  # the parts stand at this very second
                gap = _lay_other(other, lat, lon, wide, theirs)
                if gap - radii[c, 0] > near and not _open(pair_watch, c):
                    continue
                if gap < APART_M:
                    own_low, own_high = _part_by(parts, OWN, theirs, radii[c, 1])
                    low, top = _by_bounds(parts, theirs, radii[c, 0], genuine, first)
                    sure = top
                    if top >= k.certain_from and pair_watch[c, STATE] == 2:
                        _, sure = _by_bounds(parts, theirs, radii[c, 1], genuine, first)
                    if _idle(pair_watch, c, own_low, own_high, low, top, sure, near_from, k):
                        continue
            doubt = math.sqrt(_best(other)[2]) * k.radius_per_sigma if here else place_error_m
            _age(after, t, after[PACE], k, fades, mine)
            if not first:
                _age(prior, t, prior[PACE], k, fades, was)
            like, sure, own, deep, expected = _weigh_pair(
                was, mine, genuine, became, first, lat, lon, r, error_m, other,
                doubt, radii[c, 0], radii[c, 1], k,
            )  # fmt: skip
            _, bits = _step(pair_watch[c], like, sure, own, deep, expected, False, near_from, k)
            if bits:
                told[m, 0], told[m, 1], told[m, 2], told[m, 3], likely[m] = number, PAIR, c, bits, like
                m += 1
    return m, rows.shape[0], lost
