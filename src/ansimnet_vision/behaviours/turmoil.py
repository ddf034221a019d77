"""How violently a picture moves: what blows, kicks and struggling do to it and walking does not.

Optical flow (Lucas and Kanade, from coarse to fine) between two looks, without the motion of the camera itself; then
what it is like where something moves: how fast, how sudden, how little of one direction, how concentrated. With it
where people are: how near to one another, how much of the motion is theirs. Numbers of about two seconds are one row.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.types import PERSON, Scene, Seen

F = NDArray[np.float32]
WIDTH = 128
"""Pixels across in which flow is told: twice a walker's step between two looks of a street picture is 8. Ours."""
LEVELS = (4, 2, 1)
MOVES = 0.4
"""Pixels a look; less is noise."""
CHANGES = 4.0
"""Grey levels."""
LOOK_S = 0.125
"""Speeds are told per so long: eight looks a second."""
SERIES = 23
NUMBERS = SERIES * 4 + 4
"""Of one row (`row`)."""


def flow(a: F, b: F) -> F:
    """Return (H, W, 2) how many pixels right and down everything of `a` goes to be in `b`."""
    out: F = np.zeros((0, 0, 2), np.float32)
    a, b = _mean(a, 1), _mean(b, 1)
    for step in LEVELS:
        first, second = a[::step, ::step], b[::step, ::step]
        tall, wide = first.shape
        if out.size:
            out = 2 * np.repeat(np.repeat(out, 2, 0), 2, 1)[:tall, :wide]
            out = np.pad(out, ((0, tall - out.shape[0]), (0, wide - out.shape[1]), (0, 0)), mode="edge")
        else:
            out = np.zeros((tall, wide, 2), np.float32)
        out = _refined(first, second, _refined(first, second, out))
    return out


def _refined(a: F, b: F, guess: F) -> F:
    gy, gx = (np.asarray(g, np.float32) for g in np.gradient(a))
    rows, columns = np.mgrid[: a.shape[0], : a.shape[1]]
    error = _moved(b, columns + guess[..., 0], rows + guess[..., 1]) - a
    xx, yy, xy = _mean(gx * gx, 3), _mean(gy * gy, 3), _mean(gx * gy, 3)
    ex, ey = _mean(gx * error, 3), _mean(gy * error, 3)
    solid = xx * yy - xy * xy + 20.0  # where there is no texture nothing moves
    better = guess - np.stack([(yy * ex - xy * ey) / solid, (xx * ey - xy * ex) / solid], -1)
    return np.asarray(np.clip(better, -8, 8), np.float32)


def _moved(picture: F, x: NDArray[np.float32], y: NDArray[np.float32]) -> F:
    """Return a picture at other places, bilinear."""
    tall, wide = picture.shape
    x, y = np.clip(x, 0, wide - 1), np.clip(y, 0, tall - 1)
    x0, y0 = x.astype(np.intp), y.astype(np.intp)
    x1, y1 = np.minimum(x0 + 1, wide - 1), np.minimum(y0 + 1, tall - 1)
    u, v = x - x0, y - y0
    upper = picture[y0, x0] * (1 - u) + picture[y0, x1] * u
    lower = picture[y1, x0] * (1 - u) + picture[y1, x1] * u
    return np.asarray(upper * (1 - v) + lower * v, np.float32)


def _mean(a: F, reach: int) -> F:
    """Return means over squares of 2 * reach + 1."""
    size = 2 * reach + 1
    padded = np.pad(a, ((reach + 1, reach), (reach + 1, reach)), mode="edge").astype(np.float64)
    padded[0], padded[:, 0] = 0, 0
    sums = padded.cumsum(0).cumsum(1)
    return np.asarray(
        (sums[size:, size:] - sums[:-size, size:] - sums[size:, :-size] + sums[:-size, :-size]) / size**2, np.float32
    )


def reduced(luma: NDArray[np.uint8]) -> F:
    """Return a luma picture about `WIDTH` across."""
    tall, wide = luma.shape
    columns = np.linspace(0, wide, min(WIDTH, wide) + 1).astype(np.intp)
    rows = np.linspace(0, tall, max(2, round(tall * (len(columns) - 1) / wide)) + 1).astype(np.intp)
    sums = np.add.reduceat(np.add.reduceat(luma.astype(np.float32), rows[:-1], 0), columns[:-1], 1)
    return np.asarray(sums / np.outer(np.diff(rows), np.diff(columns)), np.float32)


class Turmoil:
    """The looks of the last seconds of one camera, told in numbers. Look by look, so that none is computed twice."""

    def __init__(self, aspect: float) -> None:
        self._aspect = aspect
        self._last: tuple[float, F] | None = None
        self._flow: F | None = None

    def look(self, scene: Scene) -> tuple[F, NDArray[np.bool_]] | None:
        """Return (`SERIES`,) numbers of a picture and where it moves; None for the first."""
        luma = reduced(scene.luma)
        last, self._last = self._last, (scene.at_s, luma)
        if last is None or last[1].shape != luma.shape or scene.at_s <= last[0]:
            self._flow = None
            return None
        per_look = LOOK_S / min(1.0, scene.at_s - last[0])
        moved = flow(last[1], luma)
        own = np.median(moved.reshape(-1, 2), axis=0)
        moved = (moved - own) * per_look
        before = self._flow if self._flow is not None else moved
        self._flow = moved
        change = np.abs(luma - last[1])
        speed = np.hypot(moved[..., 0], moved[..., 1])
        moves = (speed > MOVES) & (change > CHANGES)
        sudden = np.hypot(*np.moveaxis(moved - before, -1, 0))
        numbers = [*_whole(moved, speed, sudden, change, moves), float(np.hypot(*own)) * per_look]
        numbers += _people(scene.seen, change, self._aspect)
        return np.array(numbers, np.float32), moves


def _whole(moved: F, speed: F, sudden: F, change: F, moves: NDArray[np.bool_]) -> list[float]:
    """Return what motion is like wherever it is: 13 numbers."""
    if moves.sum() < 20:
        return [0.0, float(moves.mean()), float(change.mean()), *[0.0] * 6, 1.0, 0.0, 0.0, 0.0]
    weight = speed * moves
    total = float(weight.sum())
    x, y = moved[..., 0], moved[..., 1]
    turns = np.histogram(np.arctan2(y, x)[moves], 8, (-np.pi, np.pi), weights=weight[moves])[0] / total
    rows, columns = np.mgrid[: moves.shape[0], : moves.shape[1]]
    cx, cy = (weight * columns).sum() / total, (weight * rows).sum() / total
    spread = np.sqrt((weight * ((columns - cx) ** 2 + (rows - cy) ** 2)).sum() / total)
    curl = np.abs(np.gradient(y, axis=1) - np.gradient(x, axis=0))[moves].mean()
    return [
        total / speed.size,
        float(moves.mean()),
        float(change.mean()),
        *(float(v) for v in np.percentile(speed[moves], [50, 75, 90, 99])),
        float(sudden[moves].mean()),
        float(sudden[moves].mean() / (speed[moves].mean() + 0.1)),
        float(np.hypot((x * moves).sum(), (y * moves).sum()) / total),
        float(-(turns * np.log(turns + 1e-9)).sum()),
        float(spread),
        float(curl),
    ]


def _people(seen: Sequence[Seen], change: F, aspect: float) -> list[float]:
    """Return where people are and how much of what changes is theirs: 9 numbers."""
    people = [s.box for s in seen if s.kind == PERSON]
    if not people:
        return [0.0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    tall, wide = change.shape
    within = np.zeros_like(change, np.bool_)
    own = []
    for x1, y1, x2, y2 in people:
        part = (slice(int(y1 * tall), int(y2 * tall) + 1), slice(int(x1 * wide), int(x2 * wide) + 1))
        within[part] = True
        own.append(float(change[part].mean()) if change[part].size else 0.0)
    heights = [b[3] - b[1] for b in people]
    near, shared = 5.0, 0.0
    for i, a in enumerate(people):
        for j in range(i):
            b = people[j]
            away = np.hypot((a[0] + a[2] - b[0] - b[2]) / 2 * aspect, (a[1] + a[3] - b[1] - b[3]) / 2)
            near = min(near, float(away) / max(0.02, (heights[i] + heights[j]) / 2))
            over = max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
            shared = max(shared, over / max(1e-6, min((c[2] - c[0]) * (c[3] - c[1]) for c in (a, b))))
    widest = max((b[2] - b[0]) * aspect / max(0.02, h) for b, h in zip(people, heights, strict=True))
    theirs = float(change[within].mean()) if within.any() else 0.0
    return [
        float(len(people)), max(heights), near, shared, theirs, max(own),
        float(change[within].sum() / (change.sum() + 1)), widest, float(np.mean(heights)),
    ]  # fmt: skip


def row(looks: Sequence[tuple[F, NDArray[np.bool_]]]) -> F:
    """Return (`NUMBERS`,) of the looks of a window: how each series is, changes and peaks, and where it all happens."""
    series = np.array([numbers for numbers, _ in looks], np.float32)
    often = np.mean([moves for _, moves in looks], axis=0)
    where = [often.max(), (often > 0.3).mean(), (often > 0.1).mean(), np.sqrt((often**2).sum()) / (often.sum() + 1)]
    told = np.concatenate([series.mean(0), series.std(0), series.max(0), np.percentile(series, 75, axis=0), where])
    return np.asarray(np.sign(told) * np.log1p(np.abs(told)), np.float32)
