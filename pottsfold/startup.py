"""What the program, as against the library, may leave out when it starts."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

# Set by the program before it runs a verb: this process is its own.
is_program = False
# Called when a kernel is about to be compiled, once in a process.
on_compiling: Callable[[], None] | None = None
# Numba imports this, and a third of SciPy with it, to see whether kernels could call
# BLAS. Ours never do.
_BLAS = "scipy.linalg.cython_blas"
_PANDAS = "pandas"


@contextlib.contextmanager
def without_blas() -> Iterator[None]:
    """Have Numba, imported meanwhile, take it that there is no BLAS, in the program.

    A user's own process is left alone: kernels of theirs may want it.
    """
    if not is_program or _BLAS in sys.modules:
        yield
        return
    sys.modules[_BLAS] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[_BLAS]


def arrow_without_pandas() -> None:
    """Have Arrow take it that there is no pandas, in the program.

    It imports pandas to see whether what it is given is a pandas object. For a verb
    that gives it none.
    """
    if not is_program or _PANDAS in sys.modules:
        return
    sys.meta_path.insert(0, _NoPandas)
    try:
        import pyarrow as pa

        pa.array([])  # looks once, and never again
    finally:
        sys.meta_path.remove(_NoPandas)


class _NoPandas:
    """A finder of modules to which pandas is not installed."""

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: object = None) -> None:
        """Refuse pandas, leave others to the finders behind this one."""
        if name == _PANDAS:
            raise ImportError(name)
