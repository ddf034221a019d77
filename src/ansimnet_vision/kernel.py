"""A small classifier that is trained in closed form and runs on numpy: kernel ridge regression with a Gaussian kernel.

For a few hundred examples it does what a support vector machine does, without a solver, a seed or a dependency
(Saunders, Gammerman and Vovk, 1998). Its output is turned into a log-likelihood ratio by a logistic fit (Platt, 1999)
on examples it did not learn from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

F = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Kernel:
    """What was learned. `examples` (N, D), standardised; `weights` (N,); `slope`, `shift`: margin to log odds."""

    mean: F
    deviation: F
    examples: F
    weights: F
    gamma: float
    bias: float
    slope: float
    shift: float
    prior: float

    def margins(self, rows: F) -> F:
        """Return (N,) positive where rows (N, D) look like the event."""
        near = _kernel((rows - self.mean) / self.deviation, self.examples, self.gamma)
        return np.asarray(near @ self.weights + self.bias)

    def log_ratios(self, rows: F) -> F:
        """Return (N,) ln p(row | event) - ln p(row | none)."""
        return np.asarray(self.slope * self.margins(rows) + self.shift - self.prior)

    def save(self, file: Path) -> None:
        """Write it; examples as half floats, which changes margins by less than 0.001."""
        names = [n for n in self.__slots__ if n not in ("examples",)]
        told = {name: np.asarray(getattr(self, name), np.float32) for name in names}
        with file.open("wb") as out:
            np.savez_compressed(out, allow_pickle=False, examples=self.examples.astype(np.float16), **told)

    @staticmethod
    def load(file: Path) -> Kernel:
        """Read it.

        Raises:
            OSError: there is no such file.
            ValueError: it is something else.
        """
        with np.load(file, allow_pickle=False) as told:
            mean, deviation, examples, weights = (
                told[n].astype(np.float64) for n in ("mean", "deviation", "examples", "weights")
            )
            gamma, bias, slope, shift, prior = (float(told[n]) for n in ("gamma", "bias", "slope", "shift", "prior"))
            return Kernel(mean, deviation, examples, weights, gamma, bias, slope, shift, prior)


@lru_cache(maxsize=4)
def loaded(file: Path) -> Kernel:
    """Return what a file holds, once a process for all cameras.

    Raises:
        OSError: there is no such file.
        ValueError: it is something else.
    """
    return Kernel.load(file)


def fit(rows: F, truth: NDArray[np.int64], groups: NDArray[np.int64], gamma: float, ridge: float) -> Kernel:
    """Learn from rows (N, D) with truth (N,) of 0 and 1; rows of one group are never on both sides of a fold."""
    outside = crossed(rows, truth, groups, gamma, ridge)
    slope, shift = platt(outside, truth)
    model = _solved(rows, truth, gamma, ridge)
    prior = math.log(truth.mean() / (1 - truth.mean()))
    return Kernel(*model, slope=slope, shift=shift, prior=prior)


def crossed(rows: F, truth: NDArray[np.int64], groups: NDArray[np.int64], gamma: float, ridge: float) -> F:
    """Return the margin of every row by a model that saw none of its group (six folds)."""
    folds = {g: i % 6 for i, g in enumerate(sorted(set(groups.tolist())))}
    fold = np.array([folds[g] for g in groups.tolist()])
    out = np.zeros(len(rows))
    for k in range(6):
        here, rest = fold == k, fold != k
        mean, deviation, examples, weights, _, bias = _solved(rows[rest], truth[rest], gamma, ridge)
        out[here] = _kernel((rows[here] - mean) / deviation, examples, gamma) @ weights + bias
    return out


def platt(margins: F, truth: NDArray[np.int64]) -> tuple[float, float]:
    """Return slope and shift of the log odds, by Newton's method; a little pull towards slope 1."""
    a, b = 1.0, 0.0
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(a * margins + b, -30, 30)))
        error, spread = truth - p, np.maximum(1e-6, p * (1 - p))
        gradient = np.array([(error * margins).sum() - 0.01 * (a - 1), error.sum()])
        curve = np.array(
            [[(spread * margins**2).sum() + 0.01, (spread * margins).sum()], [(spread * margins).sum(), spread.sum()]]
        )
        step = np.linalg.solve(curve, gradient)
        a, b = a + float(step[0]), b + float(step[1])
        if np.abs(step).max() < 1e-6:
            break
    return a, b


def _solved(rows: F, truth: NDArray[np.int64], gamma: float, ridge: float) -> tuple[F, F, F, F, float, float]:
    mean, deviation = rows.mean(0), rows.std(0) + 1e-6
    # Rounded as they are stored, so that what was measured is what runs.
    examples = ((rows - mean) / deviation).astype(np.float16).astype(np.float64)
    sign = 2.0 * truth - 1
    bias = float(sign.mean())
    near = _kernel(examples, examples, gamma) + ridge * np.eye(len(rows))
    return mean, deviation, examples, np.linalg.solve(near, sign - bias), gamma, bias


def _kernel(a: F, b: F, gamma: float) -> F:
    away = (a**2).sum(1)[:, None] + (b**2).sum(1)[None, :] - 2 * a @ b.T
    return np.asarray(np.exp(-gamma * np.maximum(0, away) / a.shape[1]))
