"""The search half of `bench tracing`: 10,000,000 sightings, a window of 1 % (10 % of the time, 10 % of the cameras).

Our exact scan over int8 columns, then FAISS and pgvector on the same rows and questions (`_tracing_rivals`). Cameras
are drawn at random: those of a real search stand together, no layout may lean on it. Sightings are 50,000 identities
with noise (sigma 0.7 of a unit vector's part: pessimistic); the truth is the exact float32 ranking of the same rows.
Measured is what happens after keys were released: opening the sealed blocks is not in it.

Keys: search_p50_ms search_p99_ms search_cpu_p99_ms recall rows window rivals memory_mb.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from benchmarks import _tracing_rivals
from benchmarks._tracing_rivals import Ask, percentile, truth_of
from numpy.typing import NDArray

from ansimnet.app.measure import Options
from ansimnet.slices.tracing.model import DIMENSIONS
from ansimnet.slices.tracing.rules import segments
from ansimnet.slices.tracing.rules.segments import Segment

ROWS = {"small": 400_000, "full": 10_000_000}
QUERIES = {"small": 60, "full": 300}
CAMERAS, DAYS = 176_371, 30.0
IDENTITIES, NOISE, K = 50_000, 0.7, _tracing_rivals.K
CHUNK = 200_000


def made(
    rows: int, rng: np.random.Generator, step: Callable[[int], None] = lambda _: None
) -> tuple[Segment, NDArray[np.float32]]:
    """Return a segment of generated sightings, made in pieces, and the identities they are of."""
    people = rng.standard_normal((IDENTITIES, DIMENSIONS), dtype=np.float32)
    people /= np.linalg.norm(people, axis=1, keepdims=True)
    appearance = np.empty((rows, DIMENSIONS), np.int8)
    for low in range(0, rows, CHUNK):
        step(low)
        high = min(rows, low + CHUNK)
        shots = people[rng.integers(0, IDENTITIES, high - low)]
        shots += rng.standard_normal(shots.shape, dtype=np.float32) * np.float32(NOISE / np.sqrt(DIMENSIONS))
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


def timed(segment: Segment, asked: list[Ask], step: Callable[[int], None]) -> tuple[list[float], list[float], float]:
    """Return wall and processor milliseconds of each search, and recall at K against the truth."""
    wall, cpu, hits, wanted = [], [], 0, 0
    for n, ask in enumerate(asked):
        step(n)
        began, busy = time.perf_counter(), time.thread_time()
        rows, _ = segments.search(segment, ask.query, ask.from_s, ask.until_s, ask.cameras, K)
        wall.append((time.perf_counter() - began) * 1e3)
        cpu.append((time.thread_time() - busy) * 1e3)
        truth = truth_of(segment, ask)
        hits, wanted = hits + len(set(rows.tolist()) & set(truth.tolist())), wanted + len(truth)
    return wall, cpu, hits / wanted if wanted else 1.0


def run(options: Options) -> dict[str, Any]:
    """Measure ours, then the rivals on the same rows (fewer, where they build an index)."""
    rng = np.random.default_rng(options.seed)
    rows, count = ROWS[options.size], QUERIES[options.size]
    segment, people = made(rows, rng, lambda n: options.progress(n, rows, "making sightings"))
    asked = asks(count, people, rng)
    segments.search(segment, asked[0].query, 0.0, 1.0, asked[0].cameras, K)  # compiles
    wall, cpu, recall = timed(segment, asked, lambda n: options.progress(n, count, "searching"))
    return {
        "search_p50_ms": percentile(wall, 50),
        "search_p99_ms": percentile(wall, 99),
        "search_cpu_p99_ms": percentile(cpu, 99),
        "recall": round(recall, 4),
        "rows": rows,
        "queries": count,
        "window": 0.01,
        "rivals": _tracing_rivals.run(segment, asked, options),
        "memory_mb": round(segment.nbytes / 1e6, 1),
    }
