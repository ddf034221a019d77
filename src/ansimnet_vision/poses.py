"""Joints of one person in a crop of the picture: MoveNet Lightning, 17 joints in COCO's order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame

from ansimnet_vision.detectors import Rgb, resized, session
from ansimnet_vision.types import Box, Pose

AROUND = 1.25
"""How much wider than the box's longer side the crop is: raised arms and a lying body stay inside."""
LEAST_TALL = 36
"""Pixels of a person below which joints are guesses; the smallest with right skeletons on a street were 60. Ours."""


class Poser:
    """MoveNet on crops, one person at a time."""

    def __init__(self, weights: Path, provider: str = "cpu") -> None:
        self._session = session(weights, provider)
        given = self._session.get_inputs()[0]
        self._input, self._side = given.name, int(given.shape[1])
        self._type = np.uint8 if "uint8" in given.type else np.int32
        self.count = 0

    def __call__(self, picture: Rgb, box: Box) -> Pose:
        """Return the joints of whom a box holds. `picture` (H, W, 3) as large as it comes."""
        crop, corner, size = _crop(picture, box)
        tensor = resized(crop, self._side, self._side)[None].astype(self._type)
        told = self._session.run(None, {self._input: tensor})[0].reshape(17, 3)
        self.count += 1
        height, width = picture.shape[:2]
        x, y = (corner[0] + told[:, 1] * size) / width, (corner[1] + told[:, 0] * size) / height
        return np.stack([x, y, told[:, 2]], axis=1).astype(np.float32)


def whole(picture: VideoFrame) -> Rgb:
    """Return a picture as (H, W, 3)."""
    return np.asarray(picture.to_ndarray(format="rgb24"), np.uint8)


def _crop(picture: Rgb, box: Box) -> tuple[Rgb, tuple[int, int], int]:
    """Return the square around a box, black where it reaches beyond the picture, its corner and its side in pixels."""
    height, width = picture.shape[:2]
    tall, wide = (box[3] - box[1]) * height, (box[2] - box[0]) * width
    size = max(16, round(max(tall, wide) * AROUND))
    x, y = (round(c - size / 2) for c in ((box[0] + box[2]) / 2 * width, (box[1] + box[3]) / 2 * height))
    out = np.zeros((size, size, 3), np.uint8)
    x1, y1, x2, y2 = max(0, x), max(0, y), min(width, x + size), min(height, y + size)
    if x2 > x1 and y2 > y1:
        out[y1 - y : y2 - y, x1 - x : x2 - x] = picture[y1:y2, x1:x2]
    return out, (x, y), size
