"""What classifiers learn from: rows of numbers of real clips, whose hashes the manifest keeps.

Every third file by the hash of its name is never learned from (`held_out`): it stays for who measures.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.behaviours.turmoil import Turmoil, row
from ansimnet_vision.behaviours.violence import LEAST_LOOKS, STEP_S, WINDOW_S
from ansimnet_vision.protocol import wilson
from ansimnet_vision.types import Scene

ALIKE = 0.85
"""Correlation of the first pictures above which two clips are of one scene: cut from one film, they may not be on both
sides of a fold. Chosen by eye on the surveillance set."""


def held_out(name: str) -> bool:
    """Return whether a file is kept back from training and tuning: a third, by the hash of its name."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % 3 == 0


def windows(scenes: Sequence[Scene]) -> list[NDArray[np.float32]]:
    """Return the row of every window of `WINDOW_S` of a clip, as the behaviour computes them while it runs."""
    if not scenes:
        return []
    tall, wide = scenes[0].luma.shape
    turmoil = Turmoil(wide / tall)
    looks = [(s.at_s, look) for s in scenes if (look := turmoil.look(s)) is not None]
    out, judged_s = [], -STEP_S
    for i, (at_s, _) in enumerate(looks):
        window = [look for then_s, look in looks[: i + 1] if at_s - then_s <= WINDOW_S]
        if len(window) >= LEAST_LOOKS and at_s - judged_s >= STEP_S:
            judged_s = at_s
            out.append(row(window))
    return out


def scene_groups(thumbs: Sequence[NDArray[np.float64]]) -> NDArray[np.int64]:
    """Return a number for each clip, the same for clips of one scene. `thumbs`: first pictures, small and grey."""
    flat = [np.resize(t, (15, 20)).ravel() if t.shape != (15, 20) else t.ravel() for t in thumbs]
    z = np.array([(f - f.mean()) / (f.std() + 1e-6) for f in flat])
    alike = z @ z.T / z.shape[1] > ALIKE
    groups = np.arange(len(flat))
    for i in range(len(flat)):
        for j in np.flatnonzero(alike[i, :i]):
            groups[groups == groups[i]] = groups[j]
    return groups


def manifest(files: Iterable[tuple[Path, int]], seed: int, told: dict[str, Any]) -> dict[str, Any]:
    """Return what was learned from: the hash and label of every file, the seed, and what else the trainer says."""
    learned = [
        {"sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "label": label} for file, label in sorted(files)
    ]
    return {"held_out": "sha256(name) % 3 == 0", "seed": seed, "files": learned, **told}


def scores(of: str, margins: NDArray[np.float64], truth: Sequence[int]) -> list[dict[str, Any]]:
    """Return what a manifest says of how often weights were right about what they had not seen."""
    right = int(((margins > 0) == (np.array(truth) == 1)).sum())
    return [
        {"of": of, "accuracy": round(right / len(truth), 4), "n": len(truth), "interval": wilson(right, len(truth))}
    ]


def save_manifest(file: Path, told: dict[str, Any]) -> None:
    """Write a manifest beside the weights."""
    file.with_suffix(".manifest.json").write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", encoding="utf-8")
