"""Learns how little way somebody makes who loiters, from labelled trajectories, two thirds of them.

    python -m ansimnet_vision.training.loitering --data FOLDER

Prints the three numbers of `behaviours.loitering`. `FOLDER/tracking/loitering_ltd` holds `*trajectories.csv.gz` (id,
step, x, y) and `*labels.csv` (id, loitering): people in a harbour, one point a second, labelled by their discoverers
(J. Nunez, MIT licence), so that what is learned from them may be passed on.
"""

from __future__ import annotations

import argparse
import csv
import gzip
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.behaviours.loitering import WINDOW_S
from ansimnet_vision.behaviours.trails import BODY_M
from ansimnet_vision.training.rows import held_out

F = NDArray[np.float64]
WIDTH, HEIGHT = 384, 288
"""Of the harbour camera's picture."""


def trajectories(data: Path) -> dict[str, F]:
    """Return the points (N, 3: second, x, y in pixels) of each trajectory of a folder."""
    file = next(iter(sorted((data / "tracking" / "loitering_ltd").glob("*trajectories.csv.gz"))), None)
    if file is None:
        return {}
    points: dict[str, list[tuple[float, float, float]]] = {}
    with gzip.open(file, "rt", encoding="utf-8") as told:
        for line in csv.DictReader(told):
            points.setdefault(line["id"], []).append((float(line["step"]), float(line["x"]), float(line["y"])))
    return {name: np.array(sorted(p)) for name, p in points.items()}


def labels(data: Path) -> dict[str, int]:
    """Return which trajectories loiter (1) and which do not (0)."""
    file = next(iter(sorted((data / "tracking" / "loitering_ltd").glob("*labels.csv"))), None)
    if file is None:
        return {}
    with file.open(encoding="utf-8") as told:
        return {line["id"]: int(line["loitering"]) for line in csv.DictReader(told)}


def tall_at(y: F) -> F:
    """Return how tall a person is in the harbour camera (pixels) whose feet are at `y`.

    From how fast people cross it, as if all walked 1.34 m/s: the median step of the unlabelled trajectories by rows.
    """
    return np.maximum(3.0, 0.138 * (y - 82.0))


def prefixes(points: F) -> F:
    """Return (N, 3) of a trajectory after each of its points: 1, ln(1 + seconds), ln(1 + metres made good)."""
    metres = points[:, 1:] * BODY_M / float(np.median(tall_at(points[:, 2])))
    window = round(WINDOW_S)
    then = np.maximum(0, np.arange(len(points)) - window)
    made = np.hypot(*(metres - metres[then]).T)
    return np.column_stack([np.ones(len(points)), np.log(1 + points[:, 0] - points[then, 0]), np.log(1 + made)])


def fitted(rows: F, truth: F, weights: F) -> F:
    """Return the coefficients of a logistic regression by Newton's method, with a pull of a hundredth towards 0."""
    found = np.zeros(rows.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-rows @ found))
        gradient = rows.T @ (weights * (truth - chance)) - 0.01 * found
        curve = (rows * (weights * chance * (1 - chance))[:, None]).T @ rows + 0.01 * np.eye(len(found))
        step = np.linalg.solve(curve, gradient)
        found = found + step
        if np.abs(step).max() < 1e-9:
            break
    return found


def main() -> None:
    """Learn, and print."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--data", type=Path, required=True)
    chosen = options.parse_args()
    points = trajectories(chosen.data)
    told = {name: label for name, label in labels(chosen.data).items() if name in points and not held_out(name)}
    rows = [prefixes(points[name]) for name in told]
    many = [len(r) for r in rows]
    truth = np.repeat(np.array(list(told.values()), np.float64), many)
    found = fitted(np.concatenate(rows), truth, np.repeat(1 / np.array(many), many))
    share = float(np.mean(list(told.values())))
    found[0] -= np.log(share / (1 - share))  # odds of the trajectory, not of the harbour
    print(f"from {len(told)} trajectories: LINGERS, LONGER, FARTHER =", ", ".join(f"{v:.3f}" for v in found))


if __name__ == "__main__":
    main()
