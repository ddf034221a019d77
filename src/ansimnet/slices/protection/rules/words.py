"""A way in words: turns from its geometry, streets by their names, distances a walker can use."""

from __future__ import annotations

from dataclasses import dataclass

from ansimnet.kernel.geo import Point, bearing_deg, distance_m
from ansimnet.slices.protection.rules.way import WayOut

TURN_DEG = 40.0
"""A bend below this is still straight ahead; crossings of a city meet at 60° and more. ours."""
SHORT_M = 3.0
"""A stretch below this has no direction worth naming. ours."""


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction at a place. `turn` is left, right, straight or arrive; `in_m` since the step before."""

    at: Point
    turn: str
    in_m: float
    street: str | None
    text_ko: str
    text_en: str


def steps(way: WayOut) -> list[Step]:
    """Return the instructions of a way: how it begins, each turn, and the door."""
    legs = [
        (a, b, name)
        for a, b, name in zip(way.line, way.line[1:], way.streets, strict=False)
        if distance_m(a, b) >= SHORT_M
    ]
    out = [_start(way.line[0], next((n for _, _, n in legs if n), ""))]
    walked = 0.0
    for k, (a, b, name) in enumerate(legs):
        if 0 < k < len(legs) - 1 or (k == len(legs) - 1 and k > 0 and name):
            before = legs[k - 1]
            turn = _turn(bearing_deg(before[0], before[1]), bearing_deg(a, b))
            stepped_out = k == 1 and not before[2]  # from her door onto the street
            if not stepped_out and (turn != "straight" or (name != before[2] and name)):
                out.append(_go(a, turn, walked, name))
                walked = 0.0
        walked += distance_m(a, b)
    out.append(_arrive(way, walked))
    return out


def _turn(before_deg: float, after_deg: float) -> str:
    """Return left, right or straight.

    >>> _turn(0, 90), _turn(0, 270), _turn(350, 10)
    ('right', 'left', 'straight')
    """
    by = (after_deg - before_deg + 180) % 360 - 180
    return "straight" if abs(by) < TURN_DEG else "right" if by > 0 else "left"


_KO = {"left": "왼쪽", "right": "오른쪽", "straight": "그대로"}


def _start(at: Point, street: str) -> Step:
    name = street or "골목"
    return Step(
        at, "straight", 0.0, street or None, f"{name}{_object(name)} 따라 곧장", f"Along {street or 'the alley'}"
    )


def _go(at: Point, turn: str, metres: float, street: str) -> Step:
    name, m = street or "골목", spoken_m(metres)
    english = {"left": "left into", "right": "right into", "straight": "straight on into"}[turn]
    return Step(
        at, turn, round(metres), street or None,
        f"{m} m {_KO[turn]} {name}{_towards(name)}",
        f"In {m} m, {english} {street or 'the alley'}",
    )  # fmt: skip


def _arrive(way: WayOut, metres: float) -> Step:
    m = spoken_m(metres)
    return Step(
        way.line[-1], "arrive", round(metres), None, f"{m} m 가면 {way.goal.name}", f"In {m} m: {way.goal.name}"
    )


def spoken_m(metres: float) -> int:
    """Return a distance as it is said aloud: fives below 20 m, tens above.

    >>> spoken_m(63.0), spoken_m(13.0), spoken_m(1.0)
    (60, 15, 5)
    """
    return max(5, round(metres / 5) * 5) if metres < 20 else round(metres / 10) * 10


def _final(word: str) -> int | None:
    """Return the final consonant of a Hangul word (0 none, 8 is ㄹ), None for other letters."""
    last = ord(word[-1]) - 0xAC00
    return last % 28 if 0 <= last < 11172 else None


def _towards(word: str) -> str:
    """Return the particle *towards*.

    >>> _towards("골목"), _towards("새빛로"), _towards("새빛로 7길")
    ('으로', '로', '로')
    """
    return "로" if _final(word) in {0, 8, None} else "으로"


def _object(word: str) -> str:
    """Return the particle of an object.

    >>> _object("골목"), _object("새빛로")
    ('을', '를')
    """
    return "를" if _final(word) in {0, None} else "을"
