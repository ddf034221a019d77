"""Convex polygons: clip, inset, cut into lots. Rings are open and counter-clockwise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

from ansimnet_sim.streets import Xy

Ring = tuple[Xy, ...]


def area_m2(ring: Sequence[Xy]) -> float:
    """Return the signed area; positive when counter-clockwise.

    >>> area_m2([(0, 0), (2, 0), (2, 3), (0, 3)])
    6.0
    """
    return 0.5 * sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, [*ring[1:], ring[0]], strict=True))


def centre(ring: Sequence[Xy]) -> Xy:
    """Return the mean of the corners."""
    return sum(p[0] for p in ring) / len(ring), sum(p[1] for p in ring) / len(ring)


def contains(ring: Sequence[Xy], p: Xy) -> bool:
    """Say whether a place lies inside any polygon, convex or not."""
    inside = False
    for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (ay > p[1]) != (by > p[1]) and p[0] < (bx - ax) * (p[1] - ay) / (by - ay) + ax:
            inside = not inside
    return inside


def clip(ring: Sequence[Xy], a: Xy, b: Xy, keep_m: float) -> Ring:
    """Keep the part of a convex polygon at least `keep_m` to the left of the line a-b (Sutherland-Hodgman)."""
    length = math.dist(a, b) or 1.0
    nx, ny = -(b[1] - a[1]) / length, (b[0] - a[0]) / length
    side = [(p[0] - a[0]) * nx + (p[1] - a[1]) * ny - keep_m for p in ring]
    out: list[Xy] = []
    for i, p in enumerate(ring):
        q, sp, sq = ring[(i + 1) % len(ring)], side[i], side[(i + 1) % len(ring)]
        if sp >= 0:
            out.append(p)
        if (sp >= 0) != (sq >= 0):
            t = sp / (sp - sq)
            out.append((p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])))
    return tuple(out)


def inset(ring: Sequence[Xy], by_m: Sequence[float]) -> Ring:
    """Move each side inwards by its own distance; empty when nothing is left."""
    out: Ring = tuple(ring)
    for i, d in enumerate(by_m):
        out = clip(out, ring[i], ring[(i + 1) % len(ring)], d)
        if len(out) < 3:
            return ()
    return out


def lots(ring: Ring, rng: Random, largest_m2: float) -> list[Ring]:
    """Cut a convex block into lots across its longer direction, again and again."""
    if len(ring) < 3 or area_m2(ring) < 45:  # 45 m2: the smallest lot one may build on in a Korean city is near 60
        return []
    if area_m2(ring) <= largest_m2:
        return [ring]
    sides = [(math.dist(ring[i], ring[(i + 1) % len(ring)]), i) for i in range(len(ring))]
    _, i = max(sides)
    a, b = ring[i], ring[(i + 1) % len(ring)]
    t = rng.uniform(0.38, 0.62)
    m = (a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]))
    # the cut runs square to the longest side
    q = (m[0] - (b[1] - a[1]), m[1] + (b[0] - a[0]))
    gap = rng.choice((0.4, 0.5, 0.9))  # half of the gap between neighbours; the law asks for 0.5 m (민법 §242)
    return lots(clip(ring, m, q, gap), rng, largest_m2) + lots(clip(ring, q, m, gap), rng, largest_m2)
