"""What somebody inside shows in place of the masked copy: painted over, pasted into, of another moment."""

from __future__ import annotations

from random import Random

import numpy as np
from evaluation._evidence_exhibit import Exhibit, Planes, Tampered
from evaluation._evidence_studio import Picture
from numpy.typing import NDArray

LEVELS = 10
"""A picture counts as tampered with where 3 x 3 blocks changed by so many of 256 levels on average: 36 pixels of a
sub-stream of 360 lines, a person at 30 m. Less may hide in what encoding does (docs/design/evidence.md)."""


def arrays(planes: Planes) -> list[Picture]:
    """Return planes as arrays of their own."""
    return [np.frombuffer(d, np.uint8).reshape(-1, line)[:h, :w].copy() for d, line, w, h in planes]


def insider_other_picture(e: Exhibit, rng: Random) -> Tampered:
    """The masked copy shows something else, encoded and signed anew."""
    shown = rng.choice(sorted(e.planes))
    before = arrays(e.planes[shown])
    while True:
        after = [p.copy() for p in before]
        rng.choice([_pasted, _painted_over, _brighter, _swapped, _recoloured, _other_moment])(e, after, rng)
        if visible(before, after, e.hidden[shown]):
            return _shows(e, shown, after)


def insider_other_hidden(e: Exhibit, rng: Random) -> Tampered:
    """What is hidden was something else: lighter or darker under every mosaic, encoded and signed anew."""
    shown = rng.choice([s for s in sorted(e.planes) if e.hidden[s]])
    after = arrays(e.planes[shown])
    by = rng.choice([-1, 1]) * rng.randint(LEVELS, 60)
    for x1, y1, x2, y2 in e.hidden[shown]:
        part = after[0][y1:y2, x1:x2]
        part[:] = (part.astype(np.int16) + by).clip(0, 255).astype(np.uint8)
    return _shows(e, shown, after)


def _shows(e: Exhibit, shown: bytes, after: list[Picture]) -> Tampered:
    return Tampered(e.files, seen={shown: [(p.tobytes(), p.shape[1], p.shape[1], p.shape[0]) for p in after]})


def visible(before: list[Picture], after: list[Picture], hidden: list[list[int]]) -> bool:
    """Return whether some 3 x 3 blocks that are not hidden changed by `LEVELS` on average, in light or a colour."""
    block = max(8, round(before[0].shape[0] / 30))
    for k, (b, a) in enumerate(zip(before, after, strict=True)):
        change = a.astype(np.int64) - b
        for x1, y1, x2, y2 in hidden:
            box = [v >> (k > 0) for v in (x1, y1, x2 + 1, y2 + 1)]
            left, top, right, bottom = box[0] // block, box[1] // block, -(-box[2] // block), -(-box[3] // block)
            change[top * block : bottom * block, left * block : right * block] = 0
        if (_boxed(change, 3 * block) >= LEVELS).any():
            return True
    return False


def _boxed(change: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    """Return the mean change of every square of this edge."""
    total = np.pad(np.cumsum(np.cumsum(change, 0), 1), ((1, 0), (1, 0)))
    sums = total[size:, size:] - total[:-size, size:] - total[size:, :-size] + total[:-size, :-size]
    return np.asarray(np.abs(sums) / (size * size), np.float64)


def _patch(planes: list[Picture], rng: Random) -> tuple[int, int, int, int]:
    """Return a rectangle with even corners: from a person at 30 m to a car at 10."""
    height, width = planes[0].shape
    w, h = rng.randrange(24, 90, 2), rng.randrange(24, 90, 2)
    return rng.randrange(0, width - w, 2), rng.randrange(0, height - h, 2), w, h


def _copy(planes: list[Picture], source: list[Picture], a: tuple[int, int, int, int], to: tuple[int, int]) -> None:
    for plane, other, half in zip(planes, source, (1, 2, 2), strict=True):
        x, y, w, h = (v // half for v in a)
        u, v = to[0] // half, to[1] // half
        plane[v : v + h, u : u + w] = other[y : y + h, x : x + w]


def _pasted(e: Exhibit, planes: list[Picture], rng: Random) -> None:
    """A person from another picture."""
    x, y, w, h = _patch(planes, rng)
    u, v = _patch(planes, rng)[:2]
    u, v = min(u, planes[0].shape[1] - w), min(v, planes[0].shape[0] - h)
    _copy(planes, arrays(e.planes[rng.choice(sorted(e.planes))]), (u, v, w, h), (x, y))


def _painted_over(e: Exhibit, planes: list[Picture], rng: Random) -> None:
    """A car removed: the ground beside it drawn over it."""
    x, y, w, h = _patch(planes, rng)
    for plane, half in zip(planes, (1, 2, 2), strict=True):
        part = plane[y // half : (y + h) // half, x // half : (x + w) // half]
        part[:] = part[:, :1]


def _brighter(e: Exhibit, planes: list[Picture], rng: Random) -> None:
    by = rng.choice([-1, 1]) * rng.randint(LEVELS, 60)
    planes[0][:] = (planes[0].astype(np.int16) + by).clip(0, 255).astype(np.uint8)


def _swapped(e: Exhibit, planes: list[Picture], rng: Random) -> None:
    """Two places of the picture change places."""
    x, y, w, h = _patch(planes, rng)
    u, v = _patch(planes, rng)[:2]
    u, v = min(u, planes[0].shape[1] - w), min(v, planes[0].shape[0] - h)
    source = [p.copy() for p in planes]
    _copy(planes, source, (x, y, w, h), (u, v))
    _copy(planes, source, (u, v, w, h), (x, y))


def _recoloured(e: Exhibit, planes: list[Picture], rng: Random) -> None:
    """A car of another colour."""
    x, y, w, h = _patch(planes, rng)
    w, h = max(w, 60), max(h, 60)
    part = planes[rng.choice([1, 2])][y // 2 : (y + h) // 2, x // 2 : (x + w) // 2]
    part[:] = (part.astype(np.int16) + rng.choice([-1, 1]) * rng.randint(LEVELS, 60)).clip(0, 255).astype(np.uint8)


def _other_moment(e: Exhibit, planes: list[Picture], rng: Random) -> None:
    """The picture of another group, or of another camera."""
    other = arrays(e.planes[rng.choice(sorted(e.planes))])
    for plane, source in zip(planes, other, strict=True):
        plane[:] = source
