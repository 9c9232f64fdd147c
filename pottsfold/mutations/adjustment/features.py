"""What the learnt adjustment looks at: each single substitution in numbers.

Most are ranks among all single substitutions of the protein, so that a score does not
depend on which mutants are scored with it, and proteins can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pottsfold.model import PottsModel
from pottsfold.mutations.adjustment.amino_acids import (
    CHARGE,
    VOLUME,
    blosum62,
    hydropathy,
    replacements,
)

RANKED = (
    "log_odds",
    "shared_log_odds",
    "site_log_odds",
    "site_entropy",
    "site_hydropathy",
    "site_occupancy",
    "frequency",
    "site_volume",
    "site_charge",
)
"""Features that are ranks, from -1/2 (lowest) to 1/2."""
CHANGES = (
    "blosum62",
    "volume_from_site",
    "hydropathy_from_site",
    "charge_from_site",
)
"""Features of wild type and new letter; sizes of differences but the first."""
NAMES = (*RANKED, *CHANGES)
# To which values are equal when they are ranked.
DECIMALS = 9
# Sequences that a site is seen to have besides its own, spread evenly over letters.
PSEUDOCOUNT = 2.0
# Units of the changes, that make them of order one.
BLOSUM62_UNIT, VOLUME_UNIT, HYDROPATHY_UNIT = 4.0, 100.0, 9.0


@dataclass(frozen=True, eq=False)
class Substitutions:
    """All n single substitutions of a protein, and what is known of each.

    Parameters
    ----------
    sites : (n,) intp
        Column of each, from 0.
    wild_types, letters : (n,) intp
        Place of the letters in ``ACDEFGHIKLMNPQRSTVWY``.
    features : (n, 13) float64
        In the order of ``NAMES``.
    """

    sites: NDArray[np.intp]
    wild_types: NDArray[np.intp]
    letters: NDArray[np.intp]
    features: NDArray[np.float64]


def substitutions_of(model: PottsModel, log_odds: NDArray[np.float64]) -> Substitutions:
    """Return the single substitutions of a model's focus sequence.

    Parameters
    ----------
    model : PottsModel
        Of proteins, with a focus sequence and letter frequencies.
    log_odds : (L, 21) float64
        From :func:`pottsfold.mutations.single_log_odds`.

    Returns
    -------
    Substitutions
        By site, then by letter; of the sites where the focus has a letter.
    """
    frequencies = model.frequencies
    assert frequencies is not None
    focus = model.require_focus().astype(np.intp) - 1
    effects = log_odds[:, 1:]
    known = np.array(np.isfinite(effects).all(axis=1))
    chosen = known[:, np.newaxis] & (np.arange(20) != focus[:, np.newaxis])
    sites, letters = np.nonzero(chosen)
    wild_types = focus[sites]
    effects = np.where(known[:, np.newaxis], effects, 0.0)
    values = {
        "log_odds": effects,
        "shared_log_odds": weighted(effects, replacements()),
        "site_log_odds": effects.mean(axis=1),
        **_of_sites(model, _shares(frequencies)),
    }

    def from_site(scale: NDArray[np.float64], means: str) -> NDArray[np.float64]:
        apart: NDArray[np.float64] = np.abs(scale[letters] - values[means][sites])
        return apart

    columns = [
        centred_ranks(
            values[name][sites, letters]
            if values[name].ndim == 2
            else values[name][sites]
        )
        for name in RANKED
    ]
    columns += [
        blosum62()[wild_types, letters] / BLOSUM62_UNIT,
        from_site(VOLUME, "site_volume") / VOLUME_UNIT,
        from_site(hydropathy(), "site_hydropathy") / HYDROPATHY_UNIT,
        from_site(CHARGE, "site_charge"),
    ]
    return Substitutions(sites, wild_types, letters, np.column_stack(columns))


def weighted(
    values: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return sums of values (n, k) times weights (k,) or (m, k), one row each.

    Not by linear algebra libraries, whose last bits depend on the machine's load.
    """
    result: NDArray[np.float64] = np.einsum("nk,...k->n...", values, weights)
    return result


def centred_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ranks of n values, from -1/2 (lowest) to 1/2; equals share their mean.

    What agrees to nine decimals is equal, so that rounding decides no rank.

    Examples
    --------
    >>> centred_ranks(np.array([3.0, 1.0, 3.0, 9.0])).tolist()
    [0.0, -0.375, 0.0, 0.375]
    """
    _, places, counts = np.unique(
        np.round(values, DECIMALS), return_inverse=True, return_counts=True
    )
    ranks = np.cumsum(counts) - counts / 2
    result: NDArray[np.float64] = ranks[places] / max(len(values), 1) - 0.5
    return result


def _of_sites(
    model: PottsModel, shares: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Return what the family shows at each site, (L,), and of each letter, (L, 20)."""
    neff = model.neff
    seen = (shares * neff + PSEUDOCOUNT / 20) / (neff + PSEUDOCOUNT)
    occupancy = model.occupancy
    return {
        "site_entropy": -(seen * np.log(seen)).sum(axis=1),
        "site_hydropathy": weighted(shares, hydropathy()),
        "site_occupancy": np.ones(len(seen)) if occupancy is None else occupancy,
        "frequency": seen,
        "site_volume": weighted(shares, VOLUME),
        "site_charge": weighted(shares, CHARGE),
    }


def _shares(frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return frequencies among letters, (L, 20), even where there are gaps only."""
    letters = frequencies[:, 1:]
    total = letters.sum(axis=1, keepdims=True)
    shares = np.full(letters.shape, 1 / 20)
    np.divide(letters, total, out=shares, where=total > 0)
    return shares
