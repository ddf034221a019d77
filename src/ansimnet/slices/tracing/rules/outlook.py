"""What a weighted set of hypotheses expects: next cameras with windows, cameras worth opening, heat on the streets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ansimnet.kernel import streets as net_streets
from ansimnet.slices.tracing.rules.belief import Hypothesis, along, leaving, on_ground
from ansimnet.slices.tracing.rules.fan import DETECTS
from ansimnet.slices.tracing.rules.learned import Learned
from ansimnet.slices.tracing.rules.net import CameraNet
from ansimnet.slices.tracing.rules.times import FAMILIES, below, known_class
from ansimnet.slices.tracing.rules.types import F64, I32, Heat, Mode, NextCamera, Sighting

LISTED = 0.01
"""Hypotheses of a smaller share name no next cameras. ours."""
EARLY, LATE = 0.05, 0.95
"""Between these quantiles he arrives with 90 %."""
LONGEST_S = 5400.0

Weighted = list[tuple[float, Hypothesis]]


def leaving_arcs(net: CameraNet, d: Sighting) -> tuple[I32, F64, F64]:
    """Return the arcs on which somebody left a camera's view, where on them, and how likely each is.

    A camera that has no street in view by the register is taken to look at the nearest one.
    """
    rows = net.cam_cov[net.cam_first[d.camera] : net.cam_first[d.camera + 1]]
    if len(rows) == 0:
        s = net.streets
        at = net_streets.snap(s, s.plane.to_point(float(net.x_m[d.camera]), float(net.y_m[d.camera])))
        arcs = np.array([2 * at.edge, 2 * at.edge + 1], np.int32)
        places = np.array([at.along_m, s.length_m[at.edge] - at.along_m])
        return arcs, places, along(net.bearing[arcs], d.heading_deg)
    edges = net.cov_edge[rows]
    arcs = np.concatenate([2 * edges, 2 * edges + 1]).astype(np.int32)
    at_m = np.concatenate([net.cov_to_m[rows], net.streets.length_m[edges] - net.cov_from_m[rows]])
    stretch = np.tile(net.cov_to_m[rows] - net.cov_from_m[rows], 2)
    weight = along(net.bearing[arcs], d.heading_deg) * np.minimum(stretch, 30.0)
    stands = on_ground(net, arcs, d)
    return (arcs, at_m, weight) if stands is None else (arcs, stands[1], weight * stands[0])


def next_cameras(
    net: CameraNet, learned: Learned, weighted: Weighted, now_s: float, limit: int
) -> tuple[NextCamera, ...]:
    """Return the likeliest next cameras. See `relay.ahead`."""
    columns: list[tuple[NDArray[Any], ...]] = []
    for index, (share, h) in enumerate(weighted):
        if share < LISTED and index:
            continue
        f = h.fan
        rows = np.flatnonzero(f.elsewhere)
        known, pace = known_class(h.pace_hops), h.pace
        later = 1.0 - _arrived(learned.cdf_arrive, known, pace, f.tau_in[rows], f.family[rows], now_s - h.at_s)
        missed = h.unseen[rows] * (1.0 - f.view[rows] * DETECTS * h.searched[rows])
        mass = share / h.survival * f.mass[rows] * f.unviewed[rows] * f.view[rows] * missed * later
        n = len(rows)
        columns.append(
            (
                f.camera[rows], mass, f.tau_in[rows], f.family[rows], np.full(n, known), np.full(n, pace),
                np.full(n, h.at_s), np.full(n, index), rows,
            )
        )  # fmt: skip
    camera, mass, tau, family, known_of, pace_of, at, index_of, row_of = (
        np.concatenate(c) for c in zip(*columns, strict=True)
    )
    cameras, group = np.unique(camera, return_inverse=True)
    total = np.bincount(group, weights=mass, minlength=len(cameras))
    found = []
    for g in np.argsort(-total, kind="stable")[:limit]:
        if total[g] <= 0:
            break
        i = np.flatnonzero(group == g)
        early, likely, late = (
            _quantile(
                learned.cdf_arrive,
                known_of[i],
                pace_of[i],
                mass[i],
                tau[i],
                family[i].astype(np.int32),
                at[i],
                now_s,
                q,
            )
            for q in (EARLY, 0.5, LATE)
        )
        best = i[int(np.argmax(mass[i]))]
        f, row = weighted[int(index_of[best])][1].fan, int(row_of[best])
        found.append(
            NextCamera(
                camera=int(cameras[g]),
                probability=float(min(1.0, total[g])),
                from_s=early,
                likely_s=likely,
                until_s=late,
                mode=Mode(FAMILIES[int(f.family[row])]),
                edges=_way(f.s_parent, f.s_arc, int(f.state[row])),
                length_m=float(f.length_m[row]),
                blind_m=float(f.blind_m[row]),
            )
        )
    return tuple(found)


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
    return int(((net.x_m - net.x_m[camera]) ** 2 + (net.y_m - net.y_m[camera]) ** 2 <= radius_m**2).sum())


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
def _arrived(cdf, known, pace, tau, family, t):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    out = np.empty(len(tau))
    for k in range(len(tau)):
        out[k] = below(cdf, family[k], known, tau[k], t, pace)
    return out


@njit(cache=True, nogil=True)
def _quantile(cdf, known, pace, mass, tau, family, at, now, q):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Instant before which this share of the arrivals still to come lies."""
    lo, hi = now, now + LONGEST_S
    before, total = 0.0, 0.0
    for k in range(len(tau)):
        passed = below(cdf, family[k], known[k], tau[k], now - at[k], pace[k])
        rest = max(1e-9, 1.0 - passed)
        before += mass[k] / rest * passed
        total += mass[k] / rest * (1.0 - passed)
    while hi - lo > 0.05:
        t = (lo + hi) / 2
        done = -before
        for k in range(len(tau)):
            passed = below(cdf, family[k], known[k], tau[k], now - at[k], pace[k])
            done += mass[k] / max(1e-9, 1.0 - passed) * below(cdf, family[k], known[k], tau[k], t - at[k], pace[k])
        if done < q * total:
            lo = t
        else:
            hi = t
    return (lo + hi) / 2
