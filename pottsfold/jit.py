"""The one place where Numba's options are set.

Kernels release the interpreter lock and never start threads of their own: the
caller spreads independent tasks with :mod:`pottsfold.threads`. That keeps
compilation short, results independent of the number of threads, and processes
free to fork.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from pottsfold import startup

with startup.without_blas():
    import numba.np.arraymath  # noqa: F401 - looks for BLAS
    from numba import njit
    from numba.core import event

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class _FirstCompilation(event.Listener):  # type: ignore[misc]
    """Passes on that a kernel is compiled, the first time."""

    def on_start(self, _event: event.Event) -> None:
        """Call who wants to know, once."""
        told, startup.on_compiling = startup.on_compiling, None
        if told is not None:
            told()

    def on_end(self, _event: event.Event) -> None:
        """Do nothing."""


if startup.on_compiling is not None:
    event.register("numba:compile", _FirstCompilation())


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
