"""The one place where Numba's options are set.

Kernels release the interpreter lock and never start threads of their own: the
caller spreads independent tasks with :mod:`pottsfold.threads`. That keeps
compilation short, results independent of the number of threads, and processes
free to fork.
"""

from __future__ import annotations

import contextlib
import hashlib
import pickle
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from pottsfold import startup

with startup.without_blas():
    import numba.np.arraymath  # noqa: F401 - looks for BLAS
    from numba import njit
    from numba.core import event
    from numba.core.caching import FunctionCache, IndexDataCacheFile

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


class _CheckedFiles(IndexDataCacheFile):  # type: ignore[misc]
    """The files of one kernel, its machine code with a digest.

    The digest covers what the code was made for. Else a flipped bit would be run, and
    so would the code of another signature, or of an older source, that a second
    process wrote under the same name.
    """

    def _load_index(self) -> Any:
        try:
            return super()._load_index()
        except Exception:  # damaged: whatever pickle makes of it
            return {}

    def load(self, key: Any) -> Any:
        """Return the code of a signature, None where there is none to rely on."""
        found = super().load(key)
        if found is None:
            return None
        digest, code = found
        return pickle.loads(code) if digest == self._digest(key, code) else None

    def save(self, key: Any, data: Any) -> None:
        """Write the code of a signature."""
        code = self._dump(data)
        super().save(key, (self._digest(key, code), code))

    def _digest(self, key: Any, code: bytes) -> bytes:
        made_for = repr((key, self._source_stamp)).encode()
        return hashlib.sha256(made_for + code).digest()


class _KernelCache(FunctionCache):  # type: ignore[misc]
    """Numba's cache, except that no fault of its files stops a command.

    What is empty, cut off, damaged or not ours to read is compiled anew; what cannot
    be written is compiled in every process.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._cache_file = _CheckedFiles(
            self._cache_path,
            self._impl.filename_base,
            self._impl.locator.get_source_stamp(),
        )

    def load_overload(self, *arguments: Any) -> Any:
        """Return the compiled kernel, None where there is none to rely on."""
        try:
            return super().load_overload(*arguments)
        except Exception:  # damaged: whatever pickle and the compiler make of it
            return None

    def save_overload(self, *arguments: Any) -> None:
        """Keep a compiled kernel, where that can be done."""
        with contextlib.suppress(Exception):
            super().save_overload(*arguments)


def kernel(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Compile a function over arrays and scalars to machine code, once.

    The machine code is kept beside the source file (or in the user's cache
    folder), so a second run compiles nothing. A kernels file must not call
    kernels of another file: Numba's cache would not see edits there. Neither does it
    see edits of the row operations in :mod:`pottsfold.simd`: remove the cached files
    (``*.nbi``, ``*.nbc``) after those.
    ``fastmath`` stays off, so sums are made in the order written.
    """
    compiled = njit(nogil=True, error_model="numpy")(function)
    # Where no folder can be written, it is compiled in every process; with
    # NUMBA_DISABLE_JIT it stays the function it was.
    if compiled is not function:
        with contextlib.suppress(RuntimeError, OSError):
            compiled._cache = _KernelCache(function)
    return cast("Callable[Parameters, Result]", compiled)
