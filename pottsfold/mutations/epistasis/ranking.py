"""Pairs of substitutions ranked by the size of their epistasis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.model import PottsModel
from pottsfold.mutations.epistasis.best_first import best_first
from pottsfold.mutations.epistasis.classify import KINDS, epistasis_kinds
from pottsfold.mutations.epistasis.site_pairs import (
    SitePairs,
    substitution_effects,
    substitution_names,
)

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class SubstitutionPairs:
    """n pairs of substitutions at two sites each, and what they do, in nats.

    Parameters
    ----------
    columns : (n, 2) int64
        From 0, the lower first.
    letters : (n, 2) int64
        Codes of the new letters.
    log_odds : (n, 2) float64
        Of each substitution alone; negative = harmful.
    epistasis : (n,) float64
        e_ij(a, b); positive = better together than apart.
    """

    columns: NDArray[np.int64]
    letters: NDArray[np.int64]
    log_odds: NDArray[np.float64]
    epistasis: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.epistasis)

    @property
    def log_odds_12(self) -> NDArray[np.float64]:
        """Log-odds of both substitutions together, shape (n,)."""
        together: NDArray[np.float64] = self.log_odds.sum(axis=1) + self.epistasis
        return together

    @property
    def kinds(self) -> NDArray[np.int64]:
        """Kind of each pair's epistasis, an index in ``KINDS``, shape (n,)."""
        first, second = self.log_odds.T
        return epistasis_kinds(first, second, self.log_odds_12)


def pairs_of(
    model: PottsModel, columns: NDArray[np.int64], letters: NDArray[np.int64]
) -> SubstitutionPairs:
    """Return what given pairs of substitutions do.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence.
    columns, letters : (n, 2) int64
        Sites, the lower first, and codes; NaN comes out where there is no such
        substitution.
    """
    effects = substitution_effects(model, model.require_focus())
    log_odds = effects[columns, letters]
    epistasis = pair_differences(model, *columns.T, *letters.T)
    epistasis[np.isnan(log_odds).any(axis=1)] = np.nan
    return SubstitutionPairs(columns, letters, log_odds, epistasis)


def most_epistatic_pairs(
    model: PottsModel, site_pairs: SitePairs, count: int
) -> SubstitutionPairs:
    """Return the pairs of substitutions with the strongest epistasis, either sign.

    Only about 2 ``count`` of the L (L - 1) / 2 times (q - 2)^2 pairs are held at a
    time: pairs of sites are opened in order of their highest |e|.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence.
    site_pairs : SitePairs
        Its pairs of sites.
    count : int
        How many, 1 or more.

    Returns
    -------
    SubstitutionPairs
        In falling order of |e|; ties in order of the sites, then of the letters.
    """
    absent = np.isnan(substitution_effects(model, model.require_focus()))
    size = model.alphabet.size
    codes = np.arange(size)

    def open_blocks(blocks: NDArray[np.int64]) -> NDArray[np.float64]:
        i, j = site_pairs.columns[blocks].T[:, :, np.newaxis, np.newaxis]
        values = np.abs(pair_differences(model, i, j, codes[:, np.newaxis], codes))
        values[absent[i[:, 0, 0]]] = np.nan
        values.transpose(0, 2, 1)[absent[j[:, 0, 0]]] = np.nan
        return values

    best = best_first(site_pairs.highest, open_blocks, count)
    letters = np.stack(np.divmod(best.places, size), axis=1)
    return pairs_of(model, site_pairs.columns[best.blocks], letters)


def pairs_with(
    model: PottsModel, column: int, letter: int, count: int
) -> SubstitutionPairs:
    """Return the strongest pairs that one substitution takes part in.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence.
    column, letter : int
        The substitution's site, from 0, and code.
    count : int
        How many at most.

    Returns
    -------
    SubstitutionPairs
        In the order of :func:`most_epistatic_pairs`.
    """
    present = np.isfinite(substitution_effects(model, model.require_focus()))
    present[column] = False
    sites, codes = np.nonzero(present)
    columns, letters = (
        np.stack([np.full(len(sites), own), others], axis=1)
        for own, others in ((column, sites), (letter, codes))
    )
    before = sites < column
    columns[before] = columns[before, ::-1]
    letters[before] = letters[before, ::-1]
    pairs = pairs_of(model, columns, letters)
    return in_order(pairs, rank(pairs, count))


def rank(pairs: SubstitutionPairs, count: int) -> NDArray[np.intp]:
    """Return which of some pairs are the strongest ``count``, in falling order of |e|.

    Ties stand in order of the sites, then of the letters.
    """
    keys = (*pairs.letters.T[::-1], *pairs.columns.T[::-1], -np.abs(pairs.epistasis))
    return np.lexsort(keys)[:count]


def in_order(pairs: SubstitutionPairs, order: NDArray[np.intp]) -> SubstitutionPairs:
    """Return those pairs that ``order`` names, in its order."""
    return SubstitutionPairs(
        pairs.columns[order],
        pairs.letters[order],
        pairs.log_odds[order],
        pairs.epistasis[order],
    )


def epistasis_table(
    model: PottsModel,
    pairs: SubstitutionPairs,
    adjusted: NDArray[np.float64] | None = None,
) -> pd.DataFrame:
    """Return pairs of substitutions as a table, in their order.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence.
    pairs : SubstitutionPairs
        Of it.
    adjusted : (L, q) float64, optional
        From :func:`pottsfold.mutations.adjustment.adjusted_log_odds`.

    Returns
    -------
    DataFrame
        Columns ``mutant_1, mutant_2, position_1, position_2, log_odds_1, log_odds_2,
        log_odds_12, epistasis, type``; position_1 < position_2; nats; ``type`` is
        one of ``KINDS``. With ``adjusted`` also ``adjusted_1`` and ``adjusted_2``, of
        each substitution alone.
    """
    import pandas as pd

    names = substitution_names(model)[pairs.columns, pairs.letters]
    positions = model.numbering.positions[pairs.columns]
    table = pd.DataFrame(
        {
            "mutant_1": pd.Series(names[:, 0], dtype="str"),
            "mutant_2": pd.Series(names[:, 1], dtype="str"),
            "position_1": positions[:, 0],
            "position_2": positions[:, 1],
            "log_odds_1": pairs.log_odds[:, 0],
            "log_odds_2": pairs.log_odds[:, 1],
            "log_odds_12": pairs.log_odds_12,
            "epistasis": pairs.epistasis,
            "type": pd.Series(np.array(KINDS, object)[pairs.kinds], dtype="str"),
        }
    )
    if adjusted is not None:
        first, second = adjusted[pairs.columns, pairs.letters].T
        table = table.assign(adjusted_1=first, adjusted_2=second)
    return table


def pair_differences(
    model: PottsModel,
    i: NDArray[np.int64],
    j: NDArray[np.int64],
    a: NDArray[np.int64],
    b: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return e_ij(a, b) for indices that broadcast, summed in the kernel's order."""
    focus = np.minimum(model.require_focus(), model.alphabet.size - 1)
    u, v = focus[i], focus[j]
    together = model.coupling(i, j, a, b) - model.coupling(i, j, a, v)
    together -= model.coupling(i, j, u, b)
    together += model.coupling(i, j, u, v)
    return together
