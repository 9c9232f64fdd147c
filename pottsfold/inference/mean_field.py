"""Mean-field inference: couplings from the inverse of the covariance matrix.

Morcos et al. 2011, PNAS 108:E1293. With f_i and f_ij mixed with a flat pseudocount,
C_(ia)(jb) = f_ij(a, b) - f_i(a) f_j(b) over all letters but the last,
J_ij(a, b) = -(C^-1)_(ia)(jb), and the fields make the mean-field equations hold:
h_i(a) = log(f_i(a) / f_i(last)) - sum_{j != i} sum_b J_ij(a, b) f_j(b).

An unknown letter counts as its site's frequencies. Left out of each pair instead, f_ij
would not sum to f_i, and C would be no covariance: it need not have an inverse.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from pottsfold.alignment.alignment import Alignment
from pottsfold.alignment.frequencies import pair_frequencies, site_frequencies
from pottsfold.errors import PottsfoldError, UsageError
from pottsfold.inference.preparation import finished_fit, model_of
from pottsfold.memory import FLOAT64, check_memory
from pottsfold.model.fit import Fit
from pottsfold.provenance import Stopwatch
from pottsfold.threads import chosen_threads


def fit_mean_field(
    alignment: Alignment, *, pseudocount: float = 0.5, threads: int | None = None
) -> Fit:
    """Fit a Potts model by mean-field inversion; the gap is a letter.

    Parameters
    ----------
    alignment : Alignment
        Weighted alignment.
    pseudocount : float
        Share of the flat distribution in the frequencies, in (0, 1).
    threads : int, optional
        Number of threads, by default all cores.

    Returns
    -------
    Fit
        In the gauge where the last letter's parameters are zero.

    Raises
    ------
    UsageError
        If the pseudocount is out of its range.
    MemoryShort
        If the covariance matrix would not fit in memory.
    """
    if not 0 < pseudocount < 1:
        raise UsageError(
            "between 0 and 1 is needed", parameter="pseudocount", value=pseudocount
        )
    clock = Stopwatch()
    used = chosen_threads(threads)
    length, size = alignment.length, alignment.alphabet.size
    check_memory(
        mean_field_bytes(length, size),
        "leave out gap-rich columns with `max_column_gaps`",
    )
    sites = site_frequencies(alignment, gaps="state")
    sites = (1 - pseudocount) * sites + pseudocount / size
    inverse = _inverse(_covariance(alignment, sites, pseudocount, used))
    free = size - 1
    blocks = inverse.reshape(length, free, length, free)
    couplings = np.zeros((length, length, size, size), np.float32)
    couplings[:, :, :free, :free] = -blocks.transpose(0, 2, 1, 3)
    couplings[np.arange(length), np.arange(length)] = 0
    fields = np.log(sites / sites[:, -1:])
    for i in range(length):
        fields[i] -= np.tensordot(couplings[i], sites, axes=((0, 2), (0, 1)))
    return finished_fit(
        alignment,
        method="mean-field",
        model=model_of(alignment, "state", fields, couplings),
        settings={"pseudocount": pseudocount},
        threads=used,
        clock=clock,
    )


def mean_field_bytes(length: int, size: int) -> int:
    """Return the peak bytes of mean-field inference.

    The pair frequencies beside the covariance, or the covariance, its inverse and
    two triangles of it: four float64 matrices at most.
    """
    return 4 * length * length * size * size * FLOAT64


def _covariance(
    alignment: Alignment,
    sites: NDArray[np.float64],
    pseudocount: float,
    threads: int,
) -> NDArray[np.float64]:
    """Return C, shape (L (q - 1), L (q - 1)), in Fortran order."""
    length, size = sites.shape
    free = size - 1
    pairs = pair_frequencies(
        alignment, gaps="state", unknown="expected", threads=threads
    )
    covariance = np.empty((length, free, length, free))
    for i in range(length):
        block = (1 - pseudocount) * pairs[i, :, :free, :free]
        block += pseudocount / size**2
        block[i] = np.diag(sites[i, :free])
        covariance[i] = block.transpose(1, 0, 2)
        covariance[i] -= sites[i, :free, np.newaxis, np.newaxis] * sites[:, :free]
    # Symmetric, so the transpose is the same matrix in the order LAPACK wants.
    return covariance.reshape(length * free, length * free).T


def _inverse(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the inverse of a positive definite matrix, made in its place."""
    factor, info = lapack.dpotrf(matrix, lower=1, overwrite_a=1)
    if info == 0:
        factor, info = lapack.dpotri(factor, lower=1, overwrite_c=1)
    if info != 0:
        raise PottsfoldError(
            "the covariance matrix cannot be inverted; raise the `pseudocount`"
        )
    lower = np.tril(factor)
    result: NDArray[np.float64] = lower + np.tril(factor, -1).T
    return result
