"""Weighted letter frequencies of sites and of pairs of sites.

Unknown letters are missing data: a sequence without a known letter at a site (at
either site of a pair) is left out there, and frequencies are normalised over the
weight that remains. With ``gaps="missing"`` a gap is left out likewise and its
frequency is 0. A site or pair that nothing covers gets flat frequencies.

Frequencies of sites and pairs made so belong to different sets of sequences, and no
distribution has them all; where that matters, ``unknown="expected"`` takes every
unknown letter for a draw from its site's frequencies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment.alignment import Alignment
from pottsfold.lazy import lazy_module
from pottsfold.threads import Workers, chosen_threads

if TYPE_CHECKING:
    from pottsfold.alignment import kernels
else:
    kernels = lazy_module("pottsfold.alignment.kernels")

Gaps = Literal["state", "missing"]
Unknown = Literal["left out", "expected"]


def first_state(gaps: Gaps) -> int:
    """Return the code of the first modelled letter: 0 with the gap, 1 without."""
    return 0 if gaps == "state" else 1


def site_frequencies(
    alignment: Alignment, *, gaps: Gaps = "state"
) -> NDArray[np.float64]:
    """Return f_i(a), the weighted frequency of letter a at site i.

    Parameters
    ----------
    alignment : Alignment
        Its weights are used.
    gaps : {"state", "missing"}
        Whether the gap is a letter.

    Returns
    -------
    (L, q) float64
        Rows sum to 1.
    """
    size = alignment.alphabet.size
    counts = np.empty((alignment.length, size))
    for i in range(alignment.length):
        column = alignment.codes[:, i]
        full = np.bincount(column, alignment.sequence_weights, minlength=size + 1)
        counts[i] = full[:size]
    counts[:, : first_state(gaps)] = 0
    return _normalised(counts, (1,), first_state(gaps))


def site_occupancy(alignment: Alignment) -> NDArray[np.float64]:
    """Return the weighted share of sequences that have a letter at each site.

    Parameters
    ----------
    alignment : Alignment
        Its weights are used; unknown letters are left out.

    Returns
    -------
    (L,) float64
        1 where there is no gap.
    """
    occupancy: NDArray[np.float64] = 1 - site_frequencies(alignment)[:, 0]
    return occupancy


def pair_frequencies(
    alignment: Alignment,
    *,
    gaps: Gaps = "state",
    unknown: Unknown = "left out",
    threads: int | None = None,
) -> NDArray[np.float64]:
    """Return f_ij(a, b), the weighted frequency of a at site i with b at site j.

    Parameters
    ----------
    alignment : Alignment
        Its weights are used.
    gaps : {"state", "missing"}
        Whether the gap is a letter.
    unknown : {"left out", "expected"}
        Whether a sequence with an unknown letter at either site is left out of the
        pair, or the letter is taken for a draw from the site's frequencies, which sums
        of the pair's then equal. "expected" needs the gap as a letter.
    threads : int, optional
        Number of threads; all cores by default.

    Returns
    -------
    (L, L, q, q) float64
        f[i, j, a, b] == f[j, i, b, a]; f[i, i] is the diagonal matrix of f_i.
        882 MB for L = 500, q = 21.
    """
    length, size = alignment.length, alignment.alphabet.size
    result = np.zeros((length, length, size, size))

    def keep(i: int, later: NDArray[np.float64]) -> None:
        result[i, i + 1 :] = later
        result[i + 1 :, i] = later.transpose(0, 2, 1)

    later_pair_frequencies(alignment, keep, gaps=gaps, unknown=unknown, threads=threads)
    sites = site_frequencies(alignment, gaps=gaps)
    letters = np.arange(size)
    for i in range(length):
        result[i, i, letters, letters] = sites[i]
    return result


def later_pair_frequencies(
    alignment: Alignment,
    use: Callable[[int, NDArray[np.float64]], None],
    *,
    gaps: Gaps = "state",
    unknown: Unknown = "left out",
    threads: int | None = None,
) -> None:
    """Count the pairs of one site after another, for those who need not keep them all.

    Parameters
    ----------
    alignment : Alignment
        Its weights are used.
    use : callable
        Called for every site i, from several threads, as ``use(i, f)``, f being the
        frequencies with later sites f_ij(a, b), j > i, (L - 1 - i, q, q) float64.
    gaps, unknown, threads
        As for :func:`pair_frequencies`.
    """
    length, size = alignment.length, alignment.alphabet.size
    start = first_state(gaps)
    codes, weights = alignment.codes, alignment.sequence_weights
    sites = None
    if unknown == "expected" and (codes == size).any():
        sites = site_frequencies(alignment, gaps=gaps)

    def one_site(i: int) -> None:
        counts = np.empty((length, size + 1, size + 1))
        kernels.count_pairs(codes, weights, i, counts)
        later = counts[i + 1 :, :size, :size]
        if sites is not None:
            later = _with_expected(counts[i + 1 :], sites[i], sites[i + 1 :])
        later[:, :start, :] = 0
        later[:, :, :start] = 0
        use(i, _normalised(later, (1, 2), start))

    with Workers(chosen_threads(threads)) as workers:
        workers.map(one_site, range(length))


def _with_expected(
    counts: NDArray[np.float64],
    here: NDArray[np.float64],
    there: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return counts with those of unknown letters spread over the letters.

    Parameters
    ----------
    counts : (M, q + 1, q + 1) float64
        Of one site with M others, the unknown letter last.
    here, there : (q,) and (M, q) float64
        Frequencies at that site and the others.

    Returns
    -------
    (M, q, q) float64
    """
    size = len(here)
    left, right = counts[:, :size, size], counts[:, size, :size]
    return (
        counts[:, :size, :size]
        + left[:, :, np.newaxis] * there[:, np.newaxis, :]
        + here[:, np.newaxis] * right[:, np.newaxis, :]
        + counts[:, size:, size:] * here[:, np.newaxis] * there[:, np.newaxis, :]
    )


def _normalised(
    counts: NDArray[np.float64], axes: tuple[int, ...], start: int
) -> NDArray[np.float64]:
    """Return counts over their sums along ``axes``, flat where the sum is 0."""
    total = counts.sum(axis=axes, keepdims=True)
    flat = np.zeros(counts.shape[1:])
    flat[(slice(start, None),) * flat.ndim] = 1.0
    flat /= flat.sum()
    return np.where(total > 0, counts / np.where(total > 0, total, 1), flat)
