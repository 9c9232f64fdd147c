"""How likely a pair is a contact, from its score and what else a model knows.

A logistic regression with few terms: how far the score stands out from the map's
other scores, how many sequences there were for each site, how far apart the sites are
along the chain, and the length. Scores count beside their own map's only, so that maps
of other strengths of regularization or other methods are read alike; of two pairs
equally far apart along the chain, the one of higher score is never the less likely.

The coefficients were fitted, every family counting the same, on 27 families with
known structures (models by pseudolikelihood as ``fit`` makes them by default; contact:
heavy atoms closer than 8 angstrom). ``python -m tests.benchmarks.probability`` makes
them again, and tells how well probabilities hold on families left out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Closer pairs touch whatever the fold.
MIN_APART = 3
# Pairs that tell what scores are like where there is no contact.
BACKGROUND = 6
# In the order of :func:`pair_terms`.
COEFFICIENTS = (
    2.9047,
    0.6622,
    0.1574,
    -0.1281,
    0.8117,
    1.1998,
    0.5605,
    0.0066,
    -1.0485,
)


def contact_probabilities(
    scores: NDArray[np.float64],
    neff: float,
    positions: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Return the probability that each pair of sites is a contact.

    Parameters
    ----------
    scores : (L, L) float64
        Corrected coupling scores, symmetric.
    neff : float
        Effective number of sequences of the model.
    positions : (L,) int64, optional
        Residue numbers, increasing; by default 0 to L - 1.

    Returns
    -------
    (L, L) float64
        Symmetric; NaN for pairs closer than 3 residues, and everywhere when the number
        of sequences is unknown (0) or the map has no pair 6 residues apart or no
        spread of scores.
    """
    length = len(scores)
    result = np.full((length, length), np.nan)
    terms = pair_terms(scores, neff, positions)
    if terms is not None:
        i, j, _ = _judged(length, positions)
        result[i, j] = result[j, i] = 1 / (1 + np.exp(-(terms @ COEFFICIENTS)))
    return result


def _judged(
    length: int, positions: NDArray[np.int64] | None
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int64]]:
    """Return the pairs at least 3 residues apart, and how far apart they are."""
    i, j = np.triu_indices(length, 1)
    numbers = np.arange(length) if positions is None else positions
    apart = numbers[j] - numbers[i]
    kept = apart >= MIN_APART
    return i[kept], j[kept], apart[kept]


def pair_terms(
    scores: NDArray[np.float64],
    neff: float,
    positions: NDArray[np.int64] | None = None,
) -> NDArray[np.float64] | None:
    """Return the terms of the regression for all pairs at least 3 residues apart.

    Returns
    -------
    (pairs, 9) float64 or None
        Pairs in order of i, then of j, as in ``numpy.triu_indices(L, 3)`` when
        numbers have no holes; None where there is nothing to tell them by.
    """
    length = len(scores)
    i, j, apart = _judged(length, positions)
    values = scores[i, j]
    background = values[apart >= BACKGROUND]
    if not neff > 0 or not len(background):
        return None
    middle = np.median(background)
    # The spread of the bulk, which contacts do not widen: as for a normal curve.
    spread = 1.4826 * np.median(np.abs(background - middle))
    if not spread > 0:
        return None
    above = np.log1p(np.maximum((values - middle) / spread, 0))
    depth = np.log(neff / length)
    return np.column_stack(
        [
            np.ones(len(values)),
            above**2,
            above**2 * depth,
            np.full(len(values), depth),
            apart < 5,
            apart < 6,
            apart < 12,
            apart < 24,
            np.full(len(values), np.log(length)),
        ]
    )
