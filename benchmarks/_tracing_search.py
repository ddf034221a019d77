"""The search half of `bench tracing`: 10,000,000 sightings, a window of 1 % (10 % of the time, 10 % of the cameras).

Our exact scan over int8 columns, beside FAISS and pgvector on the same vectors where installed: FAISS IVF with an id
selector. A rival that is not there is null, with the reason. Sightings are 50,000 identities with noise
(sigma 0.7 of a unit vector's part: pessimistic); the truth is the exact float32 ranking of the same int8 rows.

Keys: search_p50_ms search_p99_ms recall rows window rivals memory_mb cpu_ms.
"""

from __future__ import annotations

import importlib.util
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ansimnet.app.measure import Options
from ansimnet.slices.tracing.model import DIMENSIONS
from ansimnet.slices.tracing.rules import segments
from ansimnet.slices.tracing.rules.segments import Segment

ROWS = {"small": 400_000, "full": 10_000_000}
RIVAL_ROWS = {"small": 100_000, "full": 1_000_000}
"""Rivals that build an index get so many rows at most, and say so: HNSW of 10 million is two hours and 8 GB."""
QUERIES = {"small": 60, "full": 300}
CAMERAS, DAYS = 176_371, 30.0
IDENTITIES, NOISE, K = 50_000, 0.7, 10
CHUNK = 200_000


@dataclass(frozen=True, slots=True, eq=False)
class Ask:
    """One question: whom, when, and on which cameras."""

    query: NDArray[np.float32]
    from_s: float
    until_s: float
    cameras: NDArray[np.bool_]


def made(rows: int, rng: np.random.Generator) -> tuple[Segment, NDArray[np.float32]]:
    """Return a segment of generated sightings, and the identities they are of."""
    people = rng.standard_normal((IDENTITIES, DIMENSIONS), dtype=np.float32)
    people /= np.linalg.norm(people, axis=1, keepdims=True)
    appearance = np.empty((rows, DIMENSIONS), np.int8)
    for low in range(0, rows, CHUNK):
        high = min(rows, low + CHUNK)
        shots = people[rng.integers(0, IDENTITIES, high - low)]
        shots = shots + rng.standard_normal(shots.shape, dtype=np.float32) * (NOISE / np.sqrt(DIMENSIONS))
        appearance[low:high] = segments.quantised(shots)
    at_s = np.sort(rng.random(rows) * DAYS * 86_400)
    camera = rng.integers(0, CAMERAS, rows, dtype=np.int32)
    return Segment(at_s, camera, appearance, segments.norms(appearance)), people


def asks(count: int, people: NDArray[np.float32], rng: np.random.Generator) -> list[Ask]:
    """Return questions of 10 % of the time and 10 % of the cameras each."""
    found = []
    for _ in range(count):
        cameras = np.zeros(CAMERAS, np.bool_)
        cameras[rng.choice(CAMERAS, CAMERAS // 10, replace=False)] = True
        since = float(rng.random()) * 0.9 * DAYS * 86_400
        found.append(Ask(people[int(rng.integers(IDENTITIES))], since, since + DAYS * 8_640, cameras))
    return found


def exact(segment: Segment, ask: Ask) -> NDArray[np.int64]:
    """Return the truth by another way: a gather and a float32 product."""
    low, high = np.searchsorted(segment.at_s, (ask.from_s, ask.until_s))
    rows = np.flatnonzero(ask.cameras[segment.camera[low:high]]) + low
    vectors = segment.appearance[rows].astype(np.float32)
    cosine = vectors @ ask.query / np.linalg.norm(vectors, axis=1)
    best = rows[np.argsort(-cosine, kind="stable")[:K]]
    return np.asarray(best, np.int64)


def timed(segment: Segment, asked: list[Ask]) -> tuple[list[float], list[float], float]:
    """Return wall and CPU milliseconds of each search, and recall at K against the truth."""
    wall, cpu, hits, wanted = [], [], 0, 0
    for ask in asked:
        began, busy = time.perf_counter(), time.process_time()
        rows, _ = segments.search(segment, ask.query, ask.from_s, ask.until_s, ask.cameras, K)
        wall.append((time.perf_counter() - began) * 1e3)
        cpu.append((time.process_time() - busy) * 1e3)
        truth = exact(segment, ask)
        hits, wanted = hits + len(set(rows.tolist()) & set(truth.tolist())), wanted + len(truth)
    return wall, cpu, hits / wanted if wanted else 1.0


def _faiss(segment: Segment, asked: list[Ask], rows: int) -> dict[str, Any] | None:
    if importlib.util.find_spec("faiss") is None:
        return None
    import faiss  # type: ignore[import-not-found,import-untyped,unused-ignore]

    faiss.omp_set_num_threads(1)
    vectors = segment.appearance[:rows].astype(np.float32)
    faiss.normalize_L2(vectors)
    part = Segment(segment.at_s[:rows], segment.camera[:rows], segment.appearance[:rows], segment.norm[:rows])
    found: dict[str, Any] = {"rows": rows}
    index = faiss.index_factory(DIMENSIONS, f"IVF{max(64, rows // 1000)},SQ8", faiss.METRIC_INNER_PRODUCT)
    began = time.perf_counter()
    index.train(vectors[: min(rows, 100_000)])
    index.add(vectors)
    found["build_s"] = round(time.perf_counter() - began, 1)
    wall, hits, wanted = [], 0, 0
    for ask in asked:
        began = time.perf_counter()
        low, high = np.searchsorted(part.at_s, (ask.from_s, ask.until_s))
        allowed = np.flatnonzero(ask.cameras[part.camera[low:high]]) + low
        chosen = faiss.SearchParametersIVF(sel=faiss.IDSelectorBatch(allowed), nprobe=16)
        _, rows_found = index.search(ask.query[None, :], K, params=chosen)
        wall.append((time.perf_counter() - began) * 1e3)
        truth = exact(part, ask)
        hits, wanted = hits + len(set(rows_found[0].tolist()) & set(truth.tolist())), wanted + len(truth)
    return found | {"p99_ms": _percentile(wall, 99), "recall": round(hits / max(1, wanted), 4)}


def _percentile(values: list[float], share: float) -> float:
    return round(float(np.percentile(values, share)), 3)


def run(options: Options) -> dict[str, Any]:
    """Measure ours, then the rivals on the same rows (fewer, where they build an index)."""
    rng = np.random.default_rng(options.seed)
    rows = ROWS[options.size]
    options.progress(0, 3, "making sightings")
    segment, people = made(rows, rng)
    asked = asks(QUERIES[options.size], people, rng)
    segments.search(segment, asked[0].query, 0.0, 1.0, asked[0].cameras, K)  # compiles
    options.progress(1, 3, "searching")
    wall, cpu, recall = timed(segment, asked)
    options.progress(2, 3, "rivals")
    fewer = min(rows, RIVAL_ROWS[options.size])
    faiss = _faiss(segment, asked[:40], fewer)
    return {
        "search_p50_ms": _percentile(wall, 50),
        "search_p99_ms": _percentile(wall, 99),
        "cpu_p99_ms": _percentile(cpu, 99),
        "recall": round(recall, 4),
        "rows": rows,
        "window": 0.01,
        "rivals": {
            "faiss_ivf_sq8": faiss,
            "pgvector": None,
            "why_null": {
                **({} if faiss else {"faiss_ivf_sq8": "faiss-cpu is not installed"}),
                "pgvector": "needs a server with the extension; vectors in the clear are what the design forbids",
            },
        },
        "memory_mb": round(segment.nbytes / 1e6, 1),
    }
