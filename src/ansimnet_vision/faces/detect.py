"""Faces with five points in one part of a picture: CenterFace on a square of fixed size, in buffers that are wiped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.detectors import any_size
from ansimnet_vision.faces.align import Points, cut
from ansimnet_vision.faces.network import Network

SIDE = 256
"""Pixels of the square looked at: a head and shoulders 128 px high twice enlarged, or as it is."""
CELLS = SIDE // 4
LEAST = 0.35
"""Score below which nothing is called a face; CenterFace's own examples use 0.35."""


@dataclass(frozen=True, slots=True)
class Face:
    """One face. `box` x1 y1 x2 y2 and `points` in pixels of the picture it was found in."""

    box: tuple[float, float, float, float]
    score: float
    points: Points

    @property
    def width(self) -> float:
        """Return how many pixels across it is."""
        return self.box[2] - self.box[0]


class FaceFinder:
    """CenterFace on `SIDE` x `SIDE`."""

    def __init__(self, weights: Path, provider: str = "cpu") -> None:
        shapes = ((1, 1, CELLS, CELLS), (1, 2, CELLS, CELLS), (1, 2, CELLS, CELLS), (1, 10, CELLS, CELLS))
        self._network = Network(any_size(weights), (1, 3, SIDE, SIDE), shapes, provider)

    def best(self, picture: NDArray[np.uint8], x1: int, y1: int, x2: int, y2: int) -> Face | None:
        """Return the surest face in a part (pixels) of a picture (H, W, 3), None where there is none."""
        part = picture[max(0, y1) : y2, max(0, x1) : x2]
        if min(part.shape[:2]) < 16:
            return None
        scale = min(SIDE / part.shape[0], SIDE / part.shape[1])
        _fit(part, scale, self._network.given[0])
        self._network.run()
        heat, size, shift, marks = (array[0] for array in self._network.made)
        row, column = divmod(int(heat[0].argmax()), CELLS)
        score = float(heat[0, row, column])
        if score < LEAST:
            return None
        h, w = (float(np.exp(size[k, row, column])) * 4 for k in (0, 1))
        x = (column + float(shift[1, row, column]) + 0.5) * 4 - w / 2
        y = (row + float(shift[0, row, column]) + 0.5) * 4 - h / 2
        points = np.array(
            [(marks[2 * k + 1, row, column] * w + x, marks[2 * k, row, column] * h + y) for k in range(5)]
        )
        corner = np.array([max(0, x1), max(0, y1)], float)
        a, b = np.array([x, y]) / scale + corner, np.array([x + w, y + h]) / scale + corner
        return Face((float(a[0]), float(a[1]), float(b[0]), float(b[1])), score, points / scale + corner)

    def wipe(self) -> None:
        """Overwrite what is left of the last picture."""
        self._network.wipe()


def _fit(part: NDArray[np.uint8], scale: float, out: NDArray[np.float32]) -> None:
    """Write a part enlarged by `scale` into the upper left of `out` (3, H, W); the rest is black."""
    wide, tall = round(part.shape[1] * scale), round(part.shape[0] * scale)
    out.fill(0.0)
    cut(part, np.array([[1 / scale, 0.0, 0.0], [0.0, 1 / scale, 0.0]]), out[:, : min(tall, SIDE), : min(wide, SIDE)])
