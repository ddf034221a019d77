"""One detector for all cameras: only the parts of pictures that ask for it, packed side by side into one input.

A detector that is shown 416 x 416 pixels for one walker wastes most of them. Parts of several cameras' pictures share
an input (shelves, the tallest first); what is found is given back to the picture it lies in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from ansimnet_vision.detectors import NONE, Found, PersonDetector, Rgb, any_size, merged, session
from ansimnet_vision.types import Box

SIDE = PersonDetector.SIDE
GAP = 8
"""Black pixels between two parts: the coarsest cell has 32, and a box does not reach over a quarter of it. Ours."""
CELL = 32
FINE_WIDTH = 640
"""A picture is looked at in so many pixels across where little of it asks, in `SIDE` where much of it does."""
FINE_SHARE = 0.25
"""Above this share of the picture: coarse, at 0.42 of the work. Ours."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Parts of one picture that a detector should see. `parts` in parts of the picture."""

    picture: VideoFrame
    parts: tuple[Box, ...]

    @property
    def scale(self) -> float:
        """Return by how much the picture is reduced."""
        width = self.picture.width
        asked = sum((x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in self.parts)
        return min(1.0, (FINE_WIDTH if asked <= FINE_SHARE else SIDE) / width, SIDE / self.picture.height * 1.5)

    @property
    def pixels(self) -> int:
        """Return how many pixels of a detector's input it takes."""
        area = self.picture.width * self.picture.height * self.scale**2
        return round(sum((x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in self.parts) * area)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part lies: which look, which part of it, and its corner in which input."""

    look: int
    part: int
    sheet: int
    x: int
    y: int


def packed(sizes: Sequence[tuple[int, int]], side: int = SIDE) -> list[tuple[int, int, int]]:
    """Return sheet, x and y of every rectangle (width, height), each within `side` x `side`; none overlap.

    Shelves: the tallest first, a new shelf where the row is full, a new sheet where no shelf has room.
    """
    out = [(0, 0, 0)] * len(sizes)
    shelves: list[list[int]] = []  # sheet, y, height, used width
    heights = [0]  # used of each sheet
    for i in sorted(range(len(sizes)), key=lambda i: (-sizes[i][1], -sizes[i][0], i)):
        wide, tall = sizes[i]
        shelf = next((s for s in shelves if s[2] >= tall and s[3] + wide <= side), None)
        if shelf is None:
            sheet = next((n for n, used in enumerate(heights) if used + tall <= side), len(heights))
            if sheet == len(heights):
                heights.append(0)
            shelf = [sheet, heights[sheet], tall, 0]
            shelves.append(shelf)
            heights[sheet] += tall + GAP
        out[i] = (shelf[0], shelf[3], shelf[1])
        shelf[3] += wide + GAP
    return out


class PackedDetector:
    """NanoDet on packed parts: a sheet is as large as what lies on it, in steps of `CELL`."""

    def __init__(self, weights: Path, provider: str = "cpu", least: float = 0.2) -> None:
        self._session = session(any_size(weights), provider)
        self._input = self._session.get_inputs()[0].name
        self._reader = PersonDetector.reader(least)
        self.pixels = 0
        """Of input shown so far."""

    def __call__(self, looks: Sequence[Look]) -> list[Found]:
        """Return what is in the parts of every picture, boxes in parts of the whole picture."""
        cut: list[tuple[int, Box, Rgb]] = []
        for at, look in enumerate(looks):
            cut += [(at, *piece) for piece in _pieces(look)]
        places = packed([(p.shape[1], p.shape[0]) for _, _, p in cut])
        found: list[list[Found]] = [[] for _ in looks]
        for sheet in range(max((s for s, _, _ in places), default=-1) + 1):
            here = [(*c, x, y) for c, (s, x, y) in zip(cut, places, strict=True) if s == sheet]
            seen = self._sheet([(p, x, y) for _, _, p, x, y in here])
            for at, box, piece, x, y in here:
                found[at].append(_given_back(seen, box, piece.shape, x, y))
        return [merged(np.concatenate(f), 0.5) if f else NONE for f in found]

    def _sheet(self, pieces: Sequence[tuple[Rgb, int, int]]) -> Found:
        wide = max(x + p.shape[1] for p, x, _ in pieces)
        tall = max(y + p.shape[0] for p, _, y in pieces)
        shape = (-(-tall // CELL) * CELL, -(-wide // CELL) * CELL)
        sheet = np.zeros((*shape, 3), np.uint8)
        for piece, x, y in pieces:
            sheet[y : y + piece.shape[0], x : x + piece.shape[1]] = piece[..., ::-1]
        self.pixels += shape[0] * shape[1]
        tensor = PersonDetector.tensor(sheet)
        return self._reader(self._session.run(None, {self._input: tensor}), shape)


def _pieces(look: Look) -> list[tuple[Box, Rgb]]:
    """Return the parts with their pixels; the box is what the cut pixels really cover."""
    scale = look.scale
    width, height = round(look.picture.width * scale), round(look.picture.height * scale)
    small = look.picture.reformat(width=width, height=height, format="rgb24", interpolation="BILINEAR")
    rgb = np.asarray(small.to_ndarray(), np.uint8)
    out = []
    for x1, y1, x2, y2 in look.parts:
        a, b = int(x1 * width), int(y1 * height)
        c, d = min(width, max(a + 16, round(x2 * width))), min(height, max(b + 16, round(y2 * height)))
        a, b = max(0, min(a, c - 16), c - SIDE), max(0, min(b, d - 16), d - SIDE)
        out.append(((a / width, b / height, c / width, d / height), rgb[b:d, a:c]))
    return out


def _given_back(seen: Found, box: Box, shape: tuple[int, ...], x: int, y: int) -> Found:
    """Return what of a sheet lies in one part, in parts of its picture."""
    tall, wide = shape[:2]
    cx, cy = (seen[:, 0] + seen[:, 2]) / 2, (seen[:, 1] + seen[:, 3]) / 2
    inside = (cx >= x) & (cx < x + wide) & (cy >= y) & (cy < y + tall)
    mine: NDArray[np.float64] = seen[inside].copy()
    for k, corner, side, low, high in ((0, x, wide, box[0], box[2]), (1, y, tall, box[1], box[3])):
        for edge in (k, k + 2):
            mine[:, edge] = low + ((mine[:, edge] - corner) / side).clip(0, 1) * (high - low)
    return mine
