"""How probable it is that somebody lies inside a shape, from an error ellipse. Metres on a local plane; no state."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FAR_SIGMAS = 7.0
"""Beyond this many sigmas a Gaussian holds less than 1e-11: answer without integrating."""

_nodes, _weights = np.polynomial.legendre.leggauss(32)
_PAIRS = tuple((float(x), float(w)) for x, w in zip(_nodes, _weights, strict=True))
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

    def axes(self) -> tuple[float, float, float]:
        """Return the larger and the smaller sigma in metres and the angle of the larger axis in radians."""
        mean, half = (self.xx + self.yy) / 2, (self.xx - self.yy) / 2
        root = math.hypot(half, self.xy)
        return math.sqrt(mean + root), math.sqrt(max(mean - root, 1e-12)), 0.5 * math.atan2(self.xy, half)


def _phi(x: float) -> float:
    """Return the standard normal distribution function."""
    return 0.5 * (1.0 + math.erf(x / _SQRT2))


def chance_within(dx_m: float, dy_m: float, spread: Spread, radius_m: float) -> float:
    """Return the probability that a place lies within `radius_m` of the origin.

    The place is Gaussian around (`dx_m`, `dy_m`). Integrates slices of the disc across the larger axis of the
    ellipse (Gauss-Legendre, 32 nodes after u = r sin t, which removes the corner at the rim).

    >>> round(chance_within(0.0, 0.0, Spread.round(1.0), 1.0), 4)  # 1 - exp(-1/2)
    0.3935
    >>> chance_within(1000.0, 0.0, Spread.round(100.0), 100.0)
    0.0
    """
    big, small, angle = spread.axes()
    off = math.hypot(dx_m, dy_m)
    if off - radius_m > FAR_SIGMAS * big:
        return 0.0
    if radius_m - off > FAR_SIGMAS * big:
        return 1.0
    if big - small < 1e-9 * big:
        angle = math.atan2(dy_m, dx_m)  # round: any axes do, these make the slices symmetric
    u0 = dx_m * math.cos(angle) + dy_m * math.sin(angle)
    v0 = -dx_m * math.sin(angle) + dy_m * math.cos(angle)
    low = math.asin(max(-1.0, min(1.0, (u0 - FAR_SIGMAS * big) / radius_m)))
    high = math.asin(max(-1.0, min(1.0, (u0 + FAR_SIGMAS * big) / radius_m)))
    mid, half, total = (low + high) / 2, (high - low) / 2, 0.0
    for node, weight in _PAIRS:
        t = mid + half * node
        h = radius_m * math.cos(t)
        z = (radius_m * math.sin(t) - u0) / big
        total += weight * h * math.exp(-0.5 * z * z) * (_phi((h - v0) / small) - _phi((-h - v0) / small))
    return max(0.0, min(1.0, total * half / (big * math.sqrt(2 * math.pi))))


def chance_in_polygon(corners: Sequence[tuple[float, float]], spread: Spread) -> float:
    """Return the probability that a place lies inside a polygon.

    The place is Gaussian around the origin; `corners` are in metres from it, open, either winding. The ellipse is
    turned into the unit circle, then each edge gives the mass of its triangle with the origin, signed: an integral
    over the angle (Owen's T in other clothes), 32 nodes.

    >>> half_plane = [(0.0, -1e4), (1e4, -1e4), (1e4, 1e4), (0.0, 1e4)]
    >>> round(chance_in_polygon(half_plane, Spread.round(400.0)), 4)
    0.5
    """
    sx = math.sqrt(max(spread.xx, 1e-12))
    shear = spread.xy / sx
    sy = math.sqrt(max(spread.yy - shear * shear, 1e-12))
    a = np.array(corners, dtype=np.float64)
    a[:, 0] /= sx
    a[:, 1] = (a[:, 1] - shear * a[:, 0]) / sy
    b = np.roll(a, -1, axis=0)
    edge = b - a
    length = np.hypot(edge[:, 0], edge[:, 1])
    keep = length > 1e-12
    a, b, edge, length = a[keep], b[keep], edge[keep], length[keep]
    h = (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) / length
    g = np.maximum(np.abs(h), 1e-12)
    t0 = np.arctan((a * edge).sum(axis=1) / length / g)
    t1 = np.arctan((b * edge).sum(axis=1) / length / g)
    half = (t1 - t0) / 2
    at = ((t0 + t1) / 2)[:, None] + half[:, None] * _nodes[None, :]
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        outside = np.exp(-0.5 * (g[:, None] / np.cos(at)) ** 2) @ _weights * half
    total = float((np.sign(h) * (2 * half - outside)).sum()) / (2 * math.pi)
    return max(0.0, min(1.0, abs(total)))
