"""The workers' tracker on MOT17's ground truth: true boxes, a tenth left out, moved by 4 % of their size.

No pictures are needed, so it says how tracks are joined and nothing of how people are found. Pictures are taken five a
second, as workers look. Identity F1 is computed here, and by motmetrics beside it where that is installed.
"""

from __future__ import annotations

import configparser
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
from evaluation._tracing_identity import idf1
from numpy.typing import NDArray

from ansimnet_vision.detectors import overlap
from ansimnet_vision.tracking import Tracker
from ansimnet_vision.types import PERSON

F64 = NDArray[np.float64]
LEFT_OUT, MOVED = 0.1, 0.04
LOOKS_S = 5.0
MATCHES = 0.5
"""Least overlap of a box with the true one (MOT challenge)."""
WALKER = 1
"""Class of the ground truth that is judged."""


def run(data: Path, rng: np.random.Generator) -> dict[str, Any]:
    """Measure each sequence that there is."""
    sequences = {}
    for file in sorted((data / "tracking" / "MOT17_gt").glob("*_gt.txt")):
        info = configparser.ConfigParser()
        info.read(file.with_name(file.name.replace("_gt.txt", "_seqinfo.ini")))
        sequences[file.name.removesuffix("_gt.txt")] = _sequence(file, float(info["Sequence"]["frameRate"]), rng)
    mean = float(np.mean([s["idf1"] for s in sequences.values()])) if sequences else None
    return {"idf1": mean, "sequences": sequences, "looks_a_second": LOOKS_S}


def _sequence(file: Path, rate: float, rng: np.random.Generator) -> dict[str, Any]:
    rows = np.loadtxt(file, delimiter=",")
    rows = rows[(rows[:, 6] == 1) & (rows[:, 7] == WALKER)]
    every = max(1, round(rate / LOOKS_S))
    rows = rows[rows[:, 0] % every == 0]
    tracker = Tracker()
    pictures = []
    for frame in np.unique(rows[:, 0]):
        true = rows[rows[:, 0] == frame]
        boxes = np.column_stack([true[:, 2:4], true[:, 2:4] + true[:, 4:6]])
        seen = rng.random(len(boxes)) >= LEFT_OUT
        given = boxes[seen] + rng.normal(0, MOVED, (int(seen.sum()), 4)) * np.tile(true[seen, 4:6], 2)
        found = np.column_stack([given, np.full(len(given), 0.9), np.full(len(given), PERSON)])
        numbers = tracker.step(found, float(frame) / rate)
        tracks = np.array([-1 if n is None else n for n in numbers], np.int64)
        pictures.append((true[:, 1].astype(np.int64), boxes, tracks, given))
    people = {int(p): i for i, p in enumerate(np.unique(rows[:, 1]))}
    known = sorted({int(t) for _, _, tracks, _ in pictures for t in tracks if t >= 0})
    column = {t: i for i, t in enumerate(known)}
    shared = np.zeros((len(people), len(known)))
    for ids, boxes, tracks, given in pictures:
        near = overlap(boxes, given) >= MATCHES
        for i, j in zip(*np.nonzero(near), strict=True):
            if tracks[j] >= 0:
                shared[people[int(ids[i])], column[int(tracks[j])]] += 1
    written = sum(int((tracks >= 0).sum()) for _, _, tracks, _ in pictures)
    return {
        "idf1": idf1(shared, len(rows), written),
        "people": len(people),
        "tracks": len(known),
        "motmetrics": _motmetrics(pictures),
    }


def _motmetrics(pictures: list[tuple[NDArray[np.int64], F64, NDArray[np.int64], F64]]) -> dict[str, float] | None:
    """Return the scores of motmetrics, None where it is not installed."""
    if importlib.util.find_spec("motmetrics") is None:
        return None
    import motmetrics  # type: ignore[import-not-found,import-untyped,unused-ignore]

    seen = motmetrics.MOTAccumulator(auto_id=True)
    for ids, boxes, tracks, given in pictures:
        kept = tracks >= 0
        far = 1.0 - overlap(boxes, given[kept])
        seen.update(ids, tracks[kept], np.where(far <= 1 - MATCHES, far, np.nan))
    names = ["idf1", "mota", "num_switches", "num_fragmentations"]
    row = motmetrics.metrics.create().compute(seen, metrics=names, name="it").loc["it"]
    return {name: float(row[name]) for name in names}
