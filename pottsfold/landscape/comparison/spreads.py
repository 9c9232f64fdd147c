"""How quantities of single sequences are spread on either side."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment import Alignment

Floats = NDArray[np.float64]
# Natural sequences looked at singly.
MAX_NATURAL = 5000


@dataclass(frozen=True, eq=False)
class Spread:
    """How one quantity of single sequences, or of pairs, is spread.

    Parameters
    ----------
    natural, sampled : (M,), (n,) float64
        Its values; those of samples in the samples' order.
    distance : float
        Of Kolmogorov and Smirnov: the largest difference of the two cumulative
        distributions, 0 to 1; NaN where one is empty.
    reachable : float
        The same between natural sequences and the yardstick.
    """

    natural: Floats
    sampled: Floats
    distance: float
    reachable: float


@dataclass(frozen=True, eq=False)
class Rows:
    """Sequences looked at singly.

    Parameters
    ----------
    codes : (M, L) uint8
        Letters.
    places : (M,) int64 or None
        Which of the natural sequences they are; None for others.
    """

    codes: NDArray[np.uint8]
    places: NDArray[np.int64] | None = None


@dataclass(frozen=True, eq=False)
class Sides:
    """Rows whose spreads are compared: natural with sampled, reference with yardstick.

    Parameters
    ----------
    natural, sampled, reference, yardstick : Rows
        The reference is natural too.
    """

    natural: Rows
    sampled: Rows
    reference: Rows
    yardstick: Rows

    def spread(self, quantity: Callable[[Rows], Floats]) -> Spread:
        """Return how a quantity of rows is spread."""
        natural, sampled = quantity(self.natural), quantity(self.sampled)
        one, other = quantity(self.reference), quantity(self.yardstick)
        return Spread(
            natural,
            sampled,
            distance_between(natural, sampled),
            distance_between(one, other),
        )


def taken_by_weight(alignment: Alignment, seed: int) -> NDArray[np.int64]:
    """Return rows, each taken with a probability in proportion to its weight.

    None is taken twice; about Neff remain with identity weights, 5,000 at most.
    """
    rng = np.random.default_rng(seed)
    weights = alignment.sequence_weights
    kept = np.flatnonzero(rng.random(len(weights)) * weights.max() < weights)
    if len(kept) > MAX_NATURAL:
        kept = np.sort(rng.choice(kept, MAX_NATURAL, replace=False))
    return kept


def gapped_alike(
    codes: NDArray[np.uint8], natural: Alignment, seed: int
) -> NDArray[np.uint8]:
    """Return sequences with the gaps and unknown letters of natural ones.

    Each gets those of one natural sequence, drawn in proportion to its weight.
    """
    rng = np.random.default_rng(seed)
    weights = natural.sequence_weights
    rows = rng.choice(len(weights), len(codes), p=weights / weights.sum())
    patterns = natural.codes[rows]
    missing = (patterns == 0) | (patterns == natural.alphabet.unknown)
    return np.where(missing, patterns, codes)


def distance_between(one: Floats, other: Floats) -> float:
    """Return the Kolmogorov-Smirnov distance; NaN where a side has no values."""
    from scipy.stats import ks_2samp

    if not len(one) or not len(other):
        return math.nan
    return float(ks_2samp(one, other, method="asymp").statistic)


def in_given_order(spread: Spread, order: NDArray[np.int64]) -> Spread:
    """Return the spread of samples that were put in ``order``, put back."""
    sampled = np.empty_like(spread.sampled)
    sampled[order] = spread.sampled
    return replace(spread, sampled=sampled)
