"""Fire: flames, told from colour, flicker and what the place around them looks like.

Candidates are pixels coloured like flames that flicker. The part of the picture around them is judged by a classifier
(`training.fire`) on what a network of ImageNet makes of it; it is learned where the stills are. Lamps, hi-vis cloth and
cones have the colour, but neither the look nor the flicker.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.appearance import MODEL, features
from ansimnet_vision.behaviours.evidence import NEEDED, Evidence, signal
from ansimnet_vision.behaviours.flames import box_of, flames, part_of
from ansimnet_vision.kernel import loaded
from ansimnet_vision.registry import LEARNED, cards
from ansimnet_vision.types import CameraConfig, Scene, Signal

FILE = LEARNED["fire"]
EVERY_S = 1.0
"""Fire grows in seconds: one look a second is enough."""
MOST = 3.0
"""Of one look: looks a second apart resemble each other, so that one alone may never suffice."""
LEAST_SHARE = 0.0008
"""Of the picture coloured like flames and flickering: 8 x 6 of 320 x 180. Ours."""
FLICKER = 12.0
"""Grey levels between two looks; flames change at about 10 Hz, so any two looks differ."""
STEADY = 0.1
"""Share of the flame-coloured pixels that must flicker: of lamps and brick walls 0.04 do at most (PETS 2009), of a
burning house from 0.1 on (FURG), for its wood has the colour too."""


class Fire:
    """One camera."""

    def __init__(self, config: CameraConfig, models: Path | None = None) -> None:
        self._config = config
        self._models = models if models is not None and _ready(models) else None
        self._gathered = Evidence(config.thresholds.get("fire", NEEDED))
        self._before: deque[NDArray[np.uint8]] = deque(maxlen=3)
        self._judged_s = -1e9

    def step(self, scene: Scene) -> list[Signal]:
        """Return that fire has just become certain."""
        if scene.rgb is None:
            return []
        rgb = scene.rgb
        coloured = flames(rgb)
        flickers = np.zeros_like(coloured)
        for before in self._before:
            if before.shape == rgb.shape:
                flickers |= np.abs(rgb[..., 1].astype(np.int16) - before[..., 1]) > FLICKER
        self._before.append(rgb)
        if scene.at_s - self._judged_s < EVERY_S:
            return []
        self._judged_s = scene.at_s
        alive = coloured & flickers
        share, steady = float(alive.mean()), float(alive.sum() / max(1, coloured.sum()))
        if share < LEAST_SHARE or steady < STEADY:
            self._gathered.add(-1.0, scene.at_s)
            return []
        ratio = max(-MOST, min(MOST, self.ratio(part_of(rgb, alive))))
        if not self._gathered.add(ratio, scene.at_s):
            return []
        words = {"flame_share": share, "flickering_share": steady, "look_log_ratio": ratio}
        return [signal(self._config, "fire", scene.at_s, self._gathered, (), box_of(alive), words)]

    def ratio(self, rgb: NDArray[np.uint8]) -> float:
        """Return what a part of a picture says by its looks; nothing where nothing has been learned."""
        if self._models is None:
            return 0.0
        row = numbers(rgb, self._models / cards()[MODEL].file)
        return float(loaded(self._models / FILE).log_ratios(row[None].astype(np.float64))[0])


def _ready(models: Path) -> bool:
    return (models / FILE).is_file() and (models / cards()[MODEL].file).is_file()


def numbers(rgb: NDArray[np.uint8], weights: Path) -> NDArray[np.float32]:
    """Return what a picture (H, W, 3) is like (1280,); roots, so that what stands out does not drown the rest."""
    return np.asarray(np.sqrt(np.maximum(features(weights, rgb), 0)), np.float32)
