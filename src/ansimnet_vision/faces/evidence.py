"""From distances of single pictures to one decision over a track: Wald's sequential test on a calibrated ratio.

A picture's distance d between two embeddings is, for the same and for another person, taken as normal with one spread;
the logarithm of their ratio is then a straight line in d. Pictures of one track are not independent: with a correlation
`RHO` between any two, n of them weigh as n / (1 + (n - 1) RHO), never more than 1 / RHO.

Strangers on one camera may look nearer to a template than they did when the line was measured (lens, light, angle). The
camera learns by how much from the mean of every track that ended without a match: two numbers a camera, no template.
It only ever makes the test stricter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Line:
    """The measured spread of distances for one network: `same` and `other` persons, `spread` of both."""

    network: str
    same: float
    other: float
    spread: float
    other_of_tracks: float
    """Standard deviation of a track's mean distance among strangers."""
    other_of_templates: float
    """Standard deviation, among templates, of the mean distance of all strangers: some faces are everybody's."""

    def ratio(self, distance: float) -> float:
        """Return the log-likelihood ratio, same over other, natural logarithm."""
        middle = (self.same + self.other) / 2
        return (self.other - self.same) / self.spread**2 * (middle - distance)


DLIB = Line("dlib-face", same=0.354, other=0.631, spread=0.0625, other_of_tracks=0.080, other_of_templates=0.051)
"""dlib's 128 numbers, L2, five enrolled photographs averaged, on the 40-64 px pictures of `ansimnet eval homeguard`
without the held-back identities; `python -m evaluation.homeguard` prints them anew."""
RHO = 0.35
"""Correlation of two pictures' ratios within a track. Ours: such that ten pictures of the people who set the line are
called a match up to a mean distance of 0.425, midway between the farthest of the same and the nearest of others."""
FALSE = 1e-5
"""Chance taken that a stranger's track is called the enrolled person: with 100 passers-by a day, one false warning in
1,000 camera-days. Ours (the aim of the design), and nominal: the trial has too few people to see it."""
MISSED = 0.02
"""Chance taken that a track is given up although it is the enrolled person: then it may still be decided later."""
SURE = math.log((1 - MISSED) / FALSE)
NOT = math.log(MISSED / (1 - FALSE))
LEAST = 3
"""Pictures before anything is said: one picture's mistake is nobody's alarm."""


class Said(StrEnum):
    """Where a track stands."""

    OPEN = "open"
    MATCH = "match"
    STRANGER = "stranger"


@dataclass(slots=True)
class Normal:
    """How near strangers come on one camera: a running mean over tracks, with the measured value as `WEIGHT` tracks."""

    WEIGHT: ClassVar[float] = 20.0
    allowed: float = 0.0
    tracks: int = 0
    shift: float = 0.0
    """Sum over tracks of their mean distance less the measured one."""

    def learn(self, line: Line, mean: float) -> None:
        """Take the mean distance of a track that ended without a match; a far outlier counts as the nearest inlier."""
        most = 2 * line.other_of_tracks
        self.tracks += 1
        self.shift += min(most, max(-most, mean - line.other))

    @property
    def nearer(self) -> float:
        """Return by how much strangers here are nearer than measured, beyond what templates differ by; at least 0."""
        return max(0.0, -self.shift / (self.tracks + self.WEIGHT) - self.allowed)


@dataclass(slots=True)
class Track:
    """The evidence of one track against one enrolled template: a count and a sum, no picture and no template."""

    line: Line = DLIB
    count: int = 0
    total: float = 0.0
    said: Said = field(default=Said.OPEN)

    def add(self, distance: float) -> None:
        """Take the distance of one picture that passed the gate."""
        self.count += 1
        self.total += distance

    @property
    def mean(self) -> float:
        """Return the mean distance so far."""
        return self.total / max(1, self.count)

    def ratio(self, normal: Normal) -> float:
        """Return the log-likelihood ratio of all pictures so far, on a camera with these strangers."""
        weight = self.count / (1 + (self.count - 1) * RHO) if self.count else 0.0
        return weight * self.line.ratio(self.mean + normal.nearer)

    def decide(self, normal: Normal) -> Said:
        """Return where the track stands now. A match stays one; a stranger may still turn out to be none."""
        if self.said is not Said.MATCH and self.count >= LEAST:
            ratio = self.ratio(normal)
            self.said = Said.MATCH if ratio >= SURE else Said.STRANGER if ratio <= NOT else Said.OPEN
        return self.said
