"""Hours in which nothing happens: simulated nights, and real backgrounds in a loop. Neither is real footage.

A night is a dark still place with sensor noise, rain, insects at an infrared lamp, a lamp that flickers and headlights
that sweep over it; behaviours see it through the same motion search as a camera. Nobody is in it, so that the detector
is asked about one picture in a thousand only, and its boxes, were there any, would stay for the rest of the minute.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.behaviours import build
from ansimnet_vision.motion import Motion
from ansimnet_vision.types import CameraConfig, Scene

LOOK_S = 0.5
"""Two looks a second: what a worker spends on a camera in which something moves and nobody is."""
SIZE = (108, 192)


def night(seconds: float, seed: int) -> Iterator[Scene]:
    """Yield the scenes of a night."""
    rng = np.random.default_rng(seed)
    place = np.kron(rng.integers(8, 70, (18, 32)), np.ones((6, 6)))[: SIZE[0], : SIZE[1]].astype(np.float32)
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    motion, rains, sweep = Motion(), 0.0, -1.0
    for n in range(round(seconds / LOOK_S)):
        at_s = n * LOOK_S
        picture = place + rng.normal(0, 3, SIZE)
        if n % 1200 == 0:
            rains = float(rng.choice([0.0, 0.0, 0.004]))
        if rng.random() < 0.002:
            sweep = 0.0
        if sweep >= 0:
            picture += 70 * np.exp(-(((columns - sweep * SIZE[1]) / 25) ** 2) - ((rows - 60) / 30) ** 2)
            sweep = sweep + 0.12 if sweep < 1.2 else -1.0
        for _ in range(rng.poisson(0.3)):  # an insect: a bright streak near the lamp
            y, x = rng.integers(0, SIZE[0] - 8), rng.integers(0, SIZE[1] - 14)
            picture[y : y + rng.integers(2, 7), x : x + rng.integers(3, 13)] += 110
        picture += 12 * (rng.random() < 0.02)
        picture[rng.random(SIZE) < rains] += 60
        luma: NDArray[np.uint8] = picture.clip(0, 255).astype(np.uint8)
        _, moved = motion.moving(luma)
        yield Scene(
            at_s, (), luma, moved, np.repeat(np.kron(luma[::2, ::2], np.ones((2, 2), np.uint8))[..., None], 3, 2)
        )


def looped(scenes: Sequence[Scene], seconds: float) -> Iterator[Scene]:
    """Yield real scenes again and again; who is in them has another number every time."""
    until_s = scenes[-1].at_s + 0.2
    lap, at_s = 0, 0.0
    while at_s < seconds:
        for scene in scenes:
            at_s = lap * until_s + scene.at_s
            seen = tuple(replace(s, track=s.track + 10_000 * lap, at_s=at_s) for s in scene.seen)
            yield replace(scene, at_s=at_s, seen=seen)
        lap += 1


def alarms(scenes: Iterator[Scene], config: CameraConfig) -> dict[str, int]:
    """Return how often each behaviour speaks."""
    watch, out = build(config), dict[str, int]()
    for scene in scenes:
        for signal in watch.step(scene):
            out[signal.behaviour] = out.get(signal.behaviour, 0) + 1
    return out
