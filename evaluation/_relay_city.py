"""A Seoul of streets and 176,371 cameras: seeded, or on the real camera positions as far as they are open.

Nodes are camera poles and corners without cameras; streets join them by a relative neighbourhood graph with some of the
longer Gabriel edges, which has the sparse, bent, three-armed corners of a grown city. Nothing here is the tracer's.
"""

from __future__ import annotations

import csv
import gzip
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ansimnet.kernel.streets import components, pop, push

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

CAMERAS = 176_371
"""Public cameras of Seoul on 2023-12-31 (TR-03)."""
NODES = 150_000
POLES = 88_000
"""Two cameras a pole, as in the open positions (83,734 cameras on 43,000 points)."""
CENTRE = (37.5500, 126.9900)
HALF_M = (15_500.0, 12_500.0)
"""Half axes of the ellipse that stands for Seoul's 605 km²."""
EMPTY = 0.42
"""Share of it without streets: mountains and the river."""
K_M = math.pi / 180 * 6_371_008.8
NO_AZIMUTH, WRONG_AZIMUTH = 0.10, 0.02
"""Cameras whose direction is not on file, and whose direction on file is wrong. ours."""
ARTERIAL_M, COLLECTOR_M = 900.0, 300.0


@dataclass(frozen=True, slots=True, eq=False)
class City:
    """Streets and cameras in metres on a plane around `CENTRE`.

    Nodes `x y` (N,), streets `u v length rank` (E,), rows `first to via`; cameras `cx cy pole azimuth fov reach skill`
    (C,): `azimuth` the true one in degrees, `filed` what the register says (NaN: nothing), `skill` chance of a track
    per visit, `real` whether the position is a real one; `rides` lines of stops (nodes, leg s, wait s, metro).
    """

    x: F64
    y: F64
    u: I32
    v: I32
    length: F64
    rank: NDArray[np.int8]
    first: I32
    to: I32
    via: I32
    cx: F64
    cy: F64
    pole: I32
    azimuth: F64
    filed: F64
    fov: F64
    reach: F64
    skill: F64
    real: NDArray[np.bool_]
    rides: list[tuple[tuple[int, ...], float, float, bool]]


def city(seed: int, data: Path | None) -> City:
    """Return the city of a seed, on the real positions where a folder of data has them."""
    rng = np.random.default_rng([seed, 1])
    px, py, count, real = _poles(rng, data)
    fx, fy = _corners(rng, px, py, NODES - len(px))
    x, y = np.concatenate([px, fx]), np.concatenate([py, fy])
    u, v = _joined(x, y, rng.random(len(x)))
    u, v = _bridged(x, y, u, v)
    length = np.maximum(2.0, np.hypot(x[u] - x[v], y[u] - y[v]))
    first, to, via = _rows(len(x), u, v)
    rank = np.full(len(u), 3, np.int8)
    _roads(rng, x, y, first, to, via, length, rank, COLLECTOR_M, 2)
    _roads(rng, x, y, first, to, via, length, rank, ARTERIAL_M, 1)
    cams = _cameras(rng, np.arange(len(px), dtype=np.int32), count, real, x, y, first, to)
    rides = _rides(rng, x, y, first, to, via, length, rank)
    return City(x, y, u, v, length, rank, first, to, via, *cams, rides)


def _poles(rng: np.random.Generator, data: Path | None) -> tuple[F64, F64, I32, NDArray[np.bool_]]:
    """Return poles with how many cameras each carries: real points where there are some, the rest in their gaps."""
    if data is None:
        x, y = _scattered(rng, POLES)
        count = np.ones(POLES, np.int32)
        real = np.zeros(POLES, np.bool_)
    else:
        points, number = _open_positions(data)
        x, y = points[:, 0], points[:, 1]
        # points nearer than 12 m to an earlier one are one pole
        cell = np.round(x / 12).astype(np.int64) * 100_000 + np.round(y / 12).astype(np.int64)
        _, index, group = np.unique(cell, return_index=True, return_inverse=True)
        count = np.bincount(group, weights=number).astype(np.int32)
        x, y = x[index], y[index]
        more = POLES - len(x)
        pick = rng.integers(0, len(x), more)
        angle, far = rng.uniform(0, 2 * np.pi, more), rng.uniform(25, 90, more)
        x = np.concatenate([x, x[pick] + far * np.cos(angle)])
        y = np.concatenate([y, y[pick] + far * np.sin(angle)])
        real = np.arange(POLES) < POLES - more
        count = np.concatenate([count, np.ones(more, np.int32)])
    left = CAMERAS - int(count.sum())
    np.add.at(count, rng.integers(0 if data is None else int(real.sum()), POLES, left), 1)
    return x, y, count, real


def _open_positions(data: Path) -> tuple[F64, F64]:
    """Return the open camera positions in metres, and how many cameras hang at each."""
    with gzip.open(data / "geo" / "seoul_cctv_ansimi.csv.gz", "rt", encoding="utf-8") as file:
        rows = [(float(r["위도"]), float(r["경도"])) for r in csv.DictReader(file)]
    at = np.array(rows)
    x = (at[:, 1] - CENTRE[1]) * K_M * math.cos(math.radians(CENTRE[0]))
    y = (at[:, 0] - CENTRE[0]) * K_M
    return np.column_stack([x, y]), np.ones(len(at))


def _scattered(rng: np.random.Generator, n: int) -> tuple[F64, F64]:
    """Return points on bent, turned grids of some 55 m, thinned where nobody lives."""
    step = 55.0
    gx, gy = np.meshgrid(np.arange(-HALF_M[0], HALF_M[0], step), np.arange(-HALF_M[1], HALF_M[1], step))
    x, y = gx.ravel(), gy.ravel()
    wave = rng.uniform(0, 2 * np.pi, 8)
    lived = np.sin(x / 2100 + wave[0]) + np.sin(y / 1700 + wave[1]) + np.sin((x + y) / 2900 + wave[2])
    lived += np.sin((x - y) / 2300 + wave[3])
    x = x + 120 * np.sin(y / 700 + wave[4]) + 40 * np.sin(y / 230 + wave[5]) + rng.normal(0, 9, len(x))
    y = y + 120 * np.sin(x / 800 + wave[6]) + 40 * np.sin(x / 260 + wave[7]) + rng.normal(0, 9, len(y))
    inside = (x / HALF_M[0]) ** 2 + (y / HALF_M[1]) ** 2 < 1
    inside &= lived > np.quantile(lived, EMPTY)
    at = np.flatnonzero(inside)
    at = rng.choice(at, min(n, len(at)), replace=False)
    x, y = x[at], y[at]
    if len(x) < n:
        more = rng.integers(0, len(x), n - len(x))
        angle = rng.uniform(0, 2 * np.pi, len(more))
        x = np.concatenate([x, x[more] + 32 * np.cos(angle)])
        y = np.concatenate([y, y[more] + 32 * np.sin(angle)])
    return x, y


def _corners(rng: np.random.Generator, x: F64, y: F64, n: int) -> tuple[F64, F64]:
    """Return corners without cameras, each some way off a pole."""
    pick = rng.integers(0, len(x), n)
    angle, far = rng.uniform(0, 2 * np.pi, n), rng.uniform(22, 70, n)
    return x[pick] + far * np.cos(angle), y[pick] + far * np.sin(angle)


def _cameras(
    rng: np.random.Generator, node: I32, count: I32, real: NDArray[np.bool_], x: F64, y: F64, first: I32, to: I32
) -> tuple[F64, F64, I32, F64, F64, F64, F64, F64, NDArray[np.bool_]]:
    """Return cameras that look along the streets that meet at their poles."""
    pole = np.repeat(node, count)
    nth = np.arange(len(pole)) - np.repeat(np.cumsum(count) - count, count)
    arms = first[pole + 1] - first[pole]
    turned = rng.integers(0, 1 << 30, len(node))
    arm = to[first[pole] + (nth + np.repeat(turned, count)) % arms]
    azimuth = np.degrees(np.arctan2(x[arm] - x[pole], y[arm] - y[pole])) + rng.normal(0, 6, len(pole))
    extra = nth >= arms  # more cameras than streets: anywhere
    azimuth[extra] = rng.uniform(0, 360, int(extra.sum()))
    azimuth %= 360
    filed = azimuth + rng.normal(0, 4, len(pole))
    wrong = rng.random(len(pole)) < WRONG_AZIMUTH
    filed[wrong] = rng.uniform(0, 360, int(wrong.sum()))
    filed = np.where(rng.random(len(pole)) < NO_AZIMUTH, np.nan, filed % 360)
    fov, reach = rng.uniform(60, 100, len(pole)), rng.uniform(25, 55, len(pole))
    skill = np.clip(rng.beta(18, 2, len(pole)), 0.3, 0.99)
    skill[rng.random(len(pole)) < 0.015] = 0.0  # dead, and nobody has noticed
    return x[pole], y[pole], pole.astype(np.int32), azimuth, filed, fov, reach, skill, np.repeat(real, count)


def _roads(
    rng: np.random.Generator, x: F64, y: F64, first: I32, to: I32, via: I32, length: F64, rank: NDArray[np.int8],
    every_m: float, value: int,
) -> None:  # fmt: skip
    """Raise the rank of the streets on short ways between anchors of a coarse grid."""
    key = np.floor(x / every_m).astype(np.int64) * 10_000 + np.floor(y / every_m).astype(np.int64)
    _, anchor = np.unique(key, return_index=True)
    at = {int(k): int(a) for k, a in zip(key[anchor], anchor, strict=True)}
    pairs = [(a, at[k + d]) for k, a in at.items() for d in (1, 10_000) if k + d in at]
    cost = length * np.where(rank < 3, 0.7, 1.0)
    _raise(
        first, to, via, cost, np.array([p[0] for p in pairs], np.int32), np.array([p[1] for p in pairs], np.int32),
        x, y, rank, value,
    )  # fmt: skip


def _rides(
    rng: np.random.Generator, x: F64, y: F64, first: I32, to: I32, via: I32, length: F64, rank: NDArray[np.int8]
) -> list[tuple[tuple[int, ...], float, float, bool]]:
    """Return ten metro lines with a stop each 1.1 km and sixty bus lines with one each 450 m, on main streets."""
    main = np.unique(np.concatenate([to[: first[-1]][rank[via] == 1]]))
    lines = []
    for n in range(70):
        metro = n < 10
        step = 1100.0 if metro else 450.0
        reach = rng.uniform(9_000, 14_000) if metro else rng.uniform(3_000, 7_000)
        angle = rng.uniform(0, 2 * np.pi)
        middle = main[rng.integers(len(main))]
        stops: list[int] = []
        for s in np.arange(-reach, reach, step):
            bend = 700 * math.sin(s / 3000)
            ax = x[middle] * 0.3 + s * math.cos(angle) - bend * math.sin(angle)
            ay = y[middle] * 0.3 + s * math.sin(angle) + bend * math.cos(angle)
            if not metro:
                ax, ay = ax + 0.7 * x[middle], ay + 0.7 * y[middle]
            d = np.hypot(x[main] - ax, y[main] - ay)
            if d.min() < 300 and (not stops or int(main[d.argmin()]) != stops[-1]):
                stops.append(int(main[d.argmin()]))
        if len(stops) > 3:
            lines.append((tuple(stops), 125.0 if metro else 105.0, 230.0 if metro else 300.0, metro))
    return lines


def _rows(n: int, u: I32, v: I32) -> tuple[I32, I32, I32]:
    e = np.arange(len(u), dtype=np.int32)
    a, b, via = np.concatenate([u, v]), np.concatenate([v, u]), np.concatenate([e, e])
    order = np.argsort(a, kind="stable")
    first = np.zeros(n + 1, np.int32)
    np.cumsum(np.bincount(a, minlength=n), out=first[1:])
    return first, b[order].astype(np.int32), via[order].astype(np.int32)


def _bridged(x: F64, y: F64, u: I32, v: I32) -> tuple[I32, I32]:
    """Return the streets with every part joined to the largest one: bridges, tunnels, roads between quarters."""
    part = components(len(x), u, v)
    largest = np.bincount(part).argmax()
    main = np.flatnonzero(part == largest)
    more: list[tuple[int, int]] = []
    for p in np.unique(part):
        nodes = np.flatnonzero(part == p)
        if p == largest:
            continue
        ends = []
        for a in nodes[:: max(1, len(nodes) // 4)]:
            d = np.hypot(x[main] - x[a], y[main] - y[a])
            ends.append((float(d.min()), int(a), int(main[d.argmin()])))
        ends.sort()
        more += [e[1:] for e in ends[: 1 + (len(nodes) > 500)]]
    extra = np.array(more, np.int32).reshape(-1, 2)
    return np.concatenate([u, extra[:, 0]]), np.concatenate([v, extra[:, 1]])


def _joined(x: F64, y: F64, draw: F64) -> tuple[I32, I32]:
    """Return streets: pairs with nobody nearer to both, and a quarter of those with nobody in their circle."""
    cell = 110.0
    x0, y0 = float(x.min()) - 2 * cell, float(y.min()) - 2 * cell
    columns = int((x.max() - x0) / cell) + 3
    rows = int((y.max() - y0) / cell) + 3
    key = ((y - y0) / cell).astype(np.int64) * columns + ((x - x0) / cell).astype(np.int64)
    order = np.argsort(key, kind="stable").astype(np.int32)
    first = np.zeros(rows * columns + 1, np.int32)
    np.cumsum(np.bincount(key, minlength=rows * columns), out=first[1:])
    u, v = _neighbours(x, y, order, first, key, columns, cell, draw)
    return u, v


@njit(cache=True, nogil=True)
def _neighbours(x, y, order, first, key, columns, cell, draw):  # type: ignore[no-untyped-def]  # pragma: no cover
    n = len(x)
    room = 8 * n
    u, v = np.empty(room, np.int32), np.empty(room, np.int32)
    size = 0
    near = np.empty(2000, np.int32)
    far = np.empty(2000)
    for i in range(n):
        m = 0
        for dy in range(-2, 3):
            for dx in range(-2, 3):
                c = key[i] + dy * columns + dx
                if c < 0 or c + 1 >= len(first):
                    continue
                for q in range(first[c], first[c + 1]):
                    j = order[q]
                    d = np.hypot(x[j] - x[i], y[j] - y[i])
                    if j != i and d < 200.0 and m < 2000:
                        near[m], far[m] = j, d
                        m += 1
        for a in range(m):
            j = near[a]
            if j < i:
                continue
            rng_ok, gabriel = True, True
            mx, my = (x[i] + x[j]) / 2, (y[i] + y[j]) / 2
            for b in range(m):
                k = near[b]
                if k == j:
                    continue
                if far[b] < far[a] and np.hypot(x[k] - x[j], y[k] - y[j]) < far[a]:
                    rng_ok = False
                    if np.hypot(x[k] - mx, y[k] - my) < far[a] / 2:
                        gabriel = False
                        break
            if (rng_ok or (gabriel and (draw[i] + draw[j]) % 1.0 < 0.25)) and size < room:
                u[size], v[size] = i, j
                size += 1
    return u[:size].copy(), v[:size].copy()


@njit(cache=True, nogil=True)
def _raise(first, to, via, cost, start, goal, x, y, rank, value):  # type: ignore[no-untyped-def]  # pragma: no cover
    n = len(first) - 1
    best, prev, mark = np.full(n, np.inf), np.full(n, -1, np.int32), np.full(n, -1, np.int32)
    heap_c, heap_n = np.empty(400_000), np.empty(400_000, np.int32)
    for p in range(len(start)):
        way(first, to, via, cost, start[p], goal[p], x, y, 1.0, best, prev, mark, p, heap_c, heap_n)
        if mark[goal[p]] != p:
            continue
        node = goal[p]
        while prev[node] >= 0:
            back = prev[node]
            for i in range(first[node], first[node + 1]):
                if to[i] == back:
                    rank[via[i]] = min(rank[via[i]], value)
            node = back


@njit(cache=True, nogil=True)
def way(first, to, via, cost, start, goal, x, y, least, best, prev, mark, stamp, heap_c, heap_n):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Cheapest way (A*, `least` cost per metre) into `prev`; nodes reached carry `stamp` in `mark`."""
    mark[start], best[start], prev[start] = stamp, 0.0, -1
    heap_c[0], heap_n[0] = 0.0, start
    size = 1
    steps = 0
    while size > 0 and steps < 60_000:
        c, a = heap_c[0], heap_n[0]
        size = pop(heap_c, heap_n, size)
        if a == goal:
            return True
        steps += 1
        if c > best[a] + least * 0.7 * np.hypot(x[a] - x[goal], y[a] - y[goal]) + 1e-6:
            continue
        for q in range(first[a], first[a + 1]):
            b = to[q]
            d = best[a] + cost[via[q]]
            if mark[b] != stamp or d < best[b] - 1e-9:
                mark[b], best[b], prev[b] = stamp, d, a
                f = d + least * 0.7 * np.hypot(x[b] - x[goal], y[b] - y[goal])
                if size >= len(heap_c):
                    return False
                size = push(heap_c, heap_n, size, f, b)
    return False
