"""What a picture looks like, as 1,280 numbers: the last features of MobileNetV2 as it was learned on ImageNet."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.detectors import Rgb, resized, session

MODEL = "mobilenetv2"
"""Its card."""
SIDE = 224
"""Pixels in which ImageNet was learned."""
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_SPREAD = np.array([0.229, 0.224, 0.225], np.float32)
"""Of ImageNet, as the weights were learned."""


@lru_cache(maxsize=2)
def _network(weights: Path, provider: str) -> tuple[Any, str]:
    """Return the network, one a process, with the name of its input."""
    found = session(weights, provider)
    return found, found.get_inputs()[0].name


def features(weights: Path, rgb: Rgb, width: int = SIDE, height: int = SIDE, provider: str = "cpu") -> NDArray[Any]:
    """Return (1280,) float32, none below 0, of a picture (H, W, 3), which is brought to `width` x `height`."""
    network, given = _network(weights, provider)
    x = (resized(rgb, width, height).astype(np.float32) / 255 - _MEAN) / _SPREAD
    return np.asarray(network.run(None, {given: np.ascontiguousarray(x.transpose(2, 0, 1)[None])})[0][0], np.float32)
