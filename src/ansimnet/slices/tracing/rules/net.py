"""The camera net: which stretch of which street each camera has in view, and the rides between stops.

Street `e` is two arcs: `2e` from its end `u` to its end `v`, `2e + 1` back. All of it is arrays; nothing is asked of
a camera's picture: a register that is wrong about a direction makes the net wrong there, which `VIEW_KNOWN` allows for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ansimnet.kernel.geo import EARTH_RADIUS_M
from ansimnet.kernel.streets import Streets
from ansimnet.slices.tracing.rules.types import F64, I32

VIEW_KNOWN = 0.95
"""Chance that somebody on a covered stretch is in view of a camera whose direction is on file. ours: registers err."""
VIEW_SPREAD = 1.3
"""A camera without a direction looks at a stretch with its field of view over 360°, times this: it is hung to look
along streets, not at walls. ours."""
LONG_M = 10.0
"""A shorter stretch is at the rim of a view and may be outside of it. ours."""
STEP_M = 3.0
"""Stretches are found in steps of this length. ours."""
CELL_M = 128.0
SITE_M = 5.0
"""Cameras nearer than this hang on one pole. ours."""
SIGNAL_RANK = 1
"""Streets of this rank and above have signals where they are crossed. ours."""


@dataclass(frozen=True, slots=True, eq=False)
class Cameras:
    """The cameras as registered, (C,) each: WGS 84 degrees; azimuth NaN where unknown; field of view; reach."""

    lat: F64
    lon: F64
    azimuth_deg: F64
    fov_deg: F64
    reach_m: F64


@dataclass(frozen=True, slots=True)
class Ride:
    """A line of stops, as street nodes in order, with the seconds between two stops and the mean wait at one."""

    stops: tuple[int, ...]
    leg_s: float
    wait_s: float
    metro: bool


@dataclass(frozen=True, slots=True, eq=False)
class CameraNet:
    """Streets with cameras on them.

    `x_m y_m site` (C,) of cameras on the streets' plane; `bearing` (2E,) radians clockwise from north per arc;
    `signal` (N,) nodes with a signal; `cov_first` (E+1,) → `cov_camera cov_from_m cov_to_m cov_view` the stretches of
    each street in view, from its end `u`; `cam_first` (C+1,) → `cam_cov` each camera's stretches, `cov_edge` theirs;
    `ride_first` (N+1,) → `ride_to ride_s ride_weight ride_metro` where a ride from a node may end.
    """

    streets: Streets
    x_m: F64
    y_m: F64
    site: I32
    bearing: F64
    signal: NDArray[np.bool_]
    cov_first: I32
    cov_camera: I32
    cov_from_m: F64
    cov_to_m: F64
    cov_view: F64
    cov_edge: I32
    cam_first: I32
    cam_cov: I32
    ride_first: I32
    ride_to: I32
    ride_s: F64
    ride_weight: F64
    ride_metro: NDArray[np.bool_]
    size: int = field(default=0)

    @property
    def bytes(self) -> int:
        """Memory of the arrays that are the net's own, in bytes."""
        own = (getattr(self, name) for name in self.__slots__)
        return sum(a.nbytes for a in own if isinstance(a, np.ndarray))


def build(streets: Streets, cameras: Cameras, rides: Sequence[Ride] = ()) -> CameraNet:
    """Build the net.

    Raises:
        ValueError: columns of different lengths.
    """
    n = len(cameras.lat)
    if any(len(c) != n for c in (cameras.lon, cameras.azimuth_deg, cameras.fov_deg, cameras.reach_m)):
        raise ValueError("every camera needs a place, a direction (or none), a field of view and a reach")
    x, y = _plane_xy(streets, cameras.lat, cameras.lon)
    u, v, length = streets.u, streets.v, streets.length_m
    east, north = streets.x_m[v] - streets.x_m[u], streets.y_m[v] - streets.y_m[u]
    forth = np.arctan2(east, north)
    bearing = np.empty(2 * len(u))
    bearing[0::2], bearing[1::2] = forth, forth + np.pi
    cell_first, cell_edge, x0, y0, columns = _cells(streets)
    azimuth = np.radians(cameras.azimuth_deg)
    found = _stretches(
        x, y, azimuth, np.radians(cameras.fov_deg) / 2, np.minimum(cameras.reach_m, CELL_M),
        streets.x_m, streets.y_m, u, v, length, cell_first, cell_edge, x0, y0, columns,
    )  # fmt: skip
    camera, edge, since, to = found
    spread = np.minimum(0.9, VIEW_SPREAD * cameras.fov_deg / 360)
    view = np.where(np.isnan(azimuth), spread, VIEW_KNOWN)[camera] * np.minimum(1.0, (to - since) / LONG_M)
    order = np.lexsort((since, edge))
    camera, edge, since, to, view = (a[order] for a in (camera, edge, since, to, view))
    first = _first(edge, len(u))
    by_camera = np.argsort(camera, kind="stable").astype(np.int32)
    signal = np.zeros(len(streets.x_m), np.bool_)
    main = streets.rank <= SIGNAL_RANK
    signal[u[main]] = signal[v[main]] = True
    signal &= np.diff(streets.first) >= 3
    pole = np.round(np.column_stack([x, y]) / SITE_M).astype(np.int64)
    _, site = np.unique(pole[:, 0] * 4_000_000 + pole[:, 1], return_inverse=True)
    return CameraNet(
        streets, x, y, site.astype(np.int32), bearing, signal, first, camera, since, to, view, edge,
        _first(camera[by_camera], n), by_camera, *_rides(rides, len(streets.x_m)), size=n,
    )  # fmt: skip


def _plane_xy(streets: Streets, lat: F64, lon: F64) -> tuple[F64, F64]:
    origin = streets.plane.origin
    k = np.radians(1) * EARTH_RADIUS_M
    return (lon - origin.lon) * k * np.cos(np.radians(origin.lat)), (lat - origin.lat) * k


def _first(key: NDArray[np.integer], n: int) -> I32:
    first = np.zeros(n + 1, np.int32)
    np.cumsum(np.bincount(key, minlength=n), out=first[1:])
    return first


def _cells(streets: Streets) -> tuple[I32, I32, float, float, int]:
    """Return the edges in each square of `CELL_M`, as compressed rows, and where the squares begin."""
    x0, y0 = float(streets.x_m.min()) - 2 * CELL_M, float(streets.y_m.min()) - 2 * CELL_M
    columns = int((streets.x_m.max() - x0) / CELL_M) + 3
    rows = int((streets.y_m.max() - y0) / CELL_M) + 3
    u, v = streets.u, streets.v
    steps = np.ceil(streets.length_m / (CELL_M / 4)).astype(np.int64) + 1
    edge = np.repeat(np.arange(len(u)), steps)
    at = (np.arange(len(edge)) - np.repeat(np.cumsum(steps) - steps, steps)) / np.maximum(1, steps - 1)[edge]
    x = streets.x_m[u][edge] * (1 - at) + streets.x_m[v][edge] * at
    y = streets.y_m[u][edge] * (1 - at) + streets.y_m[v][edge] * at
    cell = ((y - y0) / CELL_M).astype(np.int64) * columns + ((x - x0) / CELL_M).astype(np.int64)
    pairs = np.unique(cell * len(u) + edge)
    cell, edge = pairs // len(u), pairs % len(u)
    return _first(cell, rows * columns), edge.astype(np.int32), x0, y0, columns


def _rides(rides: Sequence[Ride], nodes: int) -> tuple[I32, I32, F64, F64, NDArray[np.bool_]]:
    """Return where a ride from each node may end: fewer get off the farther it goes."""
    rows: list[tuple[int, int, float, float, bool]] = []
    for ride in rides:
        decay = STAY_ON_METRO if ride.metro else STAY_ON_BUS
        for i, a in enumerate(ride.stops):
            for j, b in enumerate(ride.stops):
                legs = abs(i - j)
                if 0 < legs <= MOST_LEGS:
                    rows.append((a, b, ride.wait_s + legs * ride.leg_s, decay ** (legs - 1), ride.metro))
    rows.sort(key=lambda r: r[0])
    column = np.array([r[0] for r in rows], np.int64)
    return (
        _first(column, nodes),
        np.array([r[1] for r in rows], np.int32),
        np.array([r[2] for r in rows], np.float64),
        np.array([r[3] for r in rows], np.float64),
        np.array([r[4] for r in rows], np.bool_),
    )


STAY_ON_METRO, STAY_ON_BUS = 0.85, 0.75
"""Share of riders who stay on at a stop. ours: Seoul's mean ride is some 6 to 8 stations and 4 to 5 bus stops."""
MOST_LEGS = 14
"""Rides are followed so many stops. ours."""


@njit(cache=True, nogil=True)
def _stretches(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    x, y, azimuth, half, reach, nx, ny, u, v, length, cell_first, cell_edge, x0, y0, columns
):
    """Return (camera, edge, from, to): what each camera has in view of each street near it."""
    room = 8 * len(x) + 64
    camera, edge = np.empty(room, np.int32), np.empty(room, np.int32)
    since, to = np.empty(room), np.empty(room)
    stamp = np.full(len(u), -1, np.int32)
    size = 0
    cells = len(cell_first) - 1
    for c in range(len(x)):
        row, column = int((y[c] - y0) / CELL_M), int((x[c] - x0) / CELL_M)
        for cy in range(row - 1, row + 2):
            for cx in range(column - 1, column + 2):
                cell = cy * columns + cx
                if cx < 0 or cx >= columns or cell < 0 or cell >= cells:
                    continue
                for i in range(cell_first[cell], cell_first[cell + 1]):
                    e = cell_edge[i]
                    if stamp[e] == c:
                        continue
                    stamp[e] = c
                    ax, ay = nx[u[e]] - x[c], ny[u[e]] - y[c]
                    bx, by = nx[v[e]] - x[c], ny[v[e]] - y[c]
                    steps = int(length[e] / STEP_M) + 2
                    lo, hi = 2.0, -1.0
                    for k in range(steps):
                        t = k / (steps - 1)
                        px, py = ax + t * (bx - ax), ay + t * (by - ay)
                        d = np.hypot(px, py)
                        if d > reach[c]:
                            continue
                        if not np.isnan(azimuth[c]) and d > 1.0:
                            off = np.abs((np.arctan2(px, py) - azimuth[c] + 3 * np.pi) % (2 * np.pi) - np.pi)
                            if off > half[c]:
                                continue
                        lo, hi = min(lo, t), max(hi, t)
                    half_step = 0.5 / (steps - 1)  # a view ends somewhere between a step in it and the next one
                    lo, hi = max(0.0, lo - half_step), min(1.0, hi + half_step)
                    if (hi - lo) * length[e] < STEP_M:
                        continue
                    if size == room:
                        room *= 2
                        camera, edge = _grown(camera, room), _grown(edge, room)
                        since, to = _grown(since, room), _grown(to, room)
                    camera[size], edge[size] = c, e
                    since[size], to[size] = lo * length[e], hi * length[e]
                    size += 1
    return camera[:size].copy(), edge[:size].copy(), since[:size].copy(), to[:size].copy()


@njit(cache=True, nogil=True)
def _grown(a, room):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    out = np.empty(room, a.dtype)
    out[: len(a)] = a
    return out
