"""Shapely, PostGIS and Redis, asked of the same fixes what they can be asked: less than the board is.

- Shapely: three prepared polygons a person, then the shared ones by a tree. Containment alone.
- PostGIS: the same by two joins, the shared polygons by a GiST index. Containment alone.
- Redis GEO: no polygons; each fix is put in its place and the middles of the zones within 300 m are asked for.

None knows an error, a pair or a state. Each is run where its engine is there, PostGIS on fewer fixes, and its
rate is by the processor time of whoever does the work: this process, the backend of PostgreSQL, the server of Redis.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import process_time, sleep
from typing import Any

import numpy as np
import psycopg
from benchmarks._supervision_durable import cpu_s
from numpy.typing import NDArray

from ansimnet.kernel.clock import monotonic_s
from ansimnet.platform import roles
from ansimnet.platform.engines.postgres import SUPERUSER, Postgres
from ansimnet.slices.supervision.model import Polygon
from ansimnet.slices.supervision.rules.batch import PLACE_LAT, PLACE_LON, WHO, Fixes

F64 = NDArray[np.float64]
ASKED = 20_000
"""Fixes that PostGIS is asked of: its rate does not depend on how many."""
OWN = 3
NEAR_M = 300
_URL = "ANSIMNET_POSTGIS_URL"
"""A database with PostGIS of your own, as its superuser, where the one that is brought along has none."""


def run(fixes: Fixes, own: list[Polygon], shared: list[Polygon], ours: float) -> dict[str, Any]:
    """Measure those that are there; `own` are three polygons by person, `ours` the board's fixes a second."""
    found = {"shapely": _shapely(fixes, own, shared), "postgis": _postgis(fixes, own, shared)}
    found["redis_geo"] = _redis(fixes, shared)
    for rival in found.values():
        if rival["fixes_per_s"] is not None:
            rival["ratio"] = round(ours / rival["fixes_per_s"], 2)
            rival["fixes_per_s"] = round(rival["fixes_per_s"])
    return found


def _columns(fixes: Fixes) -> tuple[NDArray[np.int64], F64, F64]:
    """Return whose fixes they are, their longitudes and their latitudes."""
    rows = fixes.rows
    return rows[:, WHO].astype(np.int64), rows[:, PLACE_LON].copy(), rows[:, PLACE_LAT].copy()


def _none(reason: str) -> dict[str, Any]:
    return {"fixes_per_s": None, "reason": reason}


# ------------------------------------------------------------------------------------------------------------- Shapely


def _shapely(fixes: Fixes, polygons: list[Polygon], everybodys: list[Polygon]) -> dict[str, Any]:
    try:
        import shapely
    except ImportError:
        return _none("not installed: pip install shapely")
    own, shared = _shapes(shapely, polygons), _shapes(shapely, everybodys)
    shapely.prepare(own)
    tree = shapely.STRtree(shared)
    who, lon, lat = _columns(fixes)
    which = (who[:, None] * OWN + np.arange(OWN)).ravel()
    began = process_time()
    inside = shapely.contains_xy(own[which], np.repeat(lon, OWN), np.repeat(lat, OWN))
    hits = tree.query(shapely.points(lon, lat), predicate="within")
    rate = len(fixes) / (process_time() - began)
    return {"fixes_per_s": rate, "version": shapely.__version__, "inside": int(inside.sum() + hits.shape[1])}


def _shapes(shapely: Any, polygons: list[Polygon]) -> Any:
    return shapely.polygons(np.array([[(p.lon, p.lat) for p in z.ring] for z in polygons]))


# ------------------------------------------------------------------------------------------------------------- PostGIS


def _postgis(fixes: Fixes, own: list[Polygon], shared: list[Polygon]) -> dict[str, Any]:
    try:
        with _database() as conn:
            conn.execute("create extension if not exists postgis")
            return _asked_of_postgis(conn, fixes, own, shared)
    except psycopg.Error as error:
        return _none(f"PostGIS is not run: {str(error).splitlines()[0]} (another database: set {_URL})")


@contextmanager
def _database() -> Iterator[psycopg.Connection[Any]]:
    if url := os.environ.get(_URL):
        with psycopg.connect(url, autocommit=True) as conn:
            yield conn
        return
    with tempfile.TemporaryDirectory(prefix="ansimnet-rival-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        server = Postgres(folder / "postgres")
        server.start()
        try:
            with psycopg.connect(server.url(SUPERUSER, "postgres"), autocommit=True) as conn:
                roles.create_database(conn, "rival")
            with psycopg.connect(server.url(SUPERUSER, "rival"), autocommit=True) as conn:
                yield conn
        finally:
            server.stop()


def _asked_of_postgis(
    conn: psycopg.Connection[Any], fixes: Fixes, own: list[Polygon], shared: list[Polygon]
) -> dict[str, Any]:
    asked = min(ASKED, len(fixes))
    who, lon, lat = (column[:asked].tolist() for column in _columns(fixes))
    conn.execute("create temporary table own (who int, zone geometry)")
    conn.execute("create temporary table shared (zone geometry)")
    theirs = [(p, _wkt(own[OWN * p + k])) for p in who for k in range(OWN)]
    with conn.cursor().copy("copy own from stdin") as copy:
        for row in theirs:
            copy.write_row(row)
    with conn.cursor().copy("copy shared from stdin") as copy:
        for zone in shared:
            copy.write_row((_wkt(zone),))
    conn.execute("create index on own (who)")
    conn.execute("create index on shared using gist (zone)")
    conn.execute("analyze own")
    conn.execute("analyze shared")
    conn.execute("set max_parallel_workers_per_gather = 0")
    pid, version = conn.execute("select pg_backend_pid(), postgis_lib_version()").fetchone() or (None, None)
    columns = [who, lon, lat]
    before, inside = cpu_s(pid), 0
    for first in range(0, asked, 1_000):
        found = conn.execute(
            """
            with fix as materialized (select who, st_makepoint(lon, lat) as at
                                      from unnest(%s::int[], %s::float8[], %s::float8[]) as n (who, lon, lat))
            select (select count(*) from fix join own using (who) where st_contains(own.zone, fix.at))
                 + (select count(*) from fix join shared on st_contains(shared.zone, fix.at))
            """,
            [column[first : first + 1_000] for column in columns],
        ).fetchone()
        inside += found[0] if found is not None else 0
    spent = cpu_s(pid) - before
    if spent <= 0:
        return _none("the processor time of PostGIS's backend cannot be read: run it on this machine")
    return {"fixes_per_s": asked / spent, "version": version, "inside": inside, "asked": asked}


def _wkt(zone: Polygon) -> str:
    ring = ",".join(f"{p.lon} {p.lat}" for p in (*zone.ring, zone.ring[0]))
    return f"POLYGON(({ring}))"


# --------------------------------------------------------------------------------------------------------------- Redis


def _redis(fixes: Fixes, shared: list[Polygon]) -> dict[str, Any]:
    if shutil.which("redis-server") is None:
        return _none("Redis is not run: no redis-server is installed")
    with tempfile.TemporaryDirectory(prefix="ansimnet-rival-") as name:
        path = f"{name}/redis"
        server = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no", "--dir", name],
            stdout=subprocess.DEVNULL,
        )
        try:
            return _asked_of_redis(path, server.pid, fixes, shared)
        except (OSError, ValueError) as error:
            return _none(f"Redis did not answer: {error}")
        finally:
            server.terminate()
            server.wait(10)


def _asked_of_redis(path: str, pid: int, fixes: Fixes, shared: list[Polygon]) -> dict[str, Any]:
    asked = len(fixes)
    with socket.socket(socket.AF_UNIX) as s:
        _connect(s, path)
        with s.makefile("rb") as answers:
            middles = [
                (sum(p.lon for p in z.ring) / len(z.ring), sum(p.lat for p in z.ring) / len(z.ring)) for z in shared
            ]
            _say(s, answers, [("GEOADD", "zones", x, y, i) for i, (x, y) in enumerate(middles)])
            at = list(zip(*(column.tolist() for column in _columns(fixes)), strict=True))
            before = cpu_s(pid)
            found = 0
            for first in range(0, asked, 500):
                some = at[first : first + 500]
                found += _say(
                    s, answers,
                    [
                        words
                        for who, lon, lat in some
                        for words in (
                            ("GEOADD", "people", lon, lat, who),
                            ("GEOSEARCH", "zones", "FROMLONLAT", lon, lat, "BYRADIUS", NEAR_M, "m"),
                        )
                    ],
                )  # fmt: skip
            spent = cpu_s(pid) - before
            version = _version(s, answers)
    if spent <= 0:
        return _none("the processor time of Redis cannot be read on this machine")
    return {"fixes_per_s": asked / spent, "version": version, "near": found, "asked": asked}


def _connect(s: socket.socket, path: str) -> None:
    until = monotonic_s() + 30
    while True:
        with suppress(OSError):
            s.connect(path)
            return
        if monotonic_s() > until:
            raise OSError("it does not come up")
        sleep(0.05)


def _say(s: socket.socket, answers: Any, commands: Sequence[tuple[object, ...]]) -> int:
    """Send commands at once and read every answer; return how many elements came in arrays."""
    parts = []
    for words in commands:
        texts = [str(w).encode() for w in words]
        parts.append(b"*%d\r\n" % len(texts) + b"".join(b"$%d\r\n%s\r\n" % (len(t), t) for t in texts))
    s.sendall(b"".join(parts))
    return sum(_answer(answers) for _ in commands)


def _answer(answers: Any) -> int:
    line = answers.readline()
    match line[:1]:
        case b"*":
            count = max(0, int(line[1:]))
            for _ in range(count):
                _answer(answers)
            return count
        case b"$":
            answers.read(int(line[1:]) + 2)
            return 0
        case b":" | b"+":
            return 0
    raise ValueError(line.decode(errors="replace").strip() or "it hung up")


def _version(s: socket.socket, answers: Any) -> str:
    s.sendall(b"INFO server\r\n")
    body: str = answers.read(int(answers.readline()[1:]) + 2).decode()
    return next(line.split(":")[1] for line in body.splitlines() if line.startswith("redis_version"))
