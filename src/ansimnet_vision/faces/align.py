"""A face brought upright and to one size: a similarity transform by five points into a square chip.

The five points are those of CenterFace (eyes, nose, corners of the mouth). The place where they come to lie is that of
ArcFace (Deng et al., CVPR 2019; 112 px), enlarged by 1.49 around the middle of the eyes at (74.0, 47.1): measured to
fit what dlib's network was trained on (150 px).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

SIDE = 150
"""Pixels of a chip's side."""
Points = NDArray[np.float64]
"""(5, 2) x, y in pixels: left eye, right eye, nose, left and right corner of the mouth, as seen in the picture."""

_ARC = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])
PLACE: Points = (_ARC - _ARC[:2].mean(0)) * 1.49 + np.array([74.0, 47.1])


def similarity(points: Points, place: Points = PLACE) -> NDArray[np.float64]:
    """Return (2, 3): from chip to picture, the least squares of scale, turn and shift (Umeyama, 1991).

    >>> bool(np.allclose(similarity(PLACE), [[1, 0, 0], [0, 1, 0]]))
    True
    """
    centre, goal = points.mean(0), place.mean(0)
    p, q = place - goal, points - centre
    spread = float((p**2).sum())
    a = float((p * q).sum()) / spread
    b = float((p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]).sum()) / spread
    turn = np.array([[a, -b], [b, a]])
    return np.column_stack([turn, centre - turn @ goal])


@njit(cache=True, nogil=True)
def cut(picture: NDArray[np.uint8], matrix: NDArray[np.float64], chip: NDArray[np.float32]) -> None:
    """Write the chip (3, H, W), red green blue 0 to 255, out of a picture (H, W, 3), bilinear; outside: the edge."""
    height, width = picture.shape[:2]
    for y in range(chip.shape[1]):
        for x in range(chip.shape[2]):
            u = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]
            v = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]
            u = min(max(u, 0.0), width - 1.001)
            v = min(max(v, 0.0), height - 1.001)
            i, j = int(u), int(v)
            a, b = u - i, v - j
            for c in range(3):
                upper = (1 - a) * picture[j, i, c] + a * picture[j, i + 1, c]
                lower = (1 - a) * picture[j + 1, i, c] + a * picture[j + 1, i + 1, c]
                chip[c, y, x] = (1 - b) * upper + b * lower
