"""The simulator's cameras through days, nights and rain, and what may happen to them: pictures to be inspected.

The simulator draws a street at night. Its day is made of it here: brightness evened out (no lamps), the sun's shadows
wandering, clouds, less noise. Rain takes contrast, draws streaks and leaves drops on the dome. Every picture has sensor
noise, goes through the simulator's encoder as a key frame with a full buffer (what a stream's key frames are when
little moves), and comes back through the relay's decoder.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray

from ansimnet.kernel.clock import KST
from ansimnet.kernel.geo import Point
from ansimnet.slices.footage.inspection.measuring import Reading, measure
from ansimnet.slices.footage.inspection.pictures import luma_of
from ansimnet.slices.footage.inspection.sun import altitude_deg
from ansimnet.slices.footage.model import Defect
from ansimnet.slices.footage.relay.h264 import PPS, SPS, split_annex_b
from ansimnet.slices.footage.relay.transcode import Coded, Transcoder
from ansimnet_sim.camera import HEIGHT, WIDTH, Encoder, LiveCamera, Studio
from ansimnet_sim.world import World

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
SEOUL = Point(37.5, 127.0)
STORY_S = 1_500.0
"""The story of one night is told again and again: its crowd walks for so long."""
STREAKS, DROPS = 260, 14
STAMP = 24
"""Rows at the top that hold the burnt-in clock."""
SENSOR = {"day": 1.2, "night": 3.0}
"""Noise of a sensor before encoding, grey levels: a street camera's by day and with its gain up by night."""


def blurred(y: F32, radius: int) -> F32:
    """Return a picture blurred by a box, twice: nearly a Gaussian of that radius."""
    for _ in range(2):
        for axis in (0, 1):
            padded = np.pad(y, [(radius + 1, radius) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
            sums = np.cumsum(padded, axis=axis, dtype=np.float64)
            upper, lower = (
                np.take(sums, range(2 * radius + 1, sums.shape[axis]), axis),
                np.take(sums, range(sums.shape[axis] - 2 * radius - 1), axis),
            )
            y = ((upper - lower) / (2 * radius + 1)).astype(np.float32)
    return y


@dataclass(eq=False)
class TrialCamera:
    """One camera of the simulator, day and night. `shoot` gives what the relay would measure at an instant."""

    studio: Studio
    rng: np.random.Generator
    world: World
    broken: Defect | None = None
    rain: float = 0.0
    """0 dry to 1: a downpour."""
    _day: F32 = field(init=False)
    _drops: NDArray[np.intp] = field(init=False)
    _number: int = 0
    _frozen: U8 | None = None

    def __post_init__(self) -> None:
        still = self.studio.still[0].astype(np.float32)
        even = (still - 16) / (blurred(still, 24) - 16 + 6)
        self._day = np.clip(62 + 62 * even, 20, 235).astype(np.float32)
        self._drops = self.rng.integers([30, 30], [HEIGHT - 30, WIDTH - 30], (DROPS, 2))

    def shoot(self, at: datetime) -> Reading:
        """Return the measures of the key frame at an instant."""
        return measure(self.decoded(at))

    def decoded(self, at: datetime) -> U8:
        """Return the luma plane of the key frame at an instant, encoded and decoded."""
        self._number += 1
        luma = self._seen(at)
        if self.broken is Defect.FROZEN:
            self._frozen = luma if self._frozen is None else self._frozen
            luma = self._frozen
        else:
            self._frozen = None
        grey = np.full((HEIGHT // 2, WIDTH // 2), 128, np.uint8)
        units = split_annex_b(Encoder(10).encode((luma, grey, grey), key=True))
        sets = b"".join(b"\0\0\0\1" + u for u in units if u[0] & 31 in (SPS, PPS))
        picture = Transcoder().decode(Coded("avc1", sets, units, self._number, self._number, True))
        assert picture is not None
        return luma_of(picture)

    def _seen(self, at: datetime) -> U8:
        day = float(np.clip((altitude_deg(SEOUL, at) + 4) / 8, 0, 1))
        seconds = at.timestamp()
        people = self.world.story.everybody(seconds % STORY_S)
        self.studio.draw(people, self._number, at)
        drawn = self.studio.planes[0]
        night = drawn.astype(np.float32)
        night[:STAMP] = self.studio.still[0][:STAMP]
        moving = np.abs(night - self.studio.still[0]) > 12
        if day > 0:
            bright = np.where(moving, np.clip(night * 1.3, 16, 235), self._lit(at))
            night = day * bright + (1 - day) * night
        y = self._rained(night) if self.rain else night
        y = self._harmed(y, day)
        sigma = SENSOR["day"] * day + SENSOR["night"] * (1 - day)
        if self.broken is Defect.NOISY:
            sigma = 26.0
        out = np.clip(y + self.rng.normal(0, sigma, y.shape), 16, 235).astype(np.uint8)
        stamped = drawn[:STAMP] != self.studio.still[0][:STAMP]  # burnt in behind the lens and the sensor
        out[:STAMP][stamped] = drawn[:STAMP][stamped]
        return out

    def _lit(self, at: datetime) -> F32:
        """Return the street by daylight: a roof's shadow wanders over it, clouds pass."""
        hour = at.astimezone(KST).hour + at.minute / 60
        y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
        edge = WIDTH * (0.2 + 0.07 * (hour - 6)) + 0.4 * (y - HEIGHT / 2) * cos(pi * hour / 12)
        shade = 1 - 0.35 / (1 + np.exp(np.clip((edge - x) / 2.0, -30, 30)))
        cloud = 0.85 + 0.15 * sin(at.timestamp() / 1700)
        return np.asarray(self._day * shade * cloud, np.float32)

    def _rained(self, y: F32) -> F32:
        mean = float(y.mean())
        out = (y - mean) * (1 - 0.4 * self.rain) + mean + 12 * self.rain
        soft = blurred(out.astype(np.float32), 6)
        for top, left in self._drops[: int(DROPS * self.rain)]:
            out[top - 14 : top + 14, left - 14 : left + 14] = soft[top - 14 : top + 14, left - 14 : left + 14]
        for _ in range(int(STREAKS * self.rain)):
            row, column, long = (
                self.rng.integers(0, HEIGHT - 40),
                self.rng.integers(0, WIDTH),
                self.rng.integers(10, 40),
            )
            out[row : row + long, column] += 26
        return np.asarray(out, np.float32)

    def _harmed(self, y: F32, day: float) -> F32:
        match self.broken:
            case Defect.COVERED:  # a bag over the dome: light, no shape
                return np.asarray(blurred(y, 60) * 0.6 + 20, np.float32)
            case Defect.MOVED:  # pushed aside by a tenth of the picture, and down
                return np.roll(y, (24, 64), axis=(0, 1))
            case Defect.BLURRED:
                return blurred(y, 2)
            case Defect.DARK if day < 1:
                return np.asarray(16 + (y - 16) * 0.02, np.float32)
            case Defect.NOISY:
                return np.asarray(y, np.float32)
        return y


def trial_cameras(seed: int, count: int) -> list[TrialCamera]:
    """Return so many cameras of the simulator's city, spread over it."""
    world = World(seed=seed)
    every = world.city.cameras
    chosen = [every[i * len(every) // count] for i in range(count)]
    out = []
    for n, camera in enumerate(chosen):
        live = LiveCamera(world.city, camera, pair=0, fps=10, phase=0.0, cache=None)
        out.append(TrialCamera(live.prepare(), np.random.default_rng([seed, n]), world))
    return out
