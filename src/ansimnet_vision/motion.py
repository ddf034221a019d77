"""What moves in front of a still camera, whatever it is: the second witness where a detector sees nobody.

Sigma-delta background (Manzanera and Richefeu, 2007) on reduced luma: a background and a spread that follow every pixel
by one step a picture. It needs no weights. Whoever stands still for some ten seconds becomes background.
"""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange
from numba import njit
from numpy.typing import NDArray

from ansimnet_vision.detectors import NONE, OTHER, Found

WIDTH = 192
"""Pixels across in which motion is looked for: a head of 12 px in 768 is 3."""
SURE = 3
"""How many times its usual spread a pixel must differ."""
LEAST_SPREAD, MOST_SPREAD = 5, 60
"""Grey levels: sensor and coding noise of quiet street pictures; leaves in the wind."""
LEAST_PIXELS = 8
"""Blobs below it are noise: 8 of 192 x 108 are a head and shoulders 26 px wide in 1280. Ours."""
TOO_MUCH = 0.35
"""Share of the picture that moves at once: light was switched or the camera turned; nothing can be told apart."""
GIVE_UP = 30
"""Pictures in a row with `TOO_MUCH`: the camera moves, and motion says nothing about people until it stands."""


def reduced(picture: VideoFrame) -> NDArray[np.uint8]:
    """Return a picture's luma (H, W), `WIDTH` across, each pixel the mean of what it covers; black is 0, white 255.

    From the decoder's own plane where it has one: a tenth of the work of resizing the picture.
    """
    height = max(2, round(WIDTH * picture.height / picture.width))
    if picture.format.name not in ("yuv420p", "yuvj420p", "nv12", "gray") or picture.width < WIDTH:
        return np.asarray(picture.reformat(width=WIDTH, height=height, format="gray").to_ndarray(), np.uint8)
    plane = picture.planes[0]
    luma = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: picture.height, : picture.width]
    full = picture.format.name in ("yuvj420p", "gray") or picture.color_range == ColorRange.JPEG
    return _means(luma, height, WIDTH, 0.0 if full else 16.0, 1.0 if full else 255 / 219)


@njit(cache=True, nogil=True)
def _means(luma: NDArray[np.uint8], height: int, width: int, black: float, gain: float) -> NDArray[np.uint8]:
    out = np.empty((height, width), np.uint8)
    for y in range(height):
        top, bottom = y * luma.shape[0] // height, (y + 1) * luma.shape[0] // height
        for x in range(width):
            left, right = x * luma.shape[1] // width, (x + 1) * luma.shape[1] // width
            total = 0
            for j in range(top, bottom):
                for i in range(left, right):
                    total += luma[j, i]
            mean = (total / ((bottom - top) * (right - left)) - black) * gain
            out[y, x] = np.uint8(min(255.0, max(0.0, mean + 0.5)))
    return out


class Motion:
    """The background of one camera."""

    def __init__(self) -> None:
        self._background: NDArray[np.int16] | None = None
        self._spread = np.zeros(0, np.int16)
        self._wild = 0

    def __call__(self, luma: NDArray[np.uint8], known: Found) -> Found:
        """Return boxes of what moves outside of `known` boxes; all of the picture while everything moves.

        `luma` (H, W), reduced to about `WIDTH` across.
        """
        mask, share = self.moving(luma)
        if share > TOO_MUCH:
            return NONE if self.turning else np.array([[0.0, 0.0, 1.0, 1.0, 1.0, OTHER]])
        return blobs(mask, known)

    @property
    def turning(self) -> bool:
        """Return whether everything has moved for so long that motion says nothing until it stands."""
        return self._wild > GIVE_UP

    def moving(self, luma: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], float]:
        """Take one picture; return what of it moves, without single pixels, and the share that moves.

        Above `TOO_MUCH` the mask is empty: nothing can be told apart.
        """
        if self._background is None or self._background.shape != luma.shape:
            self._background = luma.astype(np.int16)
            self._spread = np.full(luma.shape, LEAST_SPREAD, np.int16)
            return np.zeros(luma.shape, np.bool_), 0.0
        moving = np.empty(luma.shape, np.bool_)
        share = _follow(luma, self._background, self._spread, moving) / luma.size
        if share > TOO_MUCH:
            self._wild += 1
            if self._wild % 5 == 0:
                self._background = luma.astype(np.int16)
            return np.zeros(luma.shape, np.bool_), share
        self._wild = 0
        return _joined(moving), share


@njit(cache=True, nogil=True)
def _follow(
    luma: NDArray[np.uint8], background: NDArray[np.int16], spread: NDArray[np.int16], moving: NDArray[np.bool_]
) -> int:
    """Move background and spread one step towards a picture; mark what differs, and count it."""
    count = 0
    for y in range(luma.shape[0]):
        for x in range(luma.shape[1]):
            away = np.int16(luma[y, x]) - background[y, x]
            far = abs(away)
            moving[y, x] = far > SURE * spread[y, x]
            count += moving[y, x]
            if far:
                background[y, x] += 1 if away > 0 else -1
                ahead = SURE * far - spread[y, x]
                step = 1 if ahead > 0 else -1 if ahead < 0 else 0
                spread[y, x] = min(MOST_SPREAD, max(LEAST_SPREAD, spread[y, x] + step))
    return count


@njit(cache=True, nogil=True)
def _joined(moving: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the mask without single pixels and with gaps of two pixels closed."""
    height, width = moving.shape
    out = np.zeros((height, width), np.bool_)
    for y in range(height):
        for x in range(width):
            if not moving[y, x]:
                continue
            around = 0
            for j in range(max(0, y - 1), min(height, y + 2)):
                for i in range(max(0, x - 1), min(width, x + 2)):
                    around += moving[j, i]
            if around >= 3:
                for j in range(max(0, y - 1), min(height, y + 2)):
                    for i in range(max(0, x - 1), min(width, x + 2)):
                        out[j, i] = True
    return out


def blobs(mask: NDArray[np.bool_], known: Found) -> Found:
    """Return boxes of the connected parts of a mask outside of `known` boxes. The mask is changed."""
    height, width = mask.shape
    for x1, y1, x2, y2 in known[:, :4]:
        # A tenth around: shadows and arms belong to whom the detector saw.
        dx, dy = 0.1 * (x2 - x1), 0.1 * (y2 - y1)
        mask[
            max(0, int((y1 - dy) * height)) : int((y2 + dy) * height) + 1,
            max(0, int((x1 - dx) * width)) : int((x2 + dx) * width) + 1,
        ] = False
    boxes = components(mask)
    boxes = boxes[boxes[:, 4] >= LEAST_PIXELS]
    if not len(boxes):
        return NONE
    corners = boxes[:, :4] / np.array([width, height, width, height])
    return np.column_stack([corners, np.full(len(boxes), 0.5), np.full(len(boxes), OTHER)])


@njit(cache=True, nogil=True)
def components(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return (N, 5) x1 y1 x2 y2 pixels of the 8-connected parts of a mask."""
    height, width = mask.shape
    seen = np.zeros((height, width), np.bool_)
    stack = np.empty((height * width, 2), np.int64)
    out = np.empty((height * width // 4 + 1, 5), np.float64)
    found = 0
    for y0 in range(height):
        for x0 in range(width):
            if not mask[y0, x0] or seen[y0, x0]:
                continue
            top, size = 1, 0
            stack[0, 0], stack[0, 1] = y0, x0
            seen[y0, x0] = True
            x1, y1, x2, y2 = x0, y0, x0, y0
            while top:
                top -= 1
                y, x = stack[top, 0], stack[top, 1]
                size += 1
                x1, y1, x2, y2 = min(x1, x), min(y1, y), max(x2, x), max(y2, y)
                for j in range(max(0, y - 1), min(height, y + 2)):
                    for i in range(max(0, x - 1), min(width, x + 2)):
                        if mask[j, i] and not seen[j, i]:
                            seen[j, i] = True
                            stack[top, 0], stack[top, 1] = j, i
                            top += 1
            out[found, 0], out[found, 1], out[found, 2], out[found, 3] = x1, y1, x2 + 1, y2 + 1
            out[found, 4] = size
            found += 1
    return out[:found]
