"""What one picture says about the camera that took it. Pure NumPy: a luma plane in, a few numbers out.

Nothing here knows what is in the picture. `edges` is a map of contrast, 8 x 8 pixels of a 640 x 360 picture to a cell,
with its height capped: a person is two cells of one picture and none of an average over an hour.
"""

from __future__ import annotations

from math import sqrt

import msgspec
import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

ROWS, COLUMNS = 45, 80
"""Cells of the maps: 16:9 at 8 pixels of a 360-line sub-stream; ours: a turn of one degree moves 90 degrees by one."""
EDGE_UNIT = 1 / 400
"""One step of `edges`: contrast relative to the local brightness, so that dusk dims no edge. Capped at 0.64."""
GLOW = 12.0
"""Added to the brightness that contrast is taken of: what is nearly black has no contrast worth the name. Ours."""
SCENE_PERCENT = 95.0
"""The cells of greatest contrast are left out of means: burnt-in text stays sharp in front of a covered lens. Ours: a
line of text across the picture is a twentieth of it."""
STIRRED = 0.15
"""A cell whose mean changed by more grey levels than this has stirred: sensor noise of one level moves a mean of 64
pixels by 0.18 between two pictures (1 * sqrt(2 / 64)), an identical picture by nothing. Ours."""
LEAPT = 4.0
"""A cell whose mean changed by more has leapt: somebody walked there, or a digit of the burnt-in clock changed. What an
encoder alone changes of a picture that stands still stays below (trial: 2.6). Ours."""
_MAD = 0.6745
"""Median absolute deviation of a normal distribution of variance 1."""


class Reading(msgspec.Struct, frozen=True, array_like=True):
    """One picture, measured. Grey levels are 0 to 255; maps are (ROWS, COLUMNS) in row order."""

    sharpness: float
    """Fine detail beside coarse detail: root of the Laplacian's mean square over the gradient's, at half the size,
    where a sensor's noise is halved and a blur still shows."""
    brightness: float
    """Mean grey level."""
    detail: float
    """Mean contrast: what a covered lens loses."""
    edges: bytes
    """The contrast map, one byte a cell."""
    means: bytes
    """Mean grey level a cell, 32-bit floats: compared with the next picture, then forgotten."""
    pixels: int
    """Pixels of one cell."""


def measure(luma: U8) -> Reading:
    """Measure a picture's luma plane (height, width), at least 180 x 320.

    Raises:
        ValueError: it is smaller.
    """
    height, width = luma.shape
    if height < 4 * ROWS or width < 4 * COLUMNS:
        raise ValueError("too small a picture to be measured")
    means = _cells(luma.astype(np.float32))
    even = luma[: height // 2 * 2, : width // 2 * 2].astype(np.float32)
    y = (even[::2, ::2] + even[::2, 1::2] + even[1::2, ::2] + even[1::2, 1::2]) / 4
    gx, gy = (y[1:-1, 2:] - y[1:-1, :-2]) / 2, (y[2:, 1:-1] - y[:-2, 1:-1]) / 2
    laplacian = y[1:-1, 2:] + y[1:-1, :-2] + y[2:, 1:-1] + y[:-2, 1:-1] - 4 * y[1:-1, 1:-1]
    steep = np.square(gx) + np.square(gy)
    contrast = _cells(np.pad(np.sqrt(steep), 1)) / (means + GLOW)
    scene = contrast <= np.percentile(contrast, SCENE_PERCENT)
    fine, coarse = (float(_cells(np.pad(each, 1))[scene].mean()) for each in (np.square(laplacian), steep))
    return Reading(
        sharpness=sqrt(fine / max(coarse, 0.25)),
        brightness=float(means.mean()),
        detail=float(contrast[scene].mean()),
        edges=np.clip(contrast / EDGE_UNIT, 0, 255).astype(np.uint8).tobytes(),
        means=means.tobytes(),
        pixels=height * width // (ROWS * COLUMNS),
    )


def stirred(before: Reading, after: Reading) -> float:
    """Return the share of cells that are not what they were."""
    return float((np.abs(_differences(before, after)) > STIRRED).mean())


def leapt(before: Reading, after: Reading) -> float:
    """Return the share of cells that show something else."""
    return float((np.abs(_differences(before, after)) > LEAPT).mean())


def noise(before: Reading, after: Reading) -> float:
    """Return the standard deviation of the noise of one pixel, in grey levels, as two pictures show it.

    The middle one of the cells' differences: where somebody walked is left out by being the lesser half, and what all
    cells share, a cloud, is taken off. Means outlive an encoder, which smooths noise away within a block.
    """
    difference = _differences(before, after)
    spread = float(np.median(np.abs(difference - np.median(difference))))
    return spread / _MAD * sqrt(after.pixels / 2)


def _differences(before: Reading, after: Reading) -> F32:
    a, b = (np.frombuffer(r.means, np.float32) for r in (before, after))
    return b - a


def _cells(values: F32) -> F32:
    """Return means over ROWS x COLUMNS nearly equal parts."""
    height, width = values.shape
    rows = np.linspace(0, height, ROWS + 1).astype(np.intp)
    columns = np.linspace(0, width, COLUMNS + 1).astype(np.intp)
    sums = np.add.reduceat(np.add.reduceat(values, rows[:-1], axis=0), columns[:-1], axis=1)
    areas = np.diff(rows)[:, None] * np.diff(columns)[None, :]
    return np.asarray(sums / areas, np.float32)
