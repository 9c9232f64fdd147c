"""How often nature has a rescue together with the mutant it rescues."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment import Alignment
from pottsfold.mutations.rescue.search import Rescues


@dataclass(frozen=True, eq=False)
class Seen:
    """Effective numbers of natural sequences, for n rescues of one mutant.

    Sums of sequence weights, so that a hundred close relatives count as one.

    Parameters
    ----------
    mutant : float
        Those that have all of the mutant's letters.
    rescue : (n,) float64
        Those that have all of the rescue's.
    both : (n,) float64
        Those that have both.
    expected : (n,) float64
        Those that would have both if one had nothing to do with the other:
        mutant * rescue / Neff.
    """

    mutant: float
    rescue: NDArray[np.float64]
    both: NDArray[np.float64]
    expected: NDArray[np.float64]


def seen_in_family(
    family: Alignment,
    columns: NDArray[np.int64],
    letters: NDArray[np.uint8],
    rescues: Rescues,
) -> Seen:
    """Return how often a family has a mutant's letters, a rescue's, and both.

    Parameters
    ----------
    family : Alignment
        Over the model's sites, with weights.
    columns, letters : (m,) int64 and uint8
        The mutant's sites, from 0, and codes.
    rescues : Rescues
        Of that mutant.
    """
    weights = family.sequence_weights
    of_mutant = weights * (family.codes[:, columns] == letters).all(axis=1)
    rescue, both = np.empty((2, len(rescues)))
    for n, (sites, codes) in enumerate(
        zip(rescues.columns, rescues.letters, strict=True)
    ):
        has = (family.codes[:, sites] == codes).all(axis=1)
        rescue[n] = weights[has].sum()
        both[n] = of_mutant[has].sum()
    mutant = float(of_mutant.sum())
    return Seen(mutant, rescue, both, mutant * rescue / family.neff)
