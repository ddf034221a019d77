"""From four clicked points to metres: the homography of a camera's ground."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LEAST = 1e-3
"""Three of the points lie on one line where the smallest triangle of the picture is below this. Ours."""


def homography(picture: Sequence[tuple[float, float]], ground: Sequence[tuple[float, float]]) -> tuple[float, ...]:
    """Return nine numbers, row by row, that map parts of the picture to metres east and north.

    Raises:
        ValueError: they are not four pairs, or three points of the picture or ground lie on one line.

    >>> [round(v, 6) for v in homography([(0, 0), (1, 0), (1, 1), (0, 1)], [(0, 0), (4, 0), (4, 2), (0, 2)])]
    [4.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 1.0]
    """
    if len(picture) != 4 or len(ground) != 4:
        raise ValueError("four points of the picture and four of the ground")
    for points in (picture, ground):
        corners = np.array(points, float)
        size = max(1e-9, float(np.ptp(corners, axis=0).max()))
        for left_out in range(4):
            (ax, ay), (bx, by), (cx, cy) = np.delete(corners, left_out, axis=0) / size
            if abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) < LEAST:
                raise ValueError("three of the four points lie on one line")
    rows, told = [], []
    for (x, y), (east, north) in zip(picture, ground, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -x * east, -y * east], [0, 0, 0, x, y, 1, -x * north, -y * north]]
        told += [east, north]
    solved = np.linalg.solve(np.array(rows, float), np.array(told, float))
    return (*(float(v) + 0.0 for v in solved), 1.0)
