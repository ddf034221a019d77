"""Reads plates: where one is on a vehicle, what stands on it and how sure each character is, several reads in one.

A read is told only where it is a plate by its form (`letters.is_plate`). Networks learned from rendered plates alone:
what they do with photographs of real ones is not known (`docs/design/sightings.md`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.plates.letters import TOKENS, is_plate, may_follow, spelled
from ansimnet_vision.plates.network import CELL_PX, REACH_PX, SCENE, STRIP, Networks, scene_of
from ansimnet_vision.plates.optics import F64, Grey, strip_of

FOUND = 0.3
"""Least probability that a plate is there. Ours."""
SMALLEST_PART = 16
"""Pixels of a second look's shorter side below which there is none. Ours."""
LEAST_WIDE = 36
"""Pixels of a plate's width below which it is not read: four a character. Ours."""
SHAPES = {False: (1.6, 9.0), True: (0.9, 3.4)}
"""Width over height that plates of one line (False) and of two may seem to have: 520 x 110 and 335 x 155, 335 x 170 and
210 x 115, turned away. Where both fit, both are read, and the surer one counts. Ours."""
BEAM, MOST_TOKENS, LEAST_COLUMN = 12, 4, 0.003
"""Beginnings that are followed, tokens tried in a column, and their least probability there. Ours."""
CLOSER = (3.0, 3.6)
"""Further looks are so many times as wide as the plate that the look before found: plates are then as large as the
finder learned them, and corners more exact. Chosen of 2.0 to 3.6 on drawn plates that neither taught nor are scored."""
STRETCHED = ((0.97, 0.92), (0.97, 1.1), (1.04, 0.92), (1.04, 1.1))
"""Across and down: the finder is off by 3 % of the width at the median; the surest of these reads counts. Ours."""
DECODED = 4
"""Of the strips that were read so many are spelled, those with the surest columns: spelling costs most. Ours."""
LEAST_CHANCE = 0.02
"""A character is never told as surer than it may be wrong, nor as impossible."""


@dataclass(frozen=True, slots=True)
class Read:
    """A plate as it was read: its characters, the probability of each, and where it is: corners in pixels."""

    chars: str
    probability: tuple[float, ...]
    corners: tuple[tuple[float, float], ...]

    @property
    def sure(self) -> float:
        """Return the probability that all of it is right, its characters taken as independent."""
        return float(np.prod(self.probability))


class PlateReader:
    """Finder and reader on pictures of vehicles."""

    def __init__(self, networks: Networks) -> None:
        self._networks = networks

    def __call__(self, vehicle: Grey) -> Read | None:
        """Return the plate of a vehicle's picture (H, W), grey 0 to 255; None where none is found or none is read."""
        looks = self._looks(vehicle)
        return self._read(vehicle, looks) if looks else None

    def find(self, vehicle: Grey) -> F64 | None:
        """Return the corners (4, 2) of the likeliest plate in pixels, upper left first, clockwise: the last look's."""
        looks = self._looks(vehicle)
        return looks[-1] if looks else None

    def _looks(self, vehicle: Grey) -> list[F64]:
        """Return the corners that each look found, the first at the whole vehicle; none where that finds none."""
        first = self._found(vehicle)
        looks = [] if first is None else [first]
        for closer in CLOSER if looks else ():
            part, at = _around(vehicle, looks[-1], closer)
            found = None if min(part.shape) < SMALLEST_PART else self._found(part)
            if found is not None:
                looks.append(found + at)
        return looks

    def _found(self, vehicle: Grey) -> F64 | None:
        """Return the corners that one look tells."""
        told = self._networks.find(scene_of(vehicle)[None])[0]
        heat = 1 / (1 + np.exp(-told[0]))
        if heat.max() < FOUND:
            return None
        y, x = np.unravel_index(int(heat.argmax()), heat.shape)
        rows, columns = slice(max(0, y - 1), y + 2), slice(max(0, x - 2), x + 3)
        weight = heat[rows, columns] ** 2  # neighbours that say the same steady the corners
        at_y, at_x = np.mgrid[rows, columns][:, : weight.shape[0], : weight.shape[1]]
        cells = np.stack([at_x, at_y]) * CELL_PX + CELL_PX / 2
        said = told[1:, rows, columns].reshape(4, 2, *weight.shape) * REACH_PX + cells
        corners = (said * weight).sum((2, 3)) / weight.sum()
        return np.asarray(corners * np.array(vehicle.shape[::-1]) / np.array(SCENE[::-1]))

    def read(self, picture: Grey, corners: F64) -> Read | None:
        """Return what stands between four corners; None where it is too small or is no plate."""
        return self._read(picture, [corners])

    def _read(self, picture: Grey, looks: Sequence[F64]) -> Read | None:
        """Return the surest read of what stands between the corners of any look, in any layout that may be."""
        frames = [(_stretched(seen, *by), lines) for seen in looks for lines in _layouts(seen) for by in STRETCHED]
        if not frames:
            return None
        strips = np.stack([strip_of(picture, frame, lines, STRIP) for frame, lines in frames])
        columns = self._networks.read(strips.clip(0, 255).astype(np.uint8))
        surest = np.argsort(-np.log(columns.max(2)).mean(1), kind="stable")[:DECODED]
        reads = [decoded(columns[n]) for n in surest]
        fitting = [(text, chances) for text, chances in reads if text]
        if not fitting:
            return None
        text, chances = max(fitting, key=lambda r: float(np.mean(np.log(r[1]))))
        return Read(text, chances, tuple((float(x), float(y)) for x, y in looks[-1]))


def _layouts(corners: F64) -> list[bool]:
    """Return which plates these corners may be: of one line (False), of two (True); none where they are too small."""
    wide, tall = (float(np.linalg.norm(corners[1] - corners[k])) for k in (0, 2))
    if wide < LEAST_WIDE or tall < 4:
        return []
    return [two for two, (low, high) in SHAPES.items() if low < wide / tall < high]


def _around(picture: Grey, corners: F64, closer: float) -> tuple[Grey, F64]:
    """Return the part of a picture around a plate, in the shape in which vehicles are searched, and where it begins."""
    tall, wide = picture.shape
    span = np.ptp(corners, axis=0) * closer
    shape = SCENE[1] / SCENE[0]
    across = max(float(span[0]), float(span[1]) * shape)
    size = np.array([min(across, wide), min(across / shape, tall)])
    x, y = (np.clip(corners.mean(0) - size / 2, 0, np.array([wide, tall]) - size)).astype(int)
    across_px, down_px = size.astype(int)
    return np.ascontiguousarray(picture[y : y + down_px, x : x + across_px]), np.array([x, y], np.float64)


def _stretched(corners: F64, across: float, down: float) -> F64:
    """Return corners moved from the plate's middle along its own sides.

    >>> _stretched(np.array([[0.0, 0], [4, 0], [4, 2], [0, 2]]), 1.5, 0.5).tolist()
    [[-1.0, 0.5], [5.0, 0.5], [5.0, 1.5], [-1.0, 1.5]]
    """
    middle = corners.mean(0)
    right = (corners[1] - corners[0] + corners[2] - corners[3]) / 4
    below = (corners[3] - corners[0] + corners[2] - corners[1]) / 4
    sides = np.stack([right, below], axis=1)
    if abs(np.linalg.det(sides)) < 1e-9:
        return corners
    along = np.linalg.solve(sides, (corners - middle).T) * np.array([[across], [down]])
    return np.asarray(middle + (sides @ along).T)


def decoded(columns: NDArray[np.float32]) -> tuple[str, tuple[float, ...]]:
    """Return the likeliest plate that columns (T, tokens) spell, and the probability of each of its characters.

    A beam over prefixes as in connectionist temporal classification (Graves et al., ICML 2006), which only follows what
    can become a plate (`letters.may_follow`). Nothing, where no plate comes of it.

    >>> columns = np.full((20, len(TOKENS)), 1e-4, np.float32)
    >>> for at, token in enumerate("12가3456"):
    ...     columns[2 * at + 1, TOKENS.index(token)] = 0.9
    >>> columns[::2, 0] = columns[15:, 0] = 0.9
    >>> decoded(columns)[0]
    '12가3456'
    """
    beam: dict[tuple[int, ...], _Prefix] = {(): _Prefix(1.0, 0.0, ())}
    for column in columns:
        likely = [int(n) for n in np.argsort(-column)[:MOST_TOKENS] if column[n] >= LEAST_COLUMN and n]
        following: dict[tuple[int, ...], _Prefix] = {}
        for tokens, one in beam.items():
            _add(following, tokens, one.total * float(column[0]), 0.0, one.chances)
            for token in likely:
                p = float(column[token])
                if tokens and token == tokens[-1]:
                    _add(following, tokens, 0.0, one.inside * p, (*one.chances[:-1], max(one.chances[-1], p)))
                    spread = one.ended * p
                else:
                    spread = one.total * p
                if spread and may_follow([TOKENS[t] for t in tokens], TOKENS[token]):
                    _add(following, (*tokens, token), 0.0, spread, (*one.chances, p))
        beam = dict(sorted(following.items(), key=lambda item: -item[1].total)[:BEAM])
    for tokens, one in sorted(beam.items(), key=lambda item: -item[1].total):
        if is_plate("".join(TOKENS[t] for t in tokens)):
            return spelled(
                [TOKENS[t] for t in tokens], [min(1 - LEAST_CHANCE / 2, max(LEAST_CHANCE, c)) for c in one.chances]
            )
    return "", ()


@dataclass(frozen=True, slots=True)
class _Prefix:
    """A beginning: its probability with and without a gap at its end, and how sure each token is at best."""

    ended: float
    inside: float
    chances: tuple[float, ...]

    @property
    def total(self) -> float:
        return self.ended + self.inside


def _add(
    beam: dict[tuple[int, ...], _Prefix],
    tokens: tuple[int, ...],
    ended: float,
    inside: float,
    chances: tuple[float, ...],
) -> None:
    known = beam.get(tokens)
    if known is not None:
        chances = tuple(max(a, b) for a, b in zip(known.chances, chances, strict=True))
        ended, inside = ended + known.ended, inside + known.inside
    beam[tokens] = _Prefix(ended, inside, chances)


def agreed(reads: Sequence[Read]) -> Read | None:
    """Return one plate out of several reads of one vehicle: most evidence for the length, then character by character.

    A read counts as much as it is sure. Where reads contradict each other, the character's probability falls.

    >>> a, b = Read("12가3456", (0.9,) * 7, ()), Read("12가3956", (0.9,) * 4 + (0.5,) + (0.9,) * 2, ())
    >>> agreed([a, b, a]).chars
    '12가3456'
    """
    if not reads:
        return None
    lengths: dict[int, float] = {}
    for read in reads:
        lengths[len(read.chars)] = lengths.get(len(read.chars), 0.0) + read.sure + 1e-6
    length = max(lengths, key=lambda n: lengths[n])
    same = [r for r in reads if len(r.chars) == length]
    chars, chances = list[str](), list[float]()
    for place in range(length):
        for_each: dict[str, float] = {}
        for read in same:
            for_each[read.chars[place]] = for_each.get(read.chars[place], 0.0) + read.probability[place]
        best = max(for_each, key=lambda c: for_each[c])
        surest = max(r.probability[place] for r in same if r.chars[place] == best)
        chars.append(best)
        chances.append(surest * for_each[best] / sum(for_each.values()))
    surest_read = max(same, key=lambda r: r.sure)
    text = "".join(chars)
    return Read(text, tuple(chances), surest_read.corners) if is_plate(text) else surest_read
