"""Learns what fire looks like from stills and a film with boxes, two thirds of them.

    python -m ansimnet_vision.training.fire --data FOLDER --models FOLDER

`FOLDER/fire_images/train/fire` and `nofire` hold stills. Where those come from cannot be told, so what is learned from
them stays on this machine as well.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.behaviours.flames import numbers
from ansimnet_vision.clips import still
from ansimnet_vision.kernel import Kernel, crossed, fit
from ansimnet_vision.training.rows import held_out, manifest, save_manifest, scores

GAMMA, RIDGE = 0.2, 0.3
"""Chosen among 0.1 to 1 and 0.03 to 1 by six folds, on the two thirds."""


def learned(rows: Sequence[NDArray[np.float32]], truth: Sequence[int]) -> Kernel:
    """Return what is learned from stills: the row of each and its truth (0 or 1)."""
    return fit(np.array(rows, np.float64), np.array(truth), np.arange(len(rows)), GAMMA, RIDGE)


def stills(data: Path) -> list[tuple[Path, int]]:
    """Return the stills of a folder with their truth."""
    return [
        (file, label)
        for label, name in ((0, "nofire"), (1, "fire"))
        for file in sorted((data / "fire_images" / "train" / name).glob("*"))
        if file.suffix in (".png", ".jpg", ".jpeg")
    ]


def main() -> None:
    """Learn, and write weights and manifest."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--models", type=Path, required=True, help="where the weights go")
    options.add_argument("--seed", type=int, default=0, help="kept in the manifest; nothing here is random")
    chosen = options.parse_args()
    found = [(file, label) for file, label in stills(chosen.data) if not held_out(file.name)]
    if len({label for _, label in found}) < 2:
        sys.exit(f"{chosen.data}/fire_images/train holds no stills of both kinds")
    rows, truth = [numbers(still(file)) for file, _ in found], [label for _, label in found]
    model = learned(rows, truth)
    outside = crossed(np.array(rows, np.float64), np.array(truth), np.arange(len(rows)), GAMMA, RIDGE)
    place = chosen.models / "fire.npz"
    model.save(place)
    told = {
        "gamma": GAMMA,
        "ridge": RIDGE,
        "input": "numbers of colours and textures of a picture 320 across",
        "scores": scores("stills by six folds", outside, truth),
    }
    save_manifest(place, manifest(found, chosen.seed, told))
    print(f"{place}: from {len(found)} stills", file=sys.stderr)


if __name__ == "__main__":
    main()
