"""Hours in which nothing happens: simulated nights, and real places over and over. Neither is real footage.

A night is a dark still place with sensor noise, rain, insects at an infrared lamp, a lamp that flickers and headlights
that sweep over it; behaviours see it through the same motion search as a camera. Nobody is in it: the detector is not
asked. A looped place is real scenes again and again, under weather that differs each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.behaviours import Watch
from ansimnet_vision.motion import Motion
from ansimnet_vision.types import Scene

LOOK_S = 1.0
"""Between two looks: where motion turns out to be nobody, a worker waits 0.4 to 2 s."""
SIZE = (108, 192)
U8 = NDArray[np.uint8]


class Weather:
    """What falls, flies and shines before a lens. `rains`: share of pixels that a drop brightens."""

    def __init__(self, rng: np.random.Generator, size: tuple[int, int]) -> None:
        self._rng = rng
        self._size = size
        self._rows, self._columns = np.mgrid[: size[0], : size[1]].astype(np.float32)
        self._looks = 0
        self._sweep = -1.0
        self.rains = 0.0

    def over(self, place: NDArray[np.float32]) -> U8:
        """Return a place as it is seen at the next look."""
        rng, (tall, wide) = self._rng, self._size
        picture = place + rng.normal(0, 3, self._size).astype(np.float32)
        if self._looks % 1200 == 0:
            self.rains = float(rng.choice([0.0, 0.0, 0.004]))
        self._looks += 1
        if rng.random() < 0.002:
            self._sweep = 0.0
        if self._sweep >= 0:  # headlights
            away = ((self._columns - self._sweep * wide) / 25) ** 2 + ((self._rows - 0.55 * tall) / 30) ** 2
            picture += 70 * np.exp(-away)
            self._sweep = self._sweep + 0.12 if self._sweep < 1.2 else -1.0
        for _ in range(rng.poisson(0.3)):  # an insect: a bright streak near the lamp
            y, x = rng.integers(0, tall - 8), rng.integers(0, wide - 14)
            picture[y : y + rng.integers(2, 7), x : x + rng.integers(3, 13)] += 110
        picture += 12 * (rng.random() < 0.02)  # the lamp flickers
        if self.rains:
            picture[rng.random(self._size) < self.rains] += 60
        return picture.clip(0, 255).astype(np.uint8)


def night(seconds: float, seed: int) -> Iterator[Scene]:
    """Yield the scenes of a night."""
    rng = np.random.default_rng(seed)
    place = np.kron(rng.integers(8, 70, (18, 32)), np.ones((6, 6)))[: SIZE[0], : SIZE[1]].astype(np.float32)
    weather, motion = Weather(rng, SIZE), Motion()
    for n in range(round(seconds / LOOK_S)):
        luma = weather.over(place)
        _, moved = motion.moving(luma)
        yield Scene(n * LOOK_S, (), luma, moved, np.repeat(luma[..., None], 3, 2))


def looped(scenes: Sequence[Scene], seconds: float, seed: int) -> Iterator[Scene]:
    """Yield real scenes again and again under other weather; who is in them has another number every time."""
    weather = Weather(np.random.default_rng(seed), scenes[0].luma.shape[:2])
    until_s = scenes[-1].at_s + 0.2
    lap, at_s = 0, 0.0
    while at_s < seconds:
        for scene in scenes:
            at_s = lap * until_s + scene.at_s
            seen = tuple(replace(s, track=s.track + 10_000 * lap, at_s=at_s) for s in scene.seen)
            yield replace(scene, at_s=at_s, seen=seen, luma=weather.over(scene.luma.astype(np.float32)))
        lap += 1


def alarms(scenes: Iterable[Scene], watch: Watch) -> dict[str, int]:
    """Return how often each behaviour speaks."""
    out = dict[str, int]()
    for scene in scenes:
        for signal in watch.step(scene):
            out[signal.behaviour] = out.get(signal.behaviour, 0) + 1
    return out
