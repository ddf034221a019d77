"""Which cameras see this point, best first. Pure arrays; a nation of cameras fits in a few megabytes.

A camera sees a point when it lies within its range and its sector, and no known wall stands between. An unknown azimuth
is a circle, ranked behind cameras whose direction is known, and the answer says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ansimnet.kernel.geo import EARTH_RADIUS_M, Plane, Point

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

DEFAULT_RANGE_M = 100.0
"""Range of a camera whose file gives none. A face of 0.16 m keeps 20 px up to about 25 m in a 1080p picture of 90°, a
walking person 40 px up to about 70 m (IEC 62676-4: 25 px/m to observe); 100 m is where a figure still shows. *Ours.*"""

MAX_RANGE_M = 300.0
"""No fixed street camera is believed beyond this; a larger figure in a file is cut to it. *Ours.*"""

DEFAULT_FOV_DEG = 90.0
"""Horizontal angle of the common 2.8–4 mm lens on a 1/2.8″ sensor. *Ours, where the file says nothing.*"""

UNKNOWN = -1
"""Azimuth of a camera whose direction nobody recorded."""

_M_PER_DEG = np.pi / 180 * EARTH_RADIUS_M
_CANDIDATES = 256
"""Cameras of one place weighed before the best are kept; the densest real crossing of Seoul has 41 within 100 m."""


@dataclass(frozen=True, slots=True, eq=False)
class Walls:
    """Building outlines as segments (S,) in metres on `plane`, in a uniform grid of `cell_m`."""

    plane: Plane
    ax: F32
    ay: F32
    bx: F32
    by: F32
    cell_m: float
    x0: float
    y0: float
    columns: int
    first: I32
    segment: I32


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """All cameras of a centre, ordered by cell.

    `number` (N,) is the caller's index of each camera; positions are 1e-7 degrees, `azimuth_cd` centidegrees clockwise
    from north or UNKNOWN, `half_fov_cd` centidegrees, `range_dm` decimetres. `cell_key`/`cell_first` list the cells
    that hold cameras, in order.
    """

    number: I32
    lat7: I32
    lon7: I32
    azimuth_cd: NDArray[np.int32]
    half_fov_cd: NDArray[np.uint16]
    range_dm: NDArray[np.uint16]
    cell_key: I64
    cell_first: I32
    cell7: int
    walls: Walls | None

    @property
    def bytes(self) -> int:
        """Return the memory its arrays take."""
        own = (
            self.number, self.lat7, self.lon7, self.azimuth_cd, self.half_fov_cd, self.range_dm, self.cell_key,
            self.cell_first,
        )  # fmt: skip
        return int(sum(a.nbytes for a in own))


@dataclass(frozen=True, slots=True)
class Sight:
    """One camera that sees the point. `cost` orders them: metres, weighed by lens, angle and doubt; less is better."""

    number: int
    distance_m: float
    off_axis_deg: float | None
    cost: float


def build(lat: F64, lon: F64, azimuth_deg: F64, fov_deg: F64, range_m: F64, *, walls: Walls | None = None) -> Lookup:
    """Build the look-up from columns (N,): WGS 84 degrees, azimuth NaN where unknown, metres."""
    reach = np.clip(range_m, 1.0, MAX_RANGE_M)
    lat7, lon7 = np.rint(lat * 1e7).astype(np.int32), np.rint(lon * 1e7).astype(np.int32)
    # One cell is as high as the farthest camera reaches, so a point's cameras lie in its own and the 8 around it.
    # The same step in longitude is shorter in metres: 0.79 of it in Seoul; `_find` widens its columns accordingly.
    cell7 = int(np.ceil((float(reach.max()) if len(reach) else DEFAULT_RANGE_M) / _M_PER_DEG * 1e7)) + 1
    key = _keys(lat7, lon7, cell7)
    order = np.argsort(key, kind="stable")
    cells, first = np.unique(key[order], return_index=True)
    azimuth = np.where(np.isnan(azimuth_deg), UNKNOWN, np.rint(np.nan_to_num(azimuth_deg) % 360 * 100))
    return Lookup(
        order.astype(np.int32),
        lat7[order],
        lon7[order],
        azimuth[order].astype(np.int32),
        np.rint(np.clip(fov_deg, 1, 360)[order] * 50).astype(np.uint16),
        np.rint(reach[order] * 10).astype(np.uint16),
        cells,
        np.append(first, len(key)).astype(np.int32),
        cell7,
        walls,
    )


def sees(lookup: Lookup, p: Point, *, limit: int = 16) -> list[Sight]:
    """Return the cameras that see a point, best first, at most `limit`."""
    numbers, metres, off, cost = sees_arrays(lookup, p.lat, p.lon, limit)
    return [
        Sight(int(n), float(d), None if o < 0 else float(o), float(c))
        for n, d, o, c in zip(numbers, metres, off, cost, strict=True)
    ]


def sees_arrays(lookup: Lookup, lat: float, lon: float, limit: int) -> tuple[I32, F64, F64, F64]:
    """Return (numbers, metres, degrees off axis or -1, cost), each (K,), best first: the hot path."""
    found = _find(
        lat, lon, limit, lookup.number, lookup.lat7, lookup.lon7, lookup.azimuth_cd, lookup.half_fov_cd,
        lookup.range_dm, lookup.cell_key, lookup.cell_first, lookup.cell7,
    )  # fmt: skip
    if lookup.walls is None:
        n = min(limit, len(found[0]))
        return found[0][:n], found[1][:n], found[2][:n], found[3][:n]
    keep = _unhidden(lookup, Point(lat, lon), found[4], limit)
    return found[0][keep], found[1][keep], found[2][keep], found[3][keep]


def walls_of(rings: list[list[Point]], *, cell_m: float = 50.0) -> Walls | None:
    """Lay building outlines into a grid; None when there is none. Outlines may be open or closed."""
    if not rings:
        return None
    plane = Plane(rings[0][0])
    segments: list[tuple[float, float, float, float]] = []
    for ring in rings:
        xy = [plane.to_xy(c) for c in ring]
        segments += [(*a, *b) for a, b in zip(xy, [*xy[1:], xy[0]], strict=True) if a != b]
    s = np.array(segments, np.float32)
    x0, y0 = float(s[:, [0, 2]].min()), float(s[:, [1, 3]].min())
    columns = int((float(s[:, [0, 2]].max()) - x0) // cell_m) + 1
    rows = int((float(s[:, [1, 3]].max()) - y0) // cell_m) + 1
    first, segment = _wall_grid(s, x0, y0, cell_m, columns, rows)
    return Walls(
        plane, s[:, 0].copy(), s[:, 1].copy(), s[:, 2].copy(), s[:, 3].copy(), cell_m, x0, y0, columns, first, segment
    )


def warm() -> None:
    """Compile every kernel here on one camera behind one wall."""
    here = Point(37.5, 127.0)
    plane = Plane(here)
    wall = [plane.to_point(x, y) for x, y in ((-5, 20), (5, 20), (5, 25))]
    c = np.array
    one = build(c([here.lat]), c([here.lon]), c([0.0]), c([90.0]), c([100.0]), walls=walls_of([wall]))
    sees(one, plane.to_point(0, 50))


def _keys(lat7: I32, lon7: I32, cell7: int) -> I64:
    columns = 3_600_000_000 // cell7 + 1
    key = (lat7.astype(np.int64) + 900_000_000) // cell7 * columns + (lon7.astype(np.int64) + 1_800_000_000) // cell7
    return np.asarray(key, np.int64)


def _unhidden(lookup: Lookup, p: Point, rows: I32, limit: int) -> list[int]:
    w = lookup.walls
    assert w is not None
    px, py = w.plane.to_xy(p)
    keep: list[int] = []
    for i, row in enumerate(rows):
        cx, cy = w.plane.to_xy(Point(lookup.lat7[row] / 1e7, lookup.lon7[row] / 1e7))
        if not hidden(cx, cy, px, py, w.ax, w.ay, w.bx, w.by, w.cell_m, w.x0, w.y0, w.columns, w.first, w.segment):
            keep.append(i)
            if len(keep) == limit:
                break
    return keep


@njit(cache=True, nogil=True)
def _find(lat, lon, limit, number, lat7, lon7, azimuth, half_fov, reach, cell_key, cell_first, cell7):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    rows = np.empty(_CANDIDATES, np.int32)
    metres = np.empty(_CANDIDATES)
    offs = np.empty(_CANDIDATES)
    costs = np.empty(_CANDIDATES)
    n = 0
    shrink = np.cos(lat * np.pi / 180)
    columns = np.int64(3_600_000_000 // cell7 + 1)
    row0 = np.int64(lat * 1e7 + 900_000_000) // cell7
    col0 = np.int64(lon * 1e7 + 1_800_000_000) // cell7
    wide = np.int64(np.ceil(1 / max(shrink, 0.05)))
    for row in range(row0 - 1, row0 + 2):
        lo = np.searchsorted(cell_key, row * columns + col0 - wide)
        hi = np.searchsorted(cell_key, row * columns + col0 + wide + 1)
        for i in range(cell_first[lo], cell_first[hi]):
            dy = lat * 1e7 - lat7[i]
            dx = (lon * 1e7 - lon7[i]) * shrink
            d = np.sqrt(dx * dx + dy * dy) * (_M_PER_DEG / 1e7)
            if d * 10 > reach[i]:
                continue
            off = -1.0
            weight = 2.0  # direction unknown: it may well look elsewhere
            half = half_fov[i] / 100
            if azimuth[i] >= 0:
                off = abs((np.arctan2(dx, dy) * 180 / np.pi - azimuth[i] / 100 + 540) % 360 - 180)
                if off > half and d > 1.0:  # within a metre of the pole direction means nothing
                    continue
                weight = 1.0 + 0.5 * min(1.0, off / half) ** 2
            if n < _CANDIDATES:
                lens = np.tan(min(half, 80.0) * np.pi / 180)
                rows[n], metres[n], offs[n], costs[n] = i, d, off, d * lens * weight
                n += 1
    order = np.argsort(costs[:n], kind="mergesort") if n > 1 else np.arange(n)
    out = np.empty(n, np.int32)
    for k in range(n):
        out[k] = number[rows[order[k]]]
    return out, metres[:n][order], offs[:n][order], costs[:n][order], rows[:n][order]


@njit(cache=True, nogil=True)
def _wall_grid(s, x0, y0, cell, columns, rows):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    count = np.zeros(columns * rows + 1, np.int32)
    for turn in range(2):
        if turn == 1:
            for i in range(len(count) - 1, 0, -1):
                count[i] = count[i - 1]
            count[0] = 0
            for i in range(1, len(count)):
                count[i] += count[i - 1]
            first = count.copy()
            segment = np.empty(count[-1], np.int32)
        for i in range(len(s)):
            c0 = int((min(s[i, 0], s[i, 2]) - x0) // cell)
            c1 = int((max(s[i, 0], s[i, 2]) - x0) // cell)
            r0 = int((min(s[i, 1], s[i, 3]) - y0) // cell)
            r1 = int((max(s[i, 1], s[i, 3]) - y0) // cell)
            for r in range(max(r0, 0), min(r1, rows - 1) + 1):
                for c in range(max(c0, 0), min(c1, columns - 1) + 1):
                    k = r * columns + c
                    if turn == 1:
                        segment[count[k]] = i
                    count[k] += 1
    return first, segment


@njit(cache=True, nogil=True)
def hidden(cx, cy, px, py, ax, ay, bx, by, cell, x0, y0, columns, first, segment):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """True when a wall lies strictly between. A camera on a wall, or a point at one, is not hidden by it (0.5 m)."""
    length = np.sqrt((px - cx) ** 2 + (py - cy) ** 2)
    if length < 1.0:
        return False
    rows = (len(first) - 1) // columns
    c0, c1 = int((min(cx, px) - x0) // cell), int((max(cx, px) - x0) // cell)
    r0, r1 = int((min(cy, py) - y0) // cell), int((max(cy, py) - y0) // cell)
    margin = 0.5 / length
    for r in range(max(r0, 0), min(r1, rows - 1) + 1):
        for c in range(max(c0, 0), min(c1, columns - 1) + 1):
            for k in range(first[r * columns + c], first[r * columns + c + 1]):
                i = segment[k]
                dx, dy = px - cx, py - cy
                ex, ey = bx[i] - ax[i], by[i] - ay[i]
                det = dx * ey - dy * ex
                if det == 0.0:
                    continue
                t = ((ax[i] - cx) * ey - (ay[i] - cy) * ex) / det
                u = ((ax[i] - cx) * dy - (ay[i] - cy) * dx) / det
                if margin < t < 1 - margin and 0 <= u <= 1:
                    return True
    return False
