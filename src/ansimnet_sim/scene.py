"""What stands still in front of one camera: walls, ground, lamps, trees, parked cars, ready for the ray caster."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from ansimnet_sim.city import Camera, City
from ansimnet_sim.figures import CAR_COLOURS, car_row
from ansimnet_sim.streets import Street, Xy, distance_to_segment_m

F64 = NDArray[np.float64]
REACH_M = 190.0
"""Walls and lamps further away melt into the haze."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Arrays in metres on the plane; see each field."""

    camera: F64
    """`(12,)` x y height, forward 3, right 3, up 3."""
    focal: float
    """Pixels, for a picture 640 wide."""
    walls: F64
    """`(N, 8)` ax ay bx by height seed shop length."""
    streets: F64
    """`(N, 8)` ax ay bx by width class foot warm."""
    crossings: F64
    """`(N, 6)` x y direction-x direction-y half-width near: where zebras lie."""
    lamps: F64
    """`(N, 7)` x y height r g b power."""
    poles: F64
    """`(N, 4)` x y radius height."""
    trees: F64
    """`(N, 5)` x y crown-height radius seed."""
    cars: F64
    """`(N, 12)` parked cars as `figures.car_row` writes them."""
    parks: F64
    """`(N, 4)` convex park: half planes a b c, kind."""


def basis(camera: Camera, width: int) -> tuple[F64, float]:
    """Return the camera's place and axes, and its focal length in pixels."""
    az, p = math.radians(camera.azimuth_deg), math.radians(camera.pitch_deg)
    forward = (math.sin(az) * math.cos(p), math.cos(az) * math.cos(p), -math.sin(p))
    right = (math.cos(az), -math.sin(az), 0.0)
    up = (math.sin(az) * math.sin(p), math.cos(az) * math.sin(p), math.cos(p))
    focal = width / 2 / math.tan(math.radians(camera.fov_deg) / 2)
    return np.array([camera.x, camera.y, camera.height_m, *forward, *right, *up], np.float64), focal


def warm(street: Street) -> bool:
    """Say whether a street still has sodium lamps: market and some lanes."""
    return street.name == "은솔시장길" or (street.road_class == 4 and sum(map(ord, street.name)) % 3 == 0)


def lamp_row(street: Street, index: int) -> Sequence[tuple[float, ...]]:
    """Return the lamps of one street: every 28 m on alternating sides (roads), every 24 m on one side (lanes)."""
    (ax, ay), (bx, by) = street.line[0], street.line[-1]
    n = math.dist((ax, ay), (bx, by))
    if n < 8:
        return []
    step, height = (28.0, 8.5) if street.road_class < 4 else (24.0, 5.6)
    colour = (1.0, 0.72, 0.40) if warm(street) else (0.86, 0.94, 1.0)
    out = []
    for k in range(max(1, int(n // step))):
        t = (k + 0.55) * n / max(1, int(n // step))
        side = 1.0 if (k + index) % 2 == 0 or street.road_class == 4 else -1.0
        off = side * (street.width_m / 2 - 0.3)
        ux, uy = (bx - ax) / n, (by - ay) / n
        power = (34.0 if street.road_class < 4 else 13.0) * (0.75 + 0.5 * ((index * 7 + k * 13) % 10) / 10)
        out.append((ax + ux * t + uy * off, ay + uy * t - ux * off, height, *colour, power))
    return out


def build_scene(city: City, camera: Camera, width: int = 640) -> Scene:
    """Collect what one camera can meet with its rays."""
    cam, focal = basis(camera, width)
    ahead = (math.sin(math.radians(camera.azimuth_deg)), math.cos(math.radians(camera.azimuth_deg)))

    def near(x: float, y: float, slack: float = 25.0) -> bool:
        dx, dy = x - camera.x, y - camera.y
        return math.hypot(dx, dy) < REACH_M and dx * ahead[0] + dy * ahead[1] > -slack

    walls = [
        (
            w[0],
            w[1],
            w[2],
            w[3],
            w[4],
            float(city.buildings[int(w[5])].seed % 100003),
            float(_fronts_street(city, w) if city.buildings[int(w[5])].shop else 0.0),
            math.hypot(w[2] - w[0], w[3] - w[1]),
        )
        for w in city.walls()
        if (near(w[0], w[1], 5.0) or near(w[2], w[3], 5.0)) and _faces(w, camera)
    ]
    streets: list[tuple[float, ...]] = []
    lamps: list[tuple[float, ...]] = []
    crossings: list[tuple[float, ...]] = []
    near_ids: list[int] = []
    for i, s in enumerate(city.net.streets):
        if not any(near(x, y, 60.0) for x, y in s.line):
            continue
        near_ids.append(i)
        for a, b in zip(s.line, s.line[1:], strict=False):
            streets.append((*a, *b, s.width_m, float(s.road_class), float(s.foot_only), float(warm(s))))
        lamps += [row for row in lamp_row(s, i) if near(row[0], row[1], 30.0)]
    for n in {k for i in near_ids for k in (city.net.streets[i].u, city.net.streets[i].v)}:
        crossings += _zebras(city, n)
    for w in walls:  # an open shop lights the pavement before it
        if w[6] > 0 and w[5] % 5 < 2 and w[7] > 4:
            nx, ny = (w[3] - w[1]) / w[7], -(w[2] - w[0]) / w[7]
            lamps.append(((w[0] + w[2]) / 2 + nx * 1.2, (w[1] + w[3]) / 2 + ny * 1.2, 2.4, 1.0, 0.9, 0.72, 2.2))
    trees, poles = _plants(city, near_ids)
    poles += [(x[0], x[1], 0.09, x[2]) for x in lamps if x[2] > 3]
    poles = [p for p in poles if math.hypot(p[0] - camera.x, p[1] - camera.y) > 2.5]
    cars = _parked(city, near_ids, camera)
    parks = [a for a in city.areas if a.kind == "park"]
    rows = [_half_plane(a, b) for p in parks for a, b in zip(p.ring, [*p.ring[1:], p.ring[0]], strict=True)]
    return Scene(
        cam, focal, _array(walls, 8), _array(streets, 8), _array(crossings, 6), _array(lamps, 7), _array(poles, 4),
        _array(trees, 5), _array(cars, 12), _array(rows, 4),
    )  # fmt: skip


def _array(rows: Sequence[tuple[float, ...]], width: int) -> F64:
    return np.array(rows, np.float64).reshape(-1, width)


def _half_plane(a: Xy, b: Xy) -> tuple[float, float, float, float]:
    n = math.dist(a, b)
    nx, ny = -(b[1] - a[1]) / n, (b[0] - a[0]) / n
    return nx, ny, -(nx * a[0] + ny * a[1]), 0.0


def _faces(w: F64, camera: Camera) -> bool:
    """Say whether the outer side of a counter-clockwise wall looks at the camera."""
    nx, ny = w[3] - w[1], -(w[2] - w[0])
    return bool(nx * (camera.x - w[0]) + ny * (camera.y - w[1]) > 0)


def _fronts_street(city: City, w: F64) -> float:
    mid = ((w[0] + w[2]) / 2, (w[1] + w[3]) / 2)
    for s in city.net.streets:
        if abs(s.line[0][0] - mid[0]) < 140 and abs(s.line[0][1] - mid[1]) < 140:
            for a, b in zip(s.line, s.line[1:], strict=False):
                if distance_to_segment_m(mid, a, b) < s.width_m / 2 + 2.0:
                    return 1.0
    return 0.0


def _zebras(city: City, node: int) -> Sequence[tuple[float, ...]]:
    x, y = city.net.nodes[node]
    ids = city.net.around[node]
    if len(ids) < 3 or not any(city.net.streets[i].road_class < 4 for i in ids):
        return []
    out = []
    for i in ids:
        s = city.net.streets[i]
        if s.foot_only:
            continue
        line = s.seen_from(node)
        n = math.dist(line[0], line[1]) or 1.0
        ux, uy = (line[1][0] - line[0][0]) / n, (line[1][1] - line[0][1]) / n
        cross = max((city.net.streets[j].width_m for j in ids if city.net.streets[j].name != s.name), default=8.0)
        at = cross / 2 + 3.2
        out.append((x + ux * at, y + uy * at, ux, uy, s.width_m / 2 - (2.6 if s.width_m >= 12 else 0.8), 1.7))
    return out


def _plants(city: City, near_ids: list[int]) -> tuple[list[tuple[float, ...]], list[tuple[float, ...]]]:
    trees: list[tuple[float, ...]] = []
    for i in near_ids:
        s = city.net.streets[i]
        (ax, ay), (bx, by) = s.line[0], s.line[-1]
        n = math.dist((ax, ay), (bx, by))
        if n < 30 or not (s.road_class < 4 or s.foot_only):
            continue
        rng = Random(f"tree/{city.seed}/{i}")
        ux, uy = (bx - ax) / n, (by - ay) / n
        t = 14.0
        while t < n - 12:
            for side in (-1.0, 1.0):
                off = side * (s.width_m / 2 - 1.0 + (3.0 if s.foot_only else 0.0))
                if rng.random() < 0.75:
                    trees.append(
                        (
                            ax + ux * t + uy * off,
                            ay + uy * t - ux * off,
                            rng.uniform(4.4, 5.6),
                            rng.uniform(1.3, 2.1),
                            float(rng.randrange(10000)),
                        )
                    )
            t += rng.uniform(11, 16)
    return trees, [(t[0], t[1], 0.13, t[2]) for t in trees]


def _parked(city: City, near_ids: list[int], camera: Camera) -> list[tuple[float, ...]]:
    """Return cars parked along lanes and roads; the same cars from every camera."""
    out: list[tuple[float, ...]] = []
    for i in near_ids:
        s = city.net.streets[i]
        own = Random(f"parked/{city.seed}/{i}")
        (ax, ay), (bx, by) = s.line[0], s.line[-1]
        n = math.dist((ax, ay), (bx, by))
        if s.foot_only or n < 40 or s.name == "은솔시장길":
            continue
        ux, uy = (bx - ax) / n, (by - ay) / n
        t = 16.0
        while t < n - 18:
            if own.random() < (0.34 if s.road_class == 4 else 0.15):
                side = -1.0  # lamps of lanes stand on the other side
                off = side * (s.width_m / 2 - (1.15 if s.road_class == 4 else 3.9))
                x, y = ax + ux * t + uy * off, ay + uy * t - ux * off
                colour = own.choice(CAR_COLOURS)
                if math.hypot(x - camera.x, y - camera.y) > 7:
                    heading = math.atan2(ux, uy) + (math.pi if own.random() < 0.4 else 0.0)
                    out.append(tuple(car_row(x, y, heading, colour, lit=False, kind=own.randrange(3))))
            t += own.uniform(6.2, 13)
    return out
