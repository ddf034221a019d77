"""Where somebody may be going: people go somewhere, by ways that are not much longer than the cheapest (Dial 1971).

From a place where he was, streets that lead away from it are walked with weight exp(-THETA * detour in seconds). Every
crossing beyond may be his goal. `value` of a crossing is how much of all goals lies at it and behind it, so a turn's
weight follows from the goals behind it: main roads that lead on outweigh lanes that end, and nobody turns back
towards where he came from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from ansimnet.kernel.streets import pop, push
from ansimnet.slices.tracing.rules.net import CameraNet
from ansimnet.slices.tracing.rules.times import SPEED_MPS
from ansimnet.slices.tracing.rules.types import F64, I32, Kind

THETA = np.array([0.15, 0.36, 0.30])
"""How much a detour of a second weighs against a way, per kind. ours: people find a street of 40 m longer or shorter
by about a fifth."""
REACH_M = np.array([1500.0, 2200.0, 3200.0])
"""Goals are sought so far around, per kind: farther ones lie behind the same streets. ours."""
BACK_M, FAR_M = 350.0, 700.0
"""Ways begin where he was so far back, and anew once he is farther than the second from there: who has been somewhere
on the way comes from there, not from where he was first seen. ours."""


@dataclass(frozen=True, slots=True, eq=False)
class Left:
    """Where somebody was left: `x_m y_m`, and on which `arcs at_m weight` (n,)."""

    x_m: float
    y_m: float
    arcs: I32
    at_m: F64
    weight: F64


@dataclass(frozen=True, slots=True, eq=False)
class Onward:
    """Ways on from `origin`: per street node its `cost` from there (inf: not reached) and `value`.

    `per_m` (4,) is what a metre costs by street rank, in seconds.
    """

    origin: Left
    per_m: F64
    theta: float
    cost: F64
    value: F64


def onward(net: CameraNet, kind: Kind, origin: Left) -> Onward:
    """Return the ways on of somebody who was left at a place."""
    s, metre = net.streets, 1.0 / SPEED_MPS[kind]
    cost, value = _onward(
        s.first, s.to, s.via, s.length_m, s.rank, s.u, s.v, s.x_m, s.y_m, metre, origin.arcs, origin.at_m,
        origin.weight / origin.weight.max(), THETA[kind], REACH_M[kind],
    )  # fmt: skip
    return Onward(origin, metre, float(THETA[kind]), cost, value)


def followed(net: CameraNet, kind: Kind, way: Onward, left: tuple[Left, ...]) -> Onward:
    """Return the ways on after somebody was left at the last of these places, the first being where `way` begins."""
    here = left[-1]
    if math.hypot(here.x_m - way.origin.x_m, here.y_m - way.origin.y_m) <= FAR_M:
        return way
    for place in reversed(left):
        if math.hypot(here.x_m - place.x_m, here.y_m - place.y_m) >= BACK_M:
            return onward(net, kind, place)
    return way


@njit(cache=True, nogil=True)
def _onward(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    first, to, via, length, rank, u, v, x, y, speed, arcs, at_m, weight, theta, reach
):
    n = len(x)
    best, value, ways = np.full(n, np.inf), np.zeros(n), np.zeros(n)
    order = np.empty(n, np.int32)
    heap_c, heap_n = np.empty(len(to) + len(arcs)), np.empty(len(to) + len(arcs), np.int32)
    size = settled = 0
    root = u[arcs[0] >> 1]
    for i in range(len(arcs)):
        e = arcs[i] >> 1
        head = v[e] if arcs[i] & 1 == 0 else u[e]
        c = (length[e] - at_m[i]) * speed[rank[e]]
        if weight[i] > 0.02:
            ways[head] += weight[i]
            if c < best[head]:
                best[head] = c
                size = push(heap_c, heap_n, size, c, head)
    while size > 0:
        c, a = heap_c[0], heap_n[0]
        size = pop(heap_c, heap_n, size)
        if c > best[a]:
            continue
        order[settled] = a
        settled += 1
        if np.hypot(x[a] - x[root], y[a] - y[root]) > reach:
            continue
        for q in range(first[a], first[a + 1]):
            b = to[q]
            d = c + length[via[q]] * speed[rank[via[q]]]
            if d < best[b]:
                best[b] = d
                size = push(heap_c, heap_n, size, d, b)
    for k in range(settled):
        a = order[k]
        for q in range(first[a], first[a + 1]):
            b = to[q]
            if best[b] > best[a]:
                ways[b] += ways[a] * np.exp(-theta * (best[a] + length[via[q]] * speed[rank[via[q]]] - best[b]))
    for k in range(settled - 1, -1, -1):
        a = order[k]
        gone = np.hypot(x[a] - x[root], y[a] - y[root])
        value[a] = 1.0 / max(100.0, gone) / max(1e-12, ways[a]) if gone <= reach else 0.0
        for q in range(first[a], first[a + 1]):
            b = to[q]
            if best[b] > best[a] and value[b] > 0.0:
                value[a] += value[b] * np.exp(-theta * (best[a] + length[via[q]] * speed[rank[via[q]]] - best[b]))
    return best, value
