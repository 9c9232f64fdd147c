"""Long vectors, worked on in pieces by several threads.

The pieces do not depend on the number of threads and their sums are added in order,
so results are the same bits for any number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.lazy import lazy_module
from pottsfold.threads import Workers

if TYPE_CHECKING:
    from pottsfold.inference.optimize import kernels
else:
    kernels = lazy_module("pottsfold.inference.optimize.kernels")

Vector = NDArray[np.float32]

# Numbers a piece: a megabyte, so that handing it out costs little beside it.
PIECE = 2**18


def dot(workers: Workers, x: Vector, y: Vector) -> float:
    """Return the float64 sum of x * y."""
    return sum(
        workers.map(lambda piece: kernels.dot(x[piece], y[piece]), _pieces(x)), 0.0
    )


def add_scaled(workers: Workers, scale: float, x: Vector, y: Vector) -> None:
    """Add scale * x to y in place."""
    workers.map(lambda piece: kernels.add_scaled(scale, x[piece], y[piece]), _pieces(x))


def move(
    workers: Workers, x: Vector, scale: float, direction: Vector, out: Vector
) -> None:
    """Write x + scale * direction to ``out``."""
    workers.map(
        lambda piece: kernels.move(x[piece], scale, direction[piece], out[piece]),
        _pieces(x),
    )


def subtract(workers: Workers, x: Vector, y: Vector, out: Vector) -> None:
    """Write x - y to ``out``."""
    workers.map(
        lambda piece: kernels.subtract(x[piece], y[piece], out[piece]), _pieces(x)
    )


class OnThreads:
    """What the optimiser does with vectors, on several threads.

    Parameters
    ----------
    workers : Workers
        The threads.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    def empty_like(self, x: Vector) -> Vector:
        """Return a vector of the same length."""
        return np.empty_like(x)

    def negate(self, x: Vector, out: Vector) -> None:
        """Write -x to ``out``."""
        np.negative(x, out=out)

    def scale(self, factor: float, x: Vector) -> None:
        """Multiply x by a number in place."""
        x *= np.float32(factor)

    def dot(self, x: Vector, y: Vector) -> float:
        """Return the float64 sum of x * y."""
        return dot(self._workers, x, y)

    def add_scaled(self, scale: float, x: Vector, y: Vector) -> None:
        """Add scale * x to y in place."""
        add_scaled(self._workers, scale, x, y)

    def move(self, x: Vector, scale: float, direction: Vector, out: Vector) -> None:
        """Write x + scale * direction to ``out``."""
        move(self._workers, x, scale, direction, out)

    def subtract(self, x: Vector, y: Vector, out: Vector) -> None:
        """Write x - y to ``out``."""
        subtract(self._workers, x, y, out)


def _pieces(x: Vector) -> Iterator[slice]:
    for start in range(0, len(x), PIECE):
        yield slice(start, start + PIECE)
