"""The one place where Numba's options are set.

Kernels release the interpreter lock and never start threads of their own: the
caller spreads independent tasks with :mod:`pottsfold.threads`. That keeps
compilation short, results independent of the number of threads, and processes
free to fork.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import DTypeLike, NDArray

from pottsfold.simd.codegen import CACHE_LINE

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def kernel(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Compile a function over arrays and scalars to machine code, once.

    The machine code is kept beside the source file (or in the user's cache
    folder), so a second run compiles nothing. A kernels file must not call
    kernels of another file: Numba's cache would not see edits there. Neither does it
    see edits of the row operations in :mod:`pottsfold.simd`: remove the cached files
    (``*.nbi``, ``*.nbc``) after those.
    ``fastmath`` stays off, so sums are made in the order written.
    """
    options = {"nogil": True, "error_model": "numpy"}
    try:
        compiled = njit(cache=True, **options)(function)
    except RuntimeError:
        # No folder on this machine can be written: compile in every process.
        compiled = njit(**options)(function)
    return cast("Callable[Parameters, Result]", compiled)


def aligned_zeros(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Return zeros that begin on a cache line, so that no vector spans two of them.

    Rows of 24 floats that begin elsewhere cost a fifth more to add up.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    room = np.zeros(size + CACHE_LINE, np.uint8)
    start = -room.ctypes.data % CACHE_LINE
    return room[start : start + size].view(dtype).reshape(shape)
