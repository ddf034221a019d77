"""A second eye for warmth: bodies and engines bright before a cold street, whatever the light. 160 x 120, grey."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ansimnet_sim.camera import HEIGHT, WIDTH, Encoder, Shot

U8 = NDArray[np.uint8]

WIDE, TALL = 160, 120
"""As the small sensors of combined cameras have them."""
LOW_C, HIGH_C = -20.0, 150.0
"""Degrees Celsius of the darkest and the brightest grey: the narrower range of radiometric cameras; ours."""
STREET, BODY, ENGINE = 37, 80, 120
"""Grey levels of about 5, 33 and 60 degrees Celsius."""
NOISE = 3.0


class HeatCamera:
    """Draws what a camera's own analytics see as warm shapes, frame by frame, for the same numbers and key frames."""

    def __init__(self, fps: int, seed: int = 0) -> None:
        self._encoder = Encoder(fps, 120_000, (WIDE, TALL))
        self._rng = np.random.default_rng(seed)
        self._grey = np.full((TALL // 2, WIDE // 2), 128, np.uint8)

    def shoot(self, shot: Shot, fires: tuple[tuple[float, float, float], ...] = ()) -> bytes:
        """Return one access unit. `fires`: x, y in parts of the picture, and radius in parts of its height."""
        picture = self.picture(shot, fires)
        luma = np.rint(16 + picture * (219 / 255)).astype(np.uint8)  # as video has black and white
        return self._encoder.encode((luma, self._grey, self._grey), key=shot.key)

    def picture(self, shot: Shot, fires: tuple[tuple[float, float, float], ...] = ()) -> U8:
        """Return the warmth of what is in a shot as grey (TALL, WIDE)."""
        y, x = np.mgrid[0:TALL, 0:WIDE].astype(np.float64)
        out = STREET + NOISE * self._rng.normal(size=(TALL, WIDE))
        for track in shot.tracks:
            left, top, right, bottom = track.box
            cx, cy = (left + right) / 2 * WIDE / WIDTH, (top + bottom) / 2 * TALL / HEIGHT
            rx, ry = max(1.0, (right - left) / 2 * WIDE / WIDTH), max(1.0, (bottom - top) / 2 * TALL / HEIGHT)
            warm = BODY if track.kind == "Human" else ENGINE
            inside = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1
            out[inside] = warm + NOISE * self._rng.normal(size=int(inside.sum()))
        for fx, fy, radius in fires:
            away = np.hypot(x - fx * WIDE, y - fy * TALL) / max(1.0, radius * TALL * self._rng.uniform(0.8, 1.2))
            out = np.maximum(out, 255 * np.exp(-(away**2)))
        return np.asarray(np.clip(out, 0, 255), np.uint8)
