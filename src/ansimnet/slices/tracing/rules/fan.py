"""The fan: every way on from a place, as a tree of arcs, and the cameras on them in the order they would be passed.

A *passage* is one camera having him in view on one branch of the tree: its share `mass` of the belief, the nominal
seconds until he comes into view and leaves it, the passage before it on the same branch (`parent`), the chance `view`
that the camera really looks there. The tree is cut at `LEAST`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from math import erf

import numpy as np
from numba import njit

from ansimnet.slices.tracing.rules.net import CameraNet
from ansimnet.slices.tracing.rules.onward import Onward
from ansimnet.slices.tracing.rules.times import SIGNAL_S, SPEED_MPS
from ansimnet.slices.tracing.rules.types import F64, I32, Kind

LEAST = np.array([5e-4, 3e-4, 1e-4])
"""By kind. Branches whose share times the root of the chance of being unseen is smaller are not followed: several
cameras in a row may miss him for one reason. ours."""
PASSAGES, STATES = 4000, 12000
"""Room of a fan. ours: a hop in Seoul needs some 800."""
TURN = np.array(
    [
        [1.0, 0.55, 0.32, 0.12, 0.012],
        [1.0, 0.50, 0.25, 0.08, 0.008],
        [1.0, 0.50, 0.22, 0.05, 0.004],
    ]
)
"""Weight of a turn per kind, by its angle up to 25°, 60°, 115°, 160°, and back. ours."""
TURN_DEG = (25.0, 60.0, 115.0, 160.0)
RANK = np.array([[0.8, 1.0, 1.0, 0.9], [0.8, 1.0, 1.0, 0.8], [1.6, 1.4, 1.0, 0.35]])
"""Weight of a street by kind and rank. ours: cars keep to the main streets."""
DRIFT = np.array([1.0, 1.2, 1.2])
"""How strongly somebody keeps to the direction of his whole way so far, per kind: exp(DRIFT * cos). ours."""
LEAVES_M = np.array([2500.0, 4000.0, 6000.0])
"""Somebody goes in or parks after so many metres on average. ours."""
RIDES = 0.08
"""Share of those who walk past a stop and get on. ours."""
BEHIND_M, BEHIND_S = 6.0, 1.5
"""Two cameras lose him at the same corner, one a little later: views that end so far behind him still count. ours."""
GAP_M = 6.0
"""A view that begins so soon again behind its own end is one view: he waits at the crossing, in sight. ours."""
PLACE_SD_M, SQRT2 = np.array([8.0, 9.0, 12.0]), math.sqrt(2.0)
"""How well it is known, per kind, whether a camera whose view begins where he was left has him in it already: the place
is good to some metres, the view's rim as well, and clocks differ by about a second on his way. Set on trial seeds."""
ORDER_SD_M = 5.0
"""How well the rim of a view is known: of two cameras whose views begin so near each other either may come first. Set
on trial seeds, 3 and 8 are as good."""
TOUCH_M = 10.0
"""A view of the street he is on that begins at the crossing where he stands goes on behind him, about so far. ours."""
TOUCHES_M = 0.5
LOOK_BACK = 16
"""Among so many passages before, one of the same camera is sought: crossings have a dozen cameras. ours."""
GOES = np.array([0.6, 0.8, 0.85])
"""Share of people, per kind, who go somewhere by a short way; others turn as `TURN`, `RANK` and `DRIFT` say. ours."""
NOWHERE = np.zeros(0)
DETECTS = 0.86
"""Chance that a camera that has him in view writes a track of him. ours; missed detections are the rule."""


@dataclass(frozen=True, slots=True, eq=False)
class Fan:
    """The passages ahead of one place, parents before children (K,), and the stretches walked (S,) for the heat.

    `mass` chance that he passes and then leaves the view there; `view` that the camera looks there; `tau_in tau_out`
    nominal seconds; `family` of `times`; `fresh` chance that it has him not in view already, zero on the pole that
    saw him last; `unviewed` chance that no other camera came first; `length_m blind_m` of the way; `state` the stretch
    it is on, which he leaves the view `leave_m` from its tail; `leaves` share of those who pass that leave there, the
    others stay in view round the corner.
    """

    camera: I32
    arc: I32
    mass: F64
    view: F64
    tau_in: F64
    tau_out: F64
    parent: I32
    family: I32
    fresh: F64
    unviewed: F64
    length_m: F64
    blind_m: F64
    state: I32
    leave_m: F64
    leaves: F64
    s_arc: I32
    s_mass: F64
    s_from: F64
    s_to: F64
    s_parent: I32
    s_passage: I32
    s_family: I32


def fan(
    net: CameraNet,
    kind: Kind,
    arcs: I32,
    at_m: F64,
    weight: F64,
    drift: tuple[float, float],
    camera: int = -1,
    ahead: Onward | None = None,
) -> Fan:
    """Return the fan of somebody on `arcs` (n,), `at_m` metres from their tails, with these weights.

    `drift` is the unit direction (east, north) of his way so far, or zeros; `camera` the one that saw him last.
    """
    s = net.streets
    out = _grow(
        s.first, s.to, s.via, s.u, s.v, s.length_m, s.rank, net.bearing, net.signal,
        net.cov_first, net.cov_camera, net.cov_from_m, net.cov_to_m, net.cov_view, net.site,
        net.ride_first, net.ride_to, net.ride_s, net.ride_weight, net.ride_metro,
        int(kind), arcs, at_m, weight / weight.sum(), drift[0], drift[1], camera,
        *((NOWHERE, NOWHERE, 0.0, NOWHERE) if ahead is None else (ahead.cost, ahead.value, ahead.theta, ahead.per_m)),
    )  # fmt: skip
    return Fan(*out)


@njit(cache=True, nogil=True)
def _grow(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    first, to, via, u, v, length, rank, bearing, signal, cov_first, cov_camera, cov_from, cov_to, cov_view, site,
    ride_first, ride_to, ride_s, ride_weight, ride_metro, kind, arcs, at_m, weight, drift_x, drift_y, origin,
    away_s, value, theta, per_m,
):  # fmt: skip
    camera, arc_of = np.empty(PASSAGES, np.int32), np.empty(PASSAGES, np.int32)
    mass, view = np.empty(PASSAGES), np.empty(PASSAGES)
    tau_in, tau_out = np.empty(PASSAGES), np.empty(PASSAGES)
    parent, family = np.empty(PASSAGES, np.int32), np.empty(PASSAGES, np.int32)
    fresh, unviewed = np.empty(PASSAGES), np.empty(PASSAGES)
    way, blind, state = np.empty(PASSAGES), np.empty(PASSAGES), np.empty(PASSAGES, np.int32)
    begin, hard, whole = np.empty(PASSAGES), np.empty(PASSAGES), np.empty(PASSAGES)
    leave, ends, came = np.empty(PASSAGES), np.empty(PASSAGES), np.empty(PASSAGES)
    k = 0
    s_arc, s_at = np.empty(STATES, np.int32), np.empty(STATES)
    s_mass, s_from, s_to = np.empty(STATES), np.empty(STATES), np.empty(STATES)
    s_parent, s_passage = np.empty(STATES, np.int32), np.empty(STATES, np.int32)
    s_family, s_unseen, s_unviewed = np.empty(STATES, np.int32), np.empty(STATES), np.empty(STATES)
    s_way, s_blind = np.empty(STATES), np.empty(STATES)
    size = 0
    for i in range(len(arcs)):
        s_arc[size], s_at[size], s_mass[size], s_from[size] = arcs[i], at_m[i], weight[i], 0.0
        s_parent[size], s_passage[size], s_family[size] = -1, -1, kind
        s_unseen[size], s_unviewed[size], s_way[size], s_blind[size] = 1.0, 1.0, 0.0, 0.0
        size += 1
    turn, gain = np.empty(64), np.empty(64)
    here = site[origin] if origin >= 0 else -1
    i = 0
    while i < size:
        arc, x, m, t = s_arc[i], s_at[i], s_mass[i], s_from[i]
        e = arc >> 1
        full = length[e]
        speed = SPEED_MPS[kind, rank[e]]
        last, unseen, unview = s_passage[i], s_unseen[i], s_unviewed[i]
        covered = x
        dark = s_blind[i]
        lo, hi = cov_first[e], cov_first[e + 1]
        for j in range(hi - lo):
            c = lo + j if arc & 1 == 0 else hi - 1 - j
            a = cov_from[c] if arc & 1 == 0 else full - cov_to[c]
            b = cov_to[c] if arc & 1 == 0 else full - cov_from[c]
            if b <= x - BEHIND_M - speed * BEHIND_S:
                continue
            cam = cov_camera[c]
            if a > covered:
                dark += a - covered
            covered = max(covered, b)
            if cam == origin and s_parent[i] < 0 and a <= x + 1.0:
                continue  # he has just been seen leaving it
            before = -1
            look = last
            for _ in range(LOOK_BACK):
                if look < 0:
                    break
                if camera[look] == cam:
                    before = look
                    break
                look = parent[look]
            if k == PASSAGES:
                break
            camera[k], arc_of[k], mass[k], view[k] = cam, arc, m, cov_view[c]
            tau_in[k] = t + max(0.0, a - x) / speed
            tau_out[k] = t + max(0.0, b - x) / speed
            parent[k], family[k], state[k], leave[k] = last, s_family[i], i, b
            begins = a - TOUCH_M if s_parent[i] < 0 and a < TOUCHES_M else a
            begin[k] = s_way[i] + begins - x
            fresh[k] = 0.0 if site[cam] == here else 0.5 + 0.5 * erf(begin[k] / (PLACE_SD_M[kind] * SQRT2))
            unviewed[k] = unview
            way[k], blind[k] = s_way[i] + max(0.0, a - x), dark
            whole[k], hard[k] = m, unview
            ends[k], came[k] = s_way[i] + max(0.0, b - x), m
            if before >= 0 and way[k] - ends[before] < GAP_M:
                # still the same view: he leaves it here, not there
                mass[before] = max(0.0, mass[before] - m)
                tau_in[k], unviewed[k], fresh[k] = tau_in[before], unviewed[before], fresh[before]
                way[k], blind[k] = way[before], blind[before]
                if before == last:
                    parent[k] = parent[before]
            else:
                unseen *= 1.0 - cov_view[c] * DETECTS
                # those whose views begin about here may come first or second; all before them came first
                look, soft = last, 1.0
                for _ in range(LOOK_BACK):
                    if look < 0:
                        break
                    gap = begin[k] - begin[look]
                    if gap > 3.0 * SQRT2 * ORDER_SD_M:
                        break
                    later = 0.5 + 0.5 * erf(gap / (2.0 * ORDER_SD_M))
                    soft *= 1.0 - view[look] * fresh[look] * later
                    unviewed[look] *= 1.0 - min(1.0, m / whole[look]) * view[k] * fresh[k] * (1.0 - later)
                    look = parent[look]
                unviewed[k] = soft if look < 0 else soft * hard[look]
                unview *= 1.0 - cov_view[c] * fresh[k]
                hard[k] = unview
            last = k
            k += 1
        if full > covered:
            dark += full - covered
        t += (full - x) / speed
        s_to[i] = t
        m *= np.exp(-(full - x) / LEAVES_M[kind])
        node = v[e] if arc & 1 == 0 else u[e]
        if (
            kind == 0
            and ride_first[node + 1] > ride_first[node]
            and s_family[i] < 3
            and m * np.sqrt(unseen) * RIDES > LEAST[kind]
        ):
            total = 0.0
            for r in range(ride_first[node], ride_first[node + 1]):
                total += ride_weight[r]
            for r in range(ride_first[node], ride_first[node + 1]):
                share = m * RIDES * ride_weight[r] / total
                away = ride_to[r]
                arms = first[away + 1] - first[away]
                if share * np.sqrt(unseen) < LEAST[kind] / 4 or size + arms >= STATES:
                    continue
                for q in range(first[away], first[away + 1]):
                    edge = via[q]
                    s_arc[size] = 2 * edge if u[edge] == away else 2 * edge + 1
                    s_at[size], s_mass[size], s_from[size] = 0.0, share / arms, t + ride_s[r]
                    s_parent[size], s_passage[size] = i, last
                    s_family[size] = 4 if ride_metro[r] else 3
                    s_unseen[size], s_unviewed[size] = unseen, unview
                    s_way[size], s_blind[size] = s_way[i] + full - x, dark
                    size += 1
            m *= 1.0 - RIDES
        if signal[node]:
            t += SIGNAL_S[kind]
        total = 0.0
        arms = min(64, first[node + 1] - first[node])
        for q in range(arms):
            edge = via[first[node] + q]
            nxt = 2 * edge if u[edge] == node else 2 * edge + 1
            angle = np.degrees(np.abs((bearing[nxt] - bearing[arc] + 3 * np.pi) % (2 * np.pi) - np.pi))
            kind_of = 0
            while kind_of < 4 and angle > TURN_DEG[kind_of]:
                kind_of += 1
            if edge == e:
                kind_of = 4
            ahead = np.sin(bearing[nxt]) * drift_x + np.cos(bearing[nxt]) * drift_y
            turn[q] = TURN[kind, kind_of] * RANK[kind, rank[edge]] * np.exp(DRIFT[kind] * ahead)
            total += turn[q]
        gain[:] = 0.0
        if len(away_s) and value[node] > 0.0:
            goals = 0.0
            for q in range(arms):
                b, edge = to[first[node] + q], via[first[node] + q]
                if away_s[b] > away_s[node] and edge != e:
                    detour = away_s[node] + length[edge] * per_m[rank[edge]] - away_s[b]
                    gain[q] = value[b] * np.exp(-theta * detour)
                    goals += gain[q]
            if goals > 0.0:
                for q in range(arms):
                    turn[q] = (1.0 - GOES[kind]) * turn[q] / total + GOES[kind] * gain[q] / goals
                total = 1.0
        for q in range(arms):
            share = m * turn[q] / total
            if share * np.sqrt(unseen) < LEAST[kind] or size == STATES:
                continue
            edge = via[first[node] + q]
            s_arc[size] = 2 * edge if u[edge] == node else 2 * edge + 1
            s_at[size], s_mass[size], s_from[size] = 0.0, share, t
            s_parent[size], s_passage[size], s_family[size] = i, last, s_family[i]
            s_unseen[size], s_unviewed[size] = unseen, unview
            s_way[size], s_blind[size] = s_way[i] + full - x, dark
            size += 1
        i += 1
    return (
        camera[:k].copy(), arc_of[:k].copy(), mass[:k].copy(), view[:k].copy(), tau_in[:k].copy(), tau_out[:k].copy(),
        parent[:k].copy(), family[:k].copy(), fresh[:k].copy(), unviewed[:k].copy(), way[:k].copy(),
        blind[:k].copy(), state[:k].copy(), leave[:k].copy(), mass[:k] / np.maximum(came[:k], 1e-300),
        s_arc[:size].copy(), s_mass[:size].copy(), s_from[:size].copy(),
        s_to[:size].copy(), s_parent[:size].copy(), s_passage[:size].copy(), s_family[:size].copy(),
    )  # fmt: skip
