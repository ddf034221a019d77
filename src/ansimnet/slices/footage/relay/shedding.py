"""What a relay does when it cannot keep up: key frames for more and more viewers, newest first, before anybody is cut.

Pure. Lateness of the event loop is the one sign that counts everything: our work, others' on the core, the disk.
"""

from __future__ import annotations

LATE_S = 0.1
"""A turn of the loop later than this: two thirds of what a live picture may take in all (150 ms)."""
LATE_TURNS = 3
"""So many late turns in a row before one step more: a single one is somebody else's work on the core."""
CALM_S = 0.03
CALM_TURNS = 20
"""So many calm turns in a row before one step is taken back: 5 s at four turns a second; slower up than down."""
STEPS = 4
"""Quarters of the viewers."""


class Shedding:
    """How many quarters of the viewers get key frames alone."""

    def __init__(self) -> None:
        self.step = 0
        self._late = 0
        self._calm = 0

    @property
    def full(self) -> bool:
        """Return whether everybody is thinned already: nobody more is admitted."""
        return self.step == STEPS

    def note(self, late_s: float) -> None:
        """Take in how late one turn was."""
        self._late = self._late + 1 if late_s > LATE_S else 0
        self._calm = self._calm + 1 if late_s <= CALM_S else 0
        if self._late == LATE_TURNS:
            self.step, self._late = min(STEPS, self.step + 1), 0
        elif self._calm == CALM_TURNS:
            self.step, self._calm = max(0, self.step - 1), 0

    def thinned(self, viewers: int) -> int:
        """Return how many of so many viewers get key frames alone.

        >>> s = Shedding()
        >>> for late_s in (0.5, 0.5, 0.5):
        ...     s.note(late_s)
        >>> s.thinned(10), s.thinned(1)
        (3, 1)
        """
        return -(-viewers * self.step // STEPS)
