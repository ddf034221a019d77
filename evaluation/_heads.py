"""Head labels (`labels/heads.json`) and what of them stands free. Only the scorer opens the labels."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ansimnet.slices.footage.masking.doubts import Doubt
from ansimnet.slices.footage.masking.tracks import Masks, Patch
from ansimnet.slices.footage.relay.mosaic import boxes_of
from ansimnet.slices.footage.relay.onvif import Box

LABELS = Path(__file__).parent / "labels" / "heads.json"
COVERED = 0.9
"""Share of a labelled head that must lie under the mosaic. Labels err by some 3 of 11 pixels and more."""
SEEN_AROUND = 1.5
"""A reviewer sees a doubtful region with so many of its sizes around it (`masking.render.CROP_AROUND`)."""


@dataclass(frozen=True, slots=True)
class Head:
    """One labelled head in one frame."""

    track: str
    frame: int
    box: Box


@dataclass(frozen=True, slots=True)
class Clip:
    """One labelled video. Frames from `held_back_from` on were never tuned on."""

    name: str
    file: str
    width: int
    height: int
    held_back_from: int
    heads: tuple[Head, ...]

    def part(self, held_back: bool) -> Clip:
        """Return the clip with the heads of one part."""
        return replace(self, heads=tuple(h for h in self.heads if (h.frame >= self.held_back_from) == held_back))


def clips() -> list[Clip]:
    """Return every labelled clip."""
    found = json.loads(LABELS.read_text(encoding="utf-8"))["clips"]
    return [_clip(name, c) for name, c in found.items()]


def _clip(name: str, raw: dict[str, Any]) -> Clip:
    size = raw["width"], raw["height"]
    heads = [
        Head(track, frame, box)
        for track, stretches in raw["tracks"].items()
        for stretch in stretches
        for frame, box in _between(stretch, *size)
    ]
    return Clip(name, raw["file"], *size, raw["held_back_from"], tuple(heads))


def _between(stretch: list[list[int]], width: int, height: int) -> Iterator[tuple[int, Box]]:
    rows = stretch if len(stretch) > 1 else [stretch[0], [stretch[0][0] + 1, *stretch[0][1:]]]
    for a, b in pairwise(rows):
        last = b is stretch[-1]
        for frame in range(a[0], b[0] + last):
            share = (frame - a[0]) / (b[0] - a[0])
            x1, y1, x2, y2 = (p + (q - p) * share for p, q in zip(a[1:], b[1:], strict=True))
            box = Box(x1 / width, y1 / height, x2 / width, y2 / height).clipped()
            if box is not None:
                yield frame, box


def free(clip: Clip, masks: Masks, ticks: float) -> list[Head]:
    """Return the heads that a masked copy shows. `ticks`: one frame, in ticks of the masks."""
    by_frame: dict[int, list[Head]] = {}
    for head in clip.heads:
        by_frame.setdefault(head.frame, []).append(head)
    out: list[Head] = []
    for frame, heads in by_frame.items():
        hidden = painted(masks.regions(round(frame * ticks)), clip.width, clip.height)
        out += [h for h in heads if _share(hidden, h.box) < COVERED]
    return out


def painted(regions: Iterable[Box] | None, width: int, height: int) -> NDArray[np.bool_]:
    """Return which pixels are hidden: the same rectangles as the mosaic's."""
    hidden = np.zeros((height, width), np.bool_)
    for x1, y1, x2, y2, _ in boxes_of(None if regions is None else tuple(regions), width, height).tolist():
        hidden[y1:y2, x1:x2] = True
    return hidden


def _share(hidden: NDArray[np.bool_], box: Box) -> float:
    height, width = hidden.shape
    part = hidden[int(box.y1 * height) : math.ceil(box.y2 * height), int(box.x1 * width) : math.ceil(box.x2 * width)]
    return float(part.mean()) if part.size else 1.0


def reviewed(masks: Masks, doubts: Iterable[Doubt], shown: list[Head], ticks: float, rng: Random, miss: float) -> Masks:
    """Return the masks after a person went through the queue and overlooks a share `miss` of what is there to see.

    He sees each doubtful region with its surroundings through its span, and hides what stands free there.
    """
    patches = []
    for doubt in doubts:
        around = _around(doubt.box)
        here = [
            h for h in shown if doubt.from_pts <= h.frame * ticks < doubt.until_pts and _inside(h.box, around)
        ]  # fmt: skip
        by_track: dict[str, list[Head]] = {}
        for head in here:
            by_track.setdefault(head.track, []).append(head)
        for heads in by_track.values():
            if rng.random() >= miss:
                patches += [Patch(round(h.frame * ticks), round((h.frame + 1) * ticks), _wide(h.box)) for h in heads]
    return replace(masks, patches=(*masks.patches, *patches))


def _around(box: Box) -> Box:
    dx, dy = SEEN_AROUND * (box.x2 - box.x1), SEEN_AROUND * (box.y2 - box.y1)
    return Box(box.x1 - dx, box.y1 - dy, box.x2 + dx, box.y2 + dy)


def _inside(head: Box, around: Box) -> bool:
    x, y = (head.x1 + head.x2) / 2, (head.y1 + head.y2) / 2
    return around.x1 <= x <= around.x2 and around.y1 <= y <= around.y2


def _wide(box: Box) -> Box:
    dx, dy = 0.3 * (box.x2 - box.x1), 0.3 * (box.y2 - box.y1)
    return Box(box.x1 - dx, box.y1 - dy, box.x2 + dx, box.y2 + dy)


def wilson(k: int, n: int, z: float = 1.96) -> list[float]:
    """Return the 95 % interval of a share (Wilson, 1927).

    >>> [round(v, 3) for v in wilson(9, 10)]
    [0.596, 0.982]
    """
    if n == 0:
        return [0.0, 1.0]
    p, d = k / n, 1 + z * z / n
    middle, half = (p + z * z / 2 / n) / d, z / d * math.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    return [max(0.0, middle - half), min(1.0, middle + half)]
