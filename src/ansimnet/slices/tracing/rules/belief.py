"""A hypothesis: that certain sightings were him. What it expects next, what a sighting makes of it, what silence does.

Its evidence is the log likelihood ratio of its sightings against passers-by, times the chance that he was seen nowhere
else where it was looked (`survival`). Hypotheses with different numbers of sightings compare by it (Reid 1979).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numba import njit

from ansimnet.slices.tracing.rules import scoring
from ansimnet.slices.tracing.rules.fan import DETECTS, Fan, fan
from ansimnet.slices.tracing.rules.learned import Learned
from ansimnet.slices.tracing.rules.net import CameraNet
from ansimnet.slices.tracing.rules.times import PACE_PRIOR_HOPS, below, known_class, log_ratio
from ansimnet.slices.tracing.rules.types import F64, I32, Kind, Sighting, Subject

AROUND_S = 2.5
"""A density is the share within so many seconds on both sides: tracks end that unsharply. ours."""
SAME_WAY_DEG = 50.0
SAME_WAY, OTHER_WAY = 1.75, 0.2
"""How much likelier a heading along, or not along, the expected arc is than a passer-by's. ours."""
FLOOR = 0.02
"""He may always have been missed by everything: no silence takes a hypothesis below this share. ours."""
DRIFT_M, DRIFT_HOPS = 300.0, 6
"""His general direction is that of his last hops; it counts fully from so many metres on. ours."""
PACE_FROM_S = 8.0
"""Shorter hops say nothing about a pace. ours."""


@dataclass(frozen=True, slots=True, eq=False)
class Hypothesis:
    """That `chain` was him, and where that leaves him: `score` in nats; `searched` (K,) share of each passage looked at.

    `unseen` (K,) chance of having been written by no camera before each passage, `survival` by none at all;
    `template` the sum of `pictures` unit vectors; `pace` his log pace over `pace_hops` hops; `track` the (east, north)
    of his last cameras.
    """

    chain: tuple[Sighting, ...]
    score: float
    at_s: float
    camera: int
    fan: Fan
    searched: F64
    unseen: F64
    survival: float
    template: F64 | None
    pictures: int
    pace_sum: float
    pace_hops: int
    track: tuple[tuple[float, float], ...]

    @property
    def pace(self) -> float:
        """His log pace, shrunk to the usual one."""
        return self.pace_sum / (self.pace_hops + PACE_PRIOR_HOPS)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """How a sighting fits a hypothesis: nats by reason, their sum `llr` (-inf: impossible), and the arcs it leaves on.

    `expected_s` nominal seconds of the likeliest path, `took_s` real ones, `length_m` of it.
    """

    llr: float
    time: float
    direction: float
    looks: float | None
    cosine: float
    plate: float | None
    described: float
    took_s: float
    expected_s: float
    length_m: float
    family: int
    arcs: I32
    at_m: F64
    weight: F64


def root(
    net: CameraNet,
    subject: Subject,
    arcs: I32,
    at_m: F64,
    weight: F64,
    at_s: float,
    camera: int,
    drift: tuple[float, float],
) -> Hypothesis:
    """Return the hypothesis that begins a relay."""
    ahead = fan(net, subject.kind, arcs, at_m, weight, drift, camera)
    template = None if subject.appearance is None else subject.appearance.astype(np.float64).sum(axis=0)
    pictures = 0 if subject.appearance is None else len(subject.appearance)
    k = len(ahead.mass)
    track = ((float(net.x_m[camera]), float(net.y_m[camera])),) if camera >= 0 else ()
    return Hypothesis((), 0.0, at_s, camera, ahead, np.zeros(k), np.ones(k), 1.0, template, pictures, 0.0, 0, track)


def remembering(h: Hypothesis, d: Sighting) -> Hypothesis:
    """Return a root whose first sighting's picture belongs to the template."""
    if d.appearance is None:
        return h
    picture = d.appearance.astype(np.float64)
    return replace(h, template=picture if h.template is None else h.template + picture, pictures=h.pictures + 1)


def fit(net: CameraNet, learned: Learned, subject: Subject, h: Hypothesis, d: Sighting, passers_s: float) -> Fit:
    """Return how a sighting fits a hypothesis, against a passer-by at a camera with `passers_s` tracks a second."""
    f, t = h.fan, d.until_s - h.at_s
    at = np.flatnonzero(f.camera == d.camera)
    dense = _density(
        learned.cdf_leave, known_class(h.pace_hops), h.pace, f.mass[at] * h.unseen[at] * f.view[at] * DETECTS,
        f.tau_out[at], f.family[at], t,
    )  # fmt: skip
    way = along(net.bearing[f.arc[at]], d.heading_deg)
    joint = dense * way
    total, rate = float(joint.sum()), max(passers_s, 1e-5)
    looks, cosine = None, math.nan
    if h.template is not None and d.appearance is not None:
        cosine = scoring.similarity(h.template, d.appearance)
        looks = scoring.looks_llr(learned.looks, h.pictures, cosine)
    plate = scoring.plate_llr(subject.plate, d.plate) if subject.plate and d.plate else None
    if total <= 0.0 or d.kind != subject.kind:
        none = np.zeros(0)
        return Fit(
            -math.inf, -math.inf, 0.0, looks, cosine, plate, d.described_llr, t, math.nan, math.nan, 0,
            none.astype(np.int32), none, none,
        )  # fmt: skip
    time = math.log(float(dense.sum()) / rate)
    direction = math.log(total / float(dense.sum()))
    order = np.argsort(-joint)[:6]
    best = at[order[0]]
    keep = order[joint[order] > 0.02 * joint[order[0]]]
    return Fit(
        time + direction + (looks or 0.0) + (plate or 0.0) + d.described_llr, time, direction, looks, cosine, plate,
        d.described_llr, t, float(f.tau_out[best]), float(f.length_m[best]), int(f.family[best]),
        f.arc[at[keep]].copy(), f.leave_m[at[keep]].copy(), joint[keep],
    )  # fmt: skip


def extend(net: CameraNet, kind: Kind, h: Hypothesis, d: Sighting, how: Fit) -> Hypothesis:
    """Return the hypothesis that this sighting, too, was him."""
    template, pictures = h.template, h.pictures
    if d.appearance is not None:
        picture = d.appearance.astype(np.float64)
        template, pictures = (picture if template is None else template + picture), pictures + 1
    here = (float(net.x_m[d.camera]), float(net.y_m[d.camera]))
    track = (*h.track, here)[-DRIFT_HOPS:]
    pace_sum, pace_hops = h.pace_sum, h.pace_hops
    if how.family <= Kind.VEHICLE and how.expected_s >= PACE_FROM_S:
        pace_sum += max(-0.6, min(0.6, log_ratio(how.took_s, how.expected_s)))
        pace_hops += 1
    ahead = fan(net, kind, how.arcs, how.at_m, how.weight, drift(track), d.camera)
    k = len(ahead.mass)
    return Hypothesis(
        (*h.chain, d), h.score + how.llr, d.until_s, d.camera, ahead, np.zeros(k), np.ones(k), 1.0, template, pictures,
        pace_sum, pace_hops, track,
    )  # fmt: skip


def searched(learned: Learned, h: Hypothesis, cameras: I32, since: F64, until: F64) -> Hypothesis:
    """Return the hypothesis after these cameras (sorted) were looked at between these instants and he was not there."""
    if len(cameras) == 0:
        return h
    f = h.fan
    share = _look(
        learned.cdf_leave, known_class(h.pace_hops), h.pace, f.camera, f.tau_out, f.family, h.searched,
        cameras, since - h.at_s, until - h.at_s,
    )  # fmt: skip
    unseen, survival = _survive(f.parent, f.mass, f.view, share)
    return replace(h, searched=share, unseen=unseen, survival=max(FLOOR, survival))


def leaving(learned: Learned, h: Hypothesis, since_s: float, until_s: float) -> F64:
    """Return the chance (K,) that a camera writes him leaving at each passage between two instants, unseen till then."""
    f = h.fan
    return np.asarray(
        _slice(
            learned.cdf_leave, known_class(h.pace_hops), h.pace, f.mass * h.unseen * f.view * DETECTS, f.tau_out,
            f.family, since_s - h.at_s, until_s - h.at_s,
        )
    )  # fmt: skip


def drift(track: tuple[tuple[float, float], ...]) -> tuple[float, float]:
    """Return somebody's general direction (east, north), shorter than 1 while he has come less far than `DRIFT_M`."""
    if len(track) < 2:
        return 0.0, 0.0
    x, y = track[-1][0] - track[0][0], track[-1][1] - track[0][1]
    size = max(DRIFT_M, math.hypot(x, y))
    return x / size, y / size


def along(bearing: F64, heading_deg: float) -> F64:
    """Return how much a heading speaks for each arc."""
    if math.isnan(heading_deg):
        return np.ones(len(bearing))
    off = np.abs((np.degrees(bearing) - heading_deg + 540) % 360 - 180)
    return np.where(off <= SAME_WAY_DEG, SAME_WAY, OTHER_WAY)


@njit(cache=True, nogil=True)
def _density(cdf, known, pace, weight, tau, family, t):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    out = np.zeros(len(tau))
    for k in range(len(tau)):
        if weight[k] > 0.0:
            late = below(cdf, family[k], known, tau[k], t + AROUND_S, pace)
            if below(cdf, family[k], known, tau[k], t, pace) > 0.0:
                early = below(cdf, family[k], known, tau[k], t - AROUND_S, pace)
                out[k] = weight[k] * (late - early) / (2 * AROUND_S)
    return out


@njit(cache=True, nogil=True)
def _slice(cdf, known, pace, weight, tau, family, since, until):  # type: ignore[no-untyped-def]  # pragma: no cover
    out = np.zeros(len(tau))
    for k in range(len(tau)):
        if weight[k] > 1e-6:
            late = below(cdf, family[k], known, tau[k], until, pace)
            if late > 0.0:
                out[k] = weight[k] * (late - below(cdf, family[k], known, tau[k], since, pace))
    return out


@njit(cache=True, nogil=True)
def _look(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    cdf, known, pace, camera, tau, family, before, opened, since, until
):
    out = before.copy()
    for k in range(len(tau)):
        i = np.searchsorted(opened, camera[k])
        while i < len(opened) and opened[i] == camera[k]:
            if until[i] > 0:
                late = below(cdf, family[k], known, tau[k], until[i], pace)
                if late > 0.0:
                    out[k] = min(1.0, out[k] + late - below(cdf, family[k], known, tau[k], since[i], pace))
            i += 1
    return out


@njit(cache=True, nogil=True)
def _survive(parent, mass, view, share):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    unseen = np.ones(len(parent))
    seen = 0.0
    for k in range(len(parent)):
        p = parent[k]
        if p >= 0:
            unseen[k] = unseen[p] * (1.0 - view[p] * DETECTS * share[p])
        seen += mass[k] * unseen[k] * view[k] * DETECTS * share[k]
    return unseen, 1.0 - seen
