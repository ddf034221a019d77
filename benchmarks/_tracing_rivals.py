"""FAISS and pgvector, asked what `_tracing_search` asks of ours: the same rows, the same questions, the same truth.

- FAISS flat: scalar-quantised to eight bits, every row compared, the filter as a bitmap of ids: exact, in memory.
- FAISS IVF: 16 of its lists looked at, the same filter.
- pgvector exact: half precision, a B-tree over time and camera, no vector index.
- pgvector HNSW: m 16, ef_construction 64, scans that go on until the filter lets enough through.

Each uses one core a query. Those that learn an index get fewer rows (`rows` says how many): HNSW of ten million takes
two hours. A rival that is not there is null, and `why_null` says why.

Keys of each: rows build_s p50_ms p99_ms recall.
"""

from __future__ import annotations

import importlib
import importlib.util
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
from evaluation._installation import workplace
from numpy.typing import NDArray

from ansimnet.app.measure import Options
from ansimnet.platform.engines.postgres import SUPERUSER, Postgres
from ansimnet.slices.tracing.model import DIMENSIONS
from ansimnet.slices.tracing.rules.segments import Segment

K = 10
CHUNK = 100_000
IVF_ROWS = {"small": 100_000, "full": 1_000_000}
IVF_SHARE, PROBES, TAUGHT = 1_000, 16, 100_000
"""Rows a list, lists looked at, rows it learns from: what the wiki of FAISS begins with for a million rows."""
PG_ROWS = {"small": 50_000, "full": 2_000_000}
HNSW_ROWS = {"small": 5_000, "full": 100_000}
QUERIES = {"small": 20, "full": 100}
PG_TUNING = {"shared_buffers": "1GB", "work_mem": "256MB", "maintenance_work_mem": "1GB", "jit": "off"}


@dataclass(frozen=True, slots=True, eq=False)
class Ask:
    """One question: whom, when, and on which cameras."""

    query: NDArray[np.float32]
    from_s: float
    until_s: float
    cameras: NDArray[np.bool_]


def allowed(segment: Segment, ask: Ask) -> NDArray[np.int64]:
    """Return the rows that a question lets through."""
    low, high = np.searchsorted(segment.at_s, (ask.from_s, ask.until_s))
    rows: NDArray[np.int64] = np.flatnonzero(ask.cameras[segment.camera[low:high]]) + low
    return rows


def truth_of(segment: Segment, ask: Ask) -> NDArray[np.int64]:
    """Return the truth by another way: a gather and a float32 product."""
    rows = allowed(segment, ask)
    vectors = segment.appearance[rows].astype(np.float32)
    cosine = vectors @ ask.query / np.linalg.norm(vectors, axis=1)
    return np.asarray(rows[np.argsort(-cosine, kind="stable")[:K]], np.int64)


def percentile(values: list[float], share: float) -> float:
    """Return a percentile, rounded to a microsecond."""
    return round(float(np.percentile(values, share)), 3)


def asked_of(
    search: Callable[[Ask], list[int]], segment: Segment, asked: list[Ask], said: dict[str, Any]
) -> dict[str, Any]:
    """Return what is known of a rival with its latency and its recall at K."""
    search(asked[0])  # warm, as ours is
    wall, hits, wanted = [], 0, 0
    for ask in asked:
        began = time.perf_counter()
        found = search(ask)
        wall.append((time.perf_counter() - began) * 1e3)
        truth = set(truth_of(segment, ask).tolist())
        hits, wanted = hits + len(truth & set(found)), wanted + len(truth)
    recall = round(hits / max(1, wanted), 4)
    return said | {"p50_ms": percentile(wall, 50), "p99_ms": percentile(wall, 99), "recall": recall}


def run(segment: Segment, asked: list[Ask], options: Options) -> dict[str, Any]:
    """Measure those that are there."""
    some = asked[: QUERIES[options.size]]
    found: dict[str, Any] = {"faiss_flat_sq8": None, "faiss_ivf_sq8": None, "pgvector": None, "pgvector_hnsw": None}
    why: dict[str, str] = {}
    if importlib.util.find_spec("faiss") is None:
        why = dict.fromkeys(("faiss_flat_sq8", "faiss_ivf_sq8"), "faiss-cpu is not installed: pip install '.[bench]'")
    else:
        options.progress(0, 4, "FAISS flat")
        found["faiss_flat_sq8"] = _flat(segment, some)
        options.progress(1, 4, "FAISS IVF")
        found["faiss_ivf_sq8"] = _ivf(first(segment, IVF_ROWS[options.size]), some)
    options.progress(2, 4, "pgvector")
    try:
        found |= _pgvector(segment, some, options)
    except psycopg.Error as err:
        why |= {name: f"pgvector: {err}" for name in ("pgvector", "pgvector_hnsw") if found[name] is None}
    return found | {"queries": len(some), "why_null": why}


def first(segment: Segment, rows: int) -> Segment:
    """Return every so manieth row, so that all days and cameras stay in."""
    every = slice(None, None, max(1, len(segment.at_s) // rows))
    return Segment(segment.at_s[every], segment.camera[every], segment.appearance[every], segment.norm[every])


def pieces(segment: Segment) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield unit vectors (n, D) with the number of their first row."""
    for low in range(0, len(segment.at_s), CHUNK):
        part = segment.appearance[low : low + CHUNK].astype(np.float32)
        yield low, part / segment.norm[low : low + CHUNK, None]


# ------------------------------------------------------------------------------------------------- FAISS


def _library() -> Any:
    """Return FAISS; its own types do not know the arguments that its Python side adds."""
    return importlib.import_module("faiss")


def _flat(segment: Segment, asked: list[Ask]) -> dict[str, Any]:
    faiss = _library()
    faiss.omp_set_num_threads(1)
    began = time.perf_counter()
    index = faiss.IndexScalarQuantizer(DIMENSIONS, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
    for low, vectors in pieces(segment):
        if low == 0:
            index.train(vectors)
        index.add(vectors)
    build_s = round(time.perf_counter() - began, 1)

    def search(ask: Ask) -> list[int]:
        bits = np.zeros(len(segment.at_s), np.bool_)
        bits[allowed(segment, ask)] = True
        chosen = faiss.IDSelectorBitmap(np.packbits(bits, bitorder="little"))
        _, rows = index.search(ask.query[None, :], K, params=faiss.SearchParameters(sel=chosen))
        return [int(r) for r in rows[0]]

    return asked_of(search, segment, asked, {"rows": len(segment.at_s), "build_s": build_s})


def _ivf(segment: Segment, asked: list[Ask]) -> dict[str, Any]:
    faiss = _library()
    faiss.omp_set_num_threads(1)
    rows = len(segment.at_s)
    began = time.perf_counter()
    index = faiss.index_factory(DIMENSIONS, f"IVF{max(64, rows // IVF_SHARE)},SQ8", faiss.METRIC_INNER_PRODUCT)
    for low, vectors in pieces(segment):
        if low == 0:
            index.train(vectors[:TAUGHT])
        index.add(vectors)
    build_s = round(time.perf_counter() - began, 1)

    def search(ask: Ask) -> list[int]:
        chosen = faiss.SearchParametersIVF(sel=faiss.IDSelectorBatch(allowed(segment, ask)), nprobe=PROBES)
        _, found = index.search(ask.query[None, :], K, params=chosen)
        return [int(r) for r in found[0]]

    return asked_of(search, segment, asked, {"rows": rows, "build_s": build_s})


# ------------------------------------------------------------------------------------------------- pgvector


def _pgvector(segment: Segment, asked: list[Ask], options: Options) -> dict[str, Any]:
    with workplace("pgvector") as folder:
        server = Postgres(folder / "postgres", fsync=False, tuning=PG_TUNING)
        try:
            server.start()
            with psycopg.connect(server.url(SUPERUSER, "postgres"), autocommit=True) as conn:
                conn.execute("create extension vector")
                conn.execute("set max_parallel_workers_per_gather = 0; set max_parallel_maintenance_workers = 0")
                _cameras_in(conn, asked)
                version = conn.execute("select extversion from pg_extension where extname = 'vector'").fetchone()
                said = {"version": version[0] if version else ""}
                exact = _rows_in(conn, first(segment, PG_ROWS[options.size]), "create index on seen (at_s, camera)")
                found = {"pgvector": exact(asked) | said}
                options.progress(3, 4, "pgvector HNSW")
                hnsw = _rows_in(
                    conn,
                    first(segment, HNSW_ROWS[options.size]),
                    "create index on seen using hnsw (looks halfvec_ip_ops) with (m = 16, ef_construction = 64)",
                )
                conn.execute(
                    "set hnsw.iterative_scan = 'strict_order'; set enable_seqscan = off; set enable_sort = off"
                )
                return found | {"pgvector_hnsw": hnsw(asked) | said}
        finally:
            server.stop()


def _cameras_in(conn: psycopg.Connection, asked: list[Ask]) -> None:
    """Put the cameras of each question into a table before anything is timed: ours is handed them as a mask."""
    conn.execute("create unlogged table chosen (ask int8, camera int4)")
    with conn.cursor() as cursor, cursor.copy("copy chosen from stdin") as copy:
        for ask in asked:
            for camera in np.flatnonzero(ask.cameras).tolist():
                copy.write_row((id(ask), camera))
    conn.execute("create index on chosen (ask, camera)")
    conn.execute("vacuum analyze chosen")


def _rows_in(conn: psycopg.Connection, segment: Segment, index: str) -> Callable[[list[Ask]], dict[str, Any]]:
    """Copy rows into a fresh table, build an index, and return what asks them."""
    began = time.perf_counter()
    conn.execute("drop table if exists seen")
    conn.execute(f"create unlogged table seen (row int, at_s float8, camera int, looks halfvec({DIMENSIONS}))")
    with conn.cursor() as cursor, cursor.copy("copy seen from stdin (format binary)") as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        for low, vectors in pieces(segment):
            copy.write(_binary(segment, low, vectors))
        copy.write(b"\xff\xff")
    conn.execute(index)
    conn.execute("analyze seen")
    build_s = round(time.perf_counter() - began, 1)

    def search(ask: Ask) -> list[int]:
        looks = "[" + ",".join(f"{v:.6g}" for v in ask.query.tolist()) + "]"
        rows = conn.execute(
            """select row from seen where at_s >= %s and at_s < %s
               and camera in (select camera from chosen where ask = %s) order by looks <#> %s::halfvec limit %s""",
            (ask.from_s, ask.until_s, id(ask), looks, K),
        ).fetchall()
        return [int(r[0]) for r in rows]

    return lambda asked: asked_of(search, segment, asked, {"rows": len(segment.at_s), "build_s": build_s})


def _binary(segment: Segment, low: int, vectors: NDArray[np.float32]) -> bytes:
    """Return rows as binary COPY takes them; a halfvec is its length, two unused bytes and its halves."""
    half = ("looks", ">f2", (DIMENSIONS,))
    fields = [("fields", ">i2"), ("n0", ">i4"), ("row", ">i4"), ("n1", ">i4"), ("at_s", ">f8"), ("n2", ">i4")]
    fields += [("camera", ">i4"), ("n3", ">i4"), ("parts", ">i2"), ("unused", ">i2")]
    page = np.zeros(len(vectors), np.dtype([*fields, half]))
    page["fields"], page["n0"], page["n1"], page["n2"], page["n3"] = 4, 4, 8, 4, 4 + 2 * DIMENSIONS
    page["row"] = np.arange(low, low + len(vectors))
    page["at_s"], page["camera"] = segment.at_s[low : low + len(vectors)], segment.camera[low : low + len(vectors)]
    page["parts"], page["looks"] = DIMENSIONS, vectors
    return page.tobytes()
