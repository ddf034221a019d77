"""Networks that hear what a test wants, without weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ansimnet_vision.sound.features import F32, RATE, described
from ansimnet_vision.sound.network import CLASSES, SOUNDS, Network
from ansimnet_vision.types import CameraConfig

NUMBERS = described(np.zeros(2 * RATE, np.float32))[0].shape[1]
CAMERA = CameraConfig(
    "0190f1d2-0000-7000-8000-000000000001", behaviours=frozenset(SOUNDS), has=frozenset({"day", "sound"})
)
DEAF = replace(CAMERA, has=frozenset({"day", "night"}))


def constant(**odds: float) -> Network:
    """Return a network to which every window is the same: logarithms of odds per class, 0 where not named."""
    offset = np.array([odds.get(name, 0.0) for name in CLASSES], np.float32)
    layer = (np.zeros((NUMBERS, len(CLASSES)), np.float32), offset)
    flat = np.zeros(NUMBERS, np.float32)
    return Network("constant@00000000", flat, flat + 1, ((layer,),), dict.fromkeys(SOUNDS, 4.0), {})


def noise(seconds: float, seed: int = 0, loud: float = 0.1) -> F32:
    """Return white noise."""
    return (loud * np.random.default_rng(seed).normal(size=round(seconds * RATE))).astype(np.float32)
