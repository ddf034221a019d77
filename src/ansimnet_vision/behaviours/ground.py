"""What lies on the ground since somebody who stood there stands no longer: seen by what has changed, not by a detector.

A picture of a moment ago, when he stood, against this one. Where he stood is empty, and beside his feet lies something
low and solid that stands out from its surroundings more than what was seen there before (a shadow that went with him
stood out then, not now), with nobody upright above it. No weights, and nothing known of bodies: it serves where the
detector has lost one. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.motion import TOO_MUCH, components
from ansimnet_vision.types import Box

CHANGED = 18
"""Grey levels that make a pixel another one; as `objects.FOREIGN`."""
ASIDE, UNDER, OVER = 1.6, 0.4, 0.6
"""Where it may lie, in upright heights: to each side of the feet, below and above them. Ours."""
BESIDE = 0.3
"""Farther from where he stood, in upright heights, it is something else. Ours."""
HEAD, TOP = 0.65, 1.1
"""The band above, in upright heights over the feet, in which somebody upright would be seen. Ours."""
EMPTY = 0.3
"""Share of where head and chest were that must have changed: clothes may look like the wall. Ours."""
LEAST = 0.06
"""Of the square of the upright height: who lies covers a quarter of it, a part of him lies where he stood. Ours."""
PIECE = 0.02
"""The same of each piece of it: what he covered where he stood parts him. Smaller ones are shadows and noise. Ours."""
SOLID = 0.35
"""Share that it fills of its box, where he stood left out; scattered changes are shadows, leaves or noise. Ours."""
UPRIGHT_TOO = 0.35
"""Changes in the band above, against those below, that make it somebody upright. Ours."""
RING = 4
"""Pixels around it that are taken for its surroundings."""


def lying(then: NDArray[np.uint8], now: NDArray[np.uint8], stood: Box, others: Sequence[Box] = ()) -> Box | None:
    """Return the box of what lies where somebody stood in the box `stood`, None where nothing does.

    `then`, `now` (H, W): grey pictures of the moment he stood, and of this one. Boxes in parts of the picture; what
    changes within `others`, who are upright, is theirs.
    """
    if then.shape != now.shape:
        return None
    rows, columns = now.shape
    change = now.astype(np.int16) - then
    changed = np.abs(change - np.int16(np.median(change))) > CHANGED
    if np.count_nonzero(changed) > TOO_MUCH * changed.size:
        return None
    for x1, y1, x2, y2 in others:
        changed[_cut(now.shape, x1 * columns, y1 * rows, x2 * columns, y2 * rows)] = False
    x1, x2, foot = stood[0] * columns, stood[2] * columns, stood[3] * rows
    tall, middle = (stood[3] - stood[1]) * rows, (x1 + x2) / 2
    chest = changed[_cut(now.shape, x1, foot - tall, x2, foot - OVER * tall)]
    if not chest.size or np.count_nonzero(chest) < EMPTY * chest.size:
        return None
    where = _cut(now.shape, middle - ASIDE * tall, foot - OVER * tall, middle + ASIDE * tall, foot + UNDER * tall)
    outside = np.zeros(now.shape, np.bool_)
    outside[where] = changed[where]
    above = np.zeros(now.shape, np.bool_)
    band = _cut(now.shape, middle - ASIDE * tall, foot - TOP * tall, middle + ASIDE * tall, foot - HEAD * tall)
    above[band] = changed[band]
    he = _cut(now.shape, x1, 0, x2, rows)
    outside[he], above[he] = False, False
    if np.count_nonzero(outside) < LEAST * tall**2:
        return None  # nearly always, and at little cost
    outside = _large(_without_specks(outside), PIECE * tall**2)
    many = int(np.count_nonzero(outside))
    if many < LEAST * tall**2 or np.count_nonzero(_without_specks(above)) > UPRIGHT_TOO * many:
        return None
    ys, xs = np.nonzero(outside)
    left, right = (float(v) for v in np.percentile(xs, (2, 98)))
    top, low = (float(v) for v in np.percentile(ys, (2, 98)))
    if max(left - x2, x1 - right) > BESIDE * tall:
        return None
    across = right - left + 1 - max(0.0, min(right + 1, x2) - max(left, x1))
    if many < SOLID * across * (low - top + 1) or not _stands_out(then, now, outside):
        return None
    left, right = min(left, middle), max(right + 1, middle)
    return left / columns, top / rows, right / columns, (low + 1) / rows


def _cut(shape: tuple[int, ...], x1: float, y1: float, x2: float, y2: float) -> tuple[slice, slice]:
    rows, columns = shape
    top, low = (min(rows, max(0, round(v))) for v in (y1, y2))
    left, right = (min(columns, max(0, round(v))) for v in (x1, x2))
    return slice(top, low), slice(left, right)


def _around(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return how many of the nine pixels at and around each are marked."""
    padded = np.pad(mask, 1).view(np.uint8)
    threes = padded[:-2] + padded[1:-1] + padded[2:]
    return np.asarray(threes[:, :-2] + threes[:, 1:-1] + threes[:, 2:])


def _without_specks(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(mask & (_around(mask) >= 5))


def _large(mask: NDArray[np.bool_], least: float) -> NDArray[np.bool_]:
    """Return the mask without connected parts of fewer pixels; what lies in the box of a kept one stays."""
    out = np.zeros(mask.shape, np.bool_)
    for x1, y1, x2, y2, size in components(mask).tolist():
        if size >= least:
            part = slice(int(y1), int(y2)), slice(int(x1), int(x2))
            out[part] = mask[part]
    return out


def _stands_out(then: NDArray[np.uint8], now: NDArray[np.uint8], mask: NDArray[np.bool_]) -> bool:
    """Return whether what is marked differs more from what is around it now than it did then."""
    ring = mask
    for _ in range(RING):
        ring = _around(ring) > 0
    ring = ring & ~mask
    if not ring.any():
        return False
    contrasts = [float(np.abs(p[mask] - np.median(p[ring])).mean()) for p in (then.astype(np.float32), now)]
    return contrasts[1] > contrasts[0]
