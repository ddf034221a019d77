"""Where a city plants its cameras: at crossings, beside the carriageway, looking along a street."""

from __future__ import annotations

import math
from random import Random

from ansimnet_sim.city import Camera, City, blocked
from ansimnet_sim.polygons import contains
from ansimnet_sim.streets import Street

COUNT = 64
NEAR_M = 330.0
"""Within this of the story's middle every street has its camera; beyond, only a few main crossings have."""
SPREAD = 8
"""Cameras in the wider district."""
PURPOSES = ("생활방범", "생활방범", "생활방범", "어린이보호", "시설물관리", "교통단속")
READABLE_PX = 21
"""A person 1.7 m tall is as high at the end of a camera's range."""


def plant_cameras(city: City, rng: Random, count: int = COUNT) -> tuple[Camera, ...]:
    """Return `count` cameras: one for every street near the victim's home, then second ones, some far away."""
    wanted = _ends_of_streets(city, rng)
    numbers = sorted(rng.sample(range(101, 640), count))
    near = [w for w in wanted if w[0] < NEAR_M]
    far = [w for w in wanted if w[0] >= NEAR_M and city.net.streets[w[2]].road_class < 4]
    out: list[Camera] = []
    looked: dict[int, int] = {}
    poles: dict[int, int] = {}
    for most, most_looks, choice in ((count - SPREAD, 1, near), (count - SPREAD, 2, near), (count, 1, far)):
        for _, n, i in choice:
            if len(out) == most:
                break
            s = city.net.streets[i]
            if looked.get(i, 0) >= most_looks or poles.get(n, 0) >= 3 or s.length_m < 35:
                continue
            camera = camera_at(city, n, s, rng, f"HD-{numbers[len(out)]:04d}")
            if camera is not None:
                looked[i] = looked.get(i, 0) + 1
                poles[n] = poles.get(n, 0) + 1
                out.append(camera)
    return tuple(out)


def _ends_of_streets(city: City, rng: Random) -> list[tuple[float, int, int]]:
    """Return (distance from the home, crossing, street), nearest first; main streets count as nearer."""
    hx, hy = city.victim_home
    out = []
    for n, (x, y) in enumerate(city.net.nodes):
        for i in city.net.around[n]:
            main = 0.85 if city.net.streets[i].road_class < 4 else 1.0
            out.append((math.hypot(x - hx, y - hy) * main * rng.uniform(0.85, 1.15), n, i))
    return sorted(out)


def camera_at(city: City, node: int, street: Street, rng: Random, code: str) -> Camera | None:
    """Return a camera at a crossing that looks along one of its streets, or None where a wall is in the way."""
    line = street.seen_from(node)
    (ax, ay), (bx, by) = line[0], line[1]
    n = math.dist((ax, ay), (bx, by)) or 1.0
    ux, uy = (bx - ax) / n, (by - ay) / n
    cross = [city.net.streets[i].width_m for i in city.net.around[node] if city.net.streets[i].name != street.name]
    back = min(9.0, max(cross, default=6.0) / 2 - 0.6)  # the far corner of the crossing: it and the street are seen
    for side in rng.sample((-1.0, 1.0), 2):
        out = side * (min(4.0, street.width_m / 2 - 0.7) if street.width_m >= 12 else 0.18 * street.width_m)  # an arm
        x, y = ax - ux * back + uy * out, ay - uy * back - ux * out
        target = ax + ux * min(34.0, n * 0.7), ay + uy * min(34.0, n * 0.7)
        if any(contains(b.ring, (x, y)) for b in city.buildings) or blocked(city.walls(), x, y, *target):
            continue
        azimuth = math.degrees(math.atan2(target[0] - x, target[1] - y)) % 360
        fov = float(rng.choice((48, 52, 56, 60)))
        focal = 320 / math.tan(math.radians(fov) / 2)
        registered = None if rng.random() < 0.12 else round(azimuth + rng.gauss(0, 3)) % 360
        side_word = "북동남서북"[int(((math.degrees(math.atan2(ux, uy)) % 360) + 45) // 90)]
        here = _other_name(city, node, street)
        return Camera(
            code,
            f"{max(here, street.name, key=len)} 교차로 {side_word}측",
            x,
            y,
            rng.choice((4.8, 5.2, 5.6)),
            azimuth,
            float(registered) if registered is not None else None,
            fov,
            rng.uniform(10.0, 12.5),
            5.0 * round(1.7 * focal / READABLE_PX / 5),
            rng.choice(PURPOSES),
            f"{city.name} {street.name} {rng.randrange(2, 90)}",
        )
    return None


def _other_name(city: City, node: int, street: Street) -> str:
    names = [city.net.streets[i].name for i in city.net.around[node] if city.net.streets[i].name != street.name]
    return min(names, key=len) if names else street.name
