"""Many fixes judged at once: the same compiled rules as one by one, over arrays.

A `Board` holds everybody: a row per person (`motion`), zones in compressed rows, a grid for zones that bind all,
pairs, and a row per watch. `judge_many` moves it by fixes in order and returns what must be told; whoever tells looks
up words and ids. Its result is the one `judge` reaches (a test draws both on random stories).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ansimnet.kernel.geo import Point
from ansimnet.slices.supervision.model import Fix
from ansimnet.slices.supervision.rules.board import CELL_M, OPEN, SPARE_M, Board
from ansimnet.slices.supervision.rules.chance import EARTH_DEGREE_M, FAR_SIGMAS, compiled
from ansimnet.slices.supervision.rules.estimate import seconds_of, variance_of
from ansimnet.slices.supervision.rules.limits import CURFEW_FROM, NEAR_FROM, PLACE_ERROR_M, RULES, STALE, Rules
from ansimnet.slices.supervision.rules.motion import (
    AT,
    FADES,
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
from ansimnet.slices.supervision.rules.rough import (
    APART_M,
    CORNERS,
    OWN,
    _bounds,
    _by_bounds,
    _idle,
    _lay,
    _lay_other,
    _part_by,
    _parts,
)
from ansimnet.slices.supervision.rules.watching import ARMED, STATE, _step
from ansimnet.slices.supervision.rules.weights import _depth_at, _far_of, _weigh_pair, _weigh_zone

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
I8 = NDArray[np.int8]
STALE_S = STALE.total_seconds()
PLACE_VARIANCE = variance_of(PLACE_ERROR_M)
SMALL = 1_000
"""So few fixes are judged as they come: all that they touch stays near the processor (ours, measured)."""


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
            (g.south, g.west, g.high, g.wide, float(g.rows), float(g.columns)), b.open_zone,
            b.open_watch.reshape(-1, 5), b.calm, b.pair_first, b.pair_other, b.pair_number, b.pair_place, b.radii,
            b.pair_watch, NEAR_FROM, CURFEW_FROM, STALE_S, PLACE_ERROR_M, PLACE_VARIANCE, RULES, told, likely, words,
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
def _open(watches: I8, at: int) -> bool:
    """Tell whether a watch remembers anything that evidence against it would change."""
    w = watches
    return bool(w[at, 0] != 0 or w[at, 1] != 0 or w[at, 2] != 0 or w[at, 3] != 0 or w[at, 4] != 1)


@compiled
def _at_zone(
    watches: I8, at: int, lats: F64, lons: F64, start: int, n: int, radius: float, lat: float, lon: float, wide: float,
    depth: float, area: float, xs: F64, ys: F64, d2s: F64, parts: F64, genuine: float, became: float, first: bool,
    outside: bool, begin: float, k: Rules,
) -> bool:  # fmt: skip
    """Move the watch of a zone that was laid about a fix, where bounds say how and nothing is told; else tell so."""
    dx, dy = 0.0, 0.0
    if n == 1:
        dx, dy = (lons[start] - lon) * wide, (lats[start] - lat) * EARTH_DEGREE_M
    own_low, own_high, low, high = _bounds(
        n, xs, ys, d2s, area, depth, radius, dx, dy, parts, genuine, became, first, outside
    )
    return _idle(watches, at, own_low, own_high, low, high, high, begin, k)


@compiled
def _laid(
    lats: F64, lons: F64, start: int, n: int, radius: float, lat: float, lon: float, wide: float, xs: F64, ys: F64,
    d2s: F64,
) -> tuple[float, float]:  # fmt: skip
    """Lay a zone about a fix; return how deep the fix lies and twice its signed area. Many corners are not laid."""
    if 1 < n <= CORNERS:
        return _lay(lats, lons, start, n, lat, lon, wide, xs, ys, d2s)
    return _depth_at(lat, lon, lats[start : start + n], lons[start : start + n], radius), 0.0


@compiled
def _place_of(zones: I32, p: int, zone: int) -> int:
    """Return where a person's watch of a shared zone stands or stood before this fix, else a free place, else -1."""
    free = -1
    for j in range(zones.shape[1]):
        if zones[p, j] == zone or zones[p, j] == -2 - zone:
            return j
        if zones[p, j] == -1 and free < 0:
            free = j
    return free


@compiled
def _judge_many(
    who: I32, at: F64, lat: F64, lon: F64, error_m: F64, variance: F64, speed: F64, people: F64,
    known: NDArray[np.bool_], bound: NDArray[np.bool_], z_first: I64, z_lats: F64, z_lons: F64, z_radius: F64,
    z_reach: F64, own_first: I64,
    outside: NDArray[np.bool_], watch: I8, s_first: I64, s_lats: F64, s_lons: F64, s_radius: F64, s_reach: F64,
    g_first: I64, g_zone: I32, g: tuple[float, float, float, float, float, float], open_zone: I32, open_watch: I8,
    calm: F64, pair_first: I64, pair_other: I32, pair_number: I32, pair_place: F64, radii: F64, pair_watch: I8,
    near_from: float, curfew_from: float, stale_s: float, place_error_m: float, place_variance: float, k: Rules,
    told: I64, likely: F64, words: F64,
) -> tuple[int, int, int]:  # fmt: skip
    """Fill `told`; return how many rows, how many fixes were judged, and how many watches found no place."""
    prior, after, other, mine, was = (
        np.empty(WIDTH), np.empty(WIDTH), np.empty(WIDTH), np.empty(WIDTH), np.empty(WIDTH),
    )  # fmt: skip
    parts, theirs = np.zeros((5, 5)), np.zeros((2, 5))
    xs, ys, d2s = np.empty(CORNERS + 1), np.empty(CORNERS + 1), np.empty(CORNERS)
    fades, fresh = np.zeros(FADES), np.zeros((1, 5), dtype=np.int8)
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
            for w in range(WIDTH):
                was[w] = people[p, w]
            genuine, became, r = _follow(was, at[i], lat[i], lon[i], variance[i], speed[i], k, fades, prior, after)
            first = became == LOST
        words[i] = became
        for w in range(WIDTH):
            people[p, w] = after[w]
        wide = EARTH_DEGREE_M * math.cos(math.radians(lat[i]))
        near, beside, furthest = _parts(prior, after, first, lat[i], lon[i], wide, r, parts)
        rough = furthest < APART_M
        calm_for = calm[p, 2] - near
        if calm_for > 0:
            x, y = (calm[p, 1] - lon[i]) * wide, (calm[p, 0] - lat[i]) * EARTH_DEGREE_M
            calm_for -= 1.02 * math.sqrt(x * x + y * y)  # a fiftieth: the plane is no sphere
        zones_matter = calm_for <= 0  # else every zone lies as far as those that are left out below
        far, free = 0.0, SPARE_M  # the grid lists no zone further than that
        for q in range(own_first[p], own_first[p + 1] if zones_matter else own_first[p]):
            x, y = (z_reach[q, 1] - lon[i]) * wide, (z_reach[q, 0] - lat[i]) * EARTH_DEGREE_M
            gap = math.sqrt(x * x + y * y) - z_reach[q, 2] * 1.03
            quiet_one = not outside[q] and not _open(watch, q)
            if quiet_one and gap > beside:
                free = min(free, gap)
                continue  # nowhere near: the watch would stay as quiet as it is
            a, b = z_first[q], z_first[q + 1]
            depth, area = _laid(z_lats, z_lons, a, b - a, z_radius[q], lat[i], lon[i], wide, xs, ys, d2s)
            if quiet_one and -depth > near:
                free = min(free, -depth)
                continue
            free = 0.0
            begin = curfew_from if outside[q] else near_from
            if rough and b - a <= CORNERS and _at_zone(
                watch, q, z_lats, z_lons, a, b - a, z_radius[q], lat[i], lon[i], wide, depth, area, xs, ys, d2s, parts,
                genuine, became, first, outside[q], begin, k,
            ):  # fmt: skip
                continue
            if far == 0:
                far = _far_of(prior, after, first, lat[i], lon[i], r, FAR_SIGMAS)
            like, own, deep, expected = _weigh_zone(
                prior, after, genuine, became, first, lat[i], lon[i], r, error_m[i], far, outside[q], watch[q, STATE],
                z_lats[a:b], z_lons[a:b], z_radius[q], (z_reach[q, 0], z_reach[q, 1], z_reach[q, 2]), k,
            )  # fmt: skip
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
            depth, area = _laid(s_lats, s_lons, a, b - a, s_radius[q], lat[i], lon[i], wide, xs, ys, d2s)
            if not (rough and b - a <= CORNERS and _at_zone(
                open_watch, p * OPEN + j, s_lats, s_lons, a, b - a, s_radius[q], lat[i], lon[i], wide, depth, area, xs,
                ys, d2s, parts, genuine, became, first, False, near_from, k,
            )):  # fmt: skip
                if far == 0:
                    far = _far_of(prior, after, first, lat[i], lon[i], r, FAR_SIGMAS)
                like, own, deep, expected = _weigh_zone(
                    prior, after, genuine, became, first, lat[i], lon[i], r, error_m[i], far, False,
                    open_watch[p * OPEN + j, STATE],
                    s_lats[a:b], s_lons[a:b], s_radius[q], (s_reach[q, 0], s_reach[q, 1], s_reach[q, 2]), k,
                )  # fmt: skip
                _, bits = _step(open_watch[p * OPEN + j], like, like, own, deep, expected, False, near_from, k)
                if bits:
                    told[m, 0], told[m, 1], told[m, 2], told[m, 3], likely[m] = i, SHARED, q, bits, like
                    m += 1
            if not _open(open_watch, p * OPEN + j):
                open_zone[p, j] = -2 - q  # free after this fix, and not to be looked at again in it
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
                    if gap > beside:
                        free = min(free, gap)
                        continue
                    j = _place_of(open_zone, p, q)
                    if j >= 0 and open_zone[p, j] != -1:
                        continue  # looked at already
                    a, b = s_first[q], s_first[q + 1]
                    depth, area = _laid(s_lats, s_lons, a, b - a, s_radius[q], lat[i], lon[i], wide, xs, ys, d2s)
                    if -depth > near:
                        free = min(free, -depth)
                        continue
                    free = 0.0
                    fresh[0] = 0
                    fresh[0, ARMED] = 1
                    bits, like = 0, 0.0
                    if not (rough and b - a <= CORNERS and _at_zone(
                        fresh, 0, s_lats, s_lons, a, b - a, s_radius[q], lat[i], lon[i], wide, depth, area, xs, ys, d2s,
                        parts, genuine, became, first, False, near_from, k,
                    )):  # fmt: skip
                        if far == 0:
                            far = _far_of(prior, after, first, lat[i], lon[i], r, FAR_SIGMAS)
                        like, own, deep, expected = _weigh_zone(
                            prior, after, genuine, became, first, lat[i], lon[i], r, error_m[i], far, False, 0,
                            s_lats[a:b], s_lons[a:b], s_radius[q], (s_reach[q, 0], s_reach[q, 1], s_reach[q, 2]), k,
                        )  # fmt: skip
                        _, bits = _step(fresh[0], like, like, own, deep, expected, False, near_from, k)
                    if not _open(fresh, 0):
                        continue  # a quiet watch stays quiet
                    if j < 0:
                        lost += 1
                        continue
                    open_zone[p, j] = q
                    open_watch[p * OPEN + j] = fresh[0]
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
                gap = _lay_other(other, lat[i], lon[i], wide, theirs)
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
                was, mine, genuine, became, first, lat[i], lon[i], r, error_m[i], other,
                doubt, radii[c, 0], radii[c, 1], k,
            )  # fmt: skip
            _, bits = _step(pair_watch[c], like, sure, own, deep, expected, False, near_from, k)
            if bits:
                told[m, 0], told[m, 1], told[m, 2], told[m, 3], likely[m] = i, PAIR, c, bits, like
                m += 1
    return m, who.shape[0], lost
