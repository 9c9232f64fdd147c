"""What a family's alignment asks of a model: frequencies and correlations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment import Alignment, site_frequencies
from pottsfold.alignment import kernels as alignment_kernels
from pottsfold.alignment.frequencies import Gaps, first_state
from pottsfold.simd.codegen import row_width
from pottsfold.threads import Workers


@dataclass(frozen=True, eq=False)
class FamilyStatistics:
    """One- and two-site statistics of a weighted alignment.

    Parameters
    ----------
    profile : (L, W) float64
        f_i(a) with a pseudocount of 1/Neff, so that no modelled letter has none; zero
        for others and in the padding, W the letters rounded up to eights.
    correlations : (L (L - 1) / 2, q, W) float32
        f_ij(a, b) - f_i(a) f_j(b) at [pair, b, a], i < j, i outer, of the sequences
        that have a letter at both sites.
    size, first : int
        Letters of the alphabet q and the first modelled one.
    """

    profile: NDArray[np.float64]
    correlations: NDArray[np.float32]
    size: int
    first: int

    @property
    def length(self) -> int:
        """Number of sites L."""
        return len(self.profile)

    def log_profile(self) -> NDArray[np.float64]:
        """Return log f_i(a), zero for letters that are not modelled, (L, W)."""
        modelled = self.profile > 0
        return np.where(modelled, np.log(np.where(modelled, self.profile, 1)), 0)


def family_statistics(
    alignment: Alignment, gaps: Gaps, workers: Workers
) -> FamilyStatistics:
    """Return what a model is to reproduce.

    Parameters
    ----------
    alignment : Alignment
        Its weights are used.
    gaps : {"missing", "state"}
        Whether gaps are missing data, left out of each statistic that needs them.
    workers : Workers
        The threads.
    """
    length, size = alignment.length, alignment.alphabet.size
    first = first_state(gaps)
    width = row_width(size)
    profile = np.zeros((length, width))
    share = min(1.0, 1 / alignment.neff)
    letters = slice(first, size)
    profile[:, letters] = (1 - share) * site_frequencies(alignment, gaps=gaps)[
        :, letters
    ] + share / (size - first)
    correlations = np.zeros((length * (length - 1) // 2, size, width), np.float32)
    codes, weights = alignment.codes, alignment.sequence_weights

    def one_site(site: int) -> None:
        counts = np.empty((length, size + 1, size + 1))
        alignment_kernels.count_pairs(codes, weights, site, counts)
        both = counts[site + 1 :, letters, letters]
        total = both.sum(axis=(1, 2), keepdims=True)
        both = both / np.where(total > 0, total, 1)
        connected = both - both.sum(2, keepdims=True) * both.sum(1, keepdims=True)
        start = site * (2 * length - site - 1) // 2
        later = correlations[start : start + len(both)]
        later[:, letters, letters] = connected.transpose(0, 2, 1)

    workers.map(one_site, range(length - 1))
    return FamilyStatistics(profile, correlations, size, first)
