"""Nights on which somebody is looked for by his description: he walks past cameras, and so do people dressed like him.

Nobody wears the vivid pair of the other nights: whoever follows him has what a witness said, as in the street.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from ansimnet_sim.city import City
from ansimnet_sim.people import Actor, Route, crowd, walk_line
from ansimnet_sim.scenarios import Ending, Scenario
from ansimnet_sim.streets import Street, Xy, along_line, length_m

NUMBER = 1
"""What camera analytics call whom the night is about; the scorer alone knows it."""
WALKS_M = (220.0, 480.0)
"""As the crow flies: four to eight minutes on foot."""
NEAR_M = 32.0
"""So near a camera shows clothes: 38 pixels of height and more in 360 lines."""
STEP_M = 3.0
PALE_NAMES = frozenset({"gray", "white", "ivory", "beige"})
Rgb = tuple[float, float, float]
GREEN: Rgb = (0.03, 0.35, 0.08)
PURPLE: Rgb = (0.25, 0.06, 0.45)
PALE: Rgb = (0.8, 0.8, 0.8)
DARK: Rgb = (0.05, 0.05, 0.06)
"""Linear light. Under the lamps of a lane, 70 of 255 on the whole picture, cloth that reflects 0.8 is grey."""


@dataclass(frozen=True, slots=True)
class Sought:
    """Whom a night is about, what a witness says of him, and under which ground he is looked for."""

    scenario: Scenario
    text: str
    """As it was told, in Korean."""
    reason: str
    purpose: str
    statute: str
    login: str
    """Who asks: an investigator, or 112."""
    upper: Rgb
    lower: Rgb
    height_m: float
    mps: float

    @property
    def shown(self) -> tuple[frozenset[str], frozenset[str]]:
        """Return what his upper and lower body may look like under a lamp, by the words of the description grammar."""
        return frozenset({"green" if self.upper == GREEN else "purple"}), PALE_NAMES


def _night(name: str, ko: str, en: str) -> Scenario:
    return Scenario(name, ko, en, Ending(None, footage=False, police=False, victim_states=("calm",)), ends_after_s=0.0)


SEARCHES: dict[str, Sought] = {
    s.scenario.name: s
    for s in (
        Sought(
            _night("courier", "현금 수거책 추적", "A courier of stolen cash, followed by description"),
            text="초록색 점퍼에 회색 바지를 입은 남자, 걸어서 달아남",
            reason="보이스피싱 피해금을 받아 달아난 수거책을 찾는다",
            purpose="investigate",
            statute="PIPA 18(2)7",
            login="investigator",
            upper=GREEN,
            lower=PALE,
            height_m=1.76,
            mps=1.7,
        ),
        Sought(
            _night("missing-child", "실종 아동 찾기", "A missing child, under a ground of its own"),
            text="보라색 잠바에 회색 바지를 입은 일곱 살 여자아이",
            reason="일곱 살 아이가 놀이터에서 사라졌다는 신고",
            purpose="respond",
            statute="MISSING-ACT 9",
            login="city-police",
            upper=PURPLE,
            lower=PALE,
            height_m=1.22,
            mps=1.3,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Walk:
    """A way through the district and the cameras that show somebody on it, in the order they are passed."""

    line: tuple[Xy, ...]
    cameras: tuple[str, ...]


def best_walk(city: City, rng: Random) -> Walk:
    """Return a walk that many cameras show in few minutes."""
    net = city.net
    nodes = sorted(net.reached_from(net.nearest_node(*city.victim_home)))
    price = _watched(city)
    best, most = Walk((), ()), -math.inf
    for n in rng.sample(nodes, min(40, len(nodes))):
        ends = [m for m in nodes if WALKS_M[0] < math.dist(net.nodes[n], net.nodes[m]) < WALKS_M[1]]
        for m in rng.sample(ends, min(4, len(ends))):
            line = walk_line(city, net.way(n, m, cost=price), rng.choice((-1.0, 1.0)))
            cameras = passed(city, line)
            worth = min(9, len(cameras)) - length_m(line) / 120
            if worth > most:
                best, most = Walk(line, cameras), worth
    return best


def _watched(city: City) -> Callable[[Street], float]:
    def price(street: Street) -> float:
        x, y, _, _ = along_line(street.line, street.length_m / 2)
        seen = any(math.hypot(c.x - x, c.y - y) < 60 and city.sees(c, x, y) for c in city.cameras)
        return street.length_m * (0.3 if seen else 1.0) * (3.0 if street.foot_only else 1.0)

    return price


def passed(city: City, line: Sequence[Xy]) -> tuple[str, ...]:
    """Return the cameras that show somebody near on a line for two steps at least, in order."""
    seen: dict[str, int] = {}
    for k in range(int(length_m(line) / STEP_M)):
        x, y, _, _ = along_line(line, k * STEP_M)
        for camera in city.cameras:
            if 5.0 < math.hypot(camera.x - x, camera.y - y) < NEAR_M and city.sees(camera, x, y):
                seen[camera.code] = seen.get(camera.code, 0) + 1
    return tuple(code for code, steps in seen.items() if steps >= 2)


def walks(
    city: City, sought: Sought, seed: int, lead_s: float, people: int, cars: int
) -> tuple[Actor, list[Actor], Walk, float]:
    """Return whom the night is about, everybody else, his way, and when he has gone it (seconds of the story)."""
    rng = Random(f"search/{seed}/{sought.scenario.name}")
    walk = best_walk(city, rng)
    total = length_m(walk.line)
    ends = lead_s + total / sought.mps
    route = Route(walk.line, ((lead_s, 0.0), (ends, total)))
    subject = Actor("subject", "person", [(-1e6, route)], sought.upper, sought.lower, sought.height_m, number=NUMBER)
    middle = walk.line[len(walk.line) // 2]
    others = crowd(city, rng, middle, people, cars, ends + 1800.0)
    return subject, [*others, *_alike(sought, walk.line, lead_s, ends)], walk, ends


def _alike(sought: Sought, line: tuple[Xy, ...], lead_s: float, ends: float) -> list[Actor]:
    """Return people dressed like him: half of it on his own way behind him, and all of it, the other way round."""
    total, back = length_m(line), tuple(reversed(line))

    def on(way: tuple[Xy, ...], from_s: float, mps: float) -> Route:
        return Route(way, ((from_s, 0.0), (from_s + total / mps, total)))

    tall = sought.height_m
    return [
        Actor("alike-upper", "person", [(-1e6, on(line, lead_s + 30, 1.3))], sought.upper, DARK, tall, number=11),
        Actor("alike-lower", "person", [(-1e6, on(line, lead_s - 30, 1.4))], DARK, sought.lower, tall, number=12),
        Actor("alike-upper-2", "person", [(-1e6, on(back, lead_s, 1.3))], sought.upper, DARK, tall + 0.05, number=13),
        Actor("double", "person", [(-1e6, on(back, lead_s + 60, 1.4))], sought.upper, sought.lower, tall, number=14),
    ]
