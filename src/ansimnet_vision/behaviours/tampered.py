"""Tampered: the camera was covered, blinded, or turned away.

The edges of the place are its fingerprint. Covered: they are gone; turned: there are as many, elsewhere. Lamps that go
out take edges with them too, but leave their pattern.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.behaviours.evidence import NEEDED, Clock, Evidence, signal
from ansimnet_vision.types import CameraConfig, Scene, Signal

HOLDS_S = 4.0
"""So long suffices: a lorry that passes close is shorter. Ours; threshold `tampered_s` wins."""
LEARN_S = 5.0
"""The place is learned first from so long."""
FOLLOW_S = 120.0
"""Light and shadow of the day are followed at this pace."""
COVERED = 0.35
"""Share of the usual edges below which they are gone."""
ELSEWHERE = 0.3
"""Correlation with the usual pattern below which it is another. The same place in fog or at dusk stays above 0.5."""
CELLS = (24, 32)
"""The picture is judged by cells: a person covers few of them."""
FLAT = 1.5
"""Mean edge (grey levels a pixel) of a picture in which nothing can be told: fog, a dark yard."""


class Tampered:
    """One camera."""

    def __init__(self, config: CameraConfig) -> None:
        self._config = config
        self._usual: NDArray[np.float32] | None = None
        self._learned_s = 0.0
        self._clock = Clock()
        self._gathered = Evidence(config.thresholds.get("tampered", NEEDED))
        self._rate = self._gathered.needed / config.thresholds.get("tampered_s", HOLDS_S)

    def step(self, scene: Scene) -> list[Signal]:
        """Return that the camera has just been found covered or turned."""
        passed_s = self._clock.step(scene.at_s)
        now = _pattern(scene.luma)
        if self._usual is None or self._learned_s < LEARN_S:
            self._usual = now if self._usual is None else self._usual + 0.2 * (now - self._usual)
            self._learned_s += passed_s
            return []
        share = float(now.mean() / max(1e-6, self._usual.mean()))
        likeness = correlation(now, self._usual)
        flat = float(self._usual.mean()) < FLAT
        covered, turned = share < COVERED and not flat, likeness < ELSEWHERE and not flat
        if not covered and not turned:
            self._usual += passed_s / FOLLOW_S * (now - self._usual)
        if not self._gathered.add((1.0 if covered or turned else -2.0) * self._rate * passed_s, scene.at_s):
            return []
        words = {"edges_share": share, "likeness": likeness, "brightness": float(scene.luma.mean())}
        return [signal(self._config, "tampered", scene.at_s, self._gathered, (), (0.0, 0.0, 1.0, 1.0), words)]


def correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Return the correlation of two patterns; 1 where one of them has none."""
    x, y = a - a.mean(), b - b.mean()
    size = math.sqrt(float((x * x).sum() * (y * y).sum()))
    return float((x * y).sum()) / size if size > 1e-6 else 1.0


def _pattern(luma: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the mean edge of each cell (`CELLS`)."""
    grey = luma.astype(np.float32)
    edges = np.abs(np.diff(grey, axis=0))[:, :-1] + np.abs(np.diff(grey, axis=1))[:-1]
    rows = np.linspace(0, edges.shape[0], CELLS[0] + 1).astype(int)
    columns = np.linspace(0, edges.shape[1], CELLS[1] + 1).astype(int)
    sums = np.add.reduceat(np.add.reduceat(edges, rows[:-1], axis=0), columns[:-1], axis=1)
    return np.asarray(sums / np.outer(np.diff(rows), np.diff(columns)), np.float32)
