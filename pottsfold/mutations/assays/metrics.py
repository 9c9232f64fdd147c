"""How well predictions rank measured mutants, as ProteinGym judges it.

The definitions are those of ProteinGym's performance script (Notin et al. 2023,
doi:10.1101/2023.12.07.570727). In all of them higher = fitter, on both sides, and
only the order of the predictions counts. Where mutants are predicted alike, each
gets what it would on average over all orders of the tied ones, so that no result
depends on the order of the rows. NaN means that the quantity is not defined: too few
mutants, or all of them alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

TOP_SHARE = 0.1
INTERVAL = 0.95
MAX_RESAMPLES, MIN_RESAMPLES = 1000, 100
# Resampled rows in all: half a million mutants get the fewest resamples.
RESAMPLED_ROWS = 20_000_000


def spearman(measured: ArrayLike, predicted: ArrayLike) -> float:
    """Return Spearman's rank correlation; ties share the mean of their ranks.

    Parameters
    ----------
    measured, predicted : (n,) float
        Without NaN.

    Examples
    --------
    >>> round(spearman([1.0, 2.0, 3.0, 4.0], [0.1, 0.3, 0.2, 0.4]), 3)
    0.8
    """
    return _correlation(_ranks(measured), _ranks(predicted))


def area_under_curve(fit: ArrayLike, predicted: ArrayLike) -> float:
    """Return the chance that a fit mutant is predicted above an unfit one.

    The area under the receiver operating characteristic; ties count one half.

    Parameters
    ----------
    fit : (n,) bool
        Which mutants are fit: ProteinGym's ``DMS_score_bin``.
    predicted : (n,) float
        Without NaN.

    Examples
    --------
    >>> area_under_curve([True, True, False, False], [4.0, 2.0, 3.0, 1.0])
    0.75
    """
    fit = np.asarray(fit, dtype=bool)
    n_fit = int(fit.sum())
    n_pairs = n_fit * (len(fit) - n_fit)
    if not n_pairs:
        return float("nan")
    rank_sum = float(_ranks(predicted)[fit].sum())
    return (rank_sum - n_fit * (n_fit + 1) / 2) / n_pairs


def ndcg(measured: ArrayLike, predicted: ArrayLike) -> float:
    """Return the normalized discounted cumulative gain of the predicted top tenth.

    A mutant's gain is its measured score scaled to 0..1 over all n mutants; the gain
    at place r is divided by log2(r + 1); summed over the floor(n / 10) mutants
    predicted highest, and divided by the same sum over those measured highest.

    Parameters
    ----------
    measured, predicted : (n,) float
        Without NaN; at least 10, else NaN.

    Examples
    --------
    >>> scores = [float(k) for k in range(20)]
    >>> ndcg(scores, scores)
    1.0
    """
    measured, predicted = _as_arrays(measured, predicted)
    top = int(np.floor(len(measured) * TOP_SHARE))
    if top == 0 or measured.min() == measured.max():
        return float("nan")
    gains = (measured - measured.min()) / (measured.max() - measured.min())
    levels, which = np.unique(-predicted, return_inverse=True)
    # What a mutant gains on average over all orders of those predicted alike.
    shared = np.bincount(which, gains) / np.bincount(which, minlength=len(levels))
    found = np.sort(which)[:top]
    discounts = 1 / np.log2(np.arange(2, top + 2))
    ideal = np.sort(gains)[::-1][:top]
    return float(shared[found] @ discounts / (ideal @ discounts))


def top_recall(measured: ArrayLike, predicted: ArrayLike) -> float:
    """Return which share of the measured top tenth is in the predicted top tenth.

    In a top tenth is what lies above the 90th percentile (not at it), as in
    ProteinGym; so where more than a tenth share the highest prediction, none does.

    Parameters
    ----------
    measured, predicted : (n,) float
        Without NaN.

    Returns
    -------
    float
        NaN when no measured score lies above their 90th percentile.

    Examples
    --------
    >>> top_recall(range(20), [*range(18), 19, 18])
    1.0
    """
    best, chosen = (
        values > np.percentile(values, 100 * (1 - TOP_SHARE))
        for values in _as_arrays(measured, predicted)
    )
    return float(chosen[best].mean()) if best.any() else float("nan")


def spearman_intervals(
    measured: NDArray[np.float64],
    predictions: NDArray[np.float64],
    seed: np.random.SeedSequence,
) -> NDArray[np.float64]:
    """Return 95 % bootstrap percentile intervals of Spearman's correlation.

    Mutants are drawn with replacement, the same draw for every prediction. They are
    taken as independent, which mutants of one site are not quite: where a library
    covers few sites the interval is too narrow.

    Parameters
    ----------
    measured : (n,) float64
        Without NaN.
    predictions : (p, n) float64
        Without NaN.
    seed : SeedSequence
        The same one gives the same intervals.

    Returns
    -------
    (p, 2) float64
        Lower and upper ends; 1,000 resamples, down to 100 for large libraries, whose
        intervals are narrow.
    """
    rng = np.random.default_rng(seed)
    n = len(measured)
    levels = [
        np.unique(values, return_inverse=True)[1] for values in (measured, *predictions)
    ]
    n_resamples = int(np.clip(RESAMPLED_ROWS // n, MIN_RESAMPLES, MAX_RESAMPLES))
    draws = np.empty((n_resamples, len(predictions)))
    for draw in draws:
        counts = np.bincount(rng.integers(n, size=n), minlength=n)
        target, *others = (_ranks_of_levels(level, counts) for level in levels)
        draw[:] = [_correlation(target, other, counts) for other in others]
    tail = (1 - INTERVAL) / 2
    result: NDArray[np.float64] = np.quantile(draws, [tail, 1 - tail], axis=0).T
    return result


def _as_arrays(*values: ArrayLike) -> list[NDArray[np.float64]]:
    return [np.asarray(value, dtype=np.float64) for value in values]


def _ranks(values: ArrayLike) -> NDArray[np.float64]:
    _, levels = np.unique(np.asarray(values, dtype=np.float64), return_inverse=True)
    return _ranks_of_levels(levels, np.ones(len(levels), dtype=np.int64))


def _ranks_of_levels(
    levels: NDArray[np.int64], counts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return every row's rank, ties shared, when row k is there counts[k] times.

    Levels number the distinct values upwards, so that a resample needs no sorting.
    """
    alike = np.bincount(levels, counts)
    result: NDArray[np.float64] = (np.cumsum(alike) - (alike - 1) / 2)[levels]
    return result


def _correlation(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    counts: NDArray[np.int64] | None = None,
) -> float:
    """Return Pearson's correlation of ranks, row k counted counts[k] times."""
    # Ranks of n rows average (n + 1) / 2, however many are tied.
    middle = (len(x) + 1) / 2
    x, y = x - middle, y - middle
    weighted_x, weighted_y = (x, y) if counts is None else (x * counts, y * counts)
    spread = np.sqrt((weighted_x @ x) * (weighted_y @ y))
    return float(weighted_x @ y / spread) if spread > 0 else float("nan")
