"""Hide parts of a decoded picture in place: mosaics over heads and plates, black over privacy zones. Pixels only."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from av.video.frame import VideoFrame
from numba import njit
from numpy.typing import NDArray

from ansimnet.slices.footage.relay.hiding import Polygon
from ansimnet.slices.footage.relay.onvif import Box

Boxes = NDArray[np.int64]
"""(N, 5) x1 y1 x2 y2 cell in pixels of the luma plane; x2 and y2 are outside, corners even."""
Runs = NDArray[np.int64]
"""(N, 3) y x1 x2: pixels of one row, x2 outside."""

CELLS_IN_REGION = 3
"""Mosaic cells across a head or plate. Recognition of faces breaks down below about 8 × 8 pixels."""
CELLS_IN_PICTURE = 20
"""Mosaic cells across the whole picture when nobody vouches for boxes: a person 60 px high becomes two cells."""
BLACK = (16, 128, 128)
"""Y, Cb, Cr of black in limited range (ITU-R BT.601)."""


@njit(cache=True, nogil=True)
def mosaic(plane: NDArray[np.uint8], boxes: Boxes, half: int) -> None:
    """Replace rectangles of one plane (H, W) by cells of their mean, in place. Edge cells may be smaller.

    `half` is 1 for luma, 2 for chroma of half the resolution.

    >>> p = np.arange(16, dtype=np.uint8).reshape(4, 4)
    >>> mosaic(p, np.array([[0, 0, 2, 2, 2]]), 1)
    >>> p[:2, :2].tolist()
    [[2, 2], [2, 2]]
    """
    height, width = plane.shape
    for n in range(len(boxes)):
        left, top = boxes[n, 0] // half, boxes[n, 1] // half
        right, bottom = min(width, (boxes[n, 2] + half - 1) // half), min(height, (boxes[n, 3] + half - 1) // half)
        cell = max(1, boxes[n, 4] // half)
        for y in range(top, bottom, cell):
            y2 = min(y + cell, bottom)
            for x in range(left, right, cell):
                x2 = min(x + cell, right)
                total = 0
                for j in range(y, y2):
                    for i in range(x, x2):
                        total += plane[j, i]
                mean = np.uint8(total // ((y2 - y) * (x2 - x)))
                for j in range(y, y2):
                    for i in range(x, x2):
                        plane[j, i] = mean


@njit(cache=True, nogil=True)
def blacken(plane: NDArray[np.uint8], runs: Runs, half: int, value: int) -> None:
    """Set runs of pixels of one plane (H, W) to a value, in place."""
    for n in range(len(runs)):
        y = runs[n, 0] // half
        if y < plane.shape[0]:
            for x in range(runs[n, 1] // half, min(plane.shape[1], (runs[n, 2] + half - 1) // half)):
                plane[y, x] = value


def boxes_of(regions: Sequence[Box] | None, width: int, height: int) -> Boxes:
    """Return regions in pixels with their cells, outwards to even pixels; None: one box, the whole picture.

    >>> boxes_of([Box(0.1, 0.1, 0.2, 0.3)], 100, 100).tolist()
    [[10, 10, 22, 32, 8]]
    """
    if regions is None:
        return np.array([[0, 0, width, height, -(-width // CELLS_IN_PICTURE)]], np.int64)
    found = []
    for r in regions:
        x1, y1 = int(r.x1 * width) & ~1, int(r.y1 * height) & ~1
        x2, y2 = min(width, int(r.x2 * width) + 2 & ~1), min(height, int(r.y2 * height) + 2 & ~1)
        found.append((x1, y1, x2, y2, max(8, -(-max(x2 - x1, y2 - y1) // CELLS_IN_REGION))))
    return np.array(found, np.int64).reshape(-1, 5)


@lru_cache(maxsize=512)
def runs_of(zones: tuple[Polygon, ...], width: int, height: int) -> Runs:
    """Return every pixel that a zone touches, row by row, and one more on each side (even-odd rule).

    >>> runs_of((((0.5, 0.5), (1.0, 0.5), (1.0, 1.0), (0.5, 1.0)),), 4, 4).tolist()[-1]
    [3, 1, 4]
    """
    runs = []
    for zone in zones:
        corners = [(x * width, y * height) for x, y in (*zone, zone[0])]
        for row in range(height):
            lines = [row - 0.5, row, row + 0.25, row + 0.5, row + 0.75, row + 1, row + 1.5]
            runs += [(row, max(0, int(a) - 1), min(width, int(b) + 2)) for y in lines for a, b in _inside(corners, y)]
    return np.array(sorted(set(runs)), np.int64).reshape(-1, 3)


def _inside(corners: list[tuple[float, float]], y: float) -> list[tuple[float, float]]:
    """Return the stretches of a horizontal line inside a closed polygon."""
    cuts = sorted(
        x1 + (y - y1) / (y2 - y1) * (x2 - x1) for (x1, y1), (x2, y2) in pairwise(corners) if (y1 <= y) != (y2 <= y)
    )
    return list(zip(cuts[::2], cuts[1::2], strict=True))


def hide(frame: VideoFrame, regions: Sequence[Box] | None, zones: tuple[Polygon, ...] = ()) -> None:
    """Make a mosaic of the regions, or of everything for None, and blacken the zones, in a writable yuv420p frame."""
    boxes = boxes_of(regions, frame.width, frame.height)
    runs = runs_of(zones, frame.width, frame.height) if zones else None
    for plane, half, value in zip(frame.planes, (1, 2, 2), BLACK, strict=True):
        pixels = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
        mosaic(pixels, boxes, half)
        if runs is not None:
            blacken(pixels, runs, half, value)
