"""Pairs of sites in order of strength."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import UsageError

DEFAULT_SEPARATION = 6


def strongest_pairs(
    scores: NDArray[np.float64],
    positions: NDArray[np.int64],
    separation: int = DEFAULT_SEPARATION,
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


def pairs_asked(top: str, length: int) -> int:
    """Return how many pairs ``N``, ``L``, ``1.5L`` or ``L/2`` are, rounded down.

    Parameters
    ----------
    top : str
        As given by a user.
    length : int
        L, the number of sites.

    Raises
    ------
    UsageError
        If it is none of these, or less than one pair.

    Examples
    --------
    >>> [pairs_asked(text, 51) for text in ("20", "L", "1.5L", "L/2")]
    [20, 51, 76, 25]
    """
    digits = r"\d{1,9}(?:\.\d{1,9})?"
    found = re.fullmatch(
        rf"(?P<number>\d{{1,9}})|(?P<times>{digits})?L(?:/(?P<part>{digits}))?", top
    )
    if found is None:
        raise UsageError(
            "give a number of pairs, or L, 1.5L, L/2", parameter="top", value=top
        )
    if found["number"]:
        count = int(found["number"])
    else:
        part = float(found["part"] or 1)
        count = int(float(found["times"] or 1) * length / part) if part else 0
    if count < 1:
        raise UsageError("at least one pair is needed", parameter="top", value=top)
    return count
