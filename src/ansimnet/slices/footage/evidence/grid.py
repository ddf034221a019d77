"""The signed grid: means of the blocks of a key frame, small enough to be kept beside every group of pictures.

A masked copy is another encoding of other pixels, so no hash of the original speaks for it. Block means do: wherever
nothing is hidden, encoding again leaves them where they were (docs/design/evidence.md has the measurements).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

Means = NDArray[np.uint8]
"""Block means of one plane, shape (rows, columns)."""

ROWS = 30
"""Blocks in a picture's height: 12 pixels of a 360-line sub-stream, a head at 15 m."""
SMALLEST = 8
"""No block is smaller, as the transform of H.264 at its largest: below it coding noise is all there is."""
MOST_BYTES = 2048
"""A grid in a group of 2 s with its 255 bytes of seal: 9.2 kbit/s at the most. Busier pictures are rounded more."""
FINEST, COARSEST = 2, 32
"""Steps to which means are rounded, in 256 levels. 2 is what encoding again moves at most."""


def block_of(height: int) -> int:
    """Return the edge of a block in pixels of its plane.

    >>> [block_of(h) for h in (192, 360, 720, 1080)]
    [8, 12, 24, 36]
    """
    return max(SMALLEST, round(height / ROWS))


def means_of(plane: NDArray[np.uint8] | NDArray[np.float32], block: int) -> NDArray[np.float32]:
    """Return the means of a plane's blocks (H, W) → (rows, columns); those at the edge may be smaller.

    >>> means_of(np.arange(6, dtype=np.uint8).reshape(2, 3), 2).tolist()
    [[2.0, 3.5]]
    """
    height, width = plane.shape
    rows, columns = -(-height // block), -(-width // block)
    whole = plane
    if (rows * block, columns * block) != plane.shape:
        whole = np.zeros((rows * block, columns * block), plane.dtype)
        whole[:height, :width] = plane
    lines = whole.reshape(rows, block, columns * block).sum(1, dtype=np.float32)
    sums = lines.reshape(rows, columns, block).sum(2)
    tall = np.minimum(block, height - block * np.arange(rows))
    wide = np.minimum(block, width - block * np.arange(columns))
    return np.asarray(sums / (tall[:, None] * wide[None, :]), np.float32)


def planes_of(picture: VideoFrame) -> list[NDArray[np.uint8]]:
    """Return the three planes of a picture, light, blue, red, the latter with half the resolution."""
    if picture.format.name not in ("yuv420p", "yuvj420p"):
        picture = picture.reformat(format="yuv420p")
    return [
        np.frombuffer(memoryview(p), np.uint8).reshape(-1, p.line_size)[: p.height, : p.width] for p in picture.planes
    ]


@dataclass(frozen=True, slots=True)
class Grid:
    """Means of the blocks of one picture's three planes, rounded to whole steps."""

    block: int
    step: int
    planes: tuple[Means, Means, Means]  # in steps


def of(picture: VideoFrame) -> bytes:
    """Return the coded grid of a key frame, 2,048 bytes at most."""
    block, planes = block_of(picture.height), planes_of(picture)
    means = [means_of(p, block) for p in planes]
    step, coded = FINEST, b""
    while not coded or (len(coded) > MOST_BYTES and step < COARSEST):
        step += step if coded else 0
        light, blue, red = ((m / step + 0.5).astype(np.uint8) for m in means)
        coded = encode(Grid(block, step, (light, blue, red)))
    return coded


def encode(grid: Grid) -> bytes:
    """Return the bytes of a grid: block, step, and the zlib stream of what left, upper and corner do not foretell."""
    rest = []
    for plane in grid.planes:
        v = plane.astype(np.int16)
        foretold = np.zeros_like(v)
        foretold[1:, 1:] = v[1:, :-1] + v[:-1, 1:] - v[:-1, :-1]
        foretold[0, 1:], foretold[1:, 0] = v[0, :-1], v[:-1, 0]
        rest.append(((v - foretold) & 255).astype(np.uint8).tobytes())
    return bytes([grid.block, grid.step]) + zlib.compress(b"".join(rest), 9)
