"""Pairs of sites in order of strength."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CUSTOMARY_SEPARATION = 6


def strongest_pairs(
    scores: NDArray[np.float64],
    positions: NDArray[np.int64],
    separation: int = CUSTOMARY_SEPARATION,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the pairs of sites i < j, the strongest first.

    Parameters
    ----------
    scores : (L, L) float64
        Symmetric; a pair whose score is NaN is left out.
    positions : (L,) int64
        Residue numbers, increasing.
    separation : int
        Smallest difference of residue numbers, in residues.

    Returns
    -------
    rows, columns : (K,) intp
        Sites i and j of every pair. Pairs of equal score stand in order of i, then
        of j.

    Examples
    --------
    >>> scores = np.array([[0, 1, 2], [1, 0, 3], [2, 3, 0]], dtype=float)
    >>> rows, columns = strongest_pairs(scores, np.array([4, 5, 9]), 4)
    >>> rows.tolist(), columns.tolist()
    ([1, 0], [2, 2])
    """
    rows, columns = np.triu_indices(len(positions), 1)
    kept = positions[columns] - positions[rows] >= separation
    kept &= ~np.isnan(scores[rows, columns])
    rows, columns = rows[kept], columns[kept]
    order = np.argsort(-scores[rows, columns], kind="stable")
    return rows[order], columns[order]
