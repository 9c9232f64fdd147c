"""How likely a pair is a contact, from the scores of a map.

Scores are judged beside their own map's only, so that maps of other strengths of
regularization, other methods or other programs are read alike. First it is asked
whether any pair stands out from noise, as scores are where nothing covaries: see
:func:`share_above_noise`. Then a logistic regression with few terms tells the
probability: how far the score stands out, in so far as the map's scores do at all, how
far apart the sites are along the chain, and the length. Where nothing stands out the
probability is that of any pair as far apart; of two pairs equally far apart, the one of
higher score is never the less likely.

The coefficients were fitted, every alignment counting the same, on 27 families with
known structures and on the same families with every column shuffled (models by
pseudolikelihood as ``fit`` makes them by default; contact: heavy atoms closer than 8
angstrom). ``python -m tests.benchmarks.probability`` makes them again, and tells how
well probabilities hold on families left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Closer pairs touch whatever the fold.
MIN_APART = 3
# Pairs that tell what scores are like where there is no contact.
BACKGROUND = 6
# Spread of a normal curve over the median of its absolute values.
NORMAL = 1.4826
# Noise has wider tails than a normal curve of its spread. At 1.3 spreads nothing stands
# out in any of the 27 families with shuffled columns.
TAIL_WIDTH = 1.3
# Quantiles that stand for the spreads of all pairs.
N_SPREADS = 32
# Pairs added to those found and to those expected: a single one proves little.
PRIOR_PAIRS = 2
# Fewer sequences agree by chance too often: among independent columns of 2 to 25
# sequences pairs stood out, of 30 none.
MIN_NEFF = 30
# The shortest family that the coefficients were fitted on.
MIN_LENGTH = 40
# In the order of :func:`pair_terms`.
COEFFICIENTS = (2.4242, 1.4955, -0.589, 0.9487, 1.2037, 0.5792, 0.0142, -0.9269)


@dataclass(frozen=True)
class _Background:
    """Scores where there is mostly no contact: of pairs 6 or more residues apart.

    ``excess`` (pairs,) is how far they lie above their median ``middle``, ``spread``
    the robust standard deviation of all, ``spreads`` (pairs,) of each pair's noise.
    """

    middle: float
    spread: float
    excess: NDArray[np.float64]
    spreads: NDArray[np.float64]


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
        Effective number of sequences of the model; 0 when unknown.
    positions : (L,) int64, optional
        Residue numbers, increasing; by default 0 to L - 1.

    Returns
    -------
    (L, L) float64
        Symmetric; NaN for pairs closer than 3 residues, and everywhere when the map has
        no pair 6 residues apart or no spread of scores.
    """
    length = len(scores)
    result = np.full((length, length), np.nan)
    terms = pair_terms(scores, neff, positions)
    if terms is not None:
        i, j, _ = _pairs(length, positions, MIN_APART)
        result[i, j] = result[j, i] = 1 / (1 + np.exp(-(terms @ COEFFICIENTS)))
    return result


def share_above_noise(
    scores: NDArray[np.float64],
    neff: float,
    positions: NDArray[np.int64] | None = None,
) -> float | None:
    """Return the share of the strongest pairs that noise does not explain.

    Where nothing covaries, scores of a pair (i, j) spread by r_i r_j / r: r_i is the
    spread of the scores of site i, larger for a more variable column, and r that of all
    pairs. Spreads are robust, so contacts do not widen them. Of n pairs at or above a
    score, noise explains sum exp(-x^2 / 2) / 2 over all pairs at most, with x the score
    in 1.3 spreads of the pair. The share is 1 - (explained + 2) / (n + 2) for the score
    among the strongest tenth where it is largest.

    Parameters
    ----------
    scores : (L, L) float64
        Corrected coupling scores, symmetric.
    neff : float
        Effective number of sequences of the model; 0 when unknown.
    positions : (L,) int64, optional
        Residue numbers, increasing; by default 0 to L - 1.

    Returns
    -------
    float or None
        0 to below 1; 0 where no pair stands out, and for fewer than 30 sequences. None
        when the map has no pair 6 residues apart or no spread of scores.
    """
    background = _background(scores, positions)
    return None if background is None else _share_above_noise(background, neff)


def pair_terms(
    scores: NDArray[np.float64],
    neff: float,
    positions: NDArray[np.int64] | None = None,
) -> NDArray[np.float64] | None:
    """Return the terms of the regression for all pairs at least 3 residues apart.

    Returns
    -------
    (pairs, 8) float64 or None
        Pairs in order of i, then of j, as in ``numpy.triu_indices(L, 3)`` when
        numbers have no holes; None where there is nothing to tell them by.
    """
    background = _background(scores, positions)
    if background is None:
        return None
    share = _share_above_noise(background, neff)
    i, j, apart = _pairs(len(scores), positions, MIN_APART)
    spreads_above = (scores[i, j] - background.middle) / background.spread
    above = np.log1p(np.maximum(spreads_above, 0))
    return np.column_stack(
        [
            np.ones(len(above)),
            above**2 * share,
            np.full(len(above), share),
            apart < 5,
            apart < 6,
            apart < 12,
            apart < 24,
            np.full(len(above), np.log(max(len(scores), MIN_LENGTH))),
        ]
    )


def _pairs(
    length: int, positions: NDArray[np.int64] | None, min_apart: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int64]]:
    """Return the pairs at least ``min_apart`` residues apart, and how far they are."""
    i, j = np.triu_indices(length, 1)
    numbers = np.arange(length) if positions is None else positions
    apart = numbers[j] - numbers[i]
    kept = apart >= min_apart
    return i[kept], j[kept], apart[kept]


def _background(
    scores: NDArray[np.float64], positions: NDArray[np.int64] | None
) -> _Background | None:
    """Return the background of a map, None where it has no pair or no spread."""
    i, j, _ = _pairs(len(scores), positions, BACKGROUND)
    if not len(i):
        return None
    middle = float(np.median(scores[i, j]))
    excess = scores[i, j] - middle
    spread = NORMAL * float(np.median(np.abs(excess)))
    if not spread > 0:
        return None
    far = np.zeros(scores.shape, dtype=bool)
    far[i, j] = far[j, i] = True
    of_sites = np.array(
        [
            NORMAL * np.median(np.abs(row[others] - middle)) if others.any() else 0.0
            for row, others in zip(scores, far, strict=True)
        ]
    )
    return _Background(middle, spread, excess, of_sites[i] * of_sites[j] / spread)


def _share_above_noise(background: _Background, neff: float) -> float:
    if 0 < neff < MIN_NEFF:
        return 0.0
    n_pairs = len(background.excess)
    strongest = np.sort(background.excess)[::-1][: max(n_pairs // 10, 1)]
    shares = (np.arange(N_SPREADS) + 0.5) / N_SPREADS
    widths = TAIL_WIDTH * np.quantile(background.spreads, shares)
    # Noise lifts no pair whose sites have no spread: x is then large, not infinite.
    x = strongest[:, np.newaxis] / np.maximum(widths, 1e-6 * background.spread)
    lifted = np.exp(-(x**2) / 2).sum(axis=1) / 2 * n_pairs / N_SPREADS
    found = np.arange(1, len(strongest) + 1)
    explained = (lifted + PRIOR_PAIRS) / (found + PRIOR_PAIRS)
    return max(0.0, 1 - float(explained.min()))
