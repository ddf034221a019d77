"""A street graph on the local plane, in metres east and north of the district's centre, and walks on it."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ansimnet.kernel.errors import Refusal

Xy = tuple[float, float]


class NoWay(Refusal):
    """No street leads from here to there."""

    name = "no-way"


@dataclass(frozen=True, slots=True)
class Street:
    """One edge: the centreline between two crossings."""

    u: int
    v: int
    line: tuple[Xy, ...]
    """From `u` to `v`, at least two points."""
    name: str
    width_m: float
    road_class: int
    """2 avenue (대로), 3 road (로), 4 lane (길), as the address map counts them."""
    foot_only: bool = False

    @property
    def length_m(self) -> float:
        return length_m(self.line)

    def seen_from(self, node: int) -> tuple[Xy, ...]:
        """Return the centreline walked away from `node`."""
        return self.line if node == self.u else self.line[::-1]


class StreetNet:
    """Crossings and streets, with the shortest way between two crossings."""

    def __init__(self, nodes: Sequence[Xy], streets: Sequence[Street]) -> None:
        self.nodes = tuple(nodes)
        self.streets = tuple(streets)
        self.around: list[list[int]] = [[] for _ in self.nodes]
        for i, s in enumerate(self.streets):
            self.around[s.u].append(i)
            self.around[s.v].append(i)

    def nearest_node(self, x: float, y: float, *, joined_to: int | None = None) -> int:
        """Return the crossing nearest to a place, among those a walker from `joined_to` can reach."""
        allowed = self.reached_from(joined_to) if joined_to is not None else range(len(self.nodes))
        return min(
            (n for n in allowed if self.around[n]), key=lambda n: math.hypot(self.nodes[n][0] - x, self.nodes[n][1] - y)
        )

    def nearest_street(self, x: float, y: float) -> tuple[int, float]:
        """Return the nearest street and the distance to its centreline in metres."""
        best = min(range(len(self.streets)), key=lambda i: distance_to_line_m((x, y), self.streets[i].line))
        return best, distance_to_line_m((x, y), self.streets[best].line)

    def reached_from(self, node: int) -> frozenset[int]:
        """Return every crossing connected with `node`."""
        seen, todo = {node}, [node]
        while todo:
            n = todo.pop()
            for i in self.around[n]:
                m = self.streets[i].u + self.streets[i].v - n
                if m not in seen:
                    seen.add(m)
                    todo.append(m)
        return frozenset(seen)

    def way(
        self, start: int, end: int, *, cost: Callable[[Street], float] | None = None, cars: bool = False
    ) -> list[int]:
        """Return the crossings of the cheapest way, ends included; `cost` defaults to metres.

        Raises:
            NoWay: the two are not connected.
        """
        price = cost or (lambda s: s.length_m)
        best: dict[int, float] = {start: 0.0}
        came: dict[int, int] = {}
        heap = [(0.0, start)]
        while heap:
            d, n = heapq.heappop(heap)
            if n == end:
                out = [end]
                while out[-1] != start:
                    out.append(came[out[-1]])
                return out[::-1]
            if d > best[n]:
                continue
            for i in self.around[n]:
                s = self.streets[i]
                if cars and s.foot_only:
                    continue
                m = s.u + s.v - n
                e = d + price(s)
                if e < best.get(m, math.inf):
                    best[m], came[m] = e, n
                    heapq.heappush(heap, (e, m))
        raise NoWay(f"no way from crossing `{start}` to `{end}`")

    def street_between(self, u: int, v: int) -> Street:
        """Return the shortest street that joins two neighbouring crossings."""
        return min(
            (self.streets[i] for i in self.around[u] if self.streets[i].u + self.streets[i].v - u == v),
            key=lambda s: s.length_m,
        )

    def line_of(self, way: Sequence[int]) -> tuple[tuple[Xy, ...], tuple[float, ...]]:
        """Return the centreline of a way and, for each of its points, the width of the narrowest street there."""
        points: list[Xy] = [self.nodes[way[0]]]
        widths: list[float] = [math.inf]
        for u, v in itertools.pairwise(way):
            s = self.street_between(u, v)
            widths[-1] = min(widths[-1], s.width_m)
            for p in s.seen_from(u)[1:]:
                points.append(p)
                widths.append(s.width_m)
        return tuple(points), tuple(w if math.isfinite(w) else 6.0 for w in widths)


def length_m(line: Iterable[Xy]) -> float:
    """Return the length of a line.

    >>> length_m([(0.0, 0.0), (3.0, 4.0)])
    5.0
    """
    points = list(line)
    return sum(math.dist(a, b) for a, b in itertools.pairwise(points))


def distance_to_line_m(p: Xy, line: Sequence[Xy]) -> float:
    """Return how far a place is from a line."""
    return min(distance_to_segment_m(p, a, b) for a, b in itertools.pairwise(line))


def distance_to_segment_m(p: Xy, a: Xy, b: Xy) -> float:
    """Return how far a place is from the straight piece a-b.

    >>> distance_to_segment_m((1.0, 2.0), (0.0, 0.0), (4.0, 0.0))
    2.0
    """
    dx, dy = b[0] - a[0], b[1] - a[1]
    n = dx * dx + dy * dy
    t = 0.0 if n == 0 else max(0.0, min(1.0, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / n))
    return math.hypot(a[0] + t * dx - p[0], a[1] + t * dy - p[1])


def beside(line: Sequence[Xy], offsets_m: Sequence[float]) -> tuple[Xy, ...]:
    """Return a line moved to its right by one offset per point, corners mitred (at most twice the offset)."""
    out: list[Xy] = []
    for i, (x, y) in enumerate(line):
        nx = ny = 0.0
        normals: list[Xy] = []
        for a, b in ((i - 1, i), (i, i + 1)):
            if a >= 0 and b < len(line):
                dx, dy = line[b][0] - line[a][0], line[b][1] - line[a][1]
                n = math.hypot(dx, dy) or 1.0
                normals.append((dy / n, -dx / n))
        nx, ny = sum(n[0] for n in normals), sum(n[1] for n in normals)
        n = math.hypot(nx, ny)
        if n < 0.2:  # a turn on the spot: keep the side we came on
            nx, ny, scale = normals[0][0], normals[0][1], 1.0
        else:
            nx, ny = nx / n, ny / n
            scale = min(2.0, 1.0 / max(0.5, nx * normals[0][0] + ny * normals[0][1]))
        out.append((x + nx * offsets_m[i] * scale, y + ny * offsets_m[i] * scale))
    return tuple(out)


def along_line(line: Sequence[Xy], s_m: float) -> tuple[float, float, float, float]:
    """Return the place `s_m` metres along a line and the unit direction there."""
    left = max(0.0, s_m)
    for a, b in itertools.pairwise(line):
        n = math.dist(a, b)
        if n > 0 and (left <= n or b is line[-1]):
            f = min(1.0, left / n)
            return a[0] + f * (b[0] - a[0]), a[1] + f * (b[1] - a[1]), (b[0] - a[0]) / n, (b[1] - a[1]) / n
        left -= n
    return line[-1][0], line[-1][1], 1.0, 0.0
