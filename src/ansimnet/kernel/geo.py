"""Places on the ground. WGS 84 degrees in and out, metres between.

Distances of a city (< 100 km) are measured on a local tangent plane; its error there is below 0.1 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the Earth, IUGG 1980."""


@dataclass(frozen=True, slots=True)
class Point:
    """A place in WGS 84 degrees."""

    lat: float
    lon: float

    def __post_init__(self) -> None:
        if not (-90 <= self.lat <= 90 and -180 <= self.lon <= 180):
            raise ValueError(f"no such place: `{self.lat}, {self.lon}`")


@dataclass(frozen=True, slots=True)
class Plane:
    """A local plane in metres, east and north of `origin`."""

    origin: Point

    def to_xy(self, p: Point) -> tuple[float, float]:
        """Return metres east and north of the origin.

        >>> x, y = Plane(Point(37.5, 127.0)).to_xy(Point(37.501, 127.0))
        >>> round(x), round(y)
        (0, 111)
        """
        k = math.radians(1) * EARTH_RADIUS_M
        return (p.lon - self.origin.lon) * k * math.cos(math.radians(self.origin.lat)), (p.lat - self.origin.lat) * k

    def to_point(self, x_m: float, y_m: float) -> Point:
        """Return the place `x_m` east and `y_m` north of the origin."""
        k = math.radians(1) * EARTH_RADIUS_M
        return Point(self.origin.lat + y_m / k, self.origin.lon + x_m / (k * math.cos(math.radians(self.origin.lat))))


def distance_m(a: Point, b: Point) -> float:
    """Return the great-circle distance in metres.

    >>> round(distance_m(Point(37.0, 127.0), Point(38.0, 127.0)))
    111195
    """
    p, q = math.radians(a.lat), math.radians(b.lat)
    h = math.sin((q - p) / 2) ** 2 + math.cos(p) * math.cos(q) * math.sin(math.radians(b.lon - a.lon) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, h)))


def bearing_deg(a: Point, b: Point) -> float:
    """Return the initial course from a to b, degrees clockwise from north, [0, 360)."""
    p, q, d = math.radians(a.lat), math.radians(b.lat), math.radians(b.lon - a.lon)
    y = math.sin(d) * math.cos(q)
    x = math.cos(p) * math.sin(q) - math.sin(p) * math.cos(q) * math.cos(d)
    return math.degrees(math.atan2(y, x)) % 360


def signed_depth_m(p: Point, ring: Sequence[Point]) -> float:
    """Return how deep `p` lies inside a polygon, in metres; negative outside.

    `ring` is open or closed, either winding, at least three corners.
    """
    plane = Plane(p)
    xy = [plane.to_xy(c) for c in ring]
    if xy[0] == xy[-1]:
        xy = xy[:-1]
    if len(xy) < 3:
        raise ValueError("a polygon needs three corners")
    inside, nearest = False, math.inf
    for (ax, ay), (bx, by) in zip(xy, [*xy[1:], xy[0]], strict=True):
        if (ay > 0) != (by > 0) and (bx - ax) * (0 - ay) / (by - ay) + ax > 0:
            inside = not inside
        dx, dy = bx - ax, by - ay
        t = 0.0 if dx == dy == 0 else max(0.0, min(1.0, -(ax * dx + ay * dy) / (dx * dx + dy * dy)))
        nearest = min(nearest, math.hypot(ax + t * dx, ay + t * dy))
    return nearest if inside else -nearest
