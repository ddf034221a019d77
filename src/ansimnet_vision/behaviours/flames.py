"""Colours and textures of flames and smoke in one picture, as numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.types import Box

F = NDArray[np.float32]
HUES, SATURATIONS, VALUES = 12, 4, 4


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


def numbers(rgb: NDArray[np.uint8]) -> F:
    """Return what a picture (H, W, 3) of about 320 across is like: colours, textures, and those of flame colours."""
    x: F = np.asarray(rgb, np.float32) / np.float32(255)
    hue, saturation, value = _hsv(x)
    light: F = np.asarray(x @ np.array([0.299, 0.587, 0.114]), np.float32)
    hot = flames(rgb)
    cells = np.minimum(hue * HUES, HUES - 1).astype(np.intp) * SATURATIONS
    cells = (cells + np.minimum(saturation * SATURATIONS, SATURATIONS - 1).astype(np.intp)) * VALUES
    cells += np.minimum(value * VALUES, VALUES - 1).astype(np.intp)
    colours = np.bincount(cells.ravel(), minlength=HUES * SATURATIONS * VALUES) / hot.size
    code = _relief(light)
    reliefs = np.bincount(code.ravel(), minlength=16) / code.size
    inner = hot[1:-1, 1:-1]
    hot_reliefs = np.bincount(code[inner].ravel(), minlength=16) / max(1, int(inner.sum()))
    told = [np.sqrt(colours), np.sqrt(_ninths(hot)), np.sqrt(reliefs), np.sqrt(hot_reliefs)]
    return np.asarray(np.concatenate([*told, _means(x, hue, saturation, light, hot)]), np.float32)


def _means(x: F, hue: F, saturation: F, light: F, hot: NDArray[np.bool_]) -> F:
    slope = np.abs(np.diff(light, axis=0))[:, :-1] + np.abs(np.diff(light, axis=1))[:-1]
    inner, any_hot = hot[:-1, :-1], bool(hot[:-1, :-1].any())
    core = hot & (x[..., 0] > 0.85) & (x[..., 1] > 0.5)
    bright = float(light[hot].mean()) if any_hot else 0.0
    rest = float(light[~hot].mean()) if not hot.all() else 0.0
    warm = x[..., 0] - x[..., 2]
    return np.array([
        hot.mean(), core.mean(), slope.mean(), slope[inner].mean() if any_hot else 0.0,
        slope[inner].std() if any_hot else 0.0, light.mean(), light.std(), bright, rest, bright - rest,
        saturation[hot].std() if any_hot else 0.0, hue[hot].std() if any_hot else 0.0,
        *np.percentile(warm, [50, 90, 99]), (light < 0.15).mean(), (light > 0.95).mean(), (saturation < 0.1).mean(),
    ], np.float32)  # fmt: skip


def _hsv(x: F) -> tuple[F, F, F]:
    r, g, b = x[..., 0], x[..., 1], x[..., 2]
    value, least = x.max(-1), x.min(-1)
    range_ = value - least + 1e-6
    hue = np.where(value == r, ((g - b) / range_) % 6, np.where(value == g, (b - r) / range_ + 2, (r - g) / range_ + 4))
    return np.asarray(hue / 6, np.float32), np.asarray((value - least) / (value + 1e-6), np.float32), value


def _relief(light: F) -> NDArray[np.intp]:
    """Return for each inner pixel which of its four neighbours are brighter (local binary pattern)."""
    centre = light[1:-1, 1:-1] + 0.01
    around = (light[:-2, 1:-1], light[1:-1, 2:], light[2:, 1:-1], light[1:-1, :-2])
    return np.asarray(sum((side > centre).astype(np.intp) << k for k, side in enumerate(around)), np.intp)


def _ninths(hot: NDArray[np.bool_]) -> F:
    """Return the share of flame colours in each ninth of the picture, the largest first."""
    rows, columns = np.array_split(np.arange(hot.shape[0]), 3), np.array_split(np.arange(hot.shape[1]), 3)
    shares = [hot[r[0] : r[-1] + 1, c[0] : c[-1] + 1].mean() for r in rows for c in columns]
    return np.array(sorted(shares, reverse=True), np.float32)
