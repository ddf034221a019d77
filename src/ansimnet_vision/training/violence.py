"""Learns what violence looks like from a folder of clips, two thirds of them. The weights stay on this machine.

    python -m ansimnet_vision.training.violence --data FOLDER --models FOLDER

`FOLDER/video/fight` and `FOLDER/video/nofight` hold clips of some seconds. The surveillance set (Akti et al. 2019) is
cut from films of others: neither it nor what is learned from it may be passed on, so nothing of it is in this package.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.clips import Eyes, scenes
from ansimnet_vision.kernel import Kernel, crossed, fit
from ansimnet_vision.training.rows import held_out, manifest, save_manifest, scene_groups, scores, windows

GAMMA, RIDGE = 0.3, 0.3
"""Chosen among 0.2 to 1 and 0.1 to 1 by six folds over scenes, on the two thirds."""


Rows = Sequence[Sequence[NDArray[np.float32]]]


def learned(rows: Rows, truth: Sequence[int], groups: NDArray[np.int64]) -> Kernel:
    """Return what is learned from clips: the rows of each, its truth (0 or 1) and its scene."""
    return fit(*_windows(rows, truth, groups), GAMMA, RIDGE)


def outside(rows: Rows, truth: Sequence[int], groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the mean margin of each clip by models that saw none of its scene (six folds)."""
    margins = crossed(*_windows(rows, truth, groups), GAMMA, RIDGE)
    ends = np.cumsum([len(clip) for clip in rows])
    return np.array([margins[end - len(clip) : end].mean() for end, clip in zip(ends, rows, strict=True)])


def _windows(
    rows: Rows, truth: Sequence[int], groups: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    counts = [len(clip) for clip in rows]
    stacked = np.array([r for clip in rows for r in clip], np.float64)
    return stacked, np.repeat(np.array(truth), counts), np.repeat(groups, counts)


def main() -> None:
    """Learn, and write weights and manifest."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--models", type=Path, required=True, help="folder of the weights; the new ones go there too")
    options.add_argument("--seed", type=int, default=0, help="kept in the manifest; nothing here is random")
    chosen = options.parse_args()
    eyes = Eyes(chosen.models)
    found: list[tuple[Path, int]] = []
    rows, thumbs = [], []
    for label, name in ((0, "nofight"), (1, "fight")):
        for file in sorted((chosen.data / "video" / name).glob("*.mp4")):
            if held_out(file.name):
                continue
            seen = list(scenes(file, eyes))
            if made := windows(seen):
                found.append((file, label))
                rows.append(made)
                thumbs.append(seen[0].luma[::8, ::8].astype(np.float64))
                print(f"\r{len(rows)} clips", end="", file=sys.stderr, flush=True)
    if len({label for _, label in found}) < 2:
        sys.exit(f"{chosen.data}/video holds no clips of both kinds")
    truth, groups = [label for _, label in found], scene_groups(thumbs)
    model = learned(rows, truth, groups)
    place = chosen.models / "violence.npz"
    model.save(place)
    told = {
        "gamma": GAMMA,
        "ridge": RIDGE,
        "rows": len(model.weights),
        "input": "motion of two seconds around people",
        "scores": scores("clips by six folds over scenes", outside(rows, truth, groups), truth),
    }
    save_manifest(place, manifest(found, chosen.seed, told))
    print(f"\n{place}: from {len(found)} clips", file=sys.stderr)


if __name__ == "__main__":
    main()
