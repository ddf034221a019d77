"""Walkers, cyclists and drivers of the simulated Seoul, and which cameras really have them in view.

They choose ways to places they want to reach, by costs only they perceive; their times come from gaits, signals, stops
and timetables. None of it is the tracer's model.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from evaluation._relay_city import F64, I32, City, way
from numba import njit
from numpy.typing import NDArray

WALK, CYCLE, DRIVE = 0, 1, 2
TRIP_M = ((500.0, 2200.0), (900.0, 3500.0), (1500.0, 6000.0))
LIKING = np.array([[1.25, 1.0, 1.0, 1.0], [1.2, 1.0, 0.95, 1.05], [0.6, 0.65, 1.0, 1.9]])
"""How long a metre seems by kind and street rank. ours: walkers avoid trunk roads, drivers small streets."""
PERCEIVED_SD = 0.22
"""How differently one person finds streets long. ours."""
VIA = 0.25
"""Share of trips that go by some other place first. ours."""
TRANSIT = 0.10
"""Share of walkers who take a bus or the metro for a part. ours."""
STEP_S = (1.0, 0.6, 0.3)
LEAST_VIEW_S = (2.0, 1.0, 0.6)
"""Who is in view for less is not counted as seen by a camera. ours: a handful of frames."""
GAP_S = 6.0
CELL_M = 64.0


@dataclass(frozen=True, slots=True, eq=False)
class Trip:
    """One way through the city: knots `t x y` (K,), `shown` (K-1,) whether he is on the street until the next knot."""

    kind: int
    t: F64
    x: F64
    y: F64
    shown: NDArray[np.bool_]
    nodes: I32


@dataclass(frozen=True, slots=True, eq=False)
class Visits:
    """Who was in view of which camera: `camera`, `since`, `until`, course and place on leaving, in order of leaving."""

    camera: I32
    since: F64
    until: F64
    heading: F64
    x: F64
    y: F64


class Planner:
    """Finds ways; its arrays are made once."""

    def __init__(self, city: City) -> None:
        n = len(city.x)
        self.city = city
        self.best, self.prev = np.full(n, np.inf), np.full(n, -1, np.int32)
        self.mark = np.full(n, -1, np.int64)
        self.heap_c, self.heap_n = np.empty(400_000), np.empty(400_000, np.int32)
        self.stamp = 0

    def path(self, a: int, b: int, cost: F64) -> list[int]:
        """Return the nodes of the way from a to b, empty where none was found."""
        c = self.city
        self.stamp += 1
        least = 0.5
        if not way(
            c.first, c.to, c.via, cost, a, b, c.x, c.y, least, self.best, self.prev, self.mark, self.stamp,
            self.heap_c, self.heap_n,
        ):  # fmt: skip
            return []
        nodes = [b]
        while self.prev[nodes[-1]] >= 0:
            nodes.append(int(self.prev[nodes[-1]]))
        return nodes[::-1]


def subject(planner: Planner, rng: np.random.Generator, kind: int) -> Trip:
    """Return the trip of somebody to be followed."""
    c = planner.city
    cost = c.length * np.exp(rng.normal(0, PERCEIVED_SD, len(c.length))) * LIKING[kind][c.rank]
    while True:
        a = int(rng.integers(len(c.x)))
        ride = kind == WALK and rng.random() < TRANSIT
        if ride:
            trip = _by_transit(planner, rng, a, cost)
        else:
            goals = [_away(c, rng, a, *TRIP_M[kind])]
            if rng.random() < VIA:
                goals.append(_away(c, rng, goals[0], 300.0, TRIP_M[kind][1] / 2))
            nodes = _chain(planner, [a, *goals], cost)
            trip = None if len(nodes) < 8 else _timed(c, rng, kind, [(nodes, 0.0)])
        if trip is not None:
            return trip


def _chain(planner: Planner, stops: list[int], cost: F64) -> list[int]:
    nodes = [stops[0]]
    for b in stops[1:]:
        leg = planner.path(nodes[-1], b, cost) if b != nodes[-1] else []
        if len(leg) < 2:
            return []
        nodes += leg[1:]
    return nodes


def _away(c: City, rng: np.random.Generator, a: int, least_m: float, most_m: float) -> int:
    """Return a node some way off."""
    while True:
        far, angle = rng.uniform(least_m, most_m), rng.uniform(0, 2 * np.pi)
        x, y = c.x[a] + far * np.cos(angle), c.y[a] + far * np.sin(angle)
        box = np.flatnonzero((np.abs(c.x - x) < 120) & (np.abs(c.y - y) < 120))
        if len(box):
            return int(rng.choice(box))
        least_m *= 0.9


def _by_transit(planner: Planner, rng: np.random.Generator, a: int, cost: F64) -> Trip | None:
    """Return a trip to a stop near, some stops on, and on foot from there."""
    c = planner.city
    stops, leg_s, wait_s, metro = c.rides[int(rng.integers(len(c.rides)))]
    i = int(rng.integers(len(stops)))
    j = i + int(rng.integers(2, 9)) * (1 if rng.random() < 0.5 else -1)
    if not 0 <= j < len(stops):
        return None
    a = _away(c, rng, stops[i], 200.0, 700.0)
    to = _chain(planner, [a, stops[i]], cost)
    on = _chain(planner, [stops[j], _away(c, rng, stops[j], 200.0, 900.0)], cost)
    if len(to) < 5 or len(on) < 5:
        return None
    riding = sum(rng.normal(leg_s, 12 if metro else 28) for _ in range(abs(i - j)))
    wait = rng.uniform(0, 300) if metro else rng.exponential(wait_s)
    return _timed(c, rng, WALK, [(to, max(60.0, 110 * metro + wait + riding)), (on, 0.0)])


def _timed(c: City, rng: np.random.Generator, kind: int, legs: list[tuple[list[int], float]]) -> Trip:
    """Return the trip with times: gait or traffic per street, waits at signals, stops on the way."""
    pace = float(np.clip(rng.normal(1.31, 0.19), 0.75, 2.1)) if kind == WALK else float(rng.lognormal(0, 0.18))
    t, x, y, shown, nodes = [0.0], [float(c.x[legs[0][0][0]])], [float(c.y[legs[0][0][0]])], [], [legs[0][0][0]]

    def knot(at: float, node: int, *, visible: bool) -> None:
        t.append(at)
        x.append(float(c.x[node]))
        y.append(float(c.y[node]))
        shown.append(visible)
        nodes.append(node)

    for path, gap in legs:
        if path[0] != nodes[-1]:
            knot(t[-1], path[0], visible=False)
        for a, b in pairwise(path):
            row = range(int(c.first[a]), int(c.first[a + 1]))
            e = min((int(c.via[i]) for i in row if int(c.to[i]) == b), key=lambda e: float(c.length[e]))
            rank = int(c.rank[e])
            wait = _wait(rng, kind, c, a, rank)
            if wait > 0:
                knot(t[-1] + wait, a, visible=True)
            if kind == WALK:
                speed = pace * rng.gamma(40, 1 / 40)
            elif kind == CYCLE:
                speed = (4.6, 4.4, 4.2, 3.6)[rank] * pace * rng.gamma(25, 1 / 25)
            else:
                speed = (13.0, 11.0, 8.6, 5.2)[rank] / pace * rng.gamma(14, 1 / 14)
            knot(t[-1] + float(c.length[e]) / speed, b, visible=True)
            if kind == WALK and rng.random() < 0.010:
                knot(t[-1] + rng.gamma(2, 25), b, visible=True)
            if kind == WALK and rng.random() < 0.003:
                knot(t[-1] + rng.uniform(90, 420), b, visible=False)  # into a shop
        if gap:
            knot(t[-1] + gap, path[-1], visible=False)
    return Trip(kind, np.array(t), np.array(x), np.array(y), np.array(shown), np.array(nodes, np.int32))


def _wait(rng: np.random.Generator, kind: int, c: City, node: int, rank: int) -> float:
    """Return the wait at a node before going on: a red light, a queue."""
    arms = c.via[c.first[node] : c.first[node + 1]]
    if len(arms) < 3:
        return 0.0
    main = int(c.rank[arms].min())
    if kind == WALK:
        return float(rng.uniform(0, 55)) if main <= 1 and rng.random() < 0.4 else 0.0
    if kind == CYCLE:
        return float(rng.uniform(0, 40)) if main <= 1 and rng.random() < 0.3 else 0.0
    if main <= 1:
        return float(rng.uniform(0, 60)) if rng.random() < 0.35 else 0.0
    return float(rng.exponential(4)) if rank >= 2 and rng.random() < 0.3 else 0.0


def stranger(c: City, rng: np.random.Generator, kind: int, node: int, begins: float, lasts: float) -> Trip:
    """Return somebody who wanders through the neighbourhood, mostly straight on."""
    speed = (
        float(rng.normal(1.3, 0.2)) if kind == WALK else (4.0 if kind == CYCLE else 8.0) * float(rng.lognormal(0, 0.2))
    )
    nodes = _wander(c.first, c.to, c.x, c.y, node, int(lasts * max(0.7, speed) / 30) + 2, int(rng.integers(1 << 31)))
    d = np.hypot(np.diff(c.x[nodes]), np.diff(c.y[nodes]))
    legs = d / max(0.7, speed) * rng.gamma(12, 1 / 12, len(d)) + 25 * (rng.random(len(d)) < 0.06)
    t = begins + np.concatenate([[0.0], np.cumsum(legs)])
    keep = t <= begins + lasts
    keep[:2] = True
    n = int(keep.sum())
    return Trip(kind, t[:n], c.x[nodes[:n]], c.y[nodes[:n]], np.ones(n - 1, np.bool_), nodes[:n])


class Eyes:
    """The cameras on a grid, asked who is in view."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.x0, self.y0 = float(city.x.min()) - 300, float(city.y.min()) - 300
        self.columns = int((city.x.max() - self.x0) / CELL_M) + 6
        rows = int((city.y.max() - self.y0) / CELL_M) + 6
        key = ((city.cy - self.y0) / CELL_M).astype(np.int64) * self.columns
        key += ((city.cx - self.x0) / CELL_M).astype(np.int64)
        self.order = np.argsort(key, kind="stable").astype(np.int32)
        self.first = np.zeros(rows * self.columns + 1, np.int32)
        np.cumsum(np.bincount(key, minlength=rows * self.columns), out=self.first[1:])
        n = len(city.cx)
        self.azimuth, self.half = np.radians(city.azimuth), np.radians(city.fov) / 2
        self.since, self.last, self.course = np.zeros(n), np.full(n, -1e18), np.zeros(n)
        self.at_x, self.at_y = np.zeros(n), np.zeros(n)

    def visits(self, trip: Trip) -> Visits:
        """Return which cameras have him in view, when, and his course when he leaves it."""
        c = self.city
        out = _visits(
            trip.t, trip.x, trip.y, trip.shown, STEP_S[trip.kind], c.cx, c.cy,
            self.azimuth, self.half, c.reach, self.order, self.first, self.x0, self.y0, self.columns,
            self.since, self.last, self.course, self.at_x, self.at_y,
        )  # fmt: skip
        camera, since, until, course, x, y = out
        self.last[camera] = -1e18
        keep = until - since >= LEAST_VIEW_S[trip.kind]
        order = np.argsort(until[keep], kind="stable")
        return Visits(*(a[keep][order] for a in (camera, since, until, np.degrees(course) % 360, x, y)))


@njit(cache=True, nogil=True)
def _wander(first, to, x, y, node, steps, seed):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    np.random.seed(seed)
    out = np.empty(steps, np.int32)
    out[0] = node
    back = -1
    for i in range(1, steps):
        n = first[node + 1] - first[node]
        pick, best = to[first[node]], -1e18
        for q in range(n):
            b = to[first[node] + q]
            score = np.random.gumbel(0, 0.5)
            if back >= 0:
                ax, ay = x[node] - x[back], y[node] - y[back]
                bx, by = x[b] - x[node], y[b] - y[node]
                score += (ax * bx + ay * by) / (np.hypot(ax, ay) * np.hypot(bx, by) + 1e-9)
                if b == back:
                    score -= 2.5
            if score > best:
                pick, best = b, score
        back, node = node, pick
        out[i] = node
    return out


@njit(cache=True, nogil=True)
def _visits(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    t,
    x,
    y,
    shown,
    step,
    cx,
    cy,
    azimuth,
    half,
    reach,
    order,
    first,
    x0,
    y0,
    columns,
    since,
    last,
    course,
    at_x,
    at_y,
):
    room = 4000
    camera, a_out, b_out, c_out = np.empty(room, np.int32), np.empty(room), np.empty(room), np.empty(room)
    x_out, y_out = np.empty(room), np.empty(room)
    size = 0
    heading = 0.0
    active = np.empty(400, np.int32)
    n_active = 0
    for s in range(len(t) - 1):
        if not shown[s]:
            continue
        dx, dy = x[s + 1] - x[s], y[s + 1] - y[s]
        if np.hypot(dx, dy) > 0.5:
            heading = np.arctan2(dx, dy)
        steps = int((t[s + 1] - t[s]) / step) + 1
        for i in range(steps):
            share = i / steps
            now, px, py = t[s] + share * (t[s + 1] - t[s]), x[s] + share * dx, y[s] + share * dy
            row, column = int((py - y0) / CELL_M), int((px - x0) / CELL_M)
            for gy in range(row - 1, row + 2):
                for gx in range(column - 1, column + 2):
                    cell = gy * columns + gx
                    for q in range(first[cell], first[cell + 1]):
                        c = order[q]
                        ox, oy = px - cx[c], py - cy[c]
                        d = np.hypot(ox, oy)
                        if d > reach[c]:
                            continue
                        if d > 2.0:
                            off = np.abs((np.arctan2(ox, oy) - azimuth[c] + 3 * np.pi) % (2 * np.pi) - np.pi)
                            if off > half[c]:
                                continue
                        if now - last[c] > GAP_S:
                            if last[c] > -1e17:
                                for k in range(n_active):
                                    if active[k] == c and size < room:
                                        camera[size], a_out[size] = c, since[c]
                                        b_out[size], c_out[size] = last[c], course[c]
                                        x_out[size], y_out[size] = at_x[c], at_y[c]
                                        size += 1
                                        active[k] = active[n_active - 1]
                                        n_active -= 1
                                        break
                            since[c] = now
                            if n_active < 400:
                                active[n_active] = c
                                n_active += 1
                        last[c], course[c], at_x[c], at_y[c] = now, heading, px, py
            k = 0
            while k < n_active:
                c = active[k]
                if now - last[c] > GAP_S and size < room:
                    camera[size], a_out[size], b_out[size], c_out[size] = c, since[c], last[c], course[c]
                    x_out[size], y_out[size] = at_x[c], at_y[c]
                    size += 1
                    active[k] = active[n_active - 1]
                    n_active -= 1
                else:
                    k += 1
    for k in range(n_active):
        c = active[k]
        if size < room:
            camera[size], a_out[size], b_out[size], c_out[size] = c, since[c], last[c], course[c]
            x_out[size], y_out[size] = at_x[c], at_y[c]
            size += 1
    return (
        camera[:size].copy(),
        a_out[:size].copy(),
        b_out[:size].copy(),
        c_out[:size].copy(),
        x_out[:size].copy(),
        y_out[:size].copy(),
    )
