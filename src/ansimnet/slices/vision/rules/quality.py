"""How well a camera's alarms are to be believed: precision with its interval, drift, handling time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

Z = 1.959964
"""Two-sided 95 %."""
LEAST = 20
"""Alarms on each side before a drift is named. Ours: below that the test below has little power."""
DRIFTED = 0.01
"""The probability of such a difference by chance below which it is called a drift. Ours."""


class Interval(NamedTuple):
    """A share with its 95 % interval."""

    share: float
    low: float
    high: float


class Drift(NamedTuple):
    """How the scores of a recent span differ from those before: Kolmogorov-Smirnov distance and its probability."""

    distance: float
    chance: float
    drifted: bool


def wilson(hits: int, n: int) -> Interval | None:
    """Return a share with Wilson's interval; None of nothing.

    >>> [round(v, 3) for v in wilson(8, 10) or ()]
    [0.8, 0.49, 0.943]
    """
    if n == 0:
        return None
    p, z2 = hits / n, Z * Z
    middle, wide = (p + z2 / (2 * n)) / (1 + z2 / n), Z * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Interval(p, max(0.0, middle - wide), min(1.0, middle + wide))


def drift(before: Sequence[float], recent: Sequence[float]) -> Drift | None:
    """Return whether scores changed their distribution; None where too few would say so."""
    if len(before) < LEAST or len(recent) < LEAST:
        return None
    a, b = sorted(before), sorted(recent)
    i = j = 0
    distance = 0.0
    while i < len(a) and j < len(b):
        value = min(a[i], b[j])
        while i < len(a) and a[i] <= value:
            i += 1
        while j < len(b) and b[j] <= value:
            j += 1
        distance = max(distance, abs(i / len(a) - j / len(b)))
    n = math.sqrt(len(a) * len(b) / (len(a) + len(b)))
    chance = _kolmogorov((n + 0.12 + 0.11 / n) * distance)
    return Drift(distance, chance, chance < DRIFTED)


def _kolmogorov(x: float) -> float:
    """Return the probability of a greater distance (Stephens 1970, as in Numerical Recipes 14.3)."""
    if x < 0.2:
        return 1.0
    terms = ((2.0 if k % 2 else -2.0) * math.exp(-2 * k * k * x * x) for k in range(1, 101))
    return max(0.0, min(1.0, sum(terms)))


def median_s(seconds: Sequence[float]) -> float | None:
    """Return the median; None of nothing."""
    return median(seconds) if seconds else None
