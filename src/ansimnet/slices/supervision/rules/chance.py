"""How probable it is that somebody lies inside a shape, from an error ellipse. Metres on a local plane; no state.

The functions that begin with an underscore are compiled and take plain numbers and arrays: the batch kernel calls the
same ones, so a fix judged alone and a fix judged among a million are judged alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ansimnet.slices.supervision.rules.machine import compiled as compiled

F64 = NDArray[np.float64]
FAR_SIGMAS = 5.0
"""Beyond this many sigmas a Gaussian holds less than 1e-6: answer without integrating."""
EARTH_DEGREE_M = math.radians(1) * 6_371_008.8
"""Metres in a degree of latitude, on the sphere of `kernel.geo`."""

_COUNT = 20
_nodes, _weights = np.polynomial.legendre.leggauss(_COUNT)
_NODES, _WEIGHTS = tuple(float(x) for x in _nodes), tuple(float(w) for w in _weights)
_EDGE = (4, 6, 8, 12)
_edge = [np.polynomial.legendre.leggauss(n) for n in _EDGE]
_EDGE_NODES = tuple(float(x) for nodes, _ in _edge for x in nodes)
_EDGE_WEIGHTS = tuple(float(w) for _, weights in _edge for w in weights)
"""Nodes along an edge of up to 2, 4, 6 and 10 sigmas, one table after the other: each leaves less than 1e-6."""
_SQRT2 = math.sqrt(2.0)


@dataclass(frozen=True, slots=True)
class Spread:
    """The covariance of a place in m²: an error ellipse."""

    xx: float
    xy: float
    yy: float

    @staticmethod
    def round(variance_m2: float) -> Spread:
        """Return a circular spread."""
        return Spread(variance_m2, 0.0, variance_m2)

    def __add__(self, other: Spread) -> Spread:
        """Return the spread of a difference of two independent places."""
        return Spread(self.xx + other.xx, self.xy + other.xy, self.yy + other.yy)


@compiled
def _axes(xx: float, xy: float, yy: float) -> tuple[float, float, float]:
    """Return the larger and the smaller sigma in metres and the angle of the larger axis in radians."""
    mean, half = (xx + yy) / 2, (xx - yy) / 2
    root = math.hypot(half, xy)
    return math.sqrt(mean + root), math.sqrt(max(mean - root, 1e-12)), 0.5 * math.atan2(xy, half)


@compiled
def _phi(x: float) -> float:
    """Return the standard normal distribution function."""
    return 0.5 * (1.0 + math.erf(x / _SQRT2))


@compiled
def _within(dx_m: float, dy_m: float, xx: float, xy: float, yy: float, radius_m: float) -> float:
    """Return the mass of an ellipse around (`dx_m`, `dy_m`) within a disc about the origin."""
    big, small, angle = _axes(xx, xy, yy)
    off = math.hypot(dx_m, dy_m)
    if off - radius_m > FAR_SIGMAS * big:
        return 0.0
    if radius_m - off > FAR_SIGMAS * big:
        return 1.0
    if big - small < 1e-9 * big:
        angle = math.atan2(dy_m, dx_m)  # round: any axes do, these make the slices symmetric
    c, s = math.cos(angle), math.sin(angle)
    u0, v0 = dx_m * c + dy_m * s, dy_m * c - dx_m * s
    low = math.asin(max(-1.0, min(1.0, (u0 - FAR_SIGMAS * big) / radius_m)))
    high = math.asin(max(-1.0, min(1.0, (u0 + FAR_SIGMAS * big) / radius_m)))
    mid, half, total = (low + high) / 2, (high - low) / 2, 0.0
    for i in range(_COUNT):
        t = mid + half * _NODES[i]
        h = radius_m * math.cos(t)
        z = (radius_m * math.sin(t) - u0) / big
        total += _WEIGHTS[i] * h * math.exp(-0.5 * z * z) * (_phi((h - v0) / small) - _phi((-h - v0) / small))
    return max(0.0, min(1.0, total * half / (big * math.sqrt(2 * math.pi))))


@compiled
def _behind(g: float, since: float, length: float) -> float:
    """Return the mass, times 2 pi, that a round Gaussian has behind a piece of a line, seen from its middle.

    The line passes at `g` sigmas and the piece runs from `since` on along it. The angle it fills, less what of it lies
    before the line: g (1 - exp(-d²/2)) / d² along the piece, which bends nowhere sharply. Cut at `FAR_SIGMAS`.
    """
    g = max(g, 1e-12)
    reach = math.sqrt(max(FAR_SIGMAS * FAR_SIGMAS - g * g, 0.0))
    a, b = max(since, -reach), min(since + length, reach)
    if b <= a:
        return 0.0
    half, mid, total = (b - a) / 2, (a + b) / 2, 0.0
    first, count = (0, 4) if half < 1 else (4, 6) if half < 2 else (10, 8) if half < 3 else (18, 12)
    for i in range(first, first + count):
        u = mid + half * _EDGE_NODES[i]
        d2 = g * g + u * u
        total += _EDGE_WEIGHTS[i] * (1 - math.exp(-0.5 * d2)) / d2
    return max(0.0, math.atan(b / g) - math.atan(a / g) - g * half * total)


@compiled
def _in_ring(
    xs: F64, ys: F64, x0: float, y0: float, wide: float, high: float, xx: float, xy: float, yy: float
) -> float:
    """Return the mass of an ellipse around a place inside a simple polygon.

    The place is (`x0`, `y0`) in the corners' units, `wide` and `high` metres each. One or nothing, as the place lies in
    or out, less what each edge near enough cuts off: a signed integral over its angle.
    """
    sx = math.sqrt(max(xx, 1e-12))
    shear = xy / sx
    sy = math.sqrt(max(yy - shear * shear, 1e-12))
    n = xs.shape[0]
    x, y = (xs[n - 1] - x0) * wide / sx, (ys[n - 1] - y0) * high
    ax, ay = x, (y - shear * x) / sy
    inside, area, cut, far = False, 0.0, 0.0, FAR_SIGMAS
    for i in range(n):
        x, y = (xs[i] - x0) * wide / sx, (ys[i] - y0) * high
        bx, by = x, (y - shear * x) / sy
        if (ay > 0) != (by > 0) and (bx - ax) * (0 - ay) / (by - ay) + ax > 0:
            inside = not inside
        across = ax * by - ay * bx
        area += across
        if min(ax, bx) < far and max(ax, bx) > -far and min(ay, by) < far and max(ay, by) > -far:
            ex, ey = bx - ax, by - ay
            length = math.sqrt(ex * ex + ey * ey)
            if length > 1e-12 and abs(across) < far * length:
                cut += math.copysign(_behind(abs(across) / length, (ax * ex + ay * ey) / length, length), across)
        ax, ay = bx, by
    whole = (2 * math.pi if area > 0 else -2 * math.pi) if inside else 0.0
    return max(0.0, min(1.0, abs(whole - cut) / (2 * math.pi)))


@compiled
def _ring_depth(xs: F64, ys: F64, x0: float, y0: float, wide: float, high: float) -> float:
    """Return how deep a place lies inside a polygon, m; negative outside. Units as in `_in_ring`."""
    n = xs.shape[0]
    inside, nearest = False, math.inf
    ax, ay = (xs[n - 1] - x0) * wide, (ys[n - 1] - y0) * high
    for i in range(n):
        bx, by = (xs[i] - x0) * wide, (ys[i] - y0) * high
        if (ay > 0) != (by > 0) and (bx - ax) * (0 - ay) / (by - ay) + ax > 0:
            inside = not inside
        dx, dy = bx - ax, by - ay
        d2 = dx * dx + dy * dy
        t = 0.0 if d2 == 0.0 else max(0.0, min(1.0, -(ax * dx + ay * dy) / d2))
        nearest = min(nearest, (ax + t * dx) ** 2 + (ay + t * dy) ** 2)
        ax, ay = bx, by
    return math.sqrt(nearest) if inside else -math.sqrt(nearest)


def chance_within(dx_m: float, dy_m: float, spread: Spread, radius_m: float) -> float:
    """Return the probability that a place lies within `radius_m` of the origin.

    The place is Gaussian around (`dx_m`, `dy_m`). Integrates slices of the disc across the larger axis of the
    ellipse (Gauss-Legendre, 20 nodes after u = r sin t, which removes the corner at the rim).

    >>> round(chance_within(0.0, 0.0, Spread.round(1.0), 1.0), 4)  # 1 - exp(-1/2)
    0.3935
    >>> chance_within(1000.0, 0.0, Spread.round(100.0), 100.0)
    0.0
    """
    return _within(float(dx_m), float(dy_m), spread.xx, spread.xy, spread.yy, float(radius_m))


def chance_in_polygon(corners: Sequence[tuple[float, float]], spread: Spread) -> float:
    """Return the probability that a place lies inside a polygon.

    The place is Gaussian around the origin; `corners` are in metres from it, open, either winding. The ellipse is
    turned into the unit circle, then each edge near enough cuts off what lies behind it: an integral over the angle
    (Owen's T in other clothes).

    >>> half_plane = [(0.0, -1e4), (1e4, -1e4), (1e4, 1e4), (0.0, 1e4)]
    >>> round(chance_in_polygon(half_plane, Spread.round(400.0)), 4)
    0.5
    """
    a = np.array(corners, dtype=np.float64).T.copy()
    return _in_ring(a[0], a[1], 0.0, 0.0, 1.0, 1.0, spread.xx, spread.xy, spread.yy)
