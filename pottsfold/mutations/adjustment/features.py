"""What the learnt adjustment looks at: each single substitution in numbers.

Most are ranks among all single substitutions of the protein, so that a score does not
depend on which mutants are scored with it, and proteins can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pottsfold.model import PottsModel, independent_fields
from pottsfold.mutations.adjustment.amino_acids import (
    CHARGE,
    VOLUME,
    blosum62,
    hydropathy,
    replacements,
)

RANKED = (
    "log_odds",
    "independent",
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
    "volume_change",
    "hydropathy_change",
    "volume_from_site",
    "hydropathy_from_site",
    "charge_from_site",
)
"""Features of wild type and new letter; sizes of differences but the first."""
NAMES = (*RANKED, *CHANGES)
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
    features : (n, 16) float64
        In the order of ``NAMES``.
    """

    sites: NDArray[np.intp]
    wild_types: NDArray[np.intp]
    letters: NDArray[np.intp]
    features: NDArray[np.float64]


def substitutions_of(
    model: PottsModel, log_odds: NDArray[np.float64]
) -> Substitutions:
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
    known = np.isfinite(effects).all(axis=1)
    chosen = known[:, np.newaxis] & (np.arange(20) != focus[:, np.newaxis])
    sites, letters = np.nonzero(chosen)
    wild_types = focus[sites]
    effects = np.where(known[:, np.newaxis], effects, 0.0)
    values = {
        **_of_effects(model, effects, focus),
        **_of_sites(frequencies, model.neff, effects),
    }
    columns = [
        centred_ranks(
            values[name][sites, letters]
            if values[name].ndim == 2
            else values[name][sites]
        )
        for name in RANKED
    ]
    columns += _changes(_shares(frequencies), sites, wild_types, letters)
    return Substitutions(sites, wild_types, letters, np.column_stack(columns))


def centred_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ranks of n values, from -1/2 (lowest) to 1/2; equals share their mean.

    Examples
    --------
    >>> centred_ranks(np.array([3.0, 1.0, 3.0, 9.0])).tolist()
    [0.0, -0.375, 0.0, 0.375]
    """
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - counts / 2
    result: NDArray[np.float64] = ranks[places] / max(len(values), 1) - 0.5
    return result


def _of_effects(
    model: PottsModel, effects: NDArray[np.float64], focus: NDArray[np.intp]
) -> dict[str, NDArray[np.float64]]:
    """Return effects by site and letter, (L, 20), and the mean of each site's, (L,)."""
    assert model.frequencies is not None
    fields = independent_fields(model.frequencies[:, 1:], model.neff)
    own = fields[np.arange(len(fields)), np.clip(focus, 0, 19)]
    return {
        "log_odds": effects,
        "independent": fields - own[:, np.newaxis],
        "shared_log_odds": effects @ replacements().T,
        "site_log_odds": effects.mean(axis=1),
    }


def _of_sites(
    frequencies: NDArray[np.float64], neff: float, effects: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Return what the family shows at each site, (L,), and of each letter, (L, 20)."""
    shares = _shares(frequencies)
    seen = (shares * neff + PSEUDOCOUNT / 20) / (neff + PSEUDOCOUNT)
    return {
        "site_entropy": -(seen * np.log(seen)).sum(axis=1),
        "site_hydropathy": shares @ hydropathy(),
        "site_occupancy": 1 - frequencies[:, 0],
        "frequency": seen,
        "site_volume": shares @ VOLUME,
        "site_charge": shares @ CHARGE,
    }


def _shares(frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return frequencies among letters, (L, 20), even where there are gaps only."""
    letters = frequencies[:, 1:]
    total = letters.sum(axis=1, keepdims=True)
    return np.divide(letters, total, out=np.full(letters.shape, 0.05), where=total > 0)


def _changes(
    shares: NDArray[np.float64],
    sites: NDArray[np.intp],
    wild_types: NDArray[np.intp],
    letters: NDArray[np.intp],
) -> list[NDArray[np.float64]]:
    """Return the columns of ``CHANGES``."""
    scale = hydropathy()

    def from_wild_type(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.abs(values[letters] - values[wild_types])

    def from_site(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.abs(values[letters] - (shares @ values)[sites])

    return [
        blosum62()[wild_types, letters] / BLOSUM62_UNIT,
        from_wild_type(VOLUME) / VOLUME_UNIT,
        from_wild_type(scale) / HYDROPATHY_UNIT,
        from_site(VOLUME) / VOLUME_UNIT,
        from_site(scale) / HYDROPATHY_UNIT,
        from_site(CHARGE),
    ]
