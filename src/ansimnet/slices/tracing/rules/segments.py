"""Sightings to search among: columns in the order of time, appearances as int8, exact scan after a filter.

A filter first and an exact scan after it keep recall at 1.0, where approximate indexes lose most of it at 1 %
(docs/design/tracing.md). A segment lives in memory, for as long as the search that released it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

I8 = NDArray[np.int8]
I32 = NDArray[np.int32]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]


AGAIN = 16
"""So many times k rows are scored again: the int8 query moves a cosine by 0.003 at most. Ours, measured (recall)."""
CHUNK = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Rows in the order of `at_s` (n,): the row of its camera (n,), its appearance (n, D) and the norm of that (n,)."""

    at_s: F64
    camera: I32
    appearance: I8
    norm: F32

    @classmethod
    def sorted_by_time(cls, at_s: F64, camera: I32, appearance: I8) -> tuple[Segment, NDArray[np.int64]]:
        """Return a segment, and for each of its rows which of the given ones it is."""
        order = np.argsort(at_s, kind="stable")
        rows = np.ascontiguousarray(appearance[order])
        return cls(at_s[order], camera[order], rows, norms(rows)), order

    @property
    def nbytes(self) -> int:
        """Memory, in bytes."""
        return self.at_s.nbytes + self.camera.nbytes + self.appearance.nbytes + self.norm.nbytes


def norms(appearance: I8) -> F32:
    """Return the norm of each row (n,), at least 1; in parts, so that a large segment is not held twice."""
    found = np.empty(len(appearance), np.float32)
    for low in range(0, len(appearance), CHUNK):
        part = appearance[low : low + CHUNK].astype(np.float32)
        found[low : low + CHUNK] = np.sqrt(np.einsum("nd,nd->n", part, part))
    return np.maximum(found, np.float32(1))


def quantised(vectors: F32) -> I8:
    """Return unit vectors (n, D) as int8: 127 is 1.0 over the largest part, so that their order by angle stays."""
    peak = np.abs(vectors).max(axis=1, keepdims=True)
    scaled: I8 = np.rint(vectors * (127.0 / np.maximum(peak, 1e-9))).astype(np.int8)
    return scaled


def search(
    segment: Segment, query: F32, from_s: float, until_s: float, cameras: NDArray[np.bool_] | None, k: int
) -> tuple[NDArray[np.int64], F32]:
    """Return the k rows most like a query (D,) by cosine within a window and among some cameras, and their cosines.

    Every allowed row is scored with the query as int8; the best `AGAIN` times k again with the query as it is.
    """
    low, high = np.searchsorted(segment.at_s, (from_s, until_s))
    allowed = np.ones(int(segment.camera.max(initial=0)) + 1, np.bool_) if cameras is None else cameras
    coarse = quantised(query[None, :])[0].astype(np.int16)
    rows, rough = _scan(segment.appearance, segment.norm, segment.camera, int(low), int(high), allowed, coarse)
    if len(rows) > AGAIN * k:
        rows = rows[np.argpartition(rough, len(rough) - AGAIN * k)[-AGAIN * k :]]
    cosines = segment.appearance[rows].astype(np.float32) @ query.astype(np.float32)
    cosines /= np.maximum(segment.norm[rows] * np.float32(np.linalg.norm(query)), np.float32(1e-9))
    order = np.argsort(-cosines, kind="stable")[:k]
    return rows[order], cosines[order]


@numba.njit(cache=True)
def _scan(appearance: Any, norm: Any, camera: Any, low: int, high: int, allowed: Any, query: Any) -> Any:
    """Return the rows of `[low, high)` whose camera is allowed, with their score."""
    count = 0
    for i in range(low, high):
        count += allowed[camera[i]]
    rows, score = np.empty(count, np.int64), np.empty(count, np.float32)
    n = 0
    for i in range(low, high):
        if allowed[camera[i]]:
            rows[n] = i
            n += 1
    for n in range(count):
        one = appearance[rows[n]]
        dot = np.int32(0)
        for d in range(query.shape[0]):
            dot += np.int32(one[d]) * np.int32(query[d])
        score[n] = np.float32(dot) / norm[rows[n]]
    return rows, score
