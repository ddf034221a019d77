"""Which metres of street no registered camera sees, and what would help most: another angle, or another camera.

Streets are sampled every few metres; a sample is seen as `lookup` says a point is seen: within range, within the
sector, no known wall between (VA-03). Where a direction is unknown the camera counts as a circle, and what rests on
such cameras alone is told apart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ansimnet.kernel.geo import Plane
from ansimnet.kernel.streets import Streets
from ansimnet.slices.cameras.rules.lookup import DEFAULT_FOV_DEG, DEFAULT_RANGE_M, MAX_RANGE_M, Walls, hidden

I32 = NDArray[np.int32]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

STEP_M = 5.0
"""Between two samples of a street: two steps of a person. Ours."""
BINS = 24
"""Directions a camera may be turned to: every 15 degrees. Ours: a bracket is not set more finely."""
STRIDE = 5
"""Every so many blind samples one is tried as a new camera's place: 25 m, a lamp's spacing."""
LEAST_M = 10.0
"""A proposal that gains less is none."""


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """Cameras (N,) on a plane: metres, degrees clockwise from north, azimuth NaN where unknown."""

    x_m: F64
    y_m: F64
    azimuth_deg: F64
    fov_deg: F64
    range_m: F64


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """Samples (P,) of streets on a plane: each stands for `metres` of street `edge`."""

    x_m: F64
    y_m: F64
    metres: F64
    edge: I32


@dataclass(frozen=True, slots=True)
class Reaim:
    """Camera `number` turned to `to_deg`: metres of street seen then and by nobody now, less those only it sees now."""

    number: int
    from_deg: float
    to_deg: float
    gained_m: float
    lost_m: float


@dataclass(frozen=True, slots=True)
class Add:
    """A camera at a place, looking that way: metres of street that nobody sees now nor by the proposals before it."""

    x_m: float
    y_m: float
    azimuth_deg: float
    gained_m: float


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Per sample: how many cameras see it; `sure` how many of those have a known direction."""

    ground: Ground
    seen: I32
    sure: I32

    @property
    def blind(self) -> Bool:
        """Return the samples that nobody sees."""
        return np.asarray(self.seen == 0, np.bool_)

    def metres(self, which: Bool) -> float:
        """Return how many metres of street some samples stand for."""
        return float(self.ground.metres[which].sum())


def sample(streets: Streets, plane: Plane) -> Ground:
    """Return samples of every street, ends left out so that no crossing counts twice."""
    nodes = [plane.to_xy(streets.place(n)) for n in range(len(streets.x_m))]
    xy = np.array(nodes, np.float64).reshape(-1, 2)
    a, b = xy[streets.u], xy[streets.v]
    parts = np.maximum(1, np.rint(streets.length_m / STEP_M)).astype(np.int32)
    edge = np.repeat(np.arange(len(parts), dtype=np.int32), parts)
    place = (np.arange(len(edge)) - np.repeat(np.cumsum(parts) - parts, parts) + 0.5) / parts[edge]
    points = a[edge] + (b - a)[edge] * place[:, None]
    return Ground(points[:, 0].copy(), points[:, 1].copy(), (streets.length_m / parts)[edge], edge)


@dataclass(frozen=True, slots=True, eq=False)
class Sights:
    """Pairs (K,) of a viewer and a sample within its range with nothing between; `bearing_deg` from the viewer."""

    viewer: I32
    sample: I32
    bearing_deg: F64


def sights(views: Views, ground: Ground, walls: Walls | None) -> Sights:
    """Return who could see what, whichever way the cameras are turned. Views and ground lie on the walls' plane."""
    order = np.argsort(ground.x_m, kind="stable").astype(np.int32)
    w = (
        (walls.ax, walls.ay, walls.bx, walls.by, walls.cell_m, walls.x0, walls.y0, walls.columns, walls.first,
         walls.segment)
        if walls is not None
        else (*(np.zeros(0, np.float32),) * 4, 1.0, 0.0, 0.0, 1, np.zeros(1, np.int32), np.zeros(0, np.int32))
    )  # fmt: skip
    reach = np.clip(views.range_m, 1.0, MAX_RANGE_M)
    viewer, point = _pairs(views.x_m, views.y_m, reach, ground.x_m[order], ground.y_m[order], walls is not None, *w)
    at = order[point]
    east, north = ground.x_m[at] - views.x_m[viewer], ground.y_m[at] - views.y_m[viewer]
    return Sights(viewer, at, np.degrees(np.arctan2(east, north)) % 360)


def find(views: Views, ground: Ground, pairs: Sights) -> Found:
    """Return how many cameras see each sample."""
    known, now = ~np.isnan(views.azimuth_deg[pairs.viewer]), seen(views, pairs)
    size = len(ground.x_m)
    every = np.bincount(pairs.sample[now], minlength=size).astype(np.int32)
    sure = np.bincount(pairs.sample[now & known], minlength=size).astype(np.int32)
    return Found(ground, every, sure)


def seen(views: Views, pairs: Sights) -> Bool:
    """Return which pairs are seen as the cameras are turned now."""
    azimuth = views.azimuth_deg[pairs.viewer]
    within = _within(pairs.bearing_deg, azimuth, views.fov_deg[pairs.viewer])
    return np.asarray(np.isnan(azimuth) | within, np.bool_)


def reaim(views: Views, found: Found, pairs: Sights, *, most: int = 20) -> list[Reaim]:
    """Return the turns that gain most metres, one a camera, best first. Circles and unknown directions are left out."""
    out = []
    order = np.argsort(pairs.viewer, kind="stable")
    starts = np.searchsorted(pairs.viewer[order], np.arange(len(views.x_m) + 1))
    for n in range(len(views.x_m)):
        azimuth, fov = float(views.azimuth_deg[n]), float(views.fov_deg[n])
        if np.isnan(azimuth) or fov >= 360:
            continue
        mine = order[starts[n] : starts[n + 1]]
        points, bearing = pairs.sample[mine], pairs.bearing_deg[mine]
        here = _within(bearing, azimuth, fov)
        alone = here & (found.seen[points] == 1)
        fresh = found.seen[points] == 0
        metres = found.ground.metres[points]
        best: Reaim | None = None
        for to_deg in np.arange(BINS) * (360 / BINS):
            there = _within(bearing, to_deg, fov)
            gained, lost = float(metres[fresh & there].sum()), float(metres[alone & ~there].sum())
            if gained - lost >= LEAST_M and (best is None or gained - lost > best.gained_m - best.lost_m):
                best = Reaim(n, azimuth, float(to_deg), gained, lost)
        if best is not None:
            out.append(best)
    return sorted(out, key=lambda r: (r.lost_m - r.gained_m, r.number))[:most]


def add(found: Found, walls: Walls | None, *, banned: Bool | None = None, most: int = 10) -> list[Add]:
    """Return places for more cameras of the common lens, each the best once the ones before it stand.

    `banned` (P,): samples where no camera may be put.
    """
    ground, blind = found.ground, found.blind.copy()
    places = np.flatnonzero(blind)[::STRIDE]
    if banned is not None:
        places = places[~banned[places]]
    if not len(places):
        return []
    x, y = ground.x_m[places], ground.y_m[places]
    fov = np.full(len(places), DEFAULT_FOV_DEG)
    views = Views(x, y, np.full(len(places), np.nan), fov, np.full(len(places), DEFAULT_RANGE_M))
    pairs = sights(views, replace_ground(ground, blind), walls)
    points = np.flatnonzero(blind)[pairs.sample]
    wide = round(DEFAULT_FOV_DEG / 360 * BINS)
    bins = (pairs.bearing_deg // (360 / BINS)).astype(np.int64)
    out: list[Add] = []
    for _ in range(most):
        metres = np.where(blind[points], ground.metres[points], 0.0)
        turned = np.bincount(pairs.viewer * BINS + bins, weights=metres, minlength=len(places) * BINS)
        round_ = turned.reshape(-1, BINS)
        sectors = sum(np.roll(round_, -k, axis=1) for k in range(wide))
        best = int(np.argmax(sectors))
        place, first = divmod(best, BINS)
        gained = float(np.asarray(sectors).reshape(-1)[best])
        if gained < LEAST_M:
            break
        azimuth = (first + wide / 2) * 360 / BINS % 360
        out.append(Add(float(x[place]), float(y[place]), azimuth, gained))
        covered = (pairs.viewer == place) & ((bins - first) % BINS < wide)
        blind[points[covered]] = False
    return out


def stretches(ground: Ground, which: Bool) -> list[tuple[int, int]]:
    """Return runs of neighbouring samples of one street, first and last of each: lines to draw."""
    at = np.flatnonzero(which)
    if not len(at):
        return []
    breaks = np.flatnonzero((np.diff(at) > 1) | (np.diff(ground.edge[at]) != 0))
    firsts, lasts = np.append(at[0], at[breaks + 1]), np.append(at[breaks], at[-1])
    return [(int(a), int(b)) for a, b in zip(firsts, lasts, strict=True)]


def inside(ground: Ground, x_m: float, y_m: float, radius_m: float) -> Bool:
    """Return the samples within a circle."""
    return np.asarray(np.hypot(ground.x_m - x_m, ground.y_m - y_m) <= radius_m, np.bool_)


def replace_ground(ground: Ground, which: Bool) -> Ground:
    """Return some of the samples."""
    return replace(
        ground, x_m=ground.x_m[which], y_m=ground.y_m[which], metres=ground.metres[which], edge=ground.edge[which]
    )


def _within(bearing_deg: F64, azimuth_deg: F64 | float, fov_deg: F64 | float) -> Bool:
    off = np.abs((bearing_deg - azimuth_deg + 180) % 360 - 180)
    return np.asarray(off <= np.asarray(fov_deg) / 2, np.bool_)


@njit(cache=True, nogil=True)
def _pairs(vx, vy, reach, px, py, walled, ax, ay, bx, by, cell, x0, y0, columns, first, segment):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Samples lie in order of `px`."""
    size = 0
    viewer = np.empty(1024, np.int32)
    point = np.empty(1024, np.int32)
    for i in range(len(vx)):
        lo = np.searchsorted(px, vx[i] - reach[i])
        hi = np.searchsorted(px, vx[i] + reach[i], side="right")
        for k in range(lo, hi):
            dx, dy = px[k] - vx[i], py[k] - vy[i]
            if dx * dx + dy * dy > reach[i] * reach[i]:
                continue
            if walled and hidden(vx[i], vy[i], px[k], py[k], ax, ay, bx, by, cell, x0, y0, columns, first, segment):
                continue
            if size == len(viewer):
                more_viewer = np.empty(2 * size, np.int32)
                more_point = np.empty(2 * size, np.int32)
                more_viewer[:size] = viewer
                more_point[:size] = point
                viewer, point = more_viewer, more_point
            viewer[size] = i
            point[size] = k
            size += 1
    return viewer[:size].copy(), point[:size].copy()
