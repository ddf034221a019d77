"""How rules become machine code, and a hint for the processor. Nothing here decides anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

P = ParamSpec("P")
R = TypeVar("R")
_cgutils: Any = cgutils
_njit: Any = numba.njit
"""Numba's, with the option its hints leave out: `_nrt` false counts not who holds an array. Such code makes none, and
counting took an eighth of the time of judging."""


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` as machine code, kept on disk. No fast mathematics: the same numbers on every path."""
    return cast("Callable[P, R]", _njit(cache=True, nogil=True, error_model="numpy", _nrt=False)(function))


def allocating(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` as `compiled` does, but it may make arrays."""
    return cast("Callable[P, R]", _njit(cache=True, nogil=True, error_model="numpy")(function))


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` as machine code that becomes part of whoever calls it."""
    return cast("Callable[P, R]", _njit(nogil=True, error_model="numpy", forceinline=True, _nrt=False)(function))


def fast(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` as machine code that may reorder sums: for bounds alone."""
    loose = _njit(cache=True, nogil=True, error_model="numpy", fastmath=True, _nrt=False)
    return cast("Callable[P, R]", loose(function))


_READ, _KEPT, _DATA = 0, 3, 1
"""The words of LLVM's `prefetch`: to be read, near the processor, no instructions."""


def _fetch(_typing: Any, array: Any, _at: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place = builder.bitcast(builder.gep(pointer, [arguments[1]]), cgutils.voidptr_t)
        words = [ir.Constant(ir.IntType(32), n) for n in (_READ, _KEPT, _DATA)]
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t] + [ir.IntType(32)] * 3)
        builder.call(_cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0"), [place, *words])
        return context.get_dummy_value()

    return types.void(array, types.intp), code


fetch = cast("Callable[[Any, int], None]", intrinsic(_fetch))
"""`fetch(array, at)` has element `at`, counted flat, on its way from memory; beyond the end it does nothing."""
