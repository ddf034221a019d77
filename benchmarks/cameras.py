"""Which cameras see a point, among 950,000: our look-up beside PostgreSQL's own index, checked against looking at all.

Keys: p50_us p99_us build_s memory_mb agreement rivals. One query = one point, the 16 best cameras.
"""

from __future__ import annotations

import gc
import math
import tempfile
from pathlib import Path
from time import perf_counter, perf_counter_ns
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from ansimnet.app.measure import Options
from ansimnet.kernel.geo import EARTH_RADIUS_M
from ansimnet.platform.engines import binaries
from ansimnet.platform.engines.postgres import Postgres
from ansimnet.slices.cameras.rules import lookup

F64 = NDArray[np.float64]
CAMERAS = {"small": 100_000, "full": 950_000}
"""950,000 public cameras stood in Korea in April 2018 (EM-22)."""
QUERIES = {"small": 5_000, "full": 50_000}
CHECKED = {"small": 300, "full": 1_000}
RIVAL_QUERIES = {"small": 500, "full": 2_000}
LIMIT = 16
CITIES = 45


def run(options: Options) -> dict[str, Any]:
    """Measure and return the figures."""
    rng = np.random.default_rng(options.seed)
    n = CAMERAS[options.size]
    options.progress(0, 5, "placing cameras")
    columns = _cameras(rng, n)
    lookup.sees_arrays(lookup.build(*(c[:100] for c in columns)), 37.5, 127.0, LIMIT)  # compile
    options.progress(1, 5, "building the look-up")
    began = perf_counter()
    built = lookup.build(*columns)
    build_s = perf_counter() - began
    points = _points(rng, columns, QUERIES[options.size])
    options.progress(2, 5, "asking")
    ours = _ours(built, points)
    options.progress(3, 5, "looking at every camera")
    agreement = _agreement(built, points[: CHECKED[options.size]])
    options.progress(4, 5, "asking PostgreSQL")
    rival, rival_note = _postgres(columns, points[: RIVAL_QUERIES[options.size]])
    p50, p99 = (float(np.percentile(ours, q)) for q in (50, 99))
    rivals: dict[str, Any] = {"postgresql_gist": None, "reason": rival_note}
    if rival is not None:
        r50, r99 = (float(np.percentile(rival, q)) for q in (50, 99))
        rivals = {"postgresql_gist": {"p50_us": r50, "p99_us": r99, "p50_ratio": r50 / p50, "p99_ratio": r99 / p99}}
    return {
        "cameras": n,
        "queries": len(points),
        "p50_us": p50,
        "p99_us": p99,
        "build_s": build_s,
        "memory_mb": built.bytes / 1e6,
        "agreement": agreement,
        "checked": CHECKED[options.size],
        "rivals": rivals,
    }


def _cameras(rng: np.random.Generator, n: int) -> tuple[F64, F64, F64, F64, F64]:
    """Two cameras a pole, poles in dense cities, a fifth without a direction: as the registers read."""
    cities = rng.uniform([34.8, 126.7], [37.7, 129.2], (CITIES, 2))
    poles = cities[rng.integers(0, CITIES, n // 2)] + rng.normal(0, 0.05, (n // 2, 2))
    at = np.repeat(poles, 2, axis=0)
    azimuth = np.where(rng.random(len(at)) < 0.2, np.nan, rng.uniform(0, 360, len(at)))
    fov, reach = rng.uniform(50, 110, len(at)), rng.uniform(40, 120, len(at))
    return at[:, 0].copy(), at[:, 1].copy(), azimuth, fov, reach


def _points(rng: np.random.Generator, columns: tuple[F64, ...], n: int) -> F64:
    """Places near a camera: where people are followed, there are some."""
    pick = rng.integers(0, len(columns[0]), n)
    return np.column_stack([columns[0][pick], columns[1][pick]]) + rng.normal(0, 0.0004, (n, 2))


def _ours(built: lookup.Lookup, points: F64) -> NDArray[np.float64]:
    took = np.empty(len(points))
    gc.collect()
    gc.disable()
    try:
        for i, (lat, lon) in enumerate(points.tolist()):
            began = perf_counter_ns()
            lookup.sees_arrays(built, lat, lon, LIMIT)
            took[i] = perf_counter_ns() - began
    finally:
        gc.enable()
    return took / 1e3


def _agreement(built: lookup.Lookup, points: F64) -> float:
    """Share of points for which plain NumPy over every camera names the same cameras in the same order of cost."""
    lat, lon = built.lat7 / 1e7, built.lon7 / 1e7
    same = 0
    scale = math.pi / 180 * EARTH_RADIUS_M
    for a, o in points.tolist():
        y, x = (a - lat) * scale, (o - lon) * scale * math.cos(math.radians(a))
        d = np.hypot(x, y)
        off = np.abs((np.degrees(np.arctan2(x, y)) - built.azimuth_cd / 100 + 540) % 360 - 180)
        half = built.half_fov_cd / 100
        known = built.azimuth_cd >= 0
        sees = (d * 10 <= built.range_dm) & (~known | (off <= half) | (d <= 1.0))
        weight = np.where(known, 1 + 0.5 * np.minimum(1, off / half) ** 2, 2.0)
        cost = d * np.tan(np.radians(np.minimum(half, 80))) * weight
        row = np.flatnonzero(sees)
        want = row[np.argsort(cost[row], kind="stable")][:LIMIT]
        numbers, _, _, got_cost = lookup.sees_arrays(built, a, o, LIMIT)
        same += bool(
            len(numbers) == len(want) and np.allclose(np.sort(got_cost), np.sort(cost[want]), rtol=1e-6, atol=1e-6)
        )
    return same / len(points)


RIVAL = """
select number from camera
where at <@ box(point(%(lon)s - %(dlon)s, %(lat)s - %(dlat)s), point(%(lon)s + %(dlon)s, %(lat)s + %(dlat)s))
  and (%(lat)s - at[1]) ^ 2 + ((%(lon)s - at[0]) * %(shrink)s) ^ 2 <= (range_m / %(scale)s) ^ 2
  and (azimuth is null or abs((degrees(atan2((%(lon)s - at[0]) * %(shrink)s, %(lat)s - at[1])) - azimuth + 540)::numeric
       %% 360 - 180) <= fov / 2)
order by (%(lat)s - at[1]) ^ 2 + ((%(lon)s - at[0]) * %(shrink)s) ^ 2 limit 16"""


def _postgres(columns: tuple[F64, ...], points: F64) -> tuple[NDArray[np.float64] | None, str]:
    """The same question in SQL over a GiST index on points (faster here than PostGIS), prepared, one connection."""
    folder = Path(tempfile.mkdtemp(prefix="ansimnet-bench-"))
    server = Postgres(binaries.home_for(folder), passwords_file=folder / "passwords.json")
    try:
        urls = server.start()
        with psycopg.connect(urls.owner, autocommit=True) as conn:
            conn.execute("create table camera (number int, at point, azimuth float8, fov float8, range_m float8)")
            with conn.cursor() as cursor, cursor.copy("copy camera from stdin") as copy:
                for i, (a, o, az, fov, reach) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
                    copy.write_row((i, f"({o},{a})", None if az != az else az, fov, reach))
            conn.execute("create index on camera using gist (at)")
            conn.execute("analyze camera")
            return _ask(conn, points), ""
    except Exception as error:
        return None, f"the embedded server did not run: {type(error).__name__}"
    finally:
        server.stop()
        binaries.remove_tree(folder)


def _ask(conn: psycopg.Connection[Any], points: F64) -> NDArray[np.float64]:
    scale = math.pi / 180 * EARTH_RADIUS_M
    took = np.empty(len(points))
    for i, (lat, lon) in enumerate(points.tolist()):
        shrink = math.cos(math.radians(lat))
        given = {
            "lat": lat,
            "lon": lon,
            "dlat": 120 / scale,
            "dlon": 120 / scale / shrink,
            "shrink": shrink,
            "scale": scale,
        }
        began = perf_counter_ns()
        conn.execute(RIVAL, given, prepare=True).fetchall()
        took[i] = perf_counter_ns() - began
    return took / 1e3
