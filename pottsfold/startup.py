"""What the program, as against the library, may leave out when it starts."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

# Set by the program before it runs a verb: this process is its own.
is_program = False
# Numba imports this, and a third of SciPy with it, to see whether kernels could call
# BLAS. Ours never do.
_BLAS = "scipy.linalg.cython_blas"


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
