"""What verdicts say of a place in the picture: a tree, a flag or a lit sign alarms where it stands.

A sequential test stops where it suffices, so the scores of alarms are alike; where they stood is what verdicts can tell
apart. True and false verdicts are spread over the picture with a kernel; their ratio is evidence like any other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

REACH = 0.06
"""Standard deviation of the kernel, parts of the picture: a person's width near the camera. Ours."""
MOST = 3.0
"""Nats a place may weigh, either way: a twentyfold of the odds. Ours."""


class Stood(NamedTuple):
    """Where an alarm stood (parts of the picture), what was found, and how much it still counts."""

    x: float
    y: float
    true: bool
    weight: float


def bias(x: float, y: float, judged: Iterable[Stood]) -> float:
    """Return what earlier verdicts near a point add to a score, nats; 0 where nobody judged anything near.

    >>> round(bias(0.5, 0.5, [Stood(0.5, 0.5, False, 1.0)]), 2), bias(0.1, 0.1, [])
    (-0.69, 0.0)
    """
    sums = [1.0, 1.0]
    for stood in judged:
        apart = ((stood.x - x) ** 2 + (stood.y - y) ** 2) / (2 * REACH * REACH)
        if apart < 12:
            sums[stood.true] += stood.weight * math.exp(-apart)
    return max(-MOST, min(MOST, math.log(sums[True] / sums[False])))
