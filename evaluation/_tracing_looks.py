"""Retrieval by looks alone: tracklets of one street camera (PETS 2009), each six pictures of somebody.

A query is one picture; the gallery its own tracklet's other pictures and those of tracklets that are certainly of
others, because both were in view at once. One camera and one afternoon: easier than from camera to camera.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import av
import numpy as np
from evaluation._behaviours_ask import installed

from ansimnet_vision.detectors import Rgb
from ansimnet_vision.registry import State, cards, state_of
from ansimnet_vision.sightings.looks import Looks, looks_of

RESAMPLES = 1000


def run(data: Path, rng: np.random.Generator) -> dict[str, Any]:
    """Measure the looks that this machine's workers write, and the stripes of colour beside them."""
    folder = data / "reid" / "pets09_tracklets"
    models, card = installed(data), cards()["mobilenetv2"]
    ready = models is not None and state_of(card, models) is State.READY
    best = looks_of(models / card.file if models and ready else None)
    found = {"looks": best.name, **_retrieved(folder, best, rng)}
    if ready:
        found["stripes"] = _retrieved(folder, looks_of(None), rng)
    return found


def _retrieved(folder: Path, looks: Looks, rng: np.random.Generator) -> dict[str, Any]:
    with (folder / "crops.csv").open(encoding="utf-8") as file:
        rows = [(r["file"], int(r["tracklet"])) for r in csv.DictReader(file)]
    with (folder / "certain_negatives.csv").open(encoding="utf-8") as file:
        apart = {(int(r["tracklet_a"]), int(r["tracklet_b"])) for r in csv.DictReader(file)}
    of = np.array([t for _, t in rows])
    vectors = np.stack([looks(_picture(folder / f)) for f, _ in rows])
    scores = vectors @ vectors.T
    precision: dict[int, list[float]] = {}
    first: dict[int, list[float]] = {}
    for q, t in enumerate(of.tolist()):
        others = np.array([(t, o) in apart or (o, t) in apart for o in of.tolist()])
        gallery = np.flatnonzero(others | ((of == t) & (np.arange(len(of)) != q)))
        if not others.any():
            continue
        right = (of[gallery] == t)[np.argsort(-scores[q, gallery], kind="stable")]
        hits = np.flatnonzero(right)
        precision.setdefault(t, []).append(float(np.mean((np.arange(len(hits)) + 1) / (hits + 1))))
        first.setdefault(t, []).append(float(right[0]))
    found: dict[str, Any] = {"tracklets": len(precision), "queries": sum(len(v) for v in first.values())}
    for name, by_tracklet in (("map", precision), ("rank1", first)):
        found[name] = float(np.mean([v for values in by_tracklet.values() for v in values]))
        found[f"{name}_interval"] = _interval(list(by_tracklet.values()), rng)
    return found


def _picture(file: Path) -> Rgb:
    with av.open(str(file)) as container:
        return np.asarray(next(container.decode(video=0)).to_ndarray(format="rgb24"), np.uint8)


def _interval(groups: list[list[float]], rng: np.random.Generator) -> list[float]:
    """Return the 95 % interval of a mean, whole tracklets drawn again (bootstrap)."""
    total, size = np.array([sum(g) for g in groups]), np.array([len(g) for g in groups])
    draws = rng.integers(0, len(groups), (RESAMPLES, len(groups)))
    means = total[draws].sum(axis=1) / size[draws].sum(axis=1)
    return [float(v) for v in np.percentile(means, [2.5, 97.5])]
