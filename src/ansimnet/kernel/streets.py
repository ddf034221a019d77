"""Streets as arrays: nearest street, earliest arrivals, and a way that stays ahead of somebody.

A `Streets` is an undirected graph in compressed rows. Costs are seconds. All of it is pure: arrays in, arrays out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ansimnet.kernel.geo import Plane, Point

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
Bool = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Streets:
    """An undirected street graph.

    `x_m, y_m` (N,) metres on `plane`; `first` (N+1,), `to` (2E,), `via` (2E,) compressed rows, `via` naming the street;
    `u, v` (E,) the ends of each street, `length_m` (E,) along it, `rank` (E,) 0 trunk … 3 path, `names` (E,) or "".
    """

    plane: Plane
    x_m: F64
    y_m: F64
    u: I32
    v: I32
    length_m: F64
    rank: NDArray[np.int8]
    names: tuple[str, ...]
    first: I32
    to: I32
    via: I32

    def place(self, node: int) -> Point:
        """Return where a node lies."""
        return self.plane.to_point(float(self.x_m[node]), float(self.y_m[node]))


@dataclass(frozen=True, slots=True)
class Snap:
    """The nearest point of the street net: on street `edge`, `along_m` from its end `u`, `off_m` away."""

    edge: int
    along_m: float
    off_m: float
    x_m: float
    y_m: float


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """A way along nodes; `arrive_s` (K,) her arrival at each, `margin_s` the least lead over the other's earliest."""

    nodes: I32
    arrive_s: F64
    length_m: float
    margin_s: float


def build(lat: F64, lon: F64, u: I32, v: I32, length_m: F64, rank: NDArray[np.int8], names: tuple[str, ...]) -> Streets:
    """Build a graph from nodes (N,) in WGS 84 degrees and streets (E,); only its largest connected part is kept.

    Raises:
        ValueError: no street, an end that is no node, or a length that is not positive.
    """
    if len(u) == 0:
        raise ValueError("there is no street in this file")
    if int(max(u.max(), v.max())) >= len(lat) or int(min(u.min(), v.min())) < 0:
        raise ValueError("a street ends at a node that is not in the file")
    if not bool(np.all(np.isfinite(length_m))) or float(length_m.min()) <= 0:
        raise ValueError("a street has no positive length")
    part = components(len(lat), u.astype(np.int32), v.astype(np.int32))
    keep_nodes = part == np.bincount(part).argmax()
    index = np.cumsum(keep_nodes).astype(np.int32) - 1
    keep = keep_nodes[u]
    lat, lon = lat[keep_nodes], lon[keep_nodes]
    plane = Plane(Point(float(lat.mean()), float(lon.mean())))
    xy = np.array([plane.to_xy(Point(float(a), float(o))) for a, o in zip(lat, lon, strict=True)])
    uu, vv = index[u[keep]], index[v[keep]]
    first, to, via = _rows(len(lat), uu, vv)
    kept_names = tuple(n for n, k in zip(names, keep, strict=True) if k)
    return Streets(
        plane, xy[:, 0].copy(), xy[:, 1].copy(), uu, vv, length_m[keep].astype(np.float64), rank[keep].astype(np.int8),
        kept_names, first, to, via,
    )  # fmt: skip


def snap(streets: Streets, p: Point) -> Snap:
    """Return the nearest point of the street net to a place."""
    x, y = streets.plane.to_xy(p)
    edge, share, off = _nearest(x, y, streets.x_m, streets.y_m, streets.u, streets.v)
    a, b = streets.u[edge], streets.v[edge]
    return Snap(
        int(edge),
        float(share * streets.length_m[edge]),
        float(off),
        float(streets.x_m[a] + share * (streets.x_m[b] - streets.x_m[a])),
        float(streets.y_m[a] + share * (streets.y_m[b] - streets.y_m[a])),
    )


def earliest_s(streets: Streets, start: Point, *, speed_mps: float, error_m: float = 0.0) -> F64:
    """Return the earliest arrival (N,) in seconds of somebody who may be anywhere within `error_m` of `start`.

    Deliberately optimistic for him: the error is taken off his way, and walking to the street costs nothing.
    """
    if speed_mps <= 0:
        raise ValueError("a speed must be positive")
    at = snap(streets, start)
    cost, _ = _dijkstra(
        streets.first, streets.to, streets.via, streets.length_m / speed_mps,
        np.array([streets.u[at.edge], streets.v[at.edge]], np.int32),
        np.array([at.along_m, streets.length_m[at.edge] - at.along_m]) / speed_mps,
        np.full(len(streets.x_m), np.inf), np.zeros(len(streets.length_m), np.bool_),
    )  # fmt: skip
    return np.asarray(np.maximum(0.0, cost - error_m / speed_mps), np.float64)


def earliest_within_s(streets: Streets, p: Point, radius_m: float, *, speed_mps: float) -> tuple[F64, Bool]:
    """Return the earliest arrival (N,) of somebody who may be anywhere within `radius_m` of `p`, and where he may be.

    The second value (E,) names the streets he may already stand on: those the disc touches, and his nearest one.
    He starts from all of them at once, so a parallel street inside the disc is as near to him as his own; a node
    outside the disc costs him the straight way from its rim, which no street can undercut.

    Raises:
        ValueError: a speed that is not positive.
    """
    if speed_mps <= 0:
        raise ValueError("a speed must be positive")
    at = snap(streets, p)
    x, y = streets.plane.to_xy(p)
    reach_m = max(radius_m, at.off_m)
    on = touched(streets, p, reach_m)
    on[at.edge] = True
    seeds = np.unique(np.concatenate([streets.u[on], streets.v[on]])).astype(np.int32)
    apart_m = np.hypot(streets.x_m[seeds] - x, streets.y_m[seeds] - y)
    cost, _ = _dijkstra(
        streets.first, streets.to, streets.via, streets.length_m / speed_mps, seeds,
        np.maximum(0.0, apart_m - reach_m) / speed_mps,
        np.full(len(streets.x_m), np.inf), np.zeros(len(streets.length_m), np.bool_),
    )  # fmt: skip
    return np.asarray(cost, np.float64), on


def travel_s(streets: Streets, start: Point, *, speed_by_rank: tuple[float, float, float, float]) -> F64:
    """Return driving times (N,) in seconds from a place, each street at the speed (m/s) of its rank."""
    at = snap(streets, start)
    pace = streets.length_m / np.array(speed_by_rank)[streets.rank]
    share = at.along_m / streets.length_m[at.edge]
    cost, _ = _dijkstra(
        streets.first, streets.to, streets.via, pace,
        np.array([streets.u[at.edge], streets.v[at.edge]], np.int32),
        np.array([share, 1 - share]) * pace[at.edge],
        np.full(len(streets.x_m), np.inf), np.zeros(len(pace), np.bool_),
    )  # fmt: skip
    return np.asarray(cost, np.float64)


def at_place_s(streets: Streets, cost_s: F64, p: Point, *, speed_mps: float) -> float:
    """Return the cost at a place, given the cost at nodes: over the nearer end of its street."""
    at = snap(streets, p)
    a = cost_s[streets.u[at.edge]] + at.along_m / speed_mps
    b = cost_s[streets.v[at.edge]] + (streets.length_m[at.edge] - at.along_m) / speed_mps
    return float(min(a, b))


def touched(streets: Streets, p: Point, radius_m: float) -> Bool:
    """Return which streets (E,) come within `radius_m` of a place."""
    x, y = streets.plane.to_xy(p)
    return np.asarray(_touched(x, y, radius_m, streets.x_m, streets.y_m, streets.u, streets.v))


def way_ahead(
    streets: Streets,
    start: Point,
    goals: I32,
    *,
    speed_mps: float,
    his_s: F64,
    lead_s: float,
    blocked: Bool,
) -> Way | None:
    """Return the quickest way from `start` to one of `goals` on which she is always `lead_s` ahead of him, or None.

    `his_s` (N,) is his earliest arrival at each node, `blocked` (E,) the streets he may already stand on. Her arrival
    at every node of the way is at least `lead_s` before his; as both move at constant speed and she never enters a
    street he may stand on, the same holds at every point between two nodes (the lead along a street is concave).
    Earliest arrivals with pruning are exact here: waiting never helps.
    """
    at = snap(streets, start)
    if bool(blocked[at.edge]):
        return None
    ends = np.array([streets.u[at.edge], streets.v[at.edge]], np.int32)
    cost, prev = _dijkstra(
        streets.first, streets.to, streets.via, streets.length_m / speed_mps, ends,
        np.array([at.along_m, streets.length_m[at.edge] - at.along_m]) / speed_mps, his_s - lead_s, blocked,
    )  # fmt: skip
    if len(goals) == 0 or not bool(np.isfinite(cost[goals]).any()):
        return None
    node = int(goals[int(np.argmin(cost[goals]))])
    nodes = [node]
    while prev[nodes[-1]] >= 0:
        nodes.append(int(prev[nodes[-1]]))
    path = np.array(nodes[::-1], np.int32)
    return Way(path, cost[path], float(cost[node] * speed_mps), float((his_s[path] - cost[path]).min()))


def path_to(streets: Streets, start: Point, goal: Point, *, speed_by_rank: tuple[float, float, float, float]) -> I32:
    """Return the nodes (K,) of the quickest way between two places, empty when both lie on one street."""
    a, b = snap(streets, start), snap(streets, goal)
    pace = streets.length_m / np.array(speed_by_rank)[streets.rank]
    share = a.along_m / streets.length_m[a.edge]
    cost, prev = _dijkstra(
        streets.first, streets.to, streets.via, pace, np.array([streets.u[a.edge], streets.v[a.edge]], np.int32),
        np.array([share, 1 - share]) * pace[a.edge], np.full(len(streets.x_m), np.inf), np.zeros(len(pace), np.bool_),
    )  # fmt: skip
    if a.edge == b.edge:
        return np.zeros(0, np.int32)
    ends = [int(streets.u[b.edge]), int(streets.v[b.edge])]
    nodes = [min(ends, key=lambda n: float(cost[n]))]
    while prev[nodes[-1]] >= 0:
        nodes.append(int(prev[nodes[-1]]))
    return np.array(nodes[::-1], np.int32)


def line_of(streets: Streets, start: Point, nodes: I32) -> list[Point]:
    """Return a way as places, beginning at `start`."""
    return [start, *(streets.place(int(n)) for n in nodes)]


def street_between(streets: Streets, a: int, b: int) -> int:
    """Return the shortest street that joins two neighbouring nodes.

    Raises:
        ValueError: they are no neighbours.
    """
    row = range(int(streets.first[a]), int(streets.first[a + 1]))
    found = [int(streets.via[i]) for i in row if int(streets.to[i]) == b]
    if not found:
        raise ValueError(f"no street joins `{a}` and `{b}`")
    return min(found, key=lambda e: float(streets.length_m[e]))


def warm() -> None:
    """Compile every kernel here on a net of one street, before anybody is in a hurry."""
    one = np.array([0], np.int32)
    net = build(
        np.array([37.5, 37.501]), np.array([127.0, 127.0]), one, one + 1, np.array([111.0]), np.zeros(1, np.int8), ("",)
    )
    here = Point(37.5, 127.0)
    his = earliest_s(net, here, speed_mps=1.0)
    way_ahead(net, here, one, speed_mps=1.0, his_s=his, lead_s=0.0, blocked=touched(net, here, 1.0))


def _rows(n: int, u: I32, v: I32) -> tuple[I32, I32, I32]:
    e = np.arange(len(u), dtype=np.int32)
    a, b, via = np.concatenate([u, v]), np.concatenate([v, u]), np.concatenate([e, e])
    order = np.argsort(a, kind="stable")
    first = np.zeros(n + 1, np.int32)
    np.cumsum(np.bincount(a, minlength=n), out=first[1:])
    return first, b[order].astype(np.int32), via[order].astype(np.int32)


@njit(cache=True, nogil=True)
def components(n, u, v):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    parent = np.arange(n)
    for i in range(len(u)):
        a, b = u[i], v[i]
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        while parent[b] != b:
            parent[b] = parent[parent[b]]
            b = parent[b]
        parent[a] = b
    for i in range(n):
        a = i
        while parent[a] != a:
            a = parent[a]
        parent[i] = a
    return parent


@njit(cache=True, nogil=True)
def _nearest(x, y, nx, ny, u, v):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    best, edge, share = np.inf, 0, 0.0
    for e in range(len(u)):
        ax, ay = nx[u[e]], ny[u[e]]
        dx, dy = nx[v[e]] - ax, ny[v[e]] - ay
        d2 = dx * dx + dy * dy
        t = 0.0
        if d2 > 0:
            t = min(1.0, max(0.0, ((x - ax) * dx + (y - ay) * dy) / d2))
        q = (ax + t * dx - x) ** 2 + (ay + t * dy - y) ** 2
        if q < best:
            best, edge, share = q, e, t
    return edge, share, np.sqrt(best)


@njit(cache=True, nogil=True)
def _touched(x, y, radius, nx, ny, u, v):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    out = np.zeros(len(u), np.bool_)
    for e in range(len(u)):
        ax, ay = nx[u[e]], ny[u[e]]
        dx, dy = nx[v[e]] - ax, ny[v[e]] - ay
        d2 = dx * dx + dy * dy
        t = 0.0
        if d2 > 0:
            t = min(1.0, max(0.0, ((x - ax) * dx + (y - ay) * dy) / d2))
        out[e] = (ax + t * dx - x) ** 2 + (ay + t * dy - y) ** 2 <= radius * radius
    return out


@njit(cache=True, nogil=True)
def _dijkstra(first, to, via, pace, seeds, seed_cost, latest, blocked):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Earliest cost and predecessor per node; nodes reached after `latest` and `blocked` streets are not entered."""
    n = len(first) - 1
    cost = np.full(n, np.inf)
    prev = np.full(n, -1, np.int32)
    done = np.zeros(n, np.bool_)
    heap_c = np.empty(len(to) + len(seeds) + 1)
    heap_n = np.empty(len(to) + len(seeds) + 1, np.int32)
    size = 0
    for i in range(len(seeds)):
        s, c = seeds[i], seed_cost[i]
        if c <= latest[s] and c < cost[s]:
            cost[s] = c
            size = push(heap_c, heap_n, size, c, s)
    while size > 0:
        c, a = heap_c[0], heap_n[0]
        size = pop(heap_c, heap_n, size)
        if done[a]:
            continue
        done[a] = True
        for i in range(first[a], first[a + 1]):
            b = to[i]
            d = c + pace[via[i]]
            if not blocked[via[i]] and d <= latest[b] and d < cost[b]:
                cost[b] = d
                prev[b] = a
                size = push(heap_c, heap_n, size, d, b)
    return cost, prev


@njit(cache=True, nogil=True)
def push(heap_c, heap_n, size, c, node):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Put a node with its cost on a heap of two arrays, of which `size` are taken; return the new size. Compiled."""
    i = size
    while i > 0:
        p = (i - 1) >> 1
        if heap_c[p] <= c:
            break
        heap_c[i], heap_n[i] = heap_c[p], heap_n[p]
        i = p
    heap_c[i], heap_n[i] = c, node
    return size + 1


@njit(cache=True, nogil=True)
def pop(heap_c, heap_n, size):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Take the cheapest, which stands first, off such a heap; return the new size. Compiled."""
    size -= 1
    c, node = heap_c[size], heap_n[size]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        if child + 1 < size and heap_c[child + 1] < heap_c[child]:
            child += 1
        if heap_c[child] >= c:
            break
        heap_c[i], heap_n[i] = heap_c[child], heap_n[child]
        i = child
    heap_c[i], heap_n[i] = c, node
    return size
