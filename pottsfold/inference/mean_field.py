"""Mean-field inference: couplings from the inverse of the covariance matrix.

Morcos et al. 2011, PNAS 108:E1293. With f_i and f_ij mixed with a flat pseudocount,
C_(ia)(jb) = f_ij(a, b) - f_i(a) f_j(b) over all letters but the last,
J_ij(a, b) = -(C^-1)_(ia)(jb), and the fields make the mean-field equations hold:
h_i(a) = log(f_i(a) / f_i(last)) - sum_{j != i} sum_b J_ij(a, b) f_j(b).

An unknown letter counts as its site's frequencies. Left out of each pair instead, f_ij
would not sum to f_i, and C would be no covariance: it need not have an inverse.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from pottsfold.alignment.alignment import Alignment
from pottsfold.alignment.frequencies import later_pair_frequencies, site_frequencies
from pottsfold.errors import PottsfoldError, UsageError
from pottsfold.inference.preparation import finished_fit, model_of
from pottsfold.lazy import lazy_module
from pottsfold.memory import FLOAT64, MIB, check_memory, in_gib, peak_memory
from pottsfold.model.fit import Fit
from pottsfold.model.potts import SECONDS_PER_BYTE, model_bytes
from pottsfold.provenance import Stopwatch, about, least_seconds
from pottsfold.threads import chosen_threads

if TYPE_CHECKING:
    from pottsfold.alignment import kernels
else:
    kernels = lazy_module("pottsfold.alignment.kernels")

# What linear algebra takes when it is loaded.
LIBRARIES = 25 * MIB
# Sequences and rows that are timed to plan by, and how often; the least time counts.
TIMED_SEQUENCES, TIMED_ROWS, REPEATS = 2000, 600, 4
# Rows at which as much time goes into what grows as n^2 as into what grows as n^3.
EVEN_ROWS = 1150


def fit_mean_field(
    alignment: Alignment,
    *,
    pseudocount: float = 0.5,
    threads: int | None = None,
    announce: Callable[[str], None] | None = None,
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
    announce : callable, optional
        Called once with the plan, a sentence, before the work.

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
    needed = mean_field_bytes(length, size, used)
    check_memory(needed, "leave out gap-rich columns with `max_column_gaps`")
    if announce is not None:
        seconds = expected_seconds(alignment, used)
        announce(
            f"plan: mean-field, pseudocount {pseudocount:g}; {about(seconds)} and "
            f"{in_gib(peak_memory(needed))}"
        )
    sites = site_frequencies(alignment, gaps="state")
    sites = (1 - pseudocount) * sites + pseudocount / size
    inverse = _inverse(_covariance(alignment, sites, pseudocount, used))
    couplings = _couplings(inverse, length, size)
    del inverse
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


def mean_field_bytes(length: int, size: int, threads: int) -> int:
    """Return the peak bytes of mean-field inference, beside the alignment.

    The inverse covariance, float64 and made in the covariance's place, beside the
    model; and what each thread counts in.
    """
    inverse = (length * (size - 1)) ** 2 * FLOAT64
    counts = 3 * length * (size + 1) ** 2 * FLOAT64
    return LIBRARIES + inverse + model_bytes(length, size) + threads * counts


def expected_seconds(alignment: Alignment, threads: int) -> float:
    """Return the seconds that a fit will take, from timed pieces of it.

    Pairs are counted in a time that grows as N L^2 / 2; a matrix of n = L (q - 1) rows
    is inverted in one that grows as n^2 (n + 1,150), by every core whatever ``threads``
    says: on two cores 600, 1,600 and 5,000 rows took 0.006, 0.06 and 1.1 s.
    """
    length, size = alignment.length, alignment.alphabet.size
    some = alignment.codes[:TIMED_SEQUENCES]
    weights = alignment.sequence_weights[: len(some)]
    counts = np.empty((length, size + 1, size + 1))
    matrix = np.eye(min(TIMED_ROWS, length * (size - 1)), order="F") + 1.0
    of_pairs = least_seconds(
        lambda: kernels.count_pairs(some, weights, 0, counts), REPEATS
    )
    of_rows = least_seconds(lambda: _inverse(matrix.copy(order="F")), REPEATS)
    counting = of_pairs / len(some) * alignment.n_sequences * length / 2
    work = _inversion_work(length * (size - 1)) / _inversion_work(len(matrix))
    inverting = of_rows * work
    moving = SECONDS_PER_BYTE * model_bytes(length, size)
    return counting / threads + inverting + moving


def _inversion_work(rows: int) -> float:
    """Return what the time of an inversion grows as."""
    return float(rows) ** 2 * (rows + EVEN_ROWS)


def _covariance(
    alignment: Alignment,
    sites: NDArray[np.float64],
    pseudocount: float,
    threads: int,
) -> NDArray[np.float64]:
    """Return C, shape (L (q - 1), L (q - 1)), in Fortran order: its lower triangle."""
    length, size = sites.shape
    free = size - 1
    covariance = np.zeros((length, free, length, free))

    def one_site(i: int, pairs: NDArray[np.float64]) -> None:
        block = (1 - pseudocount) * pairs[:, :free, :free] + pseudocount / size**2
        later = covariance[i, :, i + 1 :]
        later[...] = block.transpose(1, 0, 2)
        later -= sites[i, :free, np.newaxis, np.newaxis] * sites[i + 1 :, :free]
        covariance[i, :, i] = np.diag(sites[i, :free])
        covariance[i, :, i] -= np.outer(sites[i, :free], sites[i, :free])

    later_pair_frequencies(
        alignment, one_site, gaps="state", unknown="expected", threads=threads
    )
    # The transpose of the upper triangle, in the order LAPACK wants.
    return covariance.reshape(length * free, length * free).T


def _inverse(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the inverse of a positive definite matrix, made in its place.

    Of both only the lower triangle counts.
    """
    factor, info = lapack.dpotrf(matrix, lower=1, overwrite_a=1)
    if info == 0:
        factor, info = lapack.dpotri(factor, lower=1, overwrite_c=1)
    if info != 0:
        raise PottsfoldError(
            "the covariance matrix cannot be inverted; raise the `pseudocount`"
        )
    result: NDArray[np.float64] = factor
    return result


def _couplings(
    inverse: NDArray[np.float64], length: int, size: int
) -> NDArray[np.float32]:
    """Return J = -C^-1, (L, L, q, q), from the lower triangle of C^-1."""
    free = size - 1
    couplings = np.zeros((length, length, size, size), np.float32)
    blocks = inverse.T.reshape(length, free, length, free)
    for i in range(length - 1):
        later = -blocks[i, :, i + 1 :].transpose(1, 0, 2)
        couplings[i, i + 1 :, :free, :free] = later
        couplings[i + 1 :, i, :free, :free] = later.transpose(0, 2, 1)
    return couplings
