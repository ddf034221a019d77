"""Learns what fire looks like from stills, two thirds of them.

    python -m ansimnet_vision.training.fire --data FOLDER --models FOLDER

`FOLDER/fire_images/train/fire` and `nofire` hold stills; the folder of models holds `mobilenetv2` (`ansimnet models
install`). Where the stills come from cannot be told, so what is learned from them stays on this machine as well.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.appearance import MODEL
from ansimnet_vision.behaviours.fire import FILE, LEAST_SHARE, numbers
from ansimnet_vision.behaviours.flames import flames, part_of
from ansimnet_vision.clips import still
from ansimnet_vision.kernel import Kernel, crossed, fit
from ansimnet_vision.registry import usable
from ansimnet_vision.training.rows import held_out, manifest, save_manifest, scores

GAMMA, RIDGE = 0.2, 0.1
"""Of 0.05 to 0.4 and 0.03 to 1 by six folds, on the two thirds: whole stills give F1 0.956 to 0.972 everywhere."""


Rows = Sequence[Sequence[NDArray[np.float32]]]


def looks(rgb: NDArray[np.uint8], network: Path) -> list[NDArray[np.float32]]:
    """Return the rows of a still: the whole of it and, where it has colours of flames, the part around them."""
    hot = flames(rgb)
    parts = [part_of(rgb, hot)] if hot.mean() >= LEAST_SHARE else []
    return [numbers(picture, network) for picture in (rgb, *parts)]


def learned(rows: Rows, truth: Sequence[int]) -> Kernel:
    """Return what is learned from stills: the rows of each and its truth (0 or 1)."""
    return fit(*_stacked(rows, truth), GAMMA, RIDGE)


def outside(rows: Rows, truth: Sequence[int]) -> NDArray[np.float64]:
    """Return the margin of each still, by its flames where it has some, by models that did not see it (six folds)."""
    margins = crossed(*_stacked(rows, truth), GAMMA, RIDGE)
    return np.asarray(margins[np.cumsum([len(still) for still in rows]) - 1])


def _stacked(rows: Rows, truth: Sequence[int]) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    many = [len(still) for still in rows]
    stacked = np.array([row for still in rows for row in still], np.float64)
    return stacked, np.repeat(np.array(truth), many), np.repeat(np.arange(len(rows)), many)


def stills(data: Path) -> list[tuple[Path, int]]:
    """Return the stills of a folder with their truth."""
    return [
        (file, label)
        for label, name in ((0, "nofire"), (1, "fire"))
        for file in sorted((data / "fire_images" / "train" / name).glob("*"))
        if file.suffix in (".png", ".jpg", ".jpeg")
    ]


def teach(data: Path, models: Path, to: Path, seed: int = 0) -> int:
    """Learn from the stills of a folder that are not held back, write weights and manifest; return how many there were.

    Raises:
        ValueError: there are no stills of both kinds, or the features of pictures are not installed.
    """
    found = [(file, label) for file, label in stills(data) if not held_out(file.name)]
    if len({label for _, label in found}) < 2:
        raise ValueError(f"{data}/fire_images/train holds no stills of both kinds")
    network = usable(models).get(MODEL)
    if network is None:
        raise ValueError(f"{models} holds no {MODEL}: `ansimnet models install`")
    rows, truth = [looks(still(file), network) for file, _ in found], [label for _, label in found]
    learned(rows, truth).save(to / FILE)
    told = {
        "gamma": GAMMA,
        "ridge": RIDGE,
        "input": f"the part around flames of a picture 320 across, as {MODEL} sees it",
        "scores": scores("stills by six folds", outside(rows, truth), truth),
    }
    save_manifest(to / FILE, manifest(found, seed, told))
    return len(found)


def main() -> None:
    """Learn, and write weights and manifest."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--models", type=Path, required=True, help="where the features lie and the weights go")
    options.add_argument("--seed", type=int, default=0, help="kept in the manifest; nothing here is random")
    chosen = options.parse_args()
    try:
        many = teach(chosen.data, chosen.models, chosen.models, chosen.seed)
    except ValueError as error:
        sys.exit(str(error))
    print(f"{chosen.models / FILE}: from {many} stills", file=sys.stderr)


if __name__ == "__main__":
    main()
