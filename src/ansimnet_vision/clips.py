"""A video file as the worker sees a camera: the same motion, detector, tracks and joints, picture by picture.

For training, and for measuring behaviours. The clip's time is its own; nothing but its pictures is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame

from ansimnet_vision.batch import PackedDetector
from ansimnet_vision.poses import Poser
from ansimnet_vision.registry import usable
from ansimnet_vision.types import CameraConfig, Scene, Signal
from ansimnet_vision.watching import CameraWatch

EVERYTHING = frozenset({"violence", "collapse", "fire", "abandoned"})
"""Behaviours for which joints and colours are looked for."""

BEFORE_S = (3.0, 2.0, 1.0)
"""The first picture stands for these seconds before a clip: who stands in it is known when it begins."""


class Eyes:
    """Detector and joints of one process, shared by its clips. Without weights there is motion, and nobody."""

    def __init__(self, models: Path | None) -> None:
        found = usable(models)
        self.detector = PackedDetector(found["nanodet"]) if "nanodet" in found else None
        self._poser = Poser(found["movenet-lightning"]) if "movenet-lightning" in found else None

    def poser(self) -> Poser | None:
        """Return what finds joints, None where its weights are not here."""
        return self._poser


class _Scenes:
    """Keeps the scene that a watch has made."""

    def __init__(self) -> None:
        self.scene: Scene | None = None

    def step(self, scene: Scene) -> list[Signal]:
        """Keep a scene; say nothing."""
        self.scene = scene
        return []


def scenes(file: Path, eyes: Eyes, config: CameraConfig | None = None) -> Iterator[Scene]:
    """Yield what a worker makes of each looked-at picture of a file.

    Raises:
        av.FFmpegError: the file is no video.
    """
    with av.open(str(file)) as box:
        stream = box.streams.video[0]
        stream.thread_count = 1
        asked = (config or CameraConfig("clip")).behaviours | EVERYTHING
        given = replace(
            config or CameraConfig("clip"), width=stream.width, height=stream.height, behaviours=frozenset(asked)
        )
        yield from looked(box.decode(stream), eyes, given)


def looked(pictures: Iterator[VideoFrame], eyes: Eyes, config: CameraConfig) -> Iterator[Scene]:
    """Yield what a worker makes of decoded pictures."""
    kept = _Scenes()
    watch = CameraWatch(config, kept)
    for at_s, picture in _preceded(pictures):
        if not watch.wants(at_s):
            continue
        watch.take(picture, at_s)
        ask = watch.ask()
        found = None
        if ask is not None and eyes.detector is not None:
            found = eyes.detector([ask.what])[0]
        watch.finish(found, eyes.poser)
        if kept.scene is not None and at_s >= 0:
            yield kept.scene


def _preceded(pictures: Iterator[VideoFrame]) -> Iterator[tuple[float, VideoFrame]]:
    """Yield pictures with their instants, the first one also before: the camera was there before the clip was cut."""
    for n, picture in enumerate(pictures):
        at_s = float(picture.time or 0.0)
        if n == 0:
            yield from ((at_s - before_s, picture) for before_s in BEFORE_S)
        yield at_s, picture


def still(file: Path, width: int = 320) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return a picture file as (H, W, 3), reduced to `width` across.

    Raises:
        av.FFmpegError: the file is no picture.
    """
    with av.open(str(file)) as box:
        picture = next(iter(box.decode(video=0)))
        height = max(2, round(width * picture.height / picture.width))
        small = picture.reformat(width=width, height=height, format="rgb24", interpolation="BILINEAR")
        return np.asarray(small.to_ndarray(), np.uint8)
