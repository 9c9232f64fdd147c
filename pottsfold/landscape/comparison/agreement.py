"""Statistics of one, two and three sites, sampled against natural."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.lazy import lazy_module
from pottsfold.threads import Workers

if TYPE_CHECKING:
    from pottsfold.alignment import kernels
else:
    kernels = lazy_module("pottsfold.alignment.kernels")

Floats = NDArray[np.float64]
# Values kept for a figure; more are thinned at random.
MAX_POINTS = 2_000_000
# Triples of sites that three-site statistics are of.
TRIPLES = 1000


@dataclass(frozen=True, eq=False)
class Agreement:
    """One kind of statistic, sampled (y) against natural (x), over sites and letters.

    Parameters
    ----------
    pearson : float
        Pearson's correlation; NaN where one side does not vary.
    slope : float
        Of the least-squares line of sampled on natural values.
    ceiling : float
        What Pearson could at most be against values without noise, so few are the
        samples: the square root of their reliability 2 r / (1 + r), r the correlation
        between two random halves of them (Spearman and Brown); 0 where halves
        have nothing in common. An estimate, too high if samples are not independent.
    reachable_pearson, reachable_slope : float
        The same of natural sequences in the samples' place.
    n_values : int
        Number of values.
    points : (K, 2) float32
        Natural and sampled values, thinned at random to about two million.
    """

    pearson: float
    slope: float
    ceiling: float
    reachable_pearson: float
    reachable_slope: float
    n_values: int
    points: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Parts:
    """All sequences in four parts, each counted once.

    Parameters
    ----------
    parts : tuple of ((N, L) uint8, (N,) float64)
        Codes and weights: natural, yardstick, first and second half of the samples.
    joined : bool
        Whether the yardstick is one half of the natural sequences, not others.
    size : int
        Letters of the alphabet.
    first : int
        First modelled letter; others, and unknown letters, are missing.
    """

    parts: tuple[tuple[NDArray[np.uint8], Floats], ...]
    joined: bool
    size: int
    first: int

    def pairs(self, counts: Floats) -> Iterator[tuple[Floats, Floats]]:
        """Yield counts to compare, from those of the parts, (4, ...).

        Natural and sampled; natural and yardstick; both halves of the samples.
        """
        yield (
            (counts[:2].sum(axis=0) if self.joined else counts[0]),
            counts[2:].sum(axis=0),
        )
        yield counts[0], counts[1]
        yield counts[2], counts[3]

    @property
    def length(self) -> int:
        """Number of sites L."""
        return int(self.parts[0][0].shape[1])


def one_site(parts: Parts, seed: int) -> Agreement:
    """Return how frequencies f_i(a) agree."""
    sites = np.arange(parts.length)[:, np.newaxis]
    counts = np.array([_counts(parts, part, sites) for part in parts.parts])
    return _agreement(parts, [counts], frequencies, counts[0].size, seed)


def two_sites(parts: Parts, seed: int, workers: Workers) -> Agreement:
    """Return how f_ij(a, b) - f_i(a) f_j(b) agree, over all pairs of sites.

    Here and for three sites, frequencies of fewer sites are of the sequences that have
    a letter at all of them.
    """
    length, full = parts.length, parts.size + 1
    letters = slice(parts.first, parts.size)

    def later_sites(i: int) -> Floats:
        counts = np.empty((len(parts.parts), length, full, full))
        for (codes, weights), part in zip(parts.parts, counts, strict=True):
            kernels.count_pairs(codes, weights, i, part)
        return counts[:, i + 1 :, letters, letters]

    n_values = math.comb(length, 2) * (parts.size - parts.first) ** 2
    blocks = workers.stream(later_sites, range(length - 1))
    return _agreement(parts, blocks, two_site_correlations, n_values, seed)


def three_sites(parts: Parts, seed: int, workers: Workers) -> Agreement:
    """Return how three-site connected correlations agree.

    <(d_i(a) - f_i(a)) (d_j(b) - f_j(b)) (d_k(c) - f_k(c))>, d_i(a) being 1 where site i
    has letter a, of all letters of 1,000 triples of sites drawn at random, or of all
    triples if there are no more: triples chosen because they are strong in natural
    data would be strong there by chance too.
    """
    triples = drawn_triples(parts.length, seed)

    def one_triple(sites: NDArray[np.int64]) -> Floats:
        rows = sites[np.newaxis]
        return np.array([_counts(parts, part, rows)[0] for part in parts.parts])

    n_values = len(triples) * (parts.size - parts.first) ** 3
    blocks = workers.stream(one_triple, triples)
    return _agreement(parts, blocks, three_site_correlations, n_values, seed)


def drawn_triples(length: int, seed: int) -> NDArray[np.int64]:
    """Return TRIPLES different triples of sites, or all there are, shape (T, 3)."""
    total = math.comb(length, 3)
    if total <= TRIPLES:
        every = list(itertools.combinations(range(length), 3))
        return np.array(every, np.int64).reshape(-1, 3)
    rng = np.random.default_rng(seed)
    found: set[tuple[int, ...]] = set()
    while len(found) < TRIPLES:
        found.add(tuple(sorted(rng.choice(length, 3, replace=False).tolist())))
    return np.array(sorted(found), np.int64)


def frequencies(counts: Floats, n_sites: int = 1) -> Floats:
    """Return counts over their sum along the last axes; 0 where nothing is counted."""
    total = counts.sum(axis=tuple(range(-n_sites, 0)), keepdims=True)
    return counts / np.where(total > 0, total, 1)


def two_site_correlations(counts: Floats) -> Floats:
    """Return connected correlations of counts (..., s, s)."""
    f = frequencies(counts, 2)
    result: Floats = f - f.sum(axis=-1, keepdims=True) * f.sum(axis=-2, keepdims=True)
    return result


def three_site_correlations(counts: Floats) -> Floats:
    """Return connected correlations of counts (..., s, s, s)."""
    f = frequencies(counts, 3)
    ij, ik, jk = (f.sum(axis=axis, keepdims=True) for axis in (-1, -2, -3))
    i, j = ij.sum(axis=-2, keepdims=True), ij.sum(axis=-3, keepdims=True)
    k = ik.sum(axis=-3, keepdims=True)
    result: Floats = f - ij * k - ik * j - jk * i + 2 * i * j * k
    return result


def _counts(
    parts: Parts, part: tuple[NDArray[np.uint8], Floats], sites: NDArray[np.int64]
) -> Floats:
    """Return weighted counts of letters at tuples of sites (T, k): (T, s, ..., s)."""
    codes, weights = part
    full = parts.size + 1
    n_tuples, n_sites = sites.shape
    counts = np.empty((n_tuples, full**n_sites))
    for row, chosen in zip(counts, sites, strict=True):
        key = np.zeros(len(codes), np.int64)
        for site in chosen:
            key = key * full + codes[:, site]
        row[:] = np.bincount(key, weights, minlength=full**n_sites)
    letters = (slice(parts.first, parts.size),) * n_sites
    shaped = counts.reshape(n_tuples, *(full,) * n_sites)
    return shaped[(slice(None), *letters)]


def _agreement(
    parts: Parts,
    blocks: Iterable[Floats],
    statistic: Callable[[Floats], Floats],
    n_values: int,
    seed: int,
) -> Agreement:
    """Return the agreement of a statistic whose counts, (4, ...), come in blocks."""
    moments = np.zeros((3, 6))
    points = [np.empty((0, 2), np.float32)]
    rng = np.random.default_rng(seed)
    for counts in blocks:
        for place, (first, second) in enumerate(parts.pairs(counts)):
            x, y = statistic(first).ravel(), statistic(second).ravel()
            moments[place] += len(x), x.sum(), y.sum(), x @ x, y @ y, x @ y
            if place == 0:
                kept = np.column_stack([x, y]).astype(np.float32)
                if n_values > MAX_POINTS:
                    kept = kept[rng.random(len(x)) < MAX_POINTS / n_values]
                points.append(kept)
    (pearson, slope), reachable, (halves, _) = (_line(*row) for row in moments)
    # A correlation below 0 is one of 0, but for chance.
    reliable = 0.0 if halves < 0 else 2 * halves / (1 + halves)
    return Agreement(
        pearson,
        slope,
        math.sqrt(reliable),
        *reachable,
        n_values,
        np.concatenate(points),
    )


def _line(
    n: float, x: float, y: float, xx: float, yy: float, xy: float
) -> tuple[float, float]:
    """Return Pearson's correlation and the slope of y on x from sums."""
    if n == 0:
        return math.nan, math.nan
    over_x, over_y, both = xx - x * x / n, yy - y * y / n, xy - x * y / n
    # Differences of sums leave rounding where there is no variance.
    if over_x <= 1e-12 * xx or over_y <= 1e-12 * yy:
        return math.nan, math.nan
    return both / math.sqrt(over_x * over_y), both / over_x
