"""Where people truly are in the supervision evaluation: streets, walks with stops, zones. No detector sees it."""

from __future__ import annotations

import csv
import gzip
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from ansimnet.kernel.geo import Plane, Point
from ansimnet_sim.streets import NoWay, Street, StreetNet, Xy

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ground:
    """A street net and the plane it lies on."""

    plane: Plane
    net: StreetNet
    nodes: tuple[int, ...]
    """Crossings that all reach each other."""
    name: str


def ground_from(data: Path | None, seed: int) -> Ground:
    """Return the real streets of Gangnam from the data folder, or an invented net where there is none."""
    if data is not None and (data / "roads" / "gangnam_road_nodes.csv").is_file():
        return _real(data / "roads" / "gangnam_road_nodes.csv", data / "roads" / "gangnam_road_edges.csv.gz")
    return _invented(seed)


def _real(nodes_file: Path, edges_file: Path) -> Ground:
    with nodes_file.open(encoding="utf-8") as f:
        rows = [(r["node_id"], Point(float(r["lat"]), float(r["lon"]))) for r in csv.DictReader(f)]
    lats, lons = sorted(p.lat for _, p in rows), sorted(p.lon for _, p in rows)
    plane = Plane(Point(lats[len(lats) // 2], lons[len(lons) // 2]))
    number = {name: i for i, (name, _) in enumerate(rows)}
    xy = [plane.to_xy(p) for _, p in rows]
    streets = []
    with gzip.open(edges_file, "rt", encoding="utf-8") as g:
        for r in csv.DictReader(g):
            u, v = number[r["u"]], number[r["v"]]
            if u == v:
                continue
            pairs = (w.split() for w in r["geometry_wkt"].removeprefix("LINESTRING (").rstrip(")").split(","))
            line = tuple(plane.to_xy(Point(float(b), float(a))) for a, b in pairs)
            if math.dist(line[0], xy[u]) > math.dist(line[-1], xy[u]):
                line = line[::-1]
            streets.append(Street(u, v, line, r["road_name"], float(r["width_m"] or 6), int(r["road_class"] or 4)))
    return _joined(plane, StreetNet(xy, streets), "gangnam")


def _invented(seed: int, side: int = 36, step_m: float = 140.0) -> Ground:
    """Return a bent grid of 5 km with a tenth of its streets missing."""
    rng = Random(f"supervision-ground/{seed}")
    mid = side / 2
    xy = [
        ((i - mid) * step_m + rng.uniform(-35, 35), (j - mid) * step_m + rng.uniform(-35, 35))
        for i, j in itertools.product(range(side), range(side))
    ]
    streets = []
    for i, j in itertools.product(range(side), range(side)):
        for di, dj in ((1, 0), (0, 1)):
            if i + di < side and j + dj < side and rng.random() > 0.1:
                u, v = i * side + j, (i + di) * side + j + dj
                streets.append(Street(u, v, (xy[u], xy[v]), "", 8.0, 4))
    return _joined(Plane(Point(37.5, 127.03)), StreetNet(xy, streets), "invented")


def _joined(plane: Plane, net: StreetNet, name: str) -> Ground:
    best: frozenset[int] = frozenset()
    seen: set[int] = set()
    for n in range(len(net.nodes)):
        if n not in seen and net.around[n]:
            part = net.reached_from(n)
            seen |= part
            best = max(best, part, key=len)
    return Ground(plane, net, tuple(sorted(best)), name)


@dataclass(slots=True)
class Track:
    """A true way through time: corners (second, east m, north m, under a roof)."""

    corners: list[tuple[float, float, float, bool]] = field(default_factory=list)

    @property
    def end_s(self) -> float:
        return self.corners[-1][0]

    def at(self, t: float) -> Xy:
        """Return the place at a second."""
        return float(self.xs(np.array([t]))[0]), float(self.ys(np.array([t]))[0])

    def _columns(self) -> F64:
        return np.array([c[:3] for c in self.corners])

    def xs(self, t: F64) -> F64:
        a = self._columns()
        return np.interp(t, a[:, 0], a[:, 1])

    def ys(self, t: F64) -> F64:
        a = self._columns()
        return np.interp(t, a[:, 0], a[:, 2])

    def roofed(self, t: F64) -> NDArray[np.bool_]:
        """Tell for each second whether the person is indoors."""
        a, roof = self._columns(), np.array([c[3] for c in self.corners])
        return roof[np.clip(np.searchsorted(a[:, 0], t, side="right") - 1, 0, len(roof) - 1)]

    def stay(self, seconds: float, *, indoors: bool = False) -> None:
        """Stand where one is; indoors one wanders a few metres."""
        t, x, y, _ = self.corners[-1]
        self.corners[-1] = (t, x, y, indoors)
        self.corners.append((t + seconds, x, y, False))

    def go(self, line: Sequence[Xy], speed_mps: float, rng: Random, *, stops: float = 0.12) -> None:
        """Follow a line; at a share of its corners wait as at a light (exponential, mean 15 s)."""
        for x, y in line:
            t, px, py, _ = self.corners[-1]
            d = math.dist((px, py), (x, y))
            if d < 0.01:
                continue
            t += d / (speed_mps * rng.uniform(0.85, 1.15))
            self.corners.append((t, x, y, False))
            if rng.random() < stops:
                self.corners.append((t + rng.expovariate(1 / 15.0), x, y, False))


def begin(xy: Xy, *, indoors: bool = False) -> Track:
    """Return a track that starts somewhere at second 0."""
    return Track([(0.0, *xy, indoors)])


@dataclass(frozen=True, slots=True)
class Round:
    """A true disc."""

    x: float
    y: float
    radius_m: float

    def depth(self, x: F64, y: F64) -> F64:
        """Return how deep inside places lie, m."""
        depth: F64 = self.radius_m - np.hypot(x - self.x, y - self.y)
        return depth


@dataclass(frozen=True, slots=True)
class Shape:
    """A true polygon."""

    ring: tuple[Xy, ...]

    def depth(self, x: F64, y: F64) -> F64:
        """Return how deep inside places lie, m."""
        inside = np.zeros(len(x), dtype=bool)
        nearest = np.full(len(x), np.inf)
        for (ax, ay), (bx, by) in zip(self.ring, (*self.ring[1:], self.ring[0]), strict=True):
            with np.errstate(divide="ignore", invalid="ignore"):
                cut = ((ay > y) != (by > y)) & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
            inside ^= cut
            dx, dy = bx - ax, by - ay
            t = np.clip(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy), 0, 1)
            nearest = np.minimum(nearest, np.hypot(ax + t * dx - x, ay + t * dy - y))
        depth: F64 = np.where(inside, nearest, -nearest)
        return depth


def shape_about(xy: Xy, radius_m: float, rng: Random) -> Round | Shape:
    """Return a disc, or as often a polygon of 5 to 10 corners, about a place."""
    if rng.random() < 0.5:
        return Round(*xy, radius_m)
    n = rng.randint(5, 10)
    turns = sorted((2 * math.pi * k / n + rng.uniform(-0.2, 0.2)) for k in range(n))
    reach = [radius_m * rng.uniform(0.8, 1.2) for _ in turns]
    return Shape(tuple((xy[0] + r * math.cos(a), xy[1] + r * math.sin(a)) for a, r in zip(turns, reach, strict=True)))


def way_of(ground: Ground, start: int, end: int, rng: Random) -> list[Xy]:
    """Return the line of a way between two crossings that somebody might take: nearly the shortest."""
    taste: dict[int, float] = {}

    def cost(s: Street) -> float:
        return s.length_m * taste.setdefault(id(s), rng.uniform(1.0, 1.3))

    line, _ = ground.net.line_of(ground.net.way(start, end, cost=cost))
    return list(line)


def node_at(ground: Ground, xy: Xy, low_m: float, high_m: float, rng: Random) -> int:
    """Return a crossing whose distance from a place lies between two bounds.

    Raises:
        NoWay: there is none.
    """
    near = [n for n in ground.nodes if low_m <= math.dist(ground.net.nodes[n], xy) <= high_m]
    if not near:
        raise NoWay(f"no crossing {low_m:.0f} to {high_m:.0f} m away")
    return rng.choice(near)
