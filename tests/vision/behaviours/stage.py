"""Scenes without a camera: people as boxes that walk, on a grey place with some edges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.behaviours import build
from ansimnet_vision.types import PERSON, Box, CameraConfig, Scene, Seen, Signal, Zone

LOOK_S = 0.2
TALL = 0.25
"""A person's share of the picture's height: with 1.66 m the picture is 6.6 m high."""
Where = Callable[[float], Box | None]


def place(seed: int = 3) -> NDArray[np.uint8]:
    """Return a quiet picture of a place (108 x 192) with edges everywhere."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(60, 180, (14, 24))
    return np.kron(coarse, np.ones((8, 8)))[:108, :192].astype(np.uint8)


def standing(x: float, y: float, tall: float = TALL) -> Box:
    """Return the box of somebody upright whose feet are at (x, y)."""
    wide = 0.4 * tall * 9 / 16
    return x - wide / 2, y - tall, x + wide / 2, y


def lying(x: float, y: float, tall: float = TALL) -> Box:
    """Return the box of somebody who lies where his feet were."""
    return x - tall * 9 / 32, y - 0.3 * tall, x + tall * 9 / 32, y


def play(
    config: CameraConfig,
    people: dict[int, Where],
    seconds: float,
    luma: Callable[[float], NDArray[np.uint8]] | None = None,
    shift: tuple[float, float] = (0.0, 0.0),
) -> list[Signal]:
    """Return what a camera says of people who are where `people` says, by track."""
    return list(said(build(config), scenes(config, people, seconds, luma, shift)))


def scenes(
    config: CameraConfig,
    people: dict[int, Where],
    seconds: float,
    luma: Callable[[float], NDArray[np.uint8]] | None = None,
    shift: tuple[float, float] = (0.0, 0.0),
) -> Iterable[Scene]:
    """Yield the scenes of `play`."""
    still = place()
    for n in range(round(seconds / LOOK_S)):
        at_s = n * LOOK_S
        seen = []
        for track, where in people.items():
            box = where(at_s)
            if box is not None:
                moved = (box[0] + shift[0], box[1] + shift[1], box[2] + shift[0], box[3] + shift[1])
                seen.append(Seen(track, PERSON, moved, 0.8, at_s, config.foot(moved)))
        yield Scene(at_s, tuple(seen), luma(at_s) if luma else still, 0.0)


def said(watch: object, given: Iterable[Scene]) -> Iterable[Signal]:
    """Yield what a behaviour says of scenes."""
    for scene in given:
        yield from watch.step(scene)  # type: ignore[attr-defined]


def camera(*behaviours: str, zones: Sequence[Zone] = (), **more: object) -> CameraConfig:
    """Return a camera of 16 : 9 with some behaviours."""
    return CameraConfig("test", behaviours=frozenset(behaviours), zones=tuple(zones), **more)  # type: ignore[arg-type]


def walk(x0: float, y0: float, vx: float, vy: float, from_s: float = 0.0, until_s: float = 1e9) -> Where:
    """Return who walks from (x0, y0) with parts of the picture's height a second, from one instant to another."""
    return lambda at: (
        standing(x0 + vx * (at - from_s) * 9 / 16, y0 + vy * (at - from_s)) if from_s <= at <= until_s else None
    )
