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


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Rows in the order of `at_s` (n,): the camera's row in the caller's list (n,), appearance (n, D)."""

    at_s: F64
    camera: I32
    appearance: I8

    @classmethod
    def sorted_by_time(cls, at_s: F64, camera: I32, appearance: I8) -> tuple[Segment, NDArray[np.int64]]:
        """Return a segment, and for each of its rows which of the given ones it is."""
        order = np.argsort(at_s, kind="stable")
        return cls(at_s[order], camera[order], np.ascontiguousarray(appearance[order])), order

    @property
    def nbytes(self) -> int:
        """Memory, in bytes."""
        return self.at_s.nbytes + self.camera.nbytes + self.appearance.nbytes


def quantised(vectors: F32) -> I8:
    """Return unit vectors (n, D) as int8: 127 is 1.0 over the largest part, so that their order by angle stays."""
    peak = np.abs(vectors).max(axis=1, keepdims=True)
    scaled: I8 = np.rint(vectors * (127.0 / np.maximum(peak, 1e-9))).astype(np.int8)
    return scaled


def search(
    segment: Segment, query: F32, from_s: float, until_s: float, cameras: NDArray[np.bool_] | None, k: int
) -> tuple[NDArray[np.int64], F32]:
    """Return the k rows most like a query (D,) by cosine within a window and among some cameras, and their cosines."""
    low, high = np.searchsorted(segment.at_s, (from_s, until_s))
    allowed = np.ones(int(segment.camera.max(initial=0)) + 1, np.bool_) if cameras is None else cameras
    rows, cosines = _scan(segment.appearance, segment.camera, int(low), int(high), allowed, query.astype(np.float32))
    if len(rows) > k:
        best = np.argpartition(-cosines, k)[:k]
        rows, cosines = rows[best], cosines[best]
    order = np.argsort(-cosines, kind="stable")
    return rows[order], cosines[order]


@numba.njit(cache=True, fastmath=True)
def _scan(appearance: Any, camera: Any, low: int, high: int, allowed: Any, query: Any) -> Any:
    """Return the rows of `[low, high)` whose camera is allowed, with their cosine to the query."""
    count = 0
    for i in range(low, high):
        count += allowed[camera[i]]
    rows, cosines = np.empty(count, np.int64), np.empty(count, np.float32)
    size = query.shape[0]
    norm = np.float32(0)
    for d in range(size):
        norm += query[d] * query[d]
    n = 0
    for i in range(low, high):
        if not allowed[camera[i]]:
            continue
        dot, own = np.float32(0), np.int32(0)
        for d in range(size):
            value = np.int32(appearance[i, d])
            dot += np.float32(value) * query[d]
            own += value * value
        rows[n] = i
        cosines[n] = dot / np.sqrt(max(np.float32(own) * norm, np.float32(1e-9)))
        n += 1
    return rows, cosines
