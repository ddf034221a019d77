"""Colours as witnesses name them, from the pixels of a garment or a vehicle; `unknown` where the light forbids it.

Names are those of the description grammar (`describe_words.txt`, section colour). Pixels are compared in CIE L*a*b*
(CIE 15:2004) with examples of each name; lightness counts less than hue, because shade and exposure change it most.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
F64 = NDArray[np.float64]
UNKNOWN = "unknown"
_EXAMPLES: dict[str, tuple[tuple[int, int, int], ...]] = {
    "black": ((18, 18, 20), (38, 38, 41), (55, 55, 58)),
    "white": ((245, 245, 245), (222, 223, 225)),
    "gray": ((90, 91, 93), (125, 126, 128), (165, 166, 168), (190, 191, 193)),
    "red": ((205, 30, 35), (160, 25, 30), (225, 70, 65)),
    "burgundy": ((95, 25, 45), (120, 35, 60)),
    "pink": ((240, 165, 190), (230, 105, 150), (245, 200, 210)),
    "orange": ((240, 125, 40), (220, 95, 30)),
    "yellow": ((245, 215, 60), (205, 170, 50), (250, 235, 110)),
    "green": ((40, 130, 70), (25, 90, 50), (60, 150, 100)),
    "lime": ((165, 210, 70), (190, 230, 110)),
    "khaki": ((95, 95, 60), (120, 115, 75), (75, 78, 50)),
    "mint": ((150, 220, 200), (70, 185, 175)),
    "sky_blue": ((140, 195, 235), (170, 210, 240)),
    "blue": ((40, 80, 190), (60, 110, 205), (70, 120, 170)),
    "navy": ((25, 33, 75), (38, 48, 95)),
    "purple": ((105, 55, 150), (165, 130, 205), (130, 80, 140)),
    "brown": ((100, 65, 40), (135, 92, 60), (70, 48, 35)),
    "beige": ((205, 180, 145), (190, 165, 135), (222, 203, 172)),
    "ivory": ((243, 234, 210), (235, 225, 195)),
}
"""Ours, sRGB. Metals (silver, gold) are not told of cloth; a grey vehicle is (`of_vehicle`)."""
NAMES = tuple(_EXAMPLES)
LIGHTNESS = 0.55
"""How much a step of lightness counts beside one of hue. Ours."""
SHARPNESS = 9.0
"""Difference (CIE 1976) that halves a colour's weight, about: four just noticeable ones. Ours."""
DARK, DIM = 22.0, 55.0
"""Mean grey of a picture below which no colour is told, and below which it is told with less trust. Ours."""
GREY_PICTURE = 4.0
"""Mean chroma of a picture below which it is without colour: infrared. Ours, streets by day had 6 and more."""
LEAST_PIXELS = 24
LEAST_SHARE = 0.3
"""A name that fewer of the pixels bear out is none."""


LEAST_AGREED = 0.25
"""Below it pictures of one track contradict each other. Ours."""


class Named(NamedTuple):
    """A colour's name and how sure it is, [0, 1]."""

    colour: str
    probability: float


class Light(NamedTuple):
    """What a whole picture tells of its light: mean grey 0 to 255, mean chroma."""

    grey: float
    chroma: float


def lab_of(rgb: NDArray[np.integer] | F64) -> F64:
    """Return CIE L*a*b* (D65) of sRGB values (…, 3), 0 to 255.

    >>> (abs(lab_of(np.array([255, 255, 255])) - [100, 0, 0]) < 0.01).tolist()
    [True, True, True]
    """
    x = np.asarray(rgb, np.float64) / 255
    linear = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _TO_XYZ.T / _WHITE
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (xyz * 24389 / 27 + 16) / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


_TO_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                    [0.0193339, 0.1191920, 0.9503041]])  # fmt: skip
_WHITE = _TO_XYZ.sum(1)
_WEIGHT = np.array([LIGHTNESS, 1.0, 1.0])
_POINTS = lab_of(np.array([rgb for many in _EXAMPLES.values() for rgb in many])) * _WEIGHT
_OWNER = np.array([n for n, many in enumerate(_EXAMPLES.values()) for _ in many])


def light_of(picture: U8) -> Light:
    """Return the light of a picture (H, W, 3), from some thousand of its pixels."""
    step = max(1, int(np.sqrt(picture.shape[0] * picture.shape[1] / 4000)))
    lab = lab_of(picture[::step, ::step].reshape(-1, 3))
    grey = float(picture[::step, ::step].mean())
    return Light(grey, float(np.hypot(lab[:, 1], lab[:, 2]).mean()))


def of_cloth(pixels: U8, light: Light) -> Named:
    """Return the colour that most of a garment's pixels (N, 3) bear out."""
    if len(pixels) < LEAST_PIXELS or light.grey < DARK:
        return Named(UNKNOWN, 0.0)
    if light.chroma < GREY_PICTURE:  # infrared shows how cloth reflects it, which is not its colour
        return Named(UNKNOWN, 0.0)
    lab = lab_of(pixels) * _WEIGHT
    away = np.sqrt(((lab[:, None] - _POINTS) ** 2).sum(2))
    nearest = np.full((len(pixels), len(NAMES)), np.inf)
    for point, owner in enumerate(_OWNER):
        nearest[:, owner] = np.minimum(nearest[:, owner], away[:, point])
    weight = np.exp2(-nearest / SHARPNESS)
    votes = (weight / weight.sum(1, keepdims=True)) ** 2
    shares = votes.sum(0) / votes.sum()
    best = int(shares.argmax())
    trust = 1.0 if light.grey >= DIM else (light.grey - DARK) / (DIM - DARK)
    share = float(shares[best]) * (0.5 + 0.5 * trust)
    return Named(NAMES[best], round(share, 3)) if share >= LEAST_SHARE else Named(UNKNOWN, 0.0)


def of_vehicle(pixels: U8, light: Light) -> Named:
    """Return a vehicle's colour: light grey lacquer is silver."""
    named = of_cloth(pixels, light)
    if named.colour == "gray" and len(pixels) and float(pixels.mean()) > 150:
        return Named("silver", named.probability)
    return Named("white", named.probability) if named.colour == "ivory" else named


def agreed(names: list[Named]) -> Named:
    """Return what several pictures of one thing say together; unknown ones do not vote.

    >>> agreed([Named("red", 0.8), Named("red", 0.6), Named("pink", 0.5), Named("unknown", 0)])
    Named(colour='red', probability=0.467)
    """
    known = [n for n in names if n.colour != UNKNOWN]
    if not known:
        return Named(UNKNOWN, 0.0)
    sums: dict[str, float] = {}
    for name in known:
        sums[name.colour] = sums.get(name.colour, 0.0) + name.probability
    best = max(sums, key=lambda c: (sums[c], c))
    sure = sums[best] / len(known)
    return Named(best, round(sure, 3)) if sure >= LEAST_AGREED else Named(UNKNOWN, 0.0)
