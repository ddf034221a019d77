"""Sequential tests: evidence is gathered over a track until it suffices, never taken from one picture.

A cumulative sum of log-likelihood ratios that cannot fall below nothing (Page, 1954): Wald's test that begins again
whenever it would decide for "nothing happens". Whoever stands still for a picture does not lose what was gathered.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ansimnet_vision.types import Box, CameraConfig, Signal

NEEDED = math.log(1000)
"""Natural logarithm: what is seen must be a thousand times as likely if it happens as if it does not. Ours."""
LONGEST_STEP_S = 1.0
"""Two pictures further apart than this prove no more than this: nobody looked in between."""


@dataclass(slots=True)
class Evidence:
    """What speaks for one event. `needed`: where it suffices; at half of it an event that was said is over."""

    needed: float = NEEDED
    score: float = 0.0
    since_s: float | None = None
    said: bool = False

    def add(self, log_ratio: float, at_s: float) -> bool:
        """Add what a picture says; return True the once when it suffices.

        >>> e = Evidence(needed=2)
        >>> [e.add(1, t) for t in range(4)], e.since_s
        ([False, True, False, False], 0)
        """
        before = self.score
        self.score = min(2 * self.needed, max(0.0, before + log_ratio))
        if self.score > 0 and before == 0:
            self.since_s = at_s
        if self.said and self.score < self.needed / 2:
            self.said = False
        if self.said or self.score < self.needed:
            return False
        self.said = True
        return True


def normal_ratio(value: float, usual: tuple[float, float], event: tuple[float, float], most: float = 4.0) -> float:
    """Return ln p(value | event) - ln p(value | usual), both normal (mean, deviation), within ± `most`.

    >>> normal_ratio(0, (0, 1), (2, 1))
    -2.0
    """
    (m0, s0), (m1, s1) = usual, event
    ratio = 0.5 * ((value - m0) / s0) ** 2 - 0.5 * ((value - m1) / s1) ** 2 + math.log(s0 / s1)
    return max(-most, min(most, ratio))


class Clock:
    """How long ago the last picture was."""

    def __init__(self) -> None:
        self._last_s: float | None = None

    def step(self, at_s: float) -> float:
        """Return the seconds since the last picture, at most `LONGEST_STEP_S`; 0 for the first and for one too late."""
        passed_s = 0.0 if self._last_s is None else at_s - self._last_s
        self._last_s = at_s
        return min(LONGEST_STEP_S, max(0.0, passed_s))


def signal(
    config: CameraConfig,
    behaviour: str,
    at_s: float,
    gathered: Evidence,
    tracks: tuple[int, ...],
    box: Box,
    evidence: Mapping[str, float],
) -> Signal:
    """Return what a behaviour says, with the camera's own probability where it has been calibrated."""
    slope = config.calibration.get(behaviour)
    probability = None
    if slope is not None:
        probability = 1 / (1 + math.exp(-max(-50.0, min(50.0, slope[0] * gathered.score + slope[1]))))
    since_s = at_s if gathered.since_s is None else gathered.since_s
    rounded = {name: round(float(value), 3) for name, value in evidence.items()}
    return Signal(behaviour, at_s, since_s, gathered.score, probability, tracks, box, rounded)


def around(boxes: list[Box]) -> Box:
    """Return the box around some."""
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)
