"""The blind-spot map of one sense, drawn from registered views, streets and walls. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ansimnet.kernel.geo import Plane, Point
from ansimnet.kernel.ids import CameraId
from ansimnet.kernel.streets import Streets
from ansimnet.slices.cameras.model import BlindMap, Gap, Place, Restriction, Sense, Turn
from ansimnet.slices.cameras.rules import blindspots as spots
from ansimnet.slices.cameras.rules.lookup import Walls

F64 = NDArray[np.float64]
HEARD_M = 30.0
"""How far a camera's microphone tells a scream from the street, whatever its lens; ours: half the noise-free distance
of one in a quiet lane. Sound has no direction here."""


def draw(
    streets: Streets,
    walls: Walls | None,
    ids: Sequence[CameraId],
    columns: F64,
    *,
    sense: Sense,
    without: int,
    restrictions: Sequence[Restriction],
) -> BlindMap:
    """Return the map; `columns` (N, 5) are lat, lon, azimuth or NaN, fov, range of the cameras with this sense (VA-02).

    Cameras without the sense are not in it: what only they look at is blind.
    """
    plane = walls.plane if walls is not None else streets.plane
    ground = spots.sample(streets, plane)
    views = _views(plane, columns, sense)
    pairs = spots.sights(views, ground, walls)
    found = spots.find(views, ground, pairs)
    banned = np.zeros(len(ground.x_m), np.bool_)
    gaps = []
    for r in restrictions:
        there = spots.inside(ground, *plane.to_xy(Point(r.lat, r.lon)), r.radius_m)
        banned |= there
        gaps.append(_gap(r, ids, views, found, pairs, there))
    turns = spots.reaim(views, found, pairs)
    places = [(plane.to_point(a.x_m, a.y_m), a) for a in spots.add(found, walls, banned=banned)]
    return BlindMap(
        sense=sense,
        cameras=len(ids),
        without=without,
        street_m=float(ground.metres.sum()),
        blind_m=found.metres(found.blind),
        unsure_m=found.metres((found.seen > 0) & (found.sure == 0)),
        lines=tuple(_line(plane, ground, a, b) for a, b in spots.stretches(ground, found.blind)),
        turns=tuple(Turn(ids[t.number], t.from_deg, t.to_deg, t.gained_m, t.lost_m) for t in turns),
        places=tuple(Place(p.lat, p.lon, a.azimuth_deg, a.gained_m) for p, a in places),
        gaps=tuple(gaps),
    )


def _views(plane: Plane, columns: F64, sense: Sense) -> spots.Views:
    at = [plane.to_xy(Point(float(lat), float(lon))) for lat, lon in columns[:, :2]]
    xy = np.array(at, np.float64).reshape(-1, 2)
    azimuth, fov, reach = (columns[:, i].copy() for i in (2, 3, 4))
    if sense is Sense.SOUND:
        azimuth, fov, reach = np.zeros_like(azimuth), np.full_like(fov, 360.0), np.full_like(reach, HEARD_M)
    return spots.Views(xy[:, 0].copy(), xy[:, 1].copy(), azimuth, fov, reach)


def _gap(
    r: Restriction,
    ids: Sequence[CameraId],
    views: spots.Views,
    found: spots.Found,
    pairs: spots.Sights,
    there: spots.Bool,
) -> Gap:
    """Return how a restricted place fares; its substitutes are the cameras that see some of its streets (CC-06)."""
    mine = there[pairs.sample] & spots.seen(views, pairs)
    metres = np.bincount(pairs.viewer[mine], weights=found.ground.metres[pairs.sample[mine]], minlength=len(views.x_m))
    best = [n for n in np.argsort(-metres, kind="stable")[:6].tolist() if metres[n] > 0]
    return Gap(
        restriction=r,
        street_m=found.metres(there),
        blind_m=found.metres(there & found.blind),
        substitutes=tuple((ids[n], float(metres[n])) for n in best),
    )


def _line(plane: Plane, ground: spots.Ground, a: int, b: int) -> tuple[float, float, float, float]:
    p, q = (plane.to_point(float(ground.x_m[i]), float(ground.y_m[i])) for i in (a, b))
    return (round(p.lat, 6), round(p.lon, 6), round(q.lat, 6), round(q.lon, 6))
