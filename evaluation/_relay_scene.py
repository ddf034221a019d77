"""One subject's surroundings as cameras write them: his tracks and everybody else's. Who is whose is the scorer's.

Strangers who walk the same streets at the same time go on from camera to camera as he does; the rest of the crowd is
drawn camera by camera. Some look like him. Some tracks are missed, some headings are wrong, clocks differ.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from evaluation._relay_city import CENTRE, K_M, City
from evaluation._relay_looks import BIASES, F32, NOISE, alike, person, seen_as
from evaluation._relay_people import DRIVE, WALK, Eyes, Planner, Visits, stranger, subject

from ansimnet.kernel.geo import Point
from ansimnet.slices.tracing.rules.types import Kind, Opening, PlateRead, Sighting


@dataclass(frozen=True, slots=True)
class World:
    """What a world file may set. Shares unless a unit is named; all ours."""

    alike: float = 0.01
    """Strangers who look like him, correlated by `alike_how`."""
    alike_how: float = 0.85
    changed: float = 0.05
    """Subjects who change clothes on the way; `changed_how` of the looks stays."""
    changed_how: float = 0.4
    strangers: int = 40
    """People who walk (drive) where he does, within four minutes of him."""
    crowd_s: tuple[float, float, float, float] = (0.10, 0.08, 0.03, 0.012)
    """Other tracks a second at a camera, by street rank."""
    heading_unknown: float = 0.08
    heading_wrong: float = 0.03
    calibrated: float = 0.8
    """Cameras that say where on the ground a track ended, good to `ground_sd_m`."""
    ground_sd_m: float = 4.0
    clock_sd_s: float = 1.0
    plate_read: float = 0.6
    plate_character: float = 0.92


def world(raw: dict[str, Any]) -> World:
    """Read a world file's object.

    Raises:
        ValueError: a name that no world has.
    """
    unknown = set(raw) - {f.name for f in fields(World)}
    if unknown:
        raise ValueError(f"a world has no {', '.join(sorted(unknown))}")
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in raw.items()}
    return World(**values)


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Opened by the scorer only: his visits with the pole and the track each became (or None), and when he ended."""

    visits: Visits
    poles: tuple[int, ...]
    tracks: tuple[str | None, ...]
    ends_s: float


class Scene:
    """The records of one subject's surroundings, made as they are asked for."""

    def __init__(
        self,
        city: City,
        planner: Planner,
        eyes: Eyes,
        seed: Sequence[int],
        kind: int,
        bias: F32,
        w: World,
    ) -> None:
        self.city, self.bias, self.w, self.seed, self.kind = city, bias, w, list(seed), kind
        self.rng = np.random.default_rng(self.seed)
        self.him = person(self.rng)
        self.number = "".join(str(d) for d in self.rng.integers(0, 10, 2)) + "가"
        self.number += "".join(str(d) for d in self.rng.integers(0, 10, 4))
        trip = subject(planner, self.rng, kind)
        self.trip = trip
        visits = eyes.visits(trip)
        looks = np.tile(self.him, (len(visits.camera), 1))
        if len(looks) > 6 and self.rng.random() < w.changed:
            after = int(self.rng.integers(3, len(looks) - 2))
            looks[after:] = alike(self.rng, self.him, w.changed_how)
        self.own = self._tracks(visits, looks, "t", self.number)
        self.truth = Truth(
            visits, tuple(int(p) for p in city.pole[visits.camera]), tuple(d.id if d else None for d in self.own),
            float(trip.t[-1]),
        )  # fmt: skip
        self.others: list[Sighting] = []
        for n in range(w.strangers):
            i = int(self.rng.integers(len(trip.nodes)))
            lasts = 480.0 if kind == WALK else 240.0
            begins = float(trip.t[i] + self.rng.uniform(-0.9, 0.1) * lasts)
            s = eyes.visits(stranger(city, self.rng, kind, int(trip.nodes[i]), begins, lasts))
            looked = alike(self.rng, self.him, w.alike_how) if self.rng.random() < w.alike else person(self.rng)
            tracks = self._tracks(s, np.tile(looked, (len(s.camera), 1)), f"s{n}", None)
            self.others += [d for d in tracks if d]
        everyone = [d for d in self.own if d] + self.others
        self.by_camera: dict[int, list[Sighting]] = {}
        for d in everyone:
            self.by_camera.setdefault(d.camera, []).append(d)

    def records(self, opened: Sequence[Opening]) -> list[Sighting]:
        """Return the tracks that end within these openings."""
        found = []
        for o in opened:
            found += [d for d in self.by_camera.get(o.camera, ()) if o.from_s <= d.until_s < o.until_s]
            found += self._crowd(o)
        return found

    def _tracks(self, v: Visits, looks: F32, name: str, number: str | None) -> list[Sighting | None]:
        c, rng, n = self.city, self.rng, len(v.camera)
        if n == 0:
            return []
        written = rng.random(n) < c.skill[v.camera]
        vectors = seen_as(rng, looks, self.bias[v.camera % BIASES], NOISE)
        clock = rng.normal(0, self.w.clock_sd_s, n)
        heading = v.heading + rng.normal(0, 14, n)
        draw = rng.random(n)
        heading = np.where(draw < self.w.heading_wrong, heading + 180, heading) % 360
        heading[draw > 1 - self.w.heading_unknown] = np.nan
        out: list[Sighting | None] = []
        for i in range(n):
            if not written[i]:
                out.append(None)
                continue
            out.append(
                Sighting(
                    f"{name}-{i}",
                    int(v.camera[i]),
                    float(v.since[i] + clock[i]),
                    float(v.until[i] + clock[i]),
                    Kind(self.kind),
                    float(heading[i]),
                    vectors[i],
                    self._plate(rng, number),
                    ground=self._ground(rng, int(v.camera[i]), float(v.x[i]), float(v.y[i])),
                )
            )
        return out

    def _ground(self, rng: np.random.Generator, camera: int, x: float, y: float) -> Point | None:
        """Return where a camera says that somebody stood, if it is calibrated."""
        if camera * 2654435761 % 1000 >= 1000 * self.w.calibrated:
            return None
        dx, dy = rng.normal(0, self.w.ground_sd_m, 2)
        return Point(CENTRE[0] + (y + dy) / K_M, CENTRE[1] + (x + dx) / (K_M * math.cos(math.radians(CENTRE[0]))))

    def _plate(self, rng: np.random.Generator, number: str | None) -> PlateRead | None:
        if self.kind != DRIVE or rng.random() > self.w.plate_read:
            return None
        if number is None:
            number = "".join(str(d) for d in rng.integers(0, 10, 6))
            number = number[:2] + "나라마바사자"[int(rng.integers(6))] + number[2:]
        read = "".join(
            ch if rng.random() < self.w.plate_character else str(int(rng.integers(10))) if ch.isdigit() else "거"
            for ch in number
        )
        return PlateRead(read, (self.w.plate_character,) * len(read))

    def _crowd(self, o: Opening) -> list[Sighting]:
        """Return other people's tracks that end within an opening; the same opening always has the same."""
        rng = np.random.default_rng([*self.seed, o.camera, int(o.from_s * 10) & 0xFFFFFFFF])
        arms = self.city.via[self.city.first[self.city.pole[o.camera]] : self.city.first[self.city.pole[o.camera] + 1]]
        rate = self.w.crowd_s[int(self.city.rank[arms].min())]
        n = int(rng.poisson(rate * (o.until_s - o.from_s)))
        found = []
        for i in range(n):
            looked = alike(rng, self.him, self.w.alike_how) if rng.random() < self.w.alike / 3 else person(rng)
            vector = seen_as(rng, looked, self.bias[o.camera % BIASES], NOISE)
            until = float(rng.uniform(o.from_s, o.until_s))
            far = float(rng.uniform(3, self.city.reach[o.camera]))
            arm = self.city.to[self.city.first[self.city.pole[o.camera]] + int(rng.integers(len(arms)))]
            pole = self.city.pole[o.camera]
            course = np.degrees(np.arctan2(self.city.x[arm] - self.city.x[pole], self.city.y[arm] - self.city.y[pole]))
            heading = (float(course) + 180 * int(rng.integers(2)) + float(rng.normal(0, 15))) % 360
            found.append(
                Sighting(
                    f"p{o.camera}-{int(o.from_s * 10)}-{i}",
                    o.camera,
                    until - float(rng.uniform(5, 30)),
                    until,
                    Kind(self.kind),
                    heading,
                    vector,
                    self._plate(rng, None),
                    ground=self._ground(
                        rng,
                        o.camera,
                        float(self.city.cx[o.camera] + far * math.sin(math.radians(float(course)))),
                        float(self.city.cy[o.camera] + far * math.cos(math.radians(float(course)))),
                    ),
                )
            )
        return found
