"""What somebody looks like, as a vector: to find the like of it, not to say who it is. 256 parts, int8.

MobileNetV2 (ImageNet) where its weights are installed, else colours in six stripes. Both are weak across cameras: on
one street's six tracks rank-1 was 0.68 and 0.73 (half a track against the other half). Time and streets do the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.appearance import features
from ansimnet_vision.detectors import Rgb, resized

SIZE = 256
"""Parts of a vector, as the server keeps it."""
STRIPES = 6
HUES, SHADES = 24, 18
"""Bins of a stripe: 24 of hue for what has colour, 18 of lightness for what has none; six stripes fill 252 of 256."""
COLOURED = 0.2
"""Saturation below which a pixel has no hue to speak of. Ours."""
WIDE, TALL = 128, 256
F32 = NDArray[np.float32]


class Looks(Protocol):
    """Returns a unit vector (SIZE,) of a crop (H, W, 3). `name` says how: vectors of two kinds compare to nothing."""

    name: str

    def __call__(self, crop: Rgb) -> F32: ...


class Stripes:
    """Histograms of hue and lightness in six stripes from top to bottom; the middle counts more than the sides."""

    name = "stripes"

    def __call__(self, crop: Rgb) -> F32:
        small = resized(crop, 48, 96).astype(np.float32) / 255
        high, low = small.max(2), small.min(2)
        spread = high - low
        hue = np.zeros_like(high)
        r, g, b = small[..., 0], small[..., 1], small[..., 2]
        some = spread > 1e-6
        safe = np.where(some, spread, 1)
        hue = np.where(high == r, (g - b) / safe % 6, np.where(high == g, (b - r) / safe + 2, (r - g) / safe + 4)) / 6
        coloured = some & (spread > COLOURED * np.maximum(high, 1e-6)) & (high > 0.12)
        bins = np.where(
            coloured, (hue * HUES).astype(int).clip(0, HUES - 1), HUES + (high * SHADES).astype(int).clip(0, SHADES - 1)
        )
        centre = np.exp(-((np.linspace(-1, 1, 48) / 0.6) ** 2)).astype(np.float32)
        weight = np.broadcast_to(centre, bins.shape)
        out = np.zeros(SIZE, np.float32)
        for n, (rows, weights) in enumerate(zip(np.split(bins, STRIPES), np.split(weight, STRIPES), strict=True)):
            counts = np.bincount(rows.ravel(), weights.ravel(), HUES + SHADES)
            out[n * (HUES + SHADES) : (n + 1) * (HUES + SHADES)] = np.sqrt(counts / counts.sum())
        return unit(out)


class MobileNet:
    """The last features of MobileNetV2, brought to 256 parts by a fixed random projection.

    (Johnson and Lindenstrauss, 1984: angles stay within about 0.06.)
    """

    name = "mobilenetv2"

    def __init__(self, weights: Path, provider: str = "cpu") -> None:
        self._weights, self._provider = weights, provider
        self._projection = np.random.default_rng(256).standard_normal((1280, SIZE)).astype(np.float32)

    def __call__(self, crop: Rgb) -> F32:
        return unit(features(self._weights, crop, WIDE, TALL, self._provider) @ self._projection)


def looks_of(weights: Path | None, provider: str = "cpu") -> Looks:
    """Return the better way of the two that this machine has."""
    return Stripes() if weights is None else MobileNet(weights, provider)


def unit(vector: F32) -> F32:
    """Return a vector of length 1, or zeros."""
    size = float(np.linalg.norm(vector))
    return (vector / size if size else vector).astype(np.float32)


def together(vectors: Sequence[F32]) -> F32:
    """Return the mean of several pictures of one track, of length 1."""
    return unit(np.mean(np.stack(vectors), 0))


def as_bytes(vector: F32) -> bytes:
    """Return a unit vector as int8 (256,): 127 is its largest part, so that order by angle stays.

    >>> as_bytes(np.eye(1, SIZE, 3, dtype=np.float32)[0])[2:5].hex()
    '007f00'
    """
    return bytes(np.rint(vector * (127 / max(1e-9, float(np.abs(vector).max())))).astype(np.int8).tobytes())
