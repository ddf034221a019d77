"""People as the simulator draws them, by daylight, in any clothes, on a street's frame."""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from ansimnet_sim.figures import figure, person_row

U8 = NDArray[np.uint8]
Colour = tuple[int, int, int]
SKIN, HAIR, SHOES = (205, 160, 135), (35, 30, 28), (50, 48, 46)


def person(upper: Colour, lower: Colour, tall: int = 160, turn: float = 0.4, light: float = 1.0, seed: int = 1) -> U8:
    """Return a crop (tall * 1.1, tall / 2, 3) of somebody who walks, before a street."""
    rng = np.random.default_rng(seed)
    height, width = round(tall * 1.1), tall // 2
    street = (
        np.array([128, 122, 112]) + rng.normal(0, 9, (height, width, 1)) + np.linspace(-12, 14, height)[:, None, None]
    )
    row = np.array(person_row(0.0, 0.0, 0.0, 0.9, 1.7, (0, 0, 0), (0, 0, 0)))
    metre = tall / 1.7
    paint = {0: lower, 5: lower, 1: upper, 2: SKIN, 3: HAIR, 4: SHOES}
    for v in range(height):
        for u in range(width):
            side, up = (u - width / 2) / metre, (height - 0.05 * tall - v) / metre
            away, part = figure(side, up, np.sin(turn), np.cos(turn), row)
            if away < 0:
                round_ = 1.0 - 0.3 * min(1.0, (side / 0.22) ** 2)
                street[v, u] = np.array(paint[part]) * round_ + rng.normal(0, 3)
    return np.asarray((street * light).clip(0, 255), np.uint8)


def frame(crop: U8, x: int, y: int, size: tuple[int, int] = (360, 640)) -> VideoFrame:
    """Return a street's frame with a crop pasted at a corner."""
    picture = np.empty((*size, 3), np.uint8)
    picture[:] = np.array([120, 125, 118])
    picture[: size[0] // 3] = (150, 175, 210)
    picture[y : y + crop.shape[0], x : x + crop.shape[1]] = crop
    return VideoFrame.from_ndarray(picture, format="rgb24")
