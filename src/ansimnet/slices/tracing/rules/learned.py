"""What tracing has learned in a city: travel times, looks, how busy cameras are, how sure a probability is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ansimnet.slices.tracing.rules import times as travel
from ansimnet.slices.tracing.rules.scoring import Looks, looks_prior
from ansimnet.slices.tracing.rules.times import Times
from ansimnet.slices.tracing.rules.types import F64

PASSERS_S = (0.05, 0.05, 0.025, 0.012)
"""Tracks a second at a camera on a street of each rank, before its own were counted. ours."""
PASSERS_WEIGHT_S = 300.0
"""That prior counts as so many seconds of looking. ours."""


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """A value: `cdf_leave cdf_arrive` follow from `times`; `sharpness` scales log odds to calibrated ones;
    `window` between which shares of the arrivals expected nine in ten really came, per kind."""

    times: Times
    looks: Looks
    sharpness: float = 1.0
    passers_s: tuple[float, float, float, float] = PASSERS_S
    window: tuple[tuple[float, float], ...] = ((0.05, 0.95),) * 3
    cdf_leave: F64 = field(init=False)
    cdf_arrive: F64 = field(init=False)

    def __post_init__(self) -> None:
        leave, arrive = self.times.cdf()
        object.__setattr__(self, "cdf_leave", leave)
        object.__setattr__(self, "cdf_arrive", arrive)


def prior() -> Learned:
    """Return what is believed in a city where nothing was confirmed yet."""
    return Learned(travel.prior(), looks_prior())


def with_sharpness(learned: Learned, probability: F64, was_him: F64) -> Learned:
    """Return the learned state whose probabilities fit what people judged: one factor on the log odds (Platt 1999).

    `probability` (n,) as given, `was_him` (n,) 1.0 where a person said *him*. Too few of either: nothing changes.
    """
    if min(was_him.sum(), (1 - was_him).sum()) < 20:
        return learned
    odds = np.log(np.clip(probability, 1e-4, 1 - 1e-4) / (1 - np.clip(probability, 1e-4, 1 - 1e-4)))
    factors = np.linspace(0.2, 2.0, 91)
    loss = [float(np.mean(np.logaddexp(0.0, np.where(was_him > 0.5, -1, 1) * f * odds))) for f in factors]
    return replace(learned, sharpness=learned.sharpness * float(factors[int(np.argmin(loss))]))


def to_dict(learned: Learned) -> dict[str, Any]:
    """Return it as plain lists and numbers."""
    looks = learned.looks
    return {
        "times": travel.to_dict(learned.times),
        "looks": {name: getattr(looks, name).tolist() for name in ("same_mean", "same_sd", "other_mean", "other_sd")},
        "sharpness": learned.sharpness,
        "passers_s": list(learned.passers_s),
        "window": [list(w) for w in learned.window],
    }


def from_dict(data: dict[str, Any]) -> Learned:
    """Read what `to_dict` wrote.

    Raises:
        ValueError: it is not of this version.
    """
    looks = Looks(**{name: np.array(values, np.float64) for name, values in data["looks"].items()})
    a, b, c, d = (float(v) for v in data["passers_s"])
    sharpness = float(data["sharpness"])
    window = tuple((float(low), float(high)) for low, high in data["window"])
    return Learned(travel.from_dict(data["times"]), looks, sharpness, (a, b, c, d), window)
