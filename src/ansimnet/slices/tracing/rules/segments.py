"""Sightings to search among: columns in the order of time, appearances as int8, exact scan after a filter.

A filter first and an exact scan after it keep recall at 1.0, where approximate indexes lose most of it at 1 %
(docs/design/tracing.md). A segment lives in memory, for as long as the search that released it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numpy.typing import NDArray

I8 = NDArray[np.int8]
I32 = NDArray[np.int32]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]


CHUNK = 100_000
CACHE_LINE = 64
"""Bytes that one fetch from memory brings, on x86 and on ARM servers alike."""
BLOCK = 8192
"""Rows whose cameras are looked at before the allowed ones are scored: what is noted of them stays in the cache."""
AHEAD = 8
"""Rows whose lines are asked for before they are scored: measured 4 to 64, 8 the fastest by a little."""


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

    Every allowed row is scored with the query as it is; other threads run meanwhile.
    """
    low, high = np.searchsorted(segment.at_s, (from_s, until_s))
    allowed = np.ones(int(segment.camera.max(initial=0)) + 1, np.bool_) if cameras is None else cameras
    unit = np.ascontiguousarray(query, np.float32) / np.float32(max(float(np.linalg.norm(query)), 1e-9))
    column = segment.norm.reshape(-1, 1)
    found: tuple[NDArray[np.int64], F32] = _best(
        segment.appearance, column, segment.camera, int(low), int(high), allowed, unit, k
    )
    return found


_pointer: Any = cgutils.get_item_pointer


def _asked_for(typing: Any, rows: Any, row: Any, column: Any) -> Any:
    """Ask memory for the line of `rows[row, column]`; who reads it soon after does not wait for it."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = signature.args[0]
        array = context.make_array(kind)(context, builder, args[0])
        at = _pointer(context, builder, kind, array, args[1:], wraparound=False)
        byte, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        asks = ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", [byte], asks)
        read, once, data = (ir.Constant(flag, n) for n in (0, 0, 1))
        builder.call(prefetch, [builder.bitcast(at, byte), read, once, data])
        return context.get_dummy_value()

    return types.void(rows, row, column), code


_prefetch: Any = intrinsic(_asked_for)


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def _best(appearance: Any, norm: Any, camera: Any, low: int, high: int, allowed: Any, query: Any, k: int) -> Any:
    """Return the best k of the rows `[low, high)` whose camera is allowed, best first, and their scores."""
    best, score = np.empty(k, np.int64), np.empty(k, np.float32)
    rows = np.empty(BLOCK + 1, np.int64)
    parts, kept = query.shape[0], 0
    for first in range(low, high, BLOCK):
        chosen = 0
        for i in range(first, min(first + BLOCK, high)):
            rows[chosen] = i  # kept only if the next line moves on: no branch to guess wrong
            chosen += allowed[camera[i]]
        for n in range(chosen):
            coming = rows[min(n + AHEAD, chosen - 1)]
            _prefetch(norm, coming, 0)
            for column in range(0, parts, CACHE_LINE):
                _prefetch(appearance, coming, column)
            one = rows[n]
            dot = np.float32(0)
            for d in range(parts):
                dot += np.float32(appearance[one, d]) * query[d]
            dot /= norm[one, 0]
            if kept < k:
                kept += 1
            elif k == 0 or dot <= score[k - 1]:
                continue
            at = kept - 1
            while at > 0 and score[at - 1] < dot:
                best[at], score[at] = best[at - 1], score[at - 1]
                at -= 1
            best[at], score[at] = one, dot
    return best[:kept], score[:kept]
