"""How a fix lies to a zone or to another person, roughly and fast: enough to tell that a watch is moved by it in no way
that is told.

Bounds, never results. What they decide, the integrals of `chance` would decide alike; where a threshold lies between
the two bounds, and where anything must be told, those are asked. So fast mathematics is allowed here and only here.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ansimnet.slices.supervision.rules.chance import EARTH_DEGREE_M
from ansimnet.slices.supervision.rules.limits import Rules
from ansimnet.slices.supervision.rules.machine import compiled, fast
from ansimnet.slices.supervision.rules.motion import HELD, LAT, LON, PP, REST, REST_LAT, REST_LON, REST_PP
from ansimnet.slices.supervision.rules.watching import AGAINST, ANNOUNCED, ARMED, STATE, SUPPORT
from ansimnet.slices.supervision.rules.weights import _NOTHING, NEAR_SIGMAS, SURE

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I8 = NDArray[np.int8]
Bounds = tuple[float, float]
CORNERS = 64
"""Polygons of more corners are integrated: what is left out below adds up by corner. ours."""
DOUBT = 0.004
"""How far a rough mass may be from the integral; a test finds less than a quarter of it on random polygons. ours."""
APART_M = 5_000.0
"""Where a part of a belief lies further from its fix, one plane does not hold both. ours."""
_REACH = 4.5
"""Sigmas beyond which an edge cuts off nothing (4e-5 of a Gaussian)."""
_SURELY = 3.33
"""Sigmas from every edge at which less than `DOUBT` lies on the other side: exp(-3.33²/2) = 0.0039."""
_PLANE = 0.999
"""Share of a distance that is left on another plane of the same place: within `APART_M` they differ by less."""
_SLIP = 5e-4
"""Added to a bound for what the integrals leave out and single numbers round. ours."""
_BESIDE = 1.29
"""Sigmas from the edge of a half-plane beyond which less than `CLEAR_BELOW` lies in it: 0.0985. A disc lies in one."""
_STEPS = 8
"""Rows of the table to a sigma: linear between them it is right to 1e-4."""
_SIDE = int(_REACH * _STEPS) + 2


def _table() -> F64:
    """Return, by distance g from a line and length u along it, the integral of g (1 - exp(-d²/2)) / d²."""
    nodes, weights = np.polynomial.legendre.leggauss(24)
    at = np.arange(_SIDE) / _STEPS
    g, u = at[:, None, None], at[None, :, None]
    along = u * (nodes + 1) / 2
    d2 = np.maximum(g * g + along * along, 1e-300)
    table: F64 = (g * -np.expm1(-d2 / 2) / d2 * weights).sum(axis=2) * u[..., 0] / 2
    return table.ravel().copy()


_ALONG = _table()
_HERMITE = (
    (0.0, 0.5333333333333333),
    (1.355626179974266, 0.4441518440153304),
    (2.8569700138728056, 0.0225148226513363),
)
"""Five nodes across a Gaussian, those on both sides taken together."""
X, Y, SIGMA, AWAY, SHARE = range(5)
"""A part of a belief, seen from a fix: metres east and north, sigma, how far from the fix, how probable."""
OWN, RESTS, GOES, RESTED, WENT = range(5)
"""The fix alone, the two ways to be after it, and before it."""


@fast
def _part(
    s: F64, i: int, known: bool, lat: float, lon: float, wide: float, near: float, furthest: float, parts: F64
) -> tuple[float, float]:
    """Write one part of a belief, and return the farther of what was found before and of this: see `_parts`."""
    rests = i in (RESTS, RESTED)
    w = s[REST] if rests else 1 - s[REST]
    if not known or w <= _NOTHING:
        parts[i, SHARE] = 0.0
        return near, furthest
    x = ((s[REST_LON] if rests else s[LON]) - lon) * wide
    y = ((s[REST_LAT] if rests else s[LAT]) - lat) * EARTH_DEGREE_M
    away, sigma = math.sqrt(x * x + y * y), math.sqrt(s[REST_PP] if rests else s[PP])
    parts[i, X], parts[i, Y], parts[i, SIGMA], parts[i, AWAY], parts[i, SHARE] = x, y, sigma, away, w
    return max(near, away + NEAR_SIGMAS * sigma), max(furthest, away)


@fast
def _parts(
    prior: F64, after: F64, first: bool, lat: float, lon: float, wide: float, r: float, parts: F64
) -> tuple[float, float, float]:
    """Write the parts of a belief; return within how many metres of the fix a quiet watch stirs, and how far any lies.

    First by a zone's edge, as `weights._far_of` by `NEAR_SIGMAS`, then by a disc about it, then the farthest part.
    `wide` is metres in a degree of longitude.
    """
    parts[OWN, X] = parts[OWN, Y] = parts[OWN, AWAY] = 0.0
    parts[OWN, SIGMA], parts[OWN, SHARE] = math.sqrt(r), 1.0
    near, furthest = NEAR_SIGMAS * parts[OWN, SIGMA], 0.0
    near, furthest = _part(after, RESTS, True, lat, lon, wide, near, furthest, parts)
    near, furthest = _part(after, GOES, True, lat, lon, wide, near, furthest, parts)
    near, furthest = _part(prior, RESTED, not first, lat, lon, wide, near, furthest, parts)
    near, furthest = _part(prior, WENT, not first, lat, lon, wide, near, furthest, parts)
    beside = 0.0
    for i in range(5):
        if parts[i, SHARE] > 0:
            beside = max(beside, parts[i, AWAY] + _BESIDE * parts[i, SIGMA])
    return 1.02 * near + 1.0, 1.02 * beside + 1.0, furthest


@fast
def _lay(
    lats: F64, lons: F64, start: int, n: int, lat: float, lon: float, wide: float, xs: F64, ys: F64, d2s: F64
) -> tuple[float, float]:
    """Lay a polygon, `n` corners from `start`, about a fix, metres.

    Returns how deep the fix lies, negative outside, and twice the signed area. `xs`, `ys` get the corners, the first
    again at the end; `d2s` how far from the fix each edge is, squared.
    """
    for i in range(n):
        xs[i] = (lons[start + i] - lon) * wide
        ys[i] = (lats[start + i] - lat) * EARTH_DEGREE_M
    xs[n], ys[n] = xs[0], ys[0]
    crossed, area, nearest = 0, 0.0, 1e300
    for i in range(n):
        ax, ay, bx, by = xs[i], ys[i], xs[i + 1], ys[i + 1]
        ex, ey = bx - ax, by - ay
        across = ax * by - ay * bx
        area += across
        crossed += 1 if ((ay > 0) != (by > 0)) & ((across > 0) == (by > ay)) else 0
        t = max(0.0, min(1.0, -(ax * ex + ay * ey) / max(ex * ex + ey * ey, 1e-12)))
        dx, dy = ax + t * ex, ay + t * ey
        d2 = dx * dx + dy * dy
        d2s[i] = d2
        nearest = min(nearest, d2)
    return (math.sqrt(nearest) if crossed % 2 else -math.sqrt(nearest)), area


@fast
def _in_it(n: int, xs: F64, ys: F64, x: float, y: float) -> bool:
    """Tell whether a place lies inside a polygon that was laid."""
    crossed = 0
    for i in range(n):
        ax, ay, bx, by = xs[i] - x, ys[i] - y, xs[i + 1] - x, ys[i + 1] - y
        crossed += 1 if ((ay > 0) != (by > 0)) & ((ax * by - ay * bx > 0) == (by > ay)) else 0
    return crossed % 2 == 1


@fast
def _cut(g: float, u: float) -> float:
    """Return the mass, times 2 pi, that lies behind a line at `g` sigmas, from its nearest point along `u` of them."""
    a = min(abs(u), _REACH)
    q = min(a, g) / max(a, g, 1e-12)
    q2 = q * q
    # arc tangent to 1e-5: Hastings, Approximations for Digital Computers, 1955, sheet 11
    angle = q * (0.9998660 + q2 * (-0.3302995 + q2 * (0.1801410 + q2 * (-0.0851330 + q2 * 0.0208351))))
    if a > g:
        angle = math.pi / 2 - angle
    row, column = g * _STEPS, a * _STEPS
    i, j = int(row), int(column)
    p, s, at = row - i, column - j, i * _SIDE + j
    above = _ALONG[at] + s * (_ALONG[at + 1] - _ALONG[at])
    below = _ALONG[at + _SIDE] + s * (_ALONG[at + _SIDE + 1] - _ALONG[at + _SIDE])
    cut = float(angle - above - p * (below - above))
    return cut if u > 0 else -cut


@fast
def _mass(n: int, xs: F64, ys: F64, d2s: F64, area: float, parts: F64, which: int) -> Bounds:
    """Return how much of a part of a belief lies inside a polygon that was laid, at least and at most."""
    x, y, scale = parts[which, X], parts[which, Y], 1.0 / parts[which, SIGMA]
    far = _REACH * parts[which, SIGMA] + parts[which, AWAY]
    far2, cut = far * far, 0.0
    for i in range(n):
        if d2s[i] >= far2:
            continue
        ax, ay, bx, by = (xs[i] - x) * scale, (ys[i] - y) * scale, (xs[i + 1] - x) * scale, (ys[i + 1] - y) * scale
        ex, ey = bx - ax, by - ay
        length = math.sqrt(ex * ex + ey * ey)
        across = ax * by - ay * bx
        if abs(across) >= _REACH * length or length < 1e-12:
            continue
        since = (ax * ex + ay * ey) / length
        if since >= _REACH or since + length <= -_REACH:
            continue
        g = abs(across) / length
        behind = _cut(g, since + length) - _cut(g, since)
        cut += behind if across > 0 else -behind
    if area < 0:
        cut = -cut
    mass = (1.0 if _in_it(n, xs, ys, x, y) else 0.0) - cut / (2 * math.pi)
    return mass - DOUBT, mass + DOUBT


@fast
def _disc(distance: float, sigma: float, radius: float) -> Bounds:
    """Return how much of a round Gaussian lies within a disc whose middle is so far, at least and at most."""
    if distance - radius > _SURELY * sigma:
        return 0.0, DOUBT
    if radius - distance > _SURELY * sigma:
        return 1 - DOUBT, 1.0
    if radius < 6 * sigma:
        return 0.0, 1.0  # too round for five slices across it
    mass, scale = 0.0, 1 / (sigma * math.sqrt(2.0))
    for i in range(3):
        v = _HERMITE[i][0] * sigma
        half = math.sqrt(radius * radius - v * v)
        mass += _HERMITE[i][1] * 0.5 * (math.erf((half - distance) * scale) + math.erf((half + distance) * scale))
    return mass - DOUBT, mass + DOUBT


@fast
def _part_in(
    n: int, xs: F64, ys: F64, d2s: F64, area: float, depth: float, radius: float, dx: float, dy: float, parts: F64,
    which: int,
) -> Bounds:  # fmt: skip
    """Return how much of a part lies inside a zone: a polygon that was laid, or for `n` 1 a disc at (`dx`, `dy`)."""
    if n == 1:
        x, y = dx - parts[which, X], dy - parts[which, Y]
        return _disc(math.sqrt(x * x + y * y), parts[which, SIGMA], radius)
    sure = _SURELY * parts[which, SIGMA] + parts[which, AWAY]
    if depth > sure:
        return 1 - DOUBT, 1.0
    if -depth > sure:
        return 0.0, DOUBT
    return _mass(n, xs, ys, d2s, area, parts, which)


@fast
def _bounds(
    n: int, xs: F64, ys: F64, d2s: F64, area: float, depth: float, radius: float, dx: float, dy: float, parts: F64,
    genuine: float, became: float, first: bool, outside: bool,
) -> tuple[float, float, float, float]:  # fmt: skip
    """Return at least and at most how likely a zone's rule is broken by this fix alone, and by all: `_weigh_zone`'s."""
    own_low, own_high = _part_in(n, xs, ys, d2s, area, depth, radius, dx, dy, parts, OWN)
    low, high = own_low, own_high
    if became != HELD:
        low = high = 0.0
        for i in range(RESTS, GOES + 1):
            if parts[i, SHARE] > 0:
                a, b = _part_in(n, xs, ys, d2s, area, depth, radius, dx, dy, parts, i)
                low, high = low + parts[i, SHARE] * a, high + parts[i, SHARE] * b
    if not (first or genuine > SURE):
        low, high = genuine * low, genuine * high
        for i in range(RESTED, WENT + 1):
            if parts[i, SHARE] > 0:
                a, b = _part_in(n, xs, ys, d2s, area, depth, radius, dx, dy, parts, i)
                low, high = low + (1 - genuine) * parts[i, SHARE] * a, high + (1 - genuine) * parts[i, SHARE] * b
    if outside:
        return 1 - own_high, 1 - own_low, 1 - high, 1 - low
    return own_low, own_high, low, high


@fast
def _beyond(gap: float, parts: F64, which: int) -> float:
    """Return at most how much of a part lies beyond a zone's edge that is at least `gap` metres from the fix.

    What is nearer than the edge is on the fix's side of it, whatever the zone's shape.
    """
    left = gap * _PLANE - parts[which, AWAY] / _PLANE
    if left <= 0:
        return 1.0
    u = left / parts[which, SIGMA]
    return min(1.0, math.exp(-u * u / 2) + _SLIP)


@fast
def _bounds_by_gap(
    gap: float, inside: bool, parts: F64, genuine: float, became: float, first: bool
) -> tuple[float, float, float, float]:
    """Return what `_bounds` does, wider, where all that is known is how far from the edge a fix lies at least.

    `inside`: a fix there keeps the rule where the question is turned round, and breaks it where it is not.
    """
    own = _beyond(gap, parts, OWN)
    other = own
    if became != HELD:
        other = 0.0
        for i in range(RESTS, GOES + 1):
            if parts[i, SHARE] > 0:
                other += parts[i, SHARE] * _beyond(gap, parts, i)
    if not (first or genuine > SURE):
        other *= genuine
        for i in range(RESTED, WENT + 1):
            if parts[i, SHARE] > 0:
                other += (1 - genuine) * parts[i, SHARE] * _beyond(gap, parts, i)
    left_out = _NOTHING if became != HELD else 0.0  # a way to be that is hardly probable was not looked at
    if inside:
        return 1 - own, 1.0, 1 - other - left_out, 1.0
    return 0.0, own, 0.0, other


@compiled
def _idle(
    watches: I8,
    at: int,
    own_low: float,
    own_high: float,
    low: float,
    high: float,
    sure_high: float,
    begin: float,
    k: Rules,
) -> bool:
    """Move a watch as `_step` would, where the bounds leave no doubt how and nothing is told; else tell so, unmoved."""
    support, agrees = watches[at, SUPPORT], min(begin, k.probable_from)
    if own_low >= agrees:
        support = min(support + 1, 99)
    elif own_high < k.clear_below:
        support = 0
    elif own_high >= agrees or own_low < k.clear_below:
        return False
    state = watches[at, STATE]
    if high < k.clear_below:
        if (
            state >= 2 and watches[at, AGAINST] == 0
        ):  # the first against what is probable: kept, unless he is out for sure
            if low > k.out_for_sure:
                watches[at, SUPPORT], watches[at, AGAINST] = support, 1
                return True
            if high > k.out_for_sure:
                return False
        if watches[at, ANNOUNCED] > 0:
            return False
        watches[at, STATE], watches[at, SUPPORT], watches[at, AGAINST], watches[at, ARMED] = 0, support, 0, 1
        return True
    if low < k.clear_below:
        return False
    if state < 2:
        if high >= begin:
            return False
        state = 1
    elif (watches[at, ARMED] != 0 and state > watches[at, ANNOUNCED]) or (state == 2 and sure_high >= k.certain_from):
        return False
    watches[at, STATE], watches[at, SUPPORT], watches[at, AGAINST] = state, support, 0
    return True


@fast
def _lay_other(other: F64, lat: float, lon: float, wide: float, theirs: F64) -> float:
    """Write the two ways another person may be, seen from a fix; return how far the nearer lies, less 2.2 sigmas."""
    gap = 1e300
    for i in range(2):
        w = other[REST] if i == 0 else 1 - other[REST]
        theirs[i, SHARE] = w if w > _NOTHING else 0.0
        if w <= _NOTHING:
            continue
        x = ((other[REST_LON] if i == 0 else other[LON]) - lon) * wide
        y = ((other[REST_LAT] if i == 0 else other[LAT]) - lat) * EARTH_DEGREE_M
        away, sigma = math.sqrt(x * x + y * y), math.sqrt(other[REST_PP] if i == 0 else other[PP])
        theirs[i, X], theirs[i, Y], theirs[i, SIGMA], theirs[i, AWAY] = x, y, sigma, away
        gap = min(gap, away - 1.02 * NEAR_SIGMAS * sigma)
    return gap


@fast
def _part_by(parts: F64, which: int, theirs: F64, radius: float) -> Bounds:
    """Return how probable it is that a part lies within a distance of another person, at least and at most."""
    low = high = 0.0
    for i in range(2):
        if theirs[i, SHARE] > 0:
            x, y = theirs[i, X] - parts[which, X], theirs[i, Y] - parts[which, Y]
            sigma = math.sqrt(theirs[i, SIGMA] * theirs[i, SIGMA] + parts[which, SIGMA] * parts[which, SIGMA])
            a, b = _disc(math.sqrt(x * x + y * y), sigma, radius)
            low, high = low + theirs[i, SHARE] * a, high + theirs[i, SHARE] * b
    return low, high


@fast
def _by_bounds(parts: F64, theirs: F64, radius: float, genuine: float, first: bool) -> Bounds:
    """Return how likely two people are within a distance of each other, at least and at most: `_weigh_pair`'s."""
    low = high = 0.0
    for i in range(RESTS, GOES + 1):
        if parts[i, SHARE] > 0:
            a, b = _part_by(parts, i, theirs, radius)
            low, high = low + parts[i, SHARE] * a, high + parts[i, SHARE] * b
    if not (first or genuine > SURE):
        low, high = genuine * low, genuine * high
        for i in range(RESTED, WENT + 1):
            if parts[i, SHARE] > 0:
                a, b = _part_by(parts, i, theirs, radius)
                low, high = low + (1 - genuine) * parts[i, SHARE] * a, high + (1 - genuine) * parts[i, SHARE] * b
    return low, high
