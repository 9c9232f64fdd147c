"""Leading eigenvectors of matrices of products."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Matrices up to this size are solved whole; of larger ones a few eigenvectors are
# sought, by Lanczos vectors of this number: two of 1,500 cost milliseconds, all of them
# seconds. Whole ones also wait for the linear algebra library's threads on a busy
# machine, up to 4 CPU seconds.
MAX_WHOLE = 40


def leading_eigenvectors(
    matrix: NDArray[np.float64], count: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the largest eigenvalues of a symmetric matrix, and their eigenvectors.

    Parameters
    ----------
    matrix : (N, N) float64
        Positive semidefinite, of sequences' products.
    count : int
        How many are wanted.
    rng : Generator
        Gives the vector that the search starts from.

    Returns
    -------
    values : (K,) float64
        Falling; K is ``count``, or N if that is less, or 0 for a matrix of zeros.
    vectors : (N, K) float64
        Of unit length, signs arbitrary.

    Examples
    --------
    >>> matrix = np.diag([1.0, 3.0, 2.0])
    >>> leading_eigenvectors(matrix, 2, np.random.default_rng(0))[0]
    array([3., 2.])
    """
    from scipy.sparse.linalg import eigsh

    if not matrix.any():
        return np.empty(0), np.empty((len(matrix), 0))
    if len(matrix) <= MAX_WHOLE:
        values, vectors = np.linalg.eigh(matrix)
    else:
        start = rng.standard_normal(len(matrix))
        values, vectors = eigsh(matrix, count, v0=start, ncv=MAX_WHOLE)
    order = np.argsort(values)[::-1][:count]
    return values[order], vectors[:, order]
