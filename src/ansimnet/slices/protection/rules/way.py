"""The way out: she is at least 30 s ahead of him at every point, or we say that there is none (EM-06).

He is taken to be anywhere his fix allows, moving since then. First a way is sought that holds against a runner; failing
that, one that holds against a faster gait than his own: it is judged again with every fix, so that it is lost within
seconds of his running, while she still has her lead. She walks and does not run. Who cuts through yards or houses is
not known to the street net: stated in docs/design/way-out.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np

from ansimnet.kernel import streets as net
from ansimnet.kernel.geo import Point
from ansimnet.kernel.streets import F64, I32, Bool, Streets
from ansimnet.slices.protection.model import Hers, His

HER_MPS = 1.4
"""Comfortable gait of women in their 20s to 50s (Bohannon 1997: 1.39 to 1.41 m/s). Hurried she is faster; that is
hers to keep."""
RUNS_MPS = 3.33
"""How far an average man in his 20s runs in 12 minutes (Cooper 1968: 2,200 to 2,399 m), per second. He cannot sprint
the length of a way, and her lead holds against a faster one: over 150 s he would have to run at 4.2 m/s."""
BRISK_MPS = 1.8
"""Very brisk walking, 4 mph (Compendium of Physical Activities 2011, 17220). Nobody is taken to be slower."""
FASTER = 1.2
"""He may move faster than he was seen to: fixes smooth a speed by about so much. ours."""
DRIVES_FROM_MPS = 7.0
"""Above this nobody runs far: he is in a vehicle. ours."""
DRIVES_MPS = 50 / 3.6
"""Urban limit in Korea, Enforcement Rule of the Road Traffic Act §19 (50 km/h). The least a driver is granted."""
SURE = 2.0
"""Radius that holds the truth 99 times in 100, in radii that hold it 68 times (Rayleigh quantiles 3.03 and 1.51)."""
LEAD_S = 30.0
"""Her lead at every point of the way (design: way out)."""
RED_M = 600.0
"""How far around her streets are drawn, his among them (the phone's map)."""
OFF_STREET_M = 150.0
"""A place farther from every street is not on this map. ours."""
KEEP_S = 30.0
"""She is not turned round for another place that is nearer by less than this. ours."""

STAFFED_KINDS = frozenset({"police_box", "police_station", "safe_house", "fire_station", "hospital"})
"""Where somebody is who can help: police boxes, emergency shelters in shops, fire stations, hospitals."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A staffed place she can be led to."""

    name: str
    kind: str
    point: Point


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """The street net with a door for every goal: `nodes` (G,) are the doors, in the order of `goals`."""

    streets: Streets
    goals: tuple[Goal, ...]
    nodes: I32


@dataclass(frozen=True, slots=True, eq=False)
class WayOut:
    """A way she can walk. `line` begins where she is and ends at the door; `streets` names each stretch of it."""

    goal: Goal
    line: tuple[Point, ...]
    streets: tuple[str, ...]
    length_m: float
    duration_s: float
    margin_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Situation:
    """Who can be where, when, if he moves at one speed: `his_s`, `her_s` (N,) earliest arrivals, `blocked` (E,) streets
    he may stand on already."""

    her_start_s: float
    his_s: F64
    her_s: F64
    blocked: Bool


def ground(streets: Streets, goals: Sequence[Goal]) -> Ground:
    """Return the street net with each goal's door joined to it, so that a way ends at the door and not at a corner."""
    doors: list[tuple[Goal, net.Snap]] = []
    for goal in goals:
        at = net.snap(streets, goal.point)
        if at.off_m <= OFF_STREET_M:
            doors.append((goal, at))
    if not doors:
        return Ground(streets, (), np.zeros(0, np.int32))
    n = len(streets.x_m)
    x, y = streets.x_m.tolist(), streets.y_m.tolist()
    by_edge: dict[int, list[tuple[float, int]]] = {}
    for _, at in doors:
        by_edge.setdefault(at.edge, []).append((at.along_m, len(x)))
        x.append(at.x_m)
        y.append(at.y_m)
    edges = [
        (int(u), int(v), float(m), int(r), name)
        for i, (u, v, m, r, name) in enumerate(
            zip(streets.u, streets.v, streets.length_m, streets.rank, streets.names, strict=True)
        )
        if i not in by_edge
    ]
    for edge, cuts in by_edge.items():
        edges += _cut(streets, edge, sorted(cuts))
    for k, (goal, at) in enumerate(doors):
        door_x, door_y = streets.plane.to_xy(goal.point)
        edges.append((n + k, len(x), max(at.off_m, 0.1), 3, ""))
        x.append(door_x)
        y.append(door_y)
    points = [streets.plane.to_point(a, b) for a, b in zip(x, y, strict=True)]
    built = net.build(
        np.array([p.lat for p in points]), np.array([p.lon for p in points]),
        np.array([e[0] for e in edges], np.int32), np.array([e[1] for e in edges], np.int32),
        np.array([e[2] for e in edges]), np.array([e[3] for e in edges], np.int8), tuple(e[4] for e in edges),
    )  # fmt: skip
    first = n + len(doors)
    return Ground(built, tuple(g for g, _ in doors), np.arange(first, first + len(doors), dtype=np.int32))


def _cut(streets: Streets, edge: int, cuts: list[tuple[float, int]]) -> list[tuple[int, int, float, int, str]]:
    """Return a street in pieces, cut at (metres along, new node)."""
    rank, name = int(streets.rank[edge]), streets.names[edge]
    ends = [(0.0, int(streets.u[edge])), *cuts, (float(streets.length_m[edge]), int(streets.v[edge]))]
    return [
        (a, b, max(to - since, 0.01), rank, name)  # two doors at one spot are a centimetre apart
        for (since, a), (to, b) in pairwise(ends)
    ]


def his_speeds(observed_mps: float | None) -> tuple[tuple[str, float], ...]:
    """Return what he is taken to do, strictest first: drive; or run, else keep his pace. m/s.

    A pace is believed only where one was seen.

    >>> his_speeds(None), his_speeds(1.4), his_speeds(20.0)
    ((('runs', 3.33),), (('runs', 3.33), ('keeps_pace', 1.8)), (('drives', 24.0),))
    """
    seen = observed_mps or 0.0
    if seen > DRIVES_FROM_MPS:
        return (("drives", max(DRIVES_MPS, seen * FASTER)),)
    runs = ("runs", max(RUNS_MPS, seen * FASTER))
    pace = ("keeps_pace", max(BRISK_MPS, seen * FASTER))
    return (runs, pace) if observed_mps is not None and pace[1] < runs[1] else (runs,)


def his_reach_m(his: His, now: datetime, speed_mps: float) -> float:
    """Return the radius around his last place that holds him now, 99 times in 100."""
    return SURE * his.error_m + max(0.0, (now - his.seen_at).total_seconds()) * speed_mps


def situation(g: Ground, hers: Hers, his: His, now: datetime, speed_mps: float) -> Situation:
    """Return who can be where, when, from now on, if he moves at this speed."""
    at = net.snap(g.streets, hers.point)
    start_s = (at.off_m + hers.error_m) / HER_MPS  # she may stand so much farther from her street and along it
    reach_m = his_reach_m(his, now, speed_mps)
    his_s, blocked = net.earliest_within_s(g.streets, his.point, reach_m, speed_mps=speed_mps)
    her_s = net.earliest_s(g.streets, hers.point, speed_mps=HER_MPS) + start_s
    return Situation(start_s, his_s, her_s, blocked)


def way_out(g: Ground, s: Situation, hers: Hers, *, keep: str | None = None) -> WayOut | None:
    """Return the quickest way to a staffed place on which she is always 30 s ahead, or None.

    `keep` is the place she is being led to: it stays the goal unless another is nearer by more than 30 s.
    """
    best = _way_to(g, s, hers, g.nodes)
    if best is None or keep is None or g.goals[best[0]].name == keep:
        return best[1] if best else None
    same = [i for i, goal in enumerate(g.goals) if goal.name == keep]
    kept = _way_to(g, s, hers, g.nodes[same]) if same else None
    return kept[1] if kept and kept[1].duration_s <= best[1].duration_s + KEEP_S else best[1]


def _way_to(g: Ground, s: Situation, hers: Hers, nodes: I32) -> tuple[int, WayOut] | None:
    lead_s = LEAD_S + s.her_start_s
    way = net.way_ahead(
        g.streets, hers.point, nodes, speed_mps=HER_MPS, his_s=s.his_s, lead_s=lead_s, blocked=s.blocked
    )
    if way is None:
        return None
    index = int(np.flatnonzero(g.nodes == way.nodes[-1])[0])
    at = net.snap(g.streets, hers.point)
    path = [int(n) for n in way.nodes]
    between = [net.street_between(g.streets, a, b) for a, b in pairwise(path)]
    line = [hers.point, g.streets.plane.to_point(at.x_m, at.y_m), *(g.streets.place(n) for n in path)]
    names = ["", g.streets.names[at.edge], *(g.streets.names[e] for e in between)]
    margin = float(way.margin_s) - s.her_start_s
    return index, WayOut(
        goal=g.goals[index],
        line=tuple(line),
        streets=tuple(names),
        length_m=way.length_m + at.off_m,
        duration_s=float(way.arrive_s[-1]) + at.off_m / HER_MPS,
        margin_s=margin if math.isfinite(margin) else 3600.0,  # he cannot get there at all; JSON knows no infinity
    )


def red_streets(g: Ground, s: Situation, around: Point, radius_m: float = RED_M) -> list[tuple[Point, Point]]:
    """Return the streets near her that he may reach before she does, each as its two ends."""
    u, v = g.streets.u, g.streets.v
    first = (s.his_s[u] <= s.her_s[u]) | (s.his_s[v] <= s.her_s[v]) | s.blocked
    near = net.touched(g.streets, around, radius_m)
    return [(g.streets.place(int(u[e])), g.streets.place(int(v[e]))) for e in np.flatnonzero(first & near)]
