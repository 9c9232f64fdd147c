"""Have the chains mixed? Numbers of one quantity followed along many chains.

Series are (N, D): N chains, D records of each. R-hat and effective sizes follow
Vehtari, Gelman, Simpson, Carpenter and Buerkner (2021), Bayesian Analysis 16, 667.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pottsfold.sampling.eigenvectors import leading_eigenvectors

# Fewer records a half chain say nothing.
MIN_RECORDS = 4
# Sequences from which directions are found; the others are only projected.
MAX_COMPARED = 500


def split_rhat(series: NDArray[np.float64]) -> float:
    """Return the rank-normalized split R-hat: near 1 when chains agree.

    The larger of that of ranks and that of the ranks of distances from the median,
    which sees chains of one mean and unlike spreads.

    Parameters
    ----------
    series : (N, D) float64
        At least eight records of each chain.

    Returns
    -------
    float
        1 for a constant series; infinite if each half chain keeps one value and these
        differ.
    """
    halves = _halves(series)
    folded = np.abs(halves - np.median(halves))
    return max(_rhat(_normal_scores(halves)), _rhat(_normal_scores(folded)))


def effective_size(series: NDArray[np.float64], *, ranks: bool = True) -> float:
    """Return how many independent records would say as much as these.

    Geyer's initial monotone sequence on autocorrelations that count the variance
    between chains as well, so chains that disagree are few.

    Parameters
    ----------
    series : (N, D) float64
        At least eight records of each chain.
    ranks : bool
        Take normal scores of the ranks (the "bulk" size), as for R-hat.

    Returns
    -------
    float
        At most N D log10(N D).
    """
    halves = _halves(series)
    values = _normal_scores(halves) if ranks else halves
    n, d = values.shape
    total = n * d
    covariances = _autocovariances(values)
    within = covariances[:, 0].mean() * d / (d - 1)
    over = within * (d - 1) / d
    if n > 1:
        over += values.mean(axis=1).var(ddof=1)
    if over <= 0:
        return float(total)
    correlations = 1 - (within - covariances.mean(axis=0) * d / (d - 1)) / over
    correlations[0] = 1.0
    pairs = correlations[: d // 2 * 2].reshape(-1, 2).sum(axis=1)
    negative = np.flatnonzero(pairs < 0)
    kept = pairs[: negative[0]] if len(negative) else pairs
    time = -1 + 2 * np.minimum.accumulate(kept).sum()
    return float(total / max(time, 1 / np.log10(total)))


def autocorrelation_time(series: NDArray[np.float64]) -> float:
    """Return the integrated autocorrelation time 1 + 2 sum_t rho(t), in records.

    Parameters
    ----------
    series : (N, D) float64
        At least eight records of each chain, the means of chains pooled.

    Returns
    -------
    float
        Of a run much shorter than itself it is only told to be long.
    """
    n, d = series.shape
    records: int = n * (d // 2 * 2)
    return max(1.0, records / effective_size(series, ranks=False))


def principal_projections(
    codes: NDArray[np.uint8], count: int = 2
) -> NDArray[np.float64]:
    """Return sequences' places along their leading principal directions.

    Of letters as indicators (one-hot), the mean taken off; directions from at most
    500 sequences spread over all.

    Parameters
    ----------
    codes : (..., L) uint8
        Sequences.
    count : int
        Number of directions.

    Returns
    -------
    (count, ...) float64
        Those along which the sequences do not differ are zero.
    """
    rows = codes.reshape(-1, codes.shape[-1])
    length, size = rows.shape[1], int(rows.max()) + 1
    picks = np.linspace(0, len(rows) - 1, min(len(rows), MAX_COMPARED)).astype(int)
    some = rows[picks]
    matches = np.array([(some == row).sum(axis=1) for row in some], np.float64)
    centred = matches - matches.mean(axis=0)
    centred -= centred.mean(axis=1, keepdims=True)
    rng = np.random.default_rng(0)
    values, vectors = leading_eigenvectors(centred, count, rng)
    sites = np.arange(length)
    projections = np.zeros((count, len(rows)))
    for k, value in enumerate(values):
        if value < 1e-9 * max(1.0, values[0]):
            break
        direction = np.zeros((length, size))
        for row, weight in zip(some, vectors[:, k], strict=True):
            direction[sites, row] += weight
        for i in sites:
            projections[k] += direction[i, rows[:, i]]
        projections[k] /= np.sqrt(value)
    return projections.reshape(count, *codes.shape[:-1])


def _halves(series: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return every chain as two, (2 N, D // 2); the last of an odd number is left."""
    half = series.shape[1] // 2
    if half < MIN_RECORDS:
        raise ValueError(
            f"{series.shape[1]} records a chain; {2 * MIN_RECORDS} are needed"
        )
    return np.concatenate([series[:, :half], series[:, half : 2 * half]])


def _normal_scores(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the normal quantiles of pooled ranks (Blom), ties at their mean rank."""
    from scipy.special import ndtri
    from scipy.stats import rankdata

    ranks = rankdata(values, axis=None).reshape(values.shape)
    scores: NDArray[np.float64] = ndtri((ranks - 0.375) / (values.size + 0.25))
    return scores


def _rhat(values: NDArray[np.float64]) -> float:
    n = values.shape[1]
    within = values.var(axis=1, ddof=1).mean()
    between = values.mean(axis=1).var(ddof=1)
    if within == 0:
        return float("inf") if between > 0 else 1.0
    return float(np.sqrt((n - 1) / n + between / within))


def _autocovariances(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return sum_t x_t x_t+k / D of every row, its mean taken off, shape (N, D)."""
    from scipy.fft import irfft, next_fast_len, rfft

    n = values.shape[1]
    size = next_fast_len(2 * n)
    centred = values - values.mean(axis=1, keepdims=True)
    spectrum = rfft(centred, size, axis=1)
    power = irfft(spectrum * spectrum.conj(), size, axis=1)
    covariances: NDArray[np.float64] = power[:, :n] / n
    return covariances
