"""A second look at one person or vehicle, close up: what kind of vehicle, what somebody carries or rides.

The detector that watches a street knows eighty classes (COCO); in a whole picture a rucksack has twenty pixels, in a
crop of its bearer a hundred. One look a note.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.detectors import PersonDetector, Rgb, boxes_of, merged, resized, session

CARRIED = {24: "backpack", 25: "umbrella", 26: "bag", 28: "suitcase", 67: "phone", 16: "dog"}
"""COCO's class: the grammar's word for what somebody has with him. Not told: what NanoDet sees in litter (balls, kites,
bottles)."""
RIDDEN = {1: "bicycle", 3: "motorcycle"}
VEHICLES = {1: "bicycle", 2: "car", 3: "motorcycle", 5: "bus", 7: "truck"}
LEAST = {**dict.fromkeys(CARRIED, 0.4), **dict.fromkeys(VEHICLES, 0.3), 67: 0.55, 16: 0.5, 0: 0.3}
"""Least scores. Ours: what is worn wrongly costs a witness more than what is not told."""
SIDE = PersonDetector.SIDE


@dataclass(frozen=True, slots=True)
class Close:
    """What a crop holds. `carried`: words with scores; `rides`: what its person sits on; `vehicle`: its main one."""

    carried: tuple[tuple[str, float], ...] = ()
    rides: str | None = None
    vehicle: str | None = None


NOTHING = Close()


class Closer:
    """NanoDet on a crop, all classes that matter here."""

    def __init__(self, weights: Path, provider: str = "cpu") -> None:
        self._session = session(weights, provider)
        self._input = self._session.get_inputs()[0].name

    def __call__(self, crop: Rgb) -> Close:
        """Return what a crop (H, W, 3) of one track holds, a fifth of room around it."""
        shrink = SIDE / max(crop.shape[:2])
        small = resized(crop, max(2, round(crop.shape[1] * shrink)), max(2, round(crop.shape[0] * shrink)))
        canvas = np.zeros((SIDE, SIDE, 3), np.uint8)
        canvas[: small.shape[0], : small.shape[1]] = small[..., ::-1]
        outputs = self._session.run(None, {self._input: PersonDetector.tensor(canvas)})
        found = boxes_of(outputs, SIDE, {n: n for n in LEAST}, min(LEAST.values()))
        found = found[[row[4] >= LEAST[int(row[5])] for row in found]] if len(found) else found
        return understood(merged(found, 0.5), (small.shape[0], small.shape[1]))


def understood(found: NDArray[np.float64], shape: tuple[int, int]) -> Close:
    """Return what boxes (N, 6: pixels, score, COCO's class) in a crop of one track mean.

    Things belong to whom the crop shows if they touch his box; what he sits on, if it lies under his middle.
    """
    vehicles = [row for row in found if int(row[5]) in VEHICLES]
    main = max(vehicles, key=_area, default=None)
    people = [row for row in found if int(row[5]) == 0]
    middle = np.array([shape[1] / 2, shape[0] / 2])
    person = min(people, key=lambda r: float(np.abs((r[:2] + r[2:4]) / 2 - middle).sum()), default=None)
    box = np.array([0.15 * shape[1], 0.1 * shape[0], 0.85 * shape[1], 0.95 * shape[0]]) if person is None else person
    carried: dict[str, float] = {}
    for row in found:
        word = CARRIED.get(int(row[5]))
        if word is not None and _touches(row, box) and _area(row) < 0.6 * _area(box):
            carried[word] = max(carried.get(word, 0.0), round(float(row[4]), 3))
    rides = next((RIDDEN[int(v[5])] for v in vehicles if int(v[5]) in RIDDEN and _under(v, box)), None)
    return Close(tuple(sorted(carried.items())), rides, None if main is None else VEHICLES[int(main[5])])


def _area(row: NDArray[np.float64]) -> float:
    return float((row[2] - row[0]) * (row[3] - row[1]))


def _touches(row: NDArray[np.float64], box: NDArray[np.float64]) -> bool:
    x, y = (row[0] + row[2]) / 2, (row[1] + row[3]) / 2
    room = 0.25 * (box[2] - box[0])
    return bool(box[0] - room <= x <= box[2] + room and box[1] <= y <= box[3] + 0.1 * (box[3] - box[1]))


def _under(vehicle: NDArray[np.float64], box: NDArray[np.float64]) -> bool:
    x, low = (box[0] + box[2]) / 2, box[1] + 0.6 * (box[3] - box[1])
    return bool(vehicle[0] <= x <= vehicle[2] and vehicle[1] < box[3] and vehicle[3] > low)
