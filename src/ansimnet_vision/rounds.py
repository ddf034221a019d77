"""Who is looked at next: a round has a budget, and who waited longer or needs it more comes first. Pure.

Nobody starves: what waits gains on everybody else with every second, whatever it needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class Need(IntEnum):
    """How much a camera gains by a second of waiting."""

    RESTING = 1  # only tracks that stand still
    MOVING = 2  # tracks that move
    NEW = 4  # something moves that no track explains


@dataclass(frozen=True, slots=True)
class Ask(Generic[T]):
    """A wish to be looked at. `waited_s`: since the last look; `cost`: in the budget's unit."""

    what: T
    waited_s: float
    need: Need
    cost: float


def chosen(asks: Sequence[Ask[T]], budget: float) -> list[Ask[T]]:
    """Return whom to look at now, the most urgent first, at least one; whoever does not fit waits.

    Only the first may cost more than the budget: else what is dear would never be seen.

    >>> [a.what for a in chosen([Ask("a", 0.2, Need.MOVING, 5), Ask("b", 1.0, Need.RESTING, 5)], 5)]
    ['b']
    """
    out: list[Ask[T]] = []
    left = budget
    for ask in sorted(asks, key=lambda a: -(a.waited_s * a.need)):
        if ask.cost <= left or not out:
            out.append(ask)
            left -= ask.cost
    return out
