"""What a board recalls between fixes so as to look less: how far zones lie, and which shared ones are not quiet."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ansimnet.slices.supervision.rules.board import OPEN
from ansimnet.slices.supervision.rules.limits import Rules
from ansimnet.slices.supervision.rules.machine import compiled
from ansimnet.slices.supervision.rules.weights import _again

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I8 = NDArray[np.int8]
GAP_M = 5_000.0
_MARK = 8_192.0
"""How far about a person it is remembered where zones begin (ours: far for one fix, near for one plane), and what marks
it as found just now (more than that, and a single number still tells millimetres)."""


@compiled
def _open(watches: I8, at: int) -> bool:
    """Tell whether a watch remembers anything that evidence against it would change."""
    w = watches
    return bool(w[at, 0] != 0 or w[at, 1] != 0 or w[at, 2] != 0 or w[at, 3] != 0 or w[at, 4] != 1)


@compiled
def _looked(depth: float) -> float:
    """Return how far from a fix a zone's edge was found, marked as found just now; less 0 or more as it lies outside.

    No more than `GAP_M`, and a little less than it is, for single numbers and for planes.
    """
    gap = 0.999 * min(abs(depth), GAP_M) + _MARK
    return gap if depth > 0 else -gap


@compiled
def _remembered(gap: float, moved: float, anew: bool) -> float:
    """Return how far a zone's edge lies at least from the place that is remembered, `moved` metres from this fix.

    `anew`: from now on this fix is that place. What was not looked at just now is known from the old one.
    """
    now = abs(gap) >= _MARK
    left = abs(gap) - _MARK if now else abs(gap)
    if now != anew:
        left = max(0.0, left - moved)
    return left if gap > 0 else -left


@compiled
def _place_of(zones: I32, p: int, zone: int) -> int:
    """Return where a person's watch of a shared zone stands or stood before this fix, else a free place, else -1."""
    free = -1
    for j in range(zones.shape[1]):
        if zones[p, j] == zone or zones[p, j] == -2 - zone:
            return j
        if zones[p, j] == -1 and free < 0:
            free = j
    return free


@compiled
def _spare(watches: I8, p: int) -> int:
    """Return a person's place in which a zone is remembered only for an alarm that was taken back, else -1."""
    for j in range(OPEN):
        if not _open(watches, p * OPEN + j):
            return j
    return -1


@compiled
def _note_back(back: F64, at: float, k: Rules) -> None:
    """Note that one more alarm was taken back, as `watching.observe` does."""
    back[1] = min(back[1] + 1, 99.0) if _again(back[0], at, k) else 1.0
    back[0] = at
