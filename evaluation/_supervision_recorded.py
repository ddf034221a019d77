"""Ways that people truly went, as a second witness: recorded tracks instead of streets drawn by us.

A folder of `.plt` files (Geolife: six lines of head, then latitude, longitude, 0, altitude, days, date, time; a point
every one to five seconds, by satellites) is the truth; what the devices say of it has the errors of the world, as in
the staged stories. A zone is laid where somebody came, and where he did not begin.
"""

from __future__ import annotations

import math
from pathlib import Path
from random import Random

import numpy as np
from evaluation._supervision_stage import Stage, Staged
from evaluation._supervision_truth import F64, Ground, Track, begin, shape_about
from evaluation._supervision_world import ErrorWorld

from ansimnet.kernel.geo import Plane, Point
from ansimnet_sim.streets import StreetNet

NAME = "recorded"
HEAD_LINES = 6
DAY_S = 86_400.0
FASTEST_MPS = 60.0
"""Between two points; what is faster is an error of the recording, not a way. Above any road's limit. Ours."""
GAP_S = 90.0
"""A longer hole ends a way: nobody knows where he was. Ours."""
LEAST_S, MOST_S = 1200.0, 3600.0
"""A story lasts so long: enough before the zone for a track to settle, and no more than an hour of one life. Ours."""
AWAY_M = 150.0
"""He begins so far outside the zone."""


def files_in(data: Path | None) -> list[Path]:
    """Return the recorded tracks of a data folder, in order; none where there are none."""
    return sorted((data / "gps").rglob("*.plt")) if data is not None else []


def recorded(file: Path, world: ErrorWorld, seed: str) -> Staged | None:
    """Return a story on a recorded way; None where the file holds no way long enough that leaves its beginning."""
    rng = Random(f"{NAME}/{file.stem}/{seed}")
    ways = ways_of(file)
    if not ways:
        return None
    t, lat, lon = rng.choice(ways)
    if t[-1] - t[0] > MOST_S:
        from_s = rng.uniform(t[0], t[-1] - MOST_S)
        kept = (t >= from_s) & (t <= from_s + MOST_S)
        t, lat, lon = t[kept], lat[kept], lon[kept]
    plane = Plane(Point(float(lat[0]), float(lon[0])))
    places = [plane.to_xy(Point(float(a), float(o))) for a, o in zip(lat, lon, strict=True)]
    track = begin(places[0])
    track.corners += [(float(s - t[0]), *xy, False) for s, xy in zip(t[1:], places[1:], strict=True)]
    return _bound(Stage(Ground(plane, StreetNet([], []), (), f"{NAME}/{file.stem}"), world, rng, NAME), track, seed)


def _bound(s: Stage, track: Track, seed: str) -> Staged | None:
    """Lay a zone where he comes in the middle of his way, and let his device speak."""
    radius = s.rng.uniform(120, 350)
    t = np.arange(0.2 * track.end_s, 0.8 * track.end_s, 5.0)
    xs, ys = track.xs(t), track.ys(t)
    x0, y0 = track.at(0.0)
    far = np.flatnonzero(np.hypot(xs - x0, ys - y0) > 1.2 * radius + AWAY_M)
    if not len(far):
        return None
    at = int(s.rng.choice(far.tolist()))
    s.forbid(shape_about((float(xs[at]), float(ys[at])), radius, s.rng), track, track.end_s)
    s.tell("his", track, track.end_s)
    story = s.done(track.end_s)
    story.seed = seed
    return story


def ways_of(file: Path) -> list[tuple[F64, F64, F64]]:
    """Return the stretches of a file without a hole: seconds, latitudes, longitudes, each (N,)."""
    rows: list[tuple[float, float, float]] = []
    for line in file.read_text(encoding="utf-8").splitlines()[HEAD_LINES:]:
        parts = line.split(",")
        try:
            lat, lon, day = float(parts[0]), float(parts[1]), float(parts[4])
        except (ValueError, IndexError):
            continue
        row = (day * DAY_S, lat, lon)
        if not rows or _follows(rows[-1], row):
            rows.append(row)
    if len(rows) < 2:
        return []
    t, lat_, lon_ = (np.array(v) for v in zip(*rows, strict=True))
    holes = np.flatnonzero(np.diff(t) > GAP_S) + 1
    parts_ = [np.split(v, holes) for v in (t, lat_, lon_)]
    return [(a, b, c) for a, b, c in zip(*parts_, strict=True) if len(a) > 1 and a[-1] - a[0] >= LEAST_S]


def _follows(before: tuple[float, float, float], row: tuple[float, float, float]) -> bool:
    """Tell whether somebody can have come from the point before: later, and not faster than anybody goes."""
    lasts_s = row[0] - before[0]
    north = (row[1] - before[1]) * 111_320.0
    east = (row[2] - before[2]) * 111_320.0 * math.cos(math.radians(row[1]))
    return lasts_s > 0.5 and math.hypot(north, east) <= FASTEST_MPS * lasts_s
