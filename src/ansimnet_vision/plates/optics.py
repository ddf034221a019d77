"""What happens to a flat picture on its way through a camera: perspective, blur, noise, coding. And the way back."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Grey = NDArray[np.float32]
"""(H, W) 0 to 255."""
F64 = NDArray[np.float64]

_QUANTA = np.array([
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99], np.float32).reshape(8, 8)  # fmt: skip
"""Luminance table of JPEG (ITU-T T.81, Annex K.1)."""
_COSINES = np.array(
    [[np.cos((2 * x + 1) * u * np.pi / 16) * (0.5 if u else np.sqrt(0.125)) for x in range(8)] for u in range(8)],
    np.float32,
)


def homography(source: F64, goal: F64) -> F64:
    """Return (3, 3): from four points (4, 2) to four others.

    >>> square = np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])
    >>> bool(np.allclose(homography(square, 2 * square), np.diag([2, 2, 1])))
    True
    """
    rows, right = [], []
    for (x, y), (u, v) in zip(source, goal, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    found: F64 = np.append(np.linalg.solve(np.array(rows), np.array(right)), 1.0)
    return found.reshape(3, 3)


def mapped(matrix: F64, points: F64) -> F64:
    """Return points (N, 2) after a homography."""
    out: F64 = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return out[:, :2] / out[:, 2:]


@njit(cache=True, nogil=True)
def warp(picture: NDArray[np.float32], matrix: NDArray[np.float64], out: NDArray[np.float32], outside: float) -> None:
    """Write `out` (H, W): at each of its pixels what `matrix` leads to in `picture`, bilinear; `outside`: NaN is edge.

    Each pixel is the mean of two by two samples, so that what is shrunk does not flicker.
    """
    height, width = picture.shape
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            total = 0.0
            for k in range(4):
                px, py = x + 0.25 + 0.5 * (k % 2), y + 0.25 + 0.5 * (k // 2)
                d = matrix[2, 0] * px + matrix[2, 1] * py + matrix[2, 2]
                u = (matrix[0, 0] * px + matrix[0, 1] * py + matrix[0, 2]) / d - 0.5
                v = (matrix[1, 0] * px + matrix[1, 1] * py + matrix[1, 2]) / d - 0.5
                if not np.isnan(outside) and (u < -0.5 or v < -0.5 or u > width - 0.5 or v > height - 0.5):
                    total += outside
                    continue
                u, v = min(max(u, 0.0), width - 1.001), min(max(v, 0.0), height - 1.001)
                i, j = int(u), int(v)
                a, b = u - i, v - j
                upper = (1 - a) * picture[j, i] + a * picture[j, i + 1]
                lower = (1 - a) * picture[j + 1, i] + a * picture[j + 1, i + 1]
                total += (1 - b) * upper + b * lower
            out[y, x] = total / 4


@njit(cache=True, nogil=True)
def _filtered(
    picture: NDArray[np.float32], dy: NDArray[np.float64], weights: NDArray[np.float64], dx: NDArray[np.float64]
) -> NDArray[np.float32]:
    height, width = picture.shape
    out = np.empty_like(picture)
    for y in range(height):
        for x in range(width):
            total = 0.0
            for k in range(len(weights)):
                j = min(max(int(np.floor(y + dy[k] + 0.5)), 0), height - 1)
                i = min(max(int(np.floor(x + dx[k] + 0.5)), 0), width - 1)
                total += weights[k] * picture[j, i]
            out[y, x] = total
    return out


def blurred(picture: Grey, sigma: float) -> Grey:
    """Return it out of focus: a Gaussian of `sigma` pixels."""
    if sigma < 0.15:
        return picture
    reach = max(1, int(3 * sigma))
    at = np.arange(-reach, reach + 1, dtype=np.float64)
    weights = np.exp(-0.5 * (at / sigma) ** 2)
    weights /= weights.sum()
    still = np.zeros_like(at)
    across: Grey = _filtered(picture, still, weights, at)
    down: Grey = _filtered(across, at, weights, still)
    return down


def smeared(picture: Grey, length: float, angle: float) -> Grey:
    """Return it moved by `length` pixels towards `angle` (radians) while the shutter was open."""
    if length < 1:
        return picture
    at = np.linspace(-length / 2, length / 2, max(2, round(length) + 1))
    out: Grey = _filtered(picture, at * np.sin(angle), np.full(len(at), 1 / len(at)), at * np.cos(angle))
    return out


def coded(picture: Grey, quality: int) -> Grey:
    """Return it after JPEG of a quality in [1, 100] (the scale of the Independent JPEG Group), luminance alone."""
    scale = 50 / quality if quality < 50 else 2 - quality / 50
    quanta = np.clip(_QUANTA * scale, 1, 255).astype(np.float32)
    height, width = picture.shape
    padded = np.pad(picture, ((0, -height % 8), (0, -width % 8)), mode="edge") - 128
    blocks = padded.reshape(padded.shape[0] // 8, 8, padded.shape[1] // 8, 8).transpose(0, 2, 1, 3)
    waves = np.round(_COSINES @ blocks @ _COSINES.T / quanta) * quanta
    back = (_COSINES.T @ waves @ _COSINES).transpose(0, 2, 1, 3).reshape(padded.shape) + 128
    out: Grey = back[:height, :width].clip(0, 255).astype(np.float32)
    return out


def strip_of(picture: Grey, corners: F64, two_lines: bool, size: tuple[int, int]) -> Grey:
    """Return a plate brought upright, `size` (height, width); two lines lie side by side.

    `corners` (4, 2) in pixels: upper left, upper right, lower right, lower left.
    """
    height, width = size
    out = np.empty(size, np.float32)
    if not two_lines:
        warp(picture, _from_box(corners, (0.0, 0.0, 1.0, 1.0), width, height), out, np.nan)
        return out
    for half, (top, bottom) in enumerate(LINES):
        part = np.empty((height, width // 2), np.float32)
        warp(picture, _from_box(corners, (0.0, top, 1.0, bottom), width // 2, height), part, np.nan)
        out[:, half * (width // 2) : (half + 1) * (width // 2)] = part
    return out


LINES = ((0.02, 0.46), (0.36, 1.0))
"""Where the two lines of a plate lie, parts of its height; they overlap because detectors and plates differ."""
_UNIT = np.array([[0.0, 0.0], [1, 0], [1, 1], [0, 1]])


def _from_box(corners: F64, box: tuple[float, float, float, float], width: int, height: int) -> F64:
    """Return what leads from pixels of an upright picture to those of the camera's."""
    x1, y1, x2, y2 = box
    scale = np.array([[(x2 - x1) / width, 0, x1], [0, (y2 - y1) / height, y1], [0, 0, 1]])
    return np.asarray(homography(_UNIT, corners) @ scale, np.float64)
