"""Compile array loops to machine code."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def jit(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` compiled, cached on disk and free of the interpreter lock."""
    return cast("Callable[P, R]", numba.njit(cache=True, nogil=True, fastmath=True)(function))
