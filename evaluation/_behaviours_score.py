"""How good a decision of yes or no is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.kernel import platt
from ansimnet_vision.protocol import wilson


def none(why: str) -> dict[str, Any]:
    """Return what is told of a class of which nothing is known."""
    return {"f1": None, "accuracy": None, "n": 0, "interval": None, "reason": why}


def decided(scores: NDArray[np.float64], truth: NDArray[np.int64], which: NDArray[np.bool_]) -> dict[str, Any]:
    """Return how often a score above nothing is right, F1, and the Brier score of the fitted probability."""
    said, real = scores[which] > 0, truth[which] == 1
    right, n = int((said == real).sum()), int(which.sum())
    if n == 0:
        return {"accuracy": None, "n": 0, "interval": None}
    slope, shift = platt(scores, truth)
    probability = 1 / (1 + np.exp(-(slope * scores[which] + shift)))
    both = int(said.sum() + real.sum())
    return {
        "accuracy": round(right / n, 4),
        "f1": round(2 * int((said & real).sum()) / both, 4) if both else None,
        "n": n,
        "interval": wilson(right, n),
        "auc": auc(scores[which], real),
        "brier": round(float(((probability - real) ** 2).mean()), 4),
    }


def auc(scores: NDArray[np.float64], real: NDArray[np.bool_]) -> float | None:
    """Return how often one of the event has a higher score than one of none; ties count half.

    >>> auc(np.array([0.1, 0.2, 0.3]), np.array([False, False, True]))
    1.0
    """
    hits, rest = int(real.sum()), int((~real).sum())
    if not hits or not rest:
        return None
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return round(float((ranks[real].sum() - hits * (hits + 1) / 2) / (hits * rest)), 4)
