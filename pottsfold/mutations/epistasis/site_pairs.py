"""Which pairs of sites interact most: epistasis summed up over their substitutions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.lazy import lazy_module
from pottsfold.model import PottsModel, local_fields
from pottsfold.mutations.epistasis.classify import KINDS, MIN_EFFECT
from pottsfold.mutations.notation import Substitution
from pottsfold.threads import Workers, chosen_threads

if TYPE_CHECKING:
    import pandas as pd

    from pottsfold.mutations.epistasis import kernels
else:
    kernels = lazy_module("pottsfold.mutations.epistasis.kernels")


@dataclass(frozen=True, eq=False)
class SitePairs:
    """Epistasis of K = L (L - 1) / 2 pairs of sites, in order of i, then of j.

    Parameters
    ----------
    columns : (K, 2) int64
        i < j, from 0.
    mean : (K,) float64
        Mean of |e_ij(a, b)| over the pairs of substitutions, in nats; NaN for none.
    highest : (K,) float64
        Its highest value; minus infinity for none.
    letters : (K, 2) int64
        Codes a, b of the highest; -1 for none.
    counts : (K, 4) int64
        Pairs of substitutions of every kind, as in ``KINDS``.
    """

    columns: NDArray[np.int64]
    mean: NDArray[np.float64]
    highest: NDArray[np.float64]
    letters: NDArray[np.int64]
    counts: NDArray[np.int64]

    @property
    def n_pairs(self) -> int:
        """Number of pairs of substitutions at different sites."""
        return int(self.counts.sum())


def substitution_effects(
    model: PottsModel, background: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """Return the log-odds of every substitution in a background sequence.

    Parameters
    ----------
    model : PottsModel
        Of L sites.
    background : (L,) uint8
        The sequence.

    Returns
    -------
    (L, q) float64
        E(background) - E(mutant) in nats, negative = harmful. NaN where there is no
        substitution: at the gap, at the background's own letter, and at sites where
        that is no letter of the model.
    """
    sites = np.flatnonzero(
        (background >= model.states.start) & (background < model.alphabet.size)
    )
    own = background[sites]
    local = local_fields(model, background)
    effects = np.full(local.shape, np.nan)
    effects[sites] = local[sites] - local[sites, own][:, np.newaxis]
    effects[sites, own] = np.nan
    effects[:, 0] = np.nan
    return effects


def substitution_names(model: PottsModel) -> NDArray[np.object_]:
    """Return every substitution of the focus sequence as text, shape (L, q)."""
    focus = model.focus_sequence or ""
    names = np.empty(model.fields.shape, object)
    for site, (letter, position) in enumerate(
        zip(focus, model.numbering.positions.tolist(), strict=True)
    ):
        for code, new in enumerate(model.alphabet.letters):
            names[site, code] = str(Substitution(letter, position, new))
    return names


def site_pairs(model: PottsModel, *, threads: int | None = None) -> SitePairs:
    """Return the epistasis of all pairs of sites, over all pairs of substitutions.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence.
    threads : int, optional
        Number of threads (default: all cores). Results do not depend on it.

    Raises
    ------
    UsageError
        If the model has no focus sequence.
    """
    effects = substitution_effects(model, model.require_focus())
    length, q = effects.shape
    # Any code serves where the focus has no letter: effects are NaN there.
    focus = np.minimum(model.require_focus(), q - 1)
    sums = np.zeros((length, 2, length))
    places = np.full((length, length), -1)
    counts = np.zeros((length, len(KINDS), length), np.int64)

    def summarize(i: int) -> None:
        kernels.summarize_site(
            i,
            model.couplings_of(i),
            focus,
            effects,
            MIN_EFFECT,
            sums[i],
            places[i],
            counts[i],
        )

    with Workers(chosen_threads(threads)) as workers:
        workers.map(summarize, range(length))
    i, j = np.triu_indices(length, 1)
    of_pairs = counts[i, :, j]
    n_pairs = of_pairs[:, 0].copy()
    of_pairs[:, 0] -= of_pairs[:, 1:].sum(axis=1)
    some = n_pairs > 0
    mean = np.full(len(i), np.nan)
    np.divide(sums[i, 0, j], n_pairs, out=mean, where=some)
    place = places[i, j]
    return SitePairs(
        columns=np.stack([i, j], axis=1),
        mean=mean,
        highest=np.where(some, sums[i, 1, j], -np.inf),
        letters=np.where(some, (place // q, place % q), -1).T,
        counts=of_pairs,
    )


def site_pair_table(model: PottsModel, pairs: SitePairs) -> pd.DataFrame:
    """Return the table of pairs of sites, those that interact most on average first.

    Parameters
    ----------
    model : PottsModel
        The model they are of.
    pairs : SitePairs
        From :func:`site_pairs`.

    Returns
    -------
    DataFrame
        Columns ``position_1, position_2, wild_type_1, wild_type_2``; ``mean_epistasis``
        and ``max_epistasis``, of |e| in nats; ``mutant_1, mutant_2``, the pair of
        substitutions that has most; ``n_magnitude, n_sign, n_reciprocal_sign``, how
        many pairs of substitutions are of that kind. Pairs of sites without a pair
        of substitutions are left out.
    """
    import pandas as pd

    order = np.argsort(-pairs.mean, kind="stable")
    order = order[np.isfinite(pairs.mean[order])]
    first, second = pairs.columns[order].T
    positions = model.numbering.positions
    focus = np.array(list(model.focus_sequence or ""))
    mutants = substitution_names(model)[pairs.columns, pairs.letters][order].T
    table = {
        "position_1": positions[first],
        "position_2": positions[second],
        "wild_type_1": pd.Series(focus[first], dtype="str"),
        "wild_type_2": pd.Series(focus[second], dtype="str"),
        "mean_epistasis": pairs.mean[order],
        "max_epistasis": pairs.highest[order],
        "mutant_1": pd.Series(mutants[0], dtype="str"),
        "mutant_2": pd.Series(mutants[1], dtype="str"),
    }
    for kind, counts in zip(KINDS[1:], pairs.counts[order, 1:].T, strict=True):
        table[f"n_{kind}"] = counts
    return pd.DataFrame(table)
