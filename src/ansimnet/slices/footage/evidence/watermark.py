"""The watermark: a viewer's permit drawn into every exported picture, visible, in tiles, without moving a block's mean.

Letters are lighter than their shade, and each block of the grid keeps its mean, so that a marked picture still verifies
against what was signed when it was recorded. Tiles are small: a cut-out that shows anything shows a permit too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from ansimnet.slices.footage.evidence.grid import block_of, means_of

STRENGTH = 18.0
"""Levels of 256: seen at a glance, and within the 20 that limited-range video leaves above white (ITU-R BT.601)."""
LINE = 3.5
"""Heights of a line from one line of words to the next: a cut-out of a seventh of the height shows one."""
_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-:./"
_CODED = (
    "3a33ae62e 11842108e 3a213221f 7c441062e 08ca97c42 7e1e0862e 1910f462e 7c2222108 3a317462e 3a317844c "
    "3a31fc631 7a31f463e 3a308422e 72518c65c 7e10f421f 7e10f4210 3a30bc62f 4631fc631 38842108e 1c4210a4c "
    "4654c5251 42108421f 4775ac631 4639ace31 3a318c62e 7a31f4210 3a318d64d 7a31f5251 3e107043e 7c8421084 "
    "46318c62e 46318c544 4631ad6aa 462a22a31 463151084 7c222221f 0000f8000 018c03180 00000018c 042222210"
)
_FONT = {
    sign: np.array([int(b) for b in f"{int(coded, 16):035b}"], np.bool_).reshape(7, 5)
    for sign, coded in zip(_SIGNS, _CODED.split(), strict=True)
}
"""5 x 7 cells a sign, our own drawing; a font file would be a dependency for forty signs."""


def line_of(words: str) -> NDArray[np.bool_]:
    """Return one line of words as cells, shape (9, 6 n); signs without a drawing become spaces.

    >>> line_of("A").shape
    (9, 6)
    """
    blank = np.zeros((7, 5), np.bool_)
    return np.hstack([np.pad(_FONT.get(sign, blank), ((1, 1), (0, 1))) for sign in words.upper()])


@lru_cache(maxsize=16)
def pattern(words: str, width: int, height: int) -> NDArray[np.float32]:
    """Return what is added to the light of a picture (H, W), for strength 1: each block of its grid sums to zero."""
    block = block_of(height)
    cell = max(1, block // 6)
    ink = np.kron(line_of(words + "   "), np.ones((cell, cell), np.bool_))
    shade = np.roll(ink, (cell, cell), (0, 1)) & ~ink
    line = ink.astype(np.float32) - shade.astype(np.float32)
    found = np.zeros((height, width), np.float32)
    for row, top in enumerate(range(0, height, round(LINE * line.shape[0]))):
        shifted = np.roll(line, row * line.shape[1] * 2 // 5, axis=1)  # staggered: no column is without words
        tall = min(line.shape[0], height - top)
        found[top : top + tall] = np.tile(shifted, (1, -(-width // line.shape[1])))[:tall, :width]
    return found - _spread(means_of(found, block), block, height, width)


def _spread(blocks: NDArray[np.float32], block: int, height: int, width: int) -> NDArray[np.float32]:
    """Return block values for each pixel."""
    return np.repeat(np.repeat(blocks, block, axis=0), block, axis=1)[:height, :width]


def burner(words: str) -> Callable[[VideoFrame], None]:
    """Return what draws these words into a writable yuv420p picture, in place.

    Where a block is so light or dark that drawing would be cut off, it is drawn more weakly: its mean stays.
    """

    def burn(picture: VideoFrame) -> None:
        height, width = picture.height, picture.width
        plane = picture.planes[0]
        light = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[:height, :width]
        block, drawn = block_of(height), pattern(words, width, height) * np.float32(STRENGTH)
        rows, columns = np.arange(0, height, block), np.arange(0, width, block)
        most = np.maximum.reduceat(np.maximum.reduceat(light, rows, axis=0), columns, axis=1).astype(np.float32)
        least = np.minimum.reduceat(np.minimum.reduceat(light, rows, axis=0), columns, axis=1).astype(np.float32)
        room = np.minimum(255.0 - most, least) / np.float32(1.4 * STRENGTH)
        light[:] = np.rint(light + drawn * _spread(np.clip(room, 0.0, 1.0), block, height, width)).astype(np.uint8)

    return burn
