"""Who moves: each actor is a line walked by a clock. Where somebody is depends on the time and nothing else."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from ansimnet_sim.city import City
from ansimnet_sim.figures import CAR_COLOURS, COATS
from ansimnet_sim.streets import Street, Xy, along_line, beside, length_m

WALK_MPS = 1.35
"""Median free walking speed of adults, 1.3-1.4 m/s (Bohannon & Andrews 2011)."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Where, which way (radians clockwise from north), how fast (m/s), and the phase of the gait (radians)."""

    x: float
    y: float
    heading: float
    speed_mps: float
    phase: float


@dataclass(frozen=True, slots=True)
class Route:
    """A line and when it is walked: knots of (time s, metres along), linear between them, still outside them."""

    line: tuple[Xy, ...]
    knots: tuple[tuple[float, float], ...]

    def along_m(self, t: float) -> tuple[float, float]:
        """Return metres along the line and the speed at time `t`."""
        i = bisect.bisect_right(self.knots, t, key=lambda k: k[0])
        if i == 0:
            return self.knots[0][1], 0.0
        if i == len(self.knots):
            return self.knots[-1][1], 0.0
        (t0, s0), (t1, s1) = self.knots[i - 1], self.knots[i]
        v = (s1 - s0) / (t1 - t0)
        return s0 + v * (t - t0), v

    def at(self, t: float) -> Pose:
        """Return the pose at time `t`."""
        s, v = self.along_m(t)
        x, y, heading = along(self.line, s)
        return Pose(x, y, heading + (math.pi if v < 0 else 0.0), abs(v), s * 4.3)  # one double step is 1.46 m


def along(line: Sequence[Xy], s_m: float) -> tuple[float, float, float]:
    """Return the place `s_m` metres along a line and the heading there, radians clockwise from north."""
    x, y, ux, uy = along_line(line, s_m)
    return x, y, math.atan2(ux, uy)


@dataclass(slots=True)
class Actor:
    """Somebody or something that moves. `routes` follow each other in time; the last begun counts."""

    name: str
    kind: str
    """wearer, victim, person, car, police."""
    routes: list[tuple[float, Route]]
    """(begins at s, route), sorted."""
    upper: tuple[float, float, float] = (0.2, 0.2, 0.2)
    lower: tuple[float, float, float] = (0.1, 0.1, 0.12)
    height_m: float = 1.7
    car_kind: int = 0
    coded: bool = False
    number: int = 0
    """The id camera analytics would give its track."""
    hidden: bool = False
    """Indoors: casts no picture."""
    _moved: list[float] = field(default_factory=list, repr=False)

    def at(self, t: float) -> Pose:
        """Return the pose at time `t` seconds of the story."""
        i = max(0, bisect.bisect_right(self.routes, t, key=lambda r: r[0]) - 1)
        return self.routes[i][1].at(t)

    def divert(self, t: float, line: Sequence[Xy], speed_mps: float) -> float:
        """From `t` on follow another line at a speed, beginning where the actor is; return when it arrives."""
        here = self.at(t)
        full = ((here.x, here.y), *line)
        if len(full) < 2 or length_m(full) < 0.5:
            full = ((here.x, here.y), (here.x + 0.5, here.y))
        end = t + length_m(full) / speed_mps
        self.routes = [r for r in self.routes if r[0] < t]
        self.routes.append((t, Route(full, ((t, 0.0), (end, length_m(full))))))
        self.hidden = False
        return end


def walk_line(city: City, way: Sequence[int], side: float = 1.0) -> tuple[Xy, ...]:
    """Return the line a walker takes along crossings: on the pavement of wide streets, at the edge of lanes."""
    line, widths = city.net.line_of(way)
    return beside(line, [side * (w / 2 - (1.5 if w >= 12 else 1.25)) for w in widths])


def drive_line(city: City, way: Sequence[int]) -> tuple[Xy, ...]:
    """Return the line a car takes: right of the centre, the middle in narrow lanes."""
    line, widths = city.net.line_of(way)
    return beside(line, [1.7 if w >= 12 else 0.6 for w in widths])


def there_and_back(line: Sequence[Xy], speed_mps: float, from_s: float, lap_s: float, start: float) -> Route:
    """Return a route that walks a line to and fro from `from_s` for `lap_s` seconds, begun somewhere on it."""
    total = length_m(line)
    knots: list[tuple[float, float]] = []
    t, s, way = from_s, start * total, 1.0
    while t < from_s + lap_s:
        knots.append((t, s))
        goal = total if way > 0 else 0.0
        t += max(0.1, abs(goal - s)) / speed_mps
        s, way = goal, -way
        knots.append((t, s))
        t += 4.0 if speed_mps < 3 else 1.0  # turns round, waits a moment
    return Route(tuple(line), tuple(knots))


def wander(city: City, rng: Random, near: Xy, radius_m: float, steps: int, *, cars: bool = False) -> list[int]:
    """Return a random way of crossings that stays near a place and does not turn back at once."""
    nodes = [
        n for n, p in enumerate(city.net.nodes)
        if math.dist(p, near) < radius_m and any(_open(city.net.streets[i], cars) for i in city.net.around[n])
    ]  # fmt: skip
    way = [rng.choice(nodes)]
    for _ in range(steps):
        choices = [
            (city.net.streets[i].u + city.net.streets[i].v - way[-1], city.net.streets[i])
            for i in city.net.around[way[-1]]
        ]
        onward = [n for n, s in choices if (len(way) < 2 or n != way[-2]) and _open(s, cars)] or [
            n for n, s in choices if _open(s, cars)
        ]
        inward = [n for n in onward if math.dist(city.net.nodes[n], near) < radius_m * 1.15] or onward
        way.append(rng.choice(inward))
    return way


def _open(street: Street, cars: bool) -> bool:
    return not cars or (not street.foot_only and street.width_m >= 6 and street.name != "은솔시장길")


def crowd(city: City, rng: Random, near: Xy, people: int, cars: int, lap_s: float) -> list[Actor]:
    """Return passers-by and cars that fill the streets round a place."""
    out: list[Actor] = []
    for k in range(people):
        line = walk_line(city, wander(city, rng, near, 300.0, 7), rng.choice((-1.0, 1.0)))
        route = there_and_back(line, rng.gauss(WALK_MPS, 0.16), -60.0, lap_s, rng.random())
        out.append(Actor(f"person-{k}", "person", [(-60.0, route)], rng.choice(COATS), rng.choice(COATS[:6]),
                         rng.gauss(1.68, 0.07), number=20 + k))  # fmt: skip
    for k in range(cars):
        line = drive_line(city, wander(city, rng, near, 420.0, 12, cars=True))
        route = there_and_back(line, rng.uniform(4.5, 8.5), -60.0, lap_s, rng.random())
        out.append(Actor(f"car-{k}", "car", [(-60.0, route)], rng.choice(CAR_COLOURS), car_kind=rng.randrange(3),
                         number=200 + k))  # fmt: skip
    return out
