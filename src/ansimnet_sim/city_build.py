"""Grow the fictional district 해담구 from a seed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from ansimnet.kernel.geo import Plane
from ansimnet_sim.city import DISTRICT, DISTRICT_ORIGIN, Area, Building, City, Place, UnitStart
from ansimnet_sim.poles import plant_cameras
from ansimnet_sim.polygons import Ring, area_m2, inset, lots
from ansimnet_sim.streets import Street, StreetNet, Xy

COLUMNS, ROWS = 15, 13
"""Streets from west to east and from south to north: 1.2 x 1.0 km at the 70-100 m blocks of an older Korean city."""
AVENUES = {4: ("은결로", 18.0, 3), 8: ("은솔대로", 30.0, 2), 12: ("하람로", 16.0, 3)}
"""Columns that are main streets: name, width in metres, class."""
ROADS = {0: ("은가람로", 14.0, 3), 4: ("노을로", 15.0, 3), 9: ("새빛로", 20.0, 3)}
"""Rows that are main streets."""
MARKET = 6
"""The column of the market street 은솔시장길."""
PARK = ((9, 6), (11, 8))
"""The park: crossings from (column, row) to (column, row)."""


@dataclass(slots=True)
class _Grid:
    at: dict[tuple[int, int], Xy]
    streets: dict[tuple[tuple[int, int], tuple[int, int]], Street]


def build_city(seed: int) -> City:
    """Return the district that grows from `seed`."""
    rng = Random(f"haedam/{seed}")
    grid = _lay_streets(rng)
    net, number = _net_of(grid)
    park = tuple(grid.at[c] for c in ((9, 6), (11, 6), (11, 8), (9, 8)))
    buildings = _build_blocks(grid, rng)
    plane = Plane(DISTRICT_ORIGIN)
    city = City(seed, DISTRICT, plane, net, tuple(buildings), (), (), (), _areas(grid, park))
    city.victim_home = _beside_street(net, number[(3, 6)], number[(4, 6)], 0.55)
    city.wearer_home = _beside_street(net, number[(11, 3)], number[(12, 3)], 0.4)
    city.places = _places(net, number)
    city.units = _units(net, number)
    city.cameras = plant_cameras(city, rng)
    return city


def _lay_streets(rng: Random) -> _Grid:
    at = _crossings(rng)
    streets: dict[tuple[tuple[int, int], tuple[int, int]], Street] = {}
    for c in range(COLUMNS):
        for r in range(ROWS):
            for d, e in ((1, 0), (0, 1)):
                if c + d < COLUMNS and r + e < ROWS:
                    streets[(c, r), (c + d, r + e)] = _street(at, (c, r), (c + d, r + e), rng)
    for key in sorted(streets):
        (c, r), (d, e) = key
        lane = streets[key].road_class == 4 and not streets[key].foot_only and c != MARKET
        if lane and 0 < c < COLUMNS - 1 and rng.random() < 0.13 and not _near_story(c, r):  # a lane never built
            trial = {k: s for k, s in streets.items() if k != key}
            if all(sum(n in k for k in trial) >= 2 for n in ((c, r), (d, e))) and _connected(trial):
                streets = trial
    return _Grid(at, streets)


def _near_story(column: int, row: int) -> bool:
    return 2 <= column <= 8 and 4 <= row <= 8


def _crossings(rng: Random) -> dict[tuple[int, int], Xy]:
    xs, ys = [0.0], [0.0]
    for _ in range(COLUMNS - 1):
        xs.append(xs[-1] + rng.uniform(72, 98))
    for _ in range(ROWS - 1):
        ys.append(ys[-1] + rng.uniform(70, 96))
    ox, oy = xs[-1] / 2, ys[-1] / 2
    bend, lean = rng.uniform(14, 24), math.radians(rng.uniform(3, 7))
    at = {}
    for c, x in enumerate(xs):
        for r, y in enumerate(ys):
            main = c in AVENUES or r in ROADS
            j = 2.0 if main else 9.0
            px = x - ox + bend * math.sin(y / 210) + rng.uniform(-j, j) * (c not in AVENUES)
            py = y - oy + bend * math.sin(x / 260 + 1) + rng.uniform(-j, j) * (r not in ROADS)
            at[c, r] = (px * math.cos(lean) - py * math.sin(lean), px * math.sin(lean) + py * math.cos(lean))
    return at


def _street(at: dict[tuple[int, int], Xy], a: tuple[int, int], b: tuple[int, int], rng: Random) -> Street:
    upright = a[0] == b[0]
    name, width, kind, foot = "", rng.choice((6.0, 6.0, 7.0, 8.0)), 4, False
    if upright:
        avenue = max((k for k in ROADS if k <= a[1]), default=0)
        name = f"{ROADS[avenue][0]} {2 * a[0] + 1}길"
        if a[0] in AVENUES:
            name, width, kind = AVENUES[a[0]]
        elif a[0] == MARKET:
            name, width = "은솔시장길", 8.0
    else:
        avenue = max((k for k in AVENUES if k <= a[0]), default=4)
        name = f"{AVENUES[avenue][0]} {2 * a[1]}길"
        if a[1] in ROADS:
            name, width, kind = ROADS[a[1]]
    (c0, r0), (c1, r1) = PARK
    inside = c0 <= min(a[0], b[0]) and max(a[0], b[0]) <= c1 and r0 <= min(a[1], b[1]) and max(a[1], b[1]) <= r1
    if inside and (a[0] == b[0] == 10 or a[1] == b[1] == 7):
        name, width, kind, foot = "미르공원길", 4.0, 4, True
    return Street(0, 0, (at[a], at[b]), name, width, kind, foot)


def _connected(streets: dict[tuple[tuple[int, int], tuple[int, int]], Street]) -> bool:
    around: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for a, b in streets:
        around.setdefault(a, []).append(b)
        around.setdefault(b, []).append(a)
    seen, todo = {(0, 0)}, [(0, 0)]
    while todo:
        for n in around[todo.pop()]:
            if n not in seen:
                seen.add(n)
                todo.append(n)
    return len(seen) == len(around)


def _net_of(grid: _Grid) -> tuple[StreetNet, dict[tuple[int, int], int]]:
    number = {cell: i for i, cell in enumerate(sorted(grid.at))}
    streets = [
        Street(number[a], number[b], s.line, s.name, s.width_m, s.road_class, s.foot_only)
        for (a, b), s in sorted(grid.streets.items())
    ]
    return StreetNet([grid.at[c] for c in sorted(grid.at)], streets), number


def _build_blocks(grid: _Grid, rng: Random) -> list[Building]:
    out: list[Building] = []
    (c0, r0), (c1, r1) = PARK
    for c in range(COLUMNS - 1):
        for r in range(ROWS - 1):
            if c0 <= c < c1 and r0 <= r < r1:
                continue
            cells = ((c, r), (c + 1, r), (c + 1, r + 1), (c, r + 1))
            ring = tuple(grid.at[k] for k in cells)
            by = []
            main = False
            for a, b in zip(cells, (*cells[1:], cells[0]), strict=True):
                s = grid.streets.get((min(a, b), max(a, b)))
                by.append((s.width_m / 2 if s else 0.6) + 0.15)
                main = main or (s is not None and s.road_class < 4)
            out.extend(_buildings_in(inset(ring, by), rng, main=main, market=c in (MARKET - 1, MARKET)))
    return out


def _buildings_in(block: Ring, rng: Random, *, main: bool, market: bool) -> list[Building]:
    out: list[Building] = []
    for lot in lots(block, rng, rng.uniform(230, 420) if not main else rng.uniform(380, 700)):
        ring = inset(lot, [rng.choice((0.1, 0.2, 0.4))] * len(lot))
        if len(ring) < 3 or area_m2(ring) < 40 or rng.random() < 0.04:  # a few lots stand empty: parking
            continue
        floors = rng.choice((4, 5, 6, 8, 11)) if main else rng.choice((2, 3, 3, 4, 4, 5))
        shop = rng.random() < (0.8 if main else 0.9 if market else 0.22)
        out.append(Building(ring, 3.0 * floors + rng.choice((0.6, 1.0)), rng.randrange(1 << 30), shop))
    return out


def _areas(grid: _Grid, park: Ring) -> tuple[Area, ...]:
    right, top = COLUMNS - 1, ROWS - 1
    ring = (
        [grid.at[c, 0] for c in range(COLUMNS)]
        + [grid.at[right, r] for r in range(1, ROWS)]
        + [grid.at[c, top] for c in range(right - 1, -1, -1)]
        + [grid.at[0, r] for r in range(top - 1, 0, -1)]
    )
    bank = [(x, y - 18) for x, y in (grid.at[c, 0] for c in range(COLUMNS))]
    river = tuple([(x, y - 95) for x, y in bank] + bank[::-1])
    dongs = []
    for name, (ca, ra), (cb, rb) in (
        ("은결동", (0, 4), (8, 9)),
        ("새빛동", (0, 9), (14, 12)),
        ("노을동", (0, 0), (14, 4)),
        ("미르동", (8, 4), (14, 9)),
    ):
        south = [grid.at[c, ra] for c in range(ca, cb + 1)]
        east = [grid.at[cb, r] for r in range(ra + 1, rb + 1)]
        north = [grid.at[c, rb] for c in range(cb - 1, ca - 1, -1)]
        west = [grid.at[ca, r] for r in range(rb - 1, ra, -1)]
        dongs.append(Area(name, "dong", tuple(south + east + north + west)))
    return (
        Area(DISTRICT, "district", tuple(ring)),
        *dongs,
        Area("미르공원", "park", park),
        Area("은가람", "water", river),
    )


def _beside_street(net: StreetNet, u: int, v: int, along: float) -> Xy:
    s = net.street_between(u, v)
    (ax, ay), (bx, by) = s.seen_from(u)[0], s.seen_from(u)[-1]
    n = math.dist((ax, ay), (bx, by))
    out = s.width_m / 2 - 0.7
    return ax + along * (bx - ax) + out * (by - ay) / n, ay + along * (by - ay) - out * (bx - ax) / n


_PLACES = (
    ("새빛지구대", "police_box", True, (3, 9), (4, 9), 0.5),
    ("미르파출소", "police_box", True, (11, 6), (12, 6), 0.5),
    ("안심지킴이집 은결편의점", "safe_house", True, (4, 5), (4, 6), 0.7),
    ("안심지킴이집 노을편의점", "safe_house", True, (2, 4), (3, 4), 0.4),
    ("안심지킴이집 새빛마트", "safe_house", True, (6, 9), (7, 9), 0.3),
    ("안심지킴이집 하람편의점", "safe_house", True, (12, 4), (12, 5), 0.5),
    ("안심지킴이집 시장약국", "safe_house", False, (6, 5), (6, 6), 0.5),
    ("안심지킴이집 강변편의점", "safe_house", True, (5, 0), (6, 0), 0.5),
    ("해담보호관찰소", "probation_office", True, (8, 2), (8, 3), 0.5),
    ("해담의료원", "hospital", True, (8, 10), (8, 11), 0.4),
    ("은결역 2번 출구", "station", False, (8, 4), (8, 5), 0.2),
)


def _places(net: StreetNet, number: dict[tuple[int, int], int]) -> tuple[Place, ...]:
    out = []
    for i, (name, kind, staffed, a, b, along) in enumerate(_PLACES):
        x, y = (
            _beside_street(net, number[a], number[b], along)
            if _joined(net, number[a], number[b])
            else (net.nodes[number[a]])
        )
        street = net.streets[net.nearest_street(x, y)[0]].name
        out.append(Place(name, kind, staffed, x, y, f"{DISTRICT} {street} {3 + 7 * i}"))
    return tuple(out)


def _joined(net: StreetNet, u: int, v: int) -> bool:
    return any(net.streets[i].u + net.streets[i].v - u == v for i in net.around[u])


def _units(net: StreetNet, number: dict[tuple[int, int], int]) -> tuple[UnitStart, ...]:
    rows = (
        ("순찰 21", "112", "새빛지구대", (4, 8)),
        ("순찰 14", "112", "미르파출소", (11, 5)),
        ("보호 03", "probation", "해담보호관찰소", (8, 3)),
    )
    return tuple(UnitStart(n, a, o, *net.nodes[number[c]]) for n, a, o, c in rows)
