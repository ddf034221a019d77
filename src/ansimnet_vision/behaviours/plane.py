"""Points, lines and polygons of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ansimnet_vision.types import Box

Point = tuple[float, float]


def inside(point: Point, polygon: Sequence[Point]) -> bool:
    """Return whether a point lies in a polygon: an odd number of edges to its right.

    >>> inside((0.5, 0.5), [(0, 0), (1, 0), (1, 1), (0, 1)]), inside((1.5, 0.5), [(0, 0), (1, 0), (1, 1), (0, 1)])
    (True, False)
    """
    x, y = point
    within = False
    for (x1, y1), (x2, y2) in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            within = not within
    return within


def foot_of(box: Box) -> Point:
    """Return the middle of the lower edge of a box."""
    return (box[0] + box[2]) / 2, box[3]


def crossing(before: Point, after: Point, line: Sequence[Point]) -> int:
    """Return 1 where a step crosses a polyline from the left of its direction to the right, -1 the other way, else 0.

    >>> crossing((0.5, 0.2), (0.5, 0.8), [(0, 0.5), (1, 0.5)]), crossing((0.5, 0.8), (0.5, 0.2), [(0, 0.5), (1, 0.5)])
    (1, -1)
    """
    for a, b in pairwise(line):
        first, second = _side(before, a, b), _side(after, a, b)
        if (first > 0) != (second > 0) and (_side(a, before, after) > 0) != (_side(b, before, after) > 0):
            return 1 if first > 0 else -1
    return 0


def _side(point: Point, a: Point, b: Point) -> float:
    """Return what is positive to the left of a to b, as one sees it: y grows downwards."""
    return (b[1] - a[1]) * (point[0] - a[0]) - (b[0] - a[0]) * (point[1] - a[1])
