"""Which pixels of a picture have the colour of flames, and the part of it that holds them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.types import Box

ROOM, LEAST_PX = 1.5, 64
"""How much larger than its flames a part is, and its side at least: what burns belongs to the look of fire. Ours."""


def flames(rgb: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return which pixels of (H, W, 3) have a flame's colour: red over green over blue, bright and saturated.

    (Chen, Wu and Chiou, 2004, with thresholds of ours.)
    """
    r, g, b = (rgb[..., k].astype(np.int16) for k in range(3))
    return np.asarray((r > 150) & (r > g) & (g > b * 1.1) & (r - b > 0.25 * r))


def box_of(mask: NDArray[np.bool_]) -> Box:
    """Return the box that holds nineteen twentieths of a mask in either direction, in parts of the picture."""
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return 0.0, 0.0, 1.0, 1.0
    (y1, y2), (x1, x2) = np.percentile(rows, [2.5, 97.5]), np.percentile(columns, [2.5, 97.5])
    tall, wide = mask.shape
    return float(x1 / wide), float(y1 / tall), float((x2 + 1) / wide), float((y2 + 1) / tall)


def part_of(rgb: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the square of a picture (H, W, 3) around what a mask holds, or as much of it as there is."""
    tall, wide = mask.shape
    x1, y1, x2, y2 = box_of(mask)
    side = max(LEAST_PX, (x2 - x1) * wide * ROOM, (y2 - y1) * tall * ROOM)
    left = max(0, int(min((x1 + x2) / 2 * wide - side / 2, wide - side)))
    top = max(0, int(min((y1 + y2) / 2 * tall - side / 2, tall - side)))
    return np.ascontiguousarray(rgb[top : top + int(side), left : left + int(side)])
