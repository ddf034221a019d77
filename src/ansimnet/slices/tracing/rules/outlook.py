"""What a weighted set of hypotheses expects: next cameras with windows, cameras worth opening, heat on the streets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ansimnet.slices.tracing.rules.belief import Hypothesis, leaving
from ansimnet.slices.tracing.rules.fan import DETECTS
from ansimnet.slices.tracing.rules.learned import Learned
from ansimnet.slices.tracing.rules.net import CameraNet
from ansimnet.slices.tracing.rules.times import FAMILIES, below, known_class
from ansimnet.slices.tracing.rules.types import F64, I32, Heat, Mode, NextCamera

LISTED = 0.01
"""Hypotheses of a smaller share name no next cameras. ours."""
NOT_FRESH = 0.01
"""Cameras that have him in view already, less one in a hundred, are not next. ours."""
LONGEST_S = 5400.0
CLOCK_S = 1.0
"""Clocks of two cameras differ by about so much: windows are that much longer on both sides. ours."""

Weighted = list[tuple[float, Hypothesis]]


@dataclass(frozen=True, slots=True, eq=False)
class Coming:
    """Passages (K,) at which he may come into view next: chance `mass`, nominal seconds, family, pace, since when.

    `index row` name the hypothesis and its passage.
    """

    camera: I32
    mass: F64
    tau: F64
    family: I32
    known: NDArray[np.int64]
    pace: F64
    at: F64
    index: NDArray[np.int64]
    row: NDArray[np.int64]

    def of(self, rows: NDArray[Any]) -> tuple[Any, Any, Any, Any, Any, Any]:
        """Return the columns that a time of arrival follows from."""
        return self.known[rows], self.pace[rows], self.mass[rows], self.tau[rows], self.family[rows], self.at[rows]


def coming(learned: Learned, weighted: Weighted, now_s: float) -> Coming:
    """Return where he may come into view next, who is in view nowhere elsewhere now."""
    columns: list[tuple[NDArray[Any], ...]] = []
    for index, (share, h) in enumerate(weighted):
        if share < LISTED and index:
            continue
        f = h.fan
        rows = np.flatnonzero(f.fresh > NOT_FRESH)
        known, pace = known_class(h.pace_hops), h.pace
        later = 1.0 - _arrived(learned.cdf_arrive, known, pace, f.tau_in[rows], f.family[rows], now_s - h.at_s)
        missed = h.unseen[rows] * (1.0 - f.view[rows] * DETECTS * h.searched[rows])
        mass = share / h.survival * f.mass[rows] * f.fresh[rows] * f.unviewed[rows] * f.view[rows] * missed * later
        n = len(rows)
        columns.append(
            (
                f.camera[rows], mass, f.tau_in[rows], f.family[rows], np.full(n, known), np.full(n, pace),
                np.full(n, h.at_s), np.full(n, index), rows,
            )
        )  # fmt: skip
    return Coming(*(np.concatenate(c) for c in zip(*columns, strict=True)))


def next_cameras(
    net: CameraNet, learned: Learned, weighted: Weighted, now_s: float, limit: int
) -> tuple[NextCamera, ...]:
    """Return the likeliest next cameras. See `relay.ahead`."""
    all_ = coming(learned, weighted, now_s)
    cameras, group = np.unique(all_.camera, return_inverse=True)
    total = np.bincount(group, weights=all_.mass, minlength=len(cameras))
    low, high = learned.window[weighted[0][1].kind]
    found = []
    for g in np.argsort(-total, kind="stable")[:limit]:
        if total[g] <= 0:
            break
        i = np.flatnonzero(group == g)
        early, likely, late = (_quantile(learned.cdf_arrive, *all_.of(i), now_s, q) for q in (low, 0.5, high))
        best = i[int(np.argmax(all_.mass[i]))]
        f, row = weighted[int(all_.index[best])][1].fan, int(all_.row[best])
        found.append(
            NextCamera(
                camera=int(cameras[g]),
                probability=float(min(1.0, total[g])),
                from_s=early - CLOCK_S,
                likely_s=likely,
                until_s=late + CLOCK_S,
                mode=Mode(FAMILIES[int(f.family[row])]),
                edges=_way(f.s_parent, f.s_arc, int(f.state[row])),
                length_m=float(f.length_m[row]),
                blind_m=float(f.blind_m[row]),
            )
        )
    return tuple(found)


def arrived(learned: Learned, h: Hypothesis, camera: int, now_s: float, at_s: float) -> float | None:
    """Return the share of the arrivals at a camera that are expected before `at_s`; None: none is expected."""
    all_ = coming(learned, [(1.0, h)], now_s)
    rows = np.flatnonzero((all_.camera == camera) & (all_.mass > 0))
    return float(_before(learned.cdf_arrive, *all_.of(rows), now_s, at_s)) if len(rows) else None


def written(learned: Learned, weighted: Weighted, from_s: float, until_s: float) -> tuple[I32, F64]:
    """Return cameras and the chance that each writes him between two instants, he being unseen until now."""
    cameras, chances = [], []
    for share, h in weighted:
        chance = leaving(learned, h, from_s, until_s)
        rows = np.flatnonzero(chance > 0)
        cameras.append(h.fan.camera[rows])
        chances.append(chance[rows] * (share / h.survival))
    camera, chance = np.concatenate(cameras), np.concatenate(chances)
    if len(camera) == 0:
        return camera, chance
    unique, group = np.unique(camera, return_inverse=True)
    return unique, np.bincount(group, weights=chance).astype(np.float64)


def cameras_within(net: CameraNet, camera: int, radius_m: float) -> int:
    """Return how many cameras hang within a radius of one."""
    return int(_within(net.x_m, net.y_m, net.x_m[camera], net.y_m[camera], radius_m**2))


def heat(learned: Learned, weighted: Weighted, now_s: float) -> Heat:
    """Return the belief over streets. See `relay.heat`."""
    edges, chances = [], []
    for share, h in weighted:
        f = h.fan
        t, known = now_s - h.at_s, known_class(h.pace_hops)
        into = np.where(f.s_parent < 0, 1.0, _arrived(learned.cdf_leave, known, h.pace, f.s_from, f.s_family, t))
        out = _arrived(learned.cdf_leave, known, h.pace, f.s_to, f.s_family, t)
        missed = np.where(
            f.s_passage >= 0,
            h.unseen[f.s_passage] * (1.0 - f.view[f.s_passage] * DETECTS * h.searched[f.s_passage]),
            1.0,
        ) if len(h.unseen) else np.ones(len(into))  # fmt: skip
        edges.append(f.s_arc >> 1)
        chances.append(share * np.minimum(1.0, 1.0 / h.survival) * f.s_mass * missed * np.maximum(0.0, into - out))
    edge, group = np.unique(np.concatenate(edges), return_inverse=True)
    chance = np.bincount(group, weights=np.concatenate(chances)).astype(np.float64)
    total = float(chance.sum())
    if total > 1.0:
        chance, total = chance / total, 1.0
    return Heat(edge.astype(np.int32), chance, 1.0 - total)


def _way(parents: I32, arcs: I32, state: int) -> tuple[int, ...]:
    way = []
    while state >= 0:
        way.append(int(arcs[state]) >> 1)
        state = int(parents[state])
    return tuple(reversed(way))


@njit(cache=True, nogil=True)
def _within(x_m, y_m, x, y, square):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    n = 0
    for i in range(len(x_m)):
        n += (x_m[i] - x) ** 2 + (y_m[i] - y) ** 2 <= square
    return n


@njit(cache=True, nogil=True)
def _arrived(cdf, known, pace, tau, family, t):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    out = np.empty(len(tau))
    for k in range(len(tau)):
        out[k] = below(cdf, family[k], known, tau[k], t, pace)
    return out


@njit(cache=True, nogil=True)
def _before(cdf, known, pace, mass, tau, family, at, now, t):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Share of the arrivals still to come that lie before an instant."""
    done, total = 0.0, 0.0
    for k in range(len(tau)):
        passed = below(cdf, family[k], known[k], tau[k], now - at[k], pace[k])
        rest = max(1e-9, 1.0 - passed)
        done += mass[k] / rest * (below(cdf, family[k], known[k], tau[k], t - at[k], pace[k]) - passed)
        total += mass[k] / rest * (1.0 - passed)
    return done / max(1e-300, total)


@njit(cache=True, nogil=True)
def _quantile(cdf, known, pace, mass, tau, family, at, now, q):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Instant before which this share of the arrivals still to come lies."""
    lo, hi = now, now + LONGEST_S
    while hi - lo > 0.05:
        t = (lo + hi) / 2
        if _before(cdf, known, pace, mass, tau, family, at, now, t) < q:
            lo = t
        else:
            hi = t
    return (lo + hi) / 2
