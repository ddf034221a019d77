"""Everybody at once, for judging many fixes: a row per person, zones in compressed rows, a grid, pairs, watches."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ansimnet.kernel.geo import Point
from ansimnet.slices.supervision.model import Approach, Condition, Curfew, Exclusion, Zone
from ansimnet.slices.supervision.rules.chance import EARTH_DEGREE_M
from ansimnet.slices.supervision.rules.evidence import shape_of
from ansimnet.slices.supervision.rules.motion import FADES, WIDTH
from ansimnet.slices.supervision.rules.rough import CORNERS
from ansimnet.slices.supervision.rules.watching import ARMED

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
I8 = NDArray[np.int8]
OPEN = 8
"""Shared zones a person can be in doubt about at once. ours; more is an error, never a silence."""
CELL_M = 500.0
SPARE_M = 250.0
"""The side of a cell of the grid of shared zones, and how far about its reach a zone is listed. ours: a zone's size;
and how far a usual fix may be off."""

NEVER = -1e18
"""Seconds, so long ago that nothing remembers it."""

ROUND_M = 0.01
"""More than a single number is off by within a cell and its surroundings."""


@dataclass(slots=True, eq=False)
class Zones:
    """Zones in compressed rows: corners `first[z]` to `first[z + 1]`; `reach` (Z, 3) latitude, longitude, metres."""

    first: I64
    lats: F64
    lons: F64
    radius: F64
    reach: F64

    @staticmethod
    def of(zones: Sequence[Zone]) -> Zones:
        """Return zones as arrays."""
        shapes = [shape_of(z) for z in zones]
        sizes = np.array([0, *(len(s[0]) for s in shapes)], dtype=np.int64)
        none = np.zeros(0)
        return Zones(
            np.cumsum(sizes),
            np.concatenate([none, *(s[0] for s in shapes)]),
            np.concatenate([none, *(s[1] for s in shapes)]),
            np.array([s[2] for s in shapes], dtype=np.float64),
            np.array([s[3] for s in shapes], dtype=np.float64).reshape(-1, 3),
        )

    @staticmethod
    def together(parts: Sequence[Zones]) -> Zones:
        """Return the zones of all parts, in their order."""
        if not parts:
            return Zones.of([])
        ends, at = [np.zeros(1, dtype=np.int64)], 0
        for z in parts:
            ends.append(z.first[1:] + at)
            at += len(z.lats)
        return Zones(
            np.concatenate(ends),
            np.concatenate([z.lats for z in parts]),
            np.concatenate([z.lons for z in parts]),
            np.concatenate([z.radius for z in parts]),
            np.concatenate([z.reach for z in parts]),
        )


@dataclass(slots=True, eq=False)
class Grid:
    """Which shared zones may matter in a cell: zones `zone[first[c]:first[c + 1]]` of cell `c`, rows then columns.

    `near` (E, 3) has their reaches beside them, for memory is slow: north and east of the cell's south-western corner,
    metres as at the equator, and how far each reaches, metres, with a thirtieth to spare.
    """

    south: float
    west: float
    high: float
    wide: float
    rows: int
    columns: int
    first: I64
    zone: I32
    near: F32


@dataclass(slots=True, eq=False)
class Board:
    """Everybody at once.

    `people` (N, WIDTH), `bound` whom the shared zones bind (wearers); a person's zones `own_first[p]` to
    `own_first[p + 1]` of `zones`, each with a watch (5 numbers) and whether it is turned round (a curfew in its hours);
    shared zones by `grid`, with `OPEN` places a person for watches that are not quiet (`open_zone` -1: free); `group`
    by `groups_of`; a person's pairs `pair_first[p]` to `pair_first[p + 1]`: the other's row, the pair's number, and
    where the other is taken to be when not heard for long (degrees, NaN: nowhere).

    What spares looking, and is 0 where nothing is known: `calm` (N, 4), a place in degrees, within how many metres of
    it no quiet shared zone lies, and how many of the `OPEN` places are taken; `own_gap` and `open_gap`, how far from
    that place the edge of each zone with a watch lies at least, metres, less than 0 where the place lies outside.
    `back` and `open_back`: when an alarm of each was last taken back, seconds since 1970 UTC (long ago for
    never), and how many were.
    `scratch` is what the kernel writes meanwhile.
    """

    people: F64
    known: NDArray[np.bool_]
    bound: NDArray[np.bool_]
    zones: Zones
    own_first: I64
    outside: NDArray[np.bool_]
    watch: I8
    shared: Zones
    grid: Grid
    open_zone: I32
    open_watch: I8
    group: I32
    pair_first: I64
    pair_other: I32
    pair_number: I32
    pair_place: F64
    radii: F64
    pair_watch: I8
    calm: F64 = field(init=False)
    own_gap: F32 = field(init=False)
    open_gap: F32 = field(init=False)
    back: F64 = field(init=False)
    open_back: F64 = field(init=False)
    scratch: tuple[F64, F64, F64, F64, I8] = field(init=False)

    def __post_init__(self) -> None:
        self.back = np.tile([NEVER, 0.0], (len(self.outside), 1))
        self.open_back = np.tile([NEVER, 0.0], (*self.open_zone.shape, 1))
        self.calm = np.zeros((len(self.people), 4))
        self.own_gap = np.zeros(len(self.outside), dtype=np.float32)
        self.open_gap = np.zeros(self.open_zone.shape, dtype=np.float32)
        self.scratch = (
            np.empty((5, WIDTH)), np.zeros((7, 5)), np.empty((3, CORNERS + 1)), np.zeros(FADES),
            np.zeros((1, 5), dtype=np.int8),
        )  # fmt: skip


def grid_of(zones: Zones) -> Grid:
    """Return the grid over shared zones; each lies in the cells its reach touches, with `SPARE_M` to spare."""
    if len(zones.radius) == 0:
        none, near = np.zeros(0, dtype=np.int32), np.zeros((0, 3), dtype=np.float32)
        return Grid(0.0, 0.0, 1.0, 1.0, 1, 1, np.zeros(2, dtype=np.int64), none, near)
    lat, lon, reach = zones.reach[:, 0], zones.reach[:, 1], zones.reach[:, 2] * 1.03 + SPARE_M
    high = CELL_M / EARTH_DEGREE_M
    wide = high / math.cos(math.radians(float(lat.mean())))
    north, east = reach / CELL_M * high, reach / CELL_M * wide
    south, west = float((lat - north).min()), float((lon - east).min())
    rows = int((float((lat + north).max()) - south) / high) + 1
    columns = int((float((lon + east).max()) - west) / wide) + 1
    cells, which = [], []
    r0, r1 = ((lat - north - south) / high).astype(int), ((lat + north - south) / high).astype(int)
    c0, c1 = ((lon - east - west) / wide).astype(int), ((lon + east - west) / wide).astype(int)
    for z in range(len(lat)):
        for r in range(r0[z], r1[z] + 1):
            for c in range(c0[z], c1[z] + 1):
                cells.append(r * columns + c)
                which.append(z)
    order = np.argsort(np.array(cells), kind="stable")
    count = np.bincount(np.array(cells), minlength=rows * columns)
    first = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    listed, place = np.array(which, dtype=np.int32)[order], np.array(cells)[order]
    row, column = place // columns, place % columns
    near = np.column_stack(
        [
            (lat[listed] - (south + row * high)) * EARTH_DEGREE_M,
            (lon[listed] - (west + column * wide)) * EARTH_DEGREE_M,
            zones.reach[listed, 2] * 1.03 + ROUND_M,
        ]
    )
    return Grid(south, west, high, wide, rows, columns, first, listed, near.astype(np.float32))


def board_of(people: Sequence[object], conditions: Sequence[Condition], shared: Sequence[Zone] = ()) -> Board:
    """Return a board on which nobody has been seen yet. `people` are ids of persons, in the order of their rows."""
    number = {p: i for i, p in enumerate(people)}
    wearers = {c.wearer_id for c in conditions}
    own: list[list[Exclusion | Curfew]] = [[] for _ in people]
    beside: list[list[tuple[int, int, Point | None]]] = [[] for _ in people]
    radii: list[tuple[float, float]] = []
    for c in conditions:
        match c:
            case Exclusion() | Curfew():
                own[number[c.wearer_id]].append(c)
            case Approach():
                a, b = number[c.wearer_id], number[c.protected_person_id]
                beside[a].append((b, len(radii), c.place))
                beside[b].append((a, len(radii), None))
                radii.append((c.warn_m, c.alarm_m))
            case _:
                raise ValueError("a board knows zones, curfews and pairs")
    flat = [c for cs in own for c in cs]
    zones, everybodys = Zones.of([c.home if isinstance(c, Curfew) else c.zone for c in flat]), Zones.of(shared)
    pairs = [p for ps in beside for p in ps]
    first = np.cumsum([0, *(len(ps) for ps in beside)]).astype(np.int64)
    others = np.array([p[0] for p in pairs], dtype=np.int32)
    places = OPEN if len(shared) else 0
    return Board(
        people=np.zeros((len(people), WIDTH)),
        known=np.zeros(len(people), dtype=np.bool_),
        bound=np.array([p in wearers for p in people], dtype=np.bool_),
        zones=zones,
        own_first=np.cumsum([0, *(len(cs) for cs in own)]).astype(np.int64),
        outside=np.array([isinstance(c, Curfew) for c in flat], dtype=np.bool_),
        watch=quiet(len(flat)),
        shared=everybodys,
        grid=grid_of(everybodys),
        open_zone=np.full((len(people), places), -1, dtype=np.int32),
        open_watch=quiet(len(people) * places).reshape(len(people), places, 5),
        group=groups_of(len(people), first, others),
        pair_first=first,
        pair_other=others,
        pair_number=np.array([p[1] for p in pairs], dtype=np.int32),
        pair_place=places_of(p[2] for p in pairs),
        radii=np.array(radii, dtype=np.float64).reshape(-1, 2),
        pair_watch=quiet(len(radii)),
    )


def places_of(places: Iterable[Point | None]) -> F64:
    """Return places as rows of degrees, NaN for none."""
    return np.array([(p.lat, p.lon) if p is not None else (np.nan, np.nan) for p in places]).reshape(-1, 2)


def by_place(places: F64) -> I64:
    """Return an order of places, (N, 2) degrees, in which neighbours on the ground are neighbours: along a Z-curve.

    A board whose people and shared zones come so is judged faster, for what a fix touches is near in memory.
    """
    cells = np.floor(places * (EARTH_DEGREE_M / CELL_M)).astype(np.int64)
    cells -= cells.min(axis=0)
    curve = np.zeros(len(places), dtype=np.int64)
    for bit in range(20):
        curve |= ((cells[:, 0] >> bit) & 1) << (2 * bit + 1) | ((cells[:, 1] >> bit) & 1) << (2 * bit)
    return np.argsort(curve, kind="stable")


def groups_of(people: int, first: I64, other: I32) -> I32:
    """Return for each person the lowest row of all who are bound together with him by pairs, however many lie between.

    Who shares no group can be judged in any order.
    """
    group = np.arange(people, dtype=np.int32)
    for p in np.flatnonzero(np.diff(first)).tolist():
        for o in other[first[p] : first[p + 1]].tolist():
            a, c = p, o
            while group[a] != a:
                a = int(group[a])
            while group[c] != c:
                c = int(group[c])
            group[max(a, c)] = min(a, c)
    while (group != group[group]).any():
        group = group[group]
    return group


def quiet(n: int) -> I8:
    """Return watches that remember nothing."""
    watches = np.zeros((n, 5), dtype=np.int8)
    watches[:, ARMED] = 1
    return watches
