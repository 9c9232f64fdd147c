"""Sequence weights, so that close relatives do not count many times."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment import kernels
from pottsfold.alignment.alignment import Alignment
from pottsfold.errors import UsageError
from pottsfold.threads import Workers, chosen_threads

# Rows compared at a time: their uint16 match counts take half of a small L1 cache.
BLOCK = 8192
ROWS_PER_TASK = 64


def identity_weights(
    codes: NDArray[np.uint8], identity: float = 0.8, *, threads: int | None = None
) -> NDArray[np.float64]:
    """Return w_n = 1 / number of neighbours of sequence n.

    m is a neighbour of n when matches(n, m) >= ceil(identity * L - 1e-9), where
    matches counts the columns with equal codes among all L: a gap matches a gap,
    an unknown letter an unknown one, and n is its own neighbour. This is plmc's
    rule (inclusive), with the threshold an integer.

    Parameters
    ----------
    codes : (N, L) uint8
        Aligned sequences.
    identity : float
        Above 0 and at most 1.
    threads : int, optional
        Every core by custom; the weights do not depend on it.

    Returns
    -------
    (N,) float64
        In (0, 1]; their sum is the effective number of sequences.

    Raises
    ------
    UsageError
        If ``identity`` is out of its range.

    Examples
    --------
    >>> codes = np.array([[1, 2, 3, 4], [1, 2, 3, 0], [4, 4, 4, 4]], np.uint8)
    >>> identity_weights(codes, 0.75)
    array([0.5, 0.5, 1. ])
    """
    if not 0 < identity <= 1:
        raise UsageError(f"--identity {identity}: above 0 and at most 1 is needed")
    n_rows, length = codes.shape
    needed = math.ceil(identity * length - 1e-9)
    by_column = np.ascontiguousarray(codes.T)
    neighbours = np.zeros(n_rows, np.int64)

    def count(first: int) -> None:
        last = min(first + ROWS_PER_TASK, n_rows)
        kernels.count_neighbours(by_column, needed, first, last, BLOCK, neighbours)

    with Workers(chosen_threads(threads)) as workers:
        workers.map(count, range(0, n_rows, ROWS_PER_TASK))
    return 1.0 / neighbours


def reweight(
    alignment: Alignment, identity: float = 0.8, *, threads: int | None = None
) -> Alignment:
    """Return the alignment with identity weights; see :func:`identity_weights`."""
    weights = identity_weights(alignment.codes, identity, threads=threads)
    return replace(alignment, weights=weights, identity=identity)
