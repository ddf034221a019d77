"""Identity F1 (Ristani et al., 2016): truth and tracks matched one to one so that as much as can be agrees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]


def assigned(gain: F64) -> list[tuple[int, int]]:
    """Return pairs (row, column), one a row and column at most, of the greatest total gain; none without a gain.

    Shortest augmenting paths (Jonker and Volgenant, 1987).
    """
    n, m = gain.shape
    size = n + m
    cost = np.zeros((size, size))
    cost[:n, :m] = -np.maximum(gain, 0.0)
    u, v = np.zeros(size + 1), np.zeros(size + 1)
    row_of = np.zeros(size + 1, np.int64)
    for i in range(1, size + 1):
        row_of[0], j = i, 0
        least, way, used = np.full(size + 1, np.inf), np.zeros(size + 1, np.int64), np.zeros(size + 1, np.bool_)
        while True:
            used[j] = True
            r = row_of[j]
            free = ~used[1:]
            reduced = cost[r - 1] - u[r] - v[1:]
            better = free & (reduced < least[1:])
            least[1:][better], way[1:][better] = reduced[better], j
            k = 1 + int(np.argmin(np.where(free, least[1:], np.inf)))
            step = least[k]
            u[row_of[used]] += step
            v[used] -= step
            least[~used] -= step
            j = k
            if row_of[j] == 0:
                break
        while j:
            row_of[j] = row_of[way[j]]
            j = int(way[j])
    pairs = ((int(row_of[j]) - 1, j - 1) for j in range(1, m + 1))
    return sorted((i, j) for i, j in pairs if i < n and gain[i, j] > 0)


def idf1(shared: F64, truth: float, given: float) -> float:
    """Return identity F1 from what each true identity shares with each given one, and how much there is of both.

    >>> idf1(np.array([[3.0, 1.0], [0.0, 2.0]]), 6.0, 6.0)
    0.8333333333333334
    """
    same = sum(float(shared[i, j]) for i, j in assigned(shared))
    return 2 * same / (truth + given) if truth + given else 1.0
