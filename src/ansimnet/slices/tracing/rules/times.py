"""How long a hop takes: for each way of going, the share of hops by the ratio of real to nominal seconds.

The family is a histogram of log((t + SHIFT_S) / (tau + SHIFT_S)), tau the nominal seconds of a path at the usual pace:
no shape is assumed, so signals, stops and hurry are learnt as they come. Its prior is log-normal, worth `PRIOR_HOPS`
hops; every confirmed hop adds one (Dirichlet and multinomial are conjugate: this is Bayes' rule). It is kept apart by
length of the path and by how well the subject's own pace is known, which is itself a shrunken mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from ansimnet.slices.tracing.rules.types import F64

FAMILIES = ("walk", "cycle", "drive", "bus", "metro")
SHIFT_S = 4.0
"""Clocks of two cameras differ and a track ends a little early or late: below this no ratio is meant. ours."""
Y_FROM, Y_STEP, BINS = -1.8, 0.1, 52
LENGTHS_S = (12.0, 30.0, 60.0, 120.0, 300.0)
"""Bounds of the classes of path length in nominal seconds. ours."""
KNOWN = 3
"""Classes of how well a pace is known: no hop yet, up to `FEW` hops, more."""
FEW = 3
PRIOR_HOPS = 25.0
"""What the prior weighs in each class, in hops. ours."""
PRIOR_SD = (0.45, 0.55, 0.65, 0.6, 0.35)
"""Log-normal spread before anything was learnt, per family. Walking: gait varies by about 0.2 (Bohannon 1997), stops
and signals add the rest. ours."""
PACE_PRIOR_HOPS = 2.0
"""The subject's pace is shrunk to the usual one as if so many hops had shown it. ours."""
SPEED_MPS = np.array(
    [
        [1.3, 1.3, 1.3, 1.3],
        [4.2, 4.2, 4.0, 3.5],
        [11.0, 8.5, 7.0, 4.5],
    ]
)
"""Usual speed per kind and street rank. Walking 1.3 m/s (Bohannon 1997), cycling 15 km/h, driving in Seoul 20 to
40 km/h by kind of road. ours where no source is named; what is wrong here is learnt."""
SIGNAL_S = np.array([12.0, 8.0, 12.0])
"""Mean wait where a street with signals is crossed or met, per kind. ours."""
FASTEST = np.array([0.35, 0.35, 0.28, 0.6, 0.8])
"""No hop takes less than this share of its nominal seconds: 3.7 m/s on foot, 43 km/h on a bicycle, 110 km/h in a car
on a city street; a metro keeps its timetable. What would is an impossible pair. ours."""
SLACK_S = 4.0
"""Clock error allowed for before a pair is called impossible."""


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """Counted hops `leave arrive` (5, 6, 3, BINS): until a view is left, and until it is entered, priors included."""

    leave: F64
    arrive: F64

    def cdf(self) -> tuple[F64, F64]:
        """Return both as cumulative shares (5, 6, 3, BINS + 1), ready for `passed`."""
        return _cumulated(self.leave), _cumulated(self.arrive)


def prior() -> Times:
    """Return what is believed before any hop was confirmed."""
    edges = Y_FROM + Y_STEP * np.arange(BINS + 1)
    counts = np.zeros((len(FAMILIES), len(LENGTHS_S) + 1, KNOWN, BINS))
    for family, sd in enumerate(PRIOR_SD):
        for known in range(KNOWN):
            spread = sd * (1.0, 0.9, 0.8)[known]
            mass = np.diff(0.5 * (1 + np.tanh(0.7978845608 * (edges / spread + 0.044715 * (edges / spread) ** 3))))
            counts[family, :, known] = PRIOR_HOPS * (0.97 * mass / mass.sum() + 0.03 / BINS)
    return Times(counts, counts.copy())


Hop = tuple[int, int, int, float, float]
"""A confirmed hop: family, length class, known class, log ratio less his pace, weight."""


def learn(times: Times, leave: list[Hop], arrive: list[Hop]) -> Times:
    """Return the times after confirmed hops, until a view was left and until one was entered."""
    counts = []
    for before, hops in ((times.leave, leave), (times.arrive, arrive)):
        after = before.copy()
        for family, length, known, y, weight in hops:
            after[family, length, known, bin_of(y)] += weight
        counts.append(after)
    return Times(*counts)


def bin_of(y: float) -> int:
    """Return the bin of a log ratio; what lies beyond the ends is counted at them."""
    return int(min(BINS - 1, max(0, (y - Y_FROM) / Y_STEP)))


def log_ratio(t_s: float, tau_s: float) -> float:
    """Return how much longer than nominal a hop took, as a logarithm.

    >>> log_ratio(60.0, 60.0)
    0.0
    """
    return float(np.log(max(0.5, t_s + SHIFT_S) / (tau_s + SHIFT_S)))


def length_class(tau_s: float) -> int:
    """Return the class of a path's nominal seconds."""
    return int(np.searchsorted(LENGTHS_S, tau_s))


def known_class(hops: int) -> int:
    """Return how well a pace is known after so many hops."""
    return 0 if hops == 0 else 1 if hops <= FEW else 2


def to_dict(times: Times) -> dict[str, Any]:
    """Return the counts as plain lists."""
    return {"leave": np.round(times.leave, 3).tolist(), "arrive": np.round(times.arrive, 3).tolist()}


def from_dict(data: dict[str, Any]) -> Times:
    """Read what `to_dict` wrote.

    Raises:
        ValueError: another shape, or a count below zero.
    """
    leave, arrive = np.array(data["leave"], np.float64), np.array(data["arrive"], np.float64)
    want = prior().leave.shape
    if leave.shape != want or arrive.shape != want or min(leave.min(), arrive.min()) < 0:
        raise ValueError("these travel times are not of this version")
    return Times(leave, arrive)


def _cumulated(counts: F64) -> F64:
    share = counts / counts.sum(axis=-1, keepdims=True)
    out = np.zeros((*counts.shape[:-1], BINS + 1))
    np.cumsum(share, axis=-1, out=out[..., 1:])
    out[..., -1] = 1.0
    return out


@njit(cache=True, nogil=True)
def below(cdf, family, known, tau, t, pace):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Share of hops of nominal `tau` that take less than `t` seconds, by a subject of this log pace."""
    least = FASTEST[family] * tau - SLACK_S
    if t <= least or t <= -SHIFT_S:
        return 0.0
    length = 0
    while length < len(LENGTHS_S) and tau > LENGTHS_S[length]:
        length += 1
    if known == 0 or family > 2:
        pace = 0.0
    at = _share(cdf, family, length, known, tau, t, pace)
    if least <= -SHIFT_S:
        return at
    before = _share(cdf, family, length, known, tau, least, pace)
    if before >= 1.0:
        return 1.0
    return (at - before) / (1.0 - before)


@njit(cache=True, nogil=True)
def _share(cdf, family, length, known, tau, t, pace):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    y = np.log((t + SHIFT_S) / (tau + SHIFT_S)) - pace
    place = (y - Y_FROM) / Y_STEP
    if place <= 0.0:
        return 0.0
    if place >= BINS:
        return 1.0
    i = int(place)
    row = cdf[family, length, known]
    return row[i] + (place - i) * (row[i + 1] - row[i])
