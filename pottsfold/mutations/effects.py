"""Effects of substitutions on the focus sequence's energy.

    log_odds(x) = E(wild type) - E(x) = log P(x) - log P(wild type)

in nats, negative = harmful. With s_i(a) the log-odds of the single substitution and
e_ij(a, b) the epistasis of a pair, a mutant's log-odds are exactly

    sum_i s_i(a_i) + sum_{i<j} e_ij(a_i, a_j),

so a mutant of depth k costs k + k (k - 1) / 2 look-ups whatever the protein's length.
This is the "delta E" of EVmutation (Hopf et al. 2017, doi:10.1038/nbt.3769).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment import Numbering
from pottsfold.alphabet import Alphabet
from pottsfold.lazy import lazy_module
from pottsfold.model import PottsModel, independent_fields, local_fields
from pottsfold.mutations.adjustment import Goal, adjusted_log_odds
from pottsfold.mutations.burial import burial_of
from pottsfold.mutations.mutants import UNSCORABLE, Mutants

if TYPE_CHECKING:
    from pottsfold.mutations import kernels
else:
    kernels = lazy_module("pottsfold.mutations.kernels")


@dataclass(frozen=True, eq=False)
class Effects:
    """What n mutants do, in nats; negative = harmful; NaN where unscorable.

    Parameters
    ----------
    additive : (n,) float64
        Sum of the log-odds of the substitutions, each by itself.
    epistasis : (n,) float64
        Sum of the pair epistasis over pairs of substitutions.
    independent : (n,) float64
        Log-odds under the site-independent model; NaN for a model that knows no
        letter frequencies.
    adjusted : (n,) float64
        The epistasis and the sum of single effects adjusted by what other proteins
        teach, see :mod:`pottsfold.mutations.adjustment`: to rank mutants by, no
        difference of energies. NaN where that is not known.
    buried_log_odds : (n,) float64, optional
        sum_i b_i s_i(a_i) + sum_{i<j} (b_i + b_j) / 2 e_ij(a_i, a_j), with b_i from
        0 = exposed to 1 = buried. NaN where that is not known of a mutated site; None
        without an accessibility.
    """

    additive: NDArray[np.float64]
    epistasis: NDArray[np.float64]
    independent: NDArray[np.float64]
    adjusted: NDArray[np.float64]
    buried_log_odds: NDArray[np.float64] | None = None

    @property
    def log_odds(self) -> NDArray[np.float64]:
        """E(wild type) - E(mutant), shape (n,)."""
        return self.additive + self.epistasis

    @property
    def ranking(self) -> NDArray[np.float64]:
        """What ranks mutants best: adjusted where known, else log_odds; (n,)."""
        unknown = np.isnan(self.adjusted)
        return np.where(unknown, self.log_odds, self.adjusted)


def single_log_odds(model: PottsModel) -> NDArray[np.float64]:
    """Return the log-odds of every single substitution of the focus sequence.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence.

    Returns
    -------
    (L, q) float64
        E(wild type) - E(mutant) in nats, 0 at the wild type, negative = harmful.
        NaN for letters the model lacks, and at sites where the focus has one.

    Raises
    ------
    UsageError
        If the model has no focus sequence.
    """
    return _against_wild_type(model, local_fields(model, model.require_focus()))


def independent_log_odds(model: PottsModel) -> NDArray[np.float64]:
    """Return the same under the site-independent model of the alignment.

    Its fields are those of :func:`pottsfold.model.independent_fields`, at the
    default penalty.

    Returns
    -------
    (L, q) float64
        In nats; all NaN when the model does not know its alignment's letter
        frequencies and effective number of sequences.

    Raises
    ------
    UsageError
        If the model has no focus sequence.
    """
    fields = np.full(model.fields.shape, np.nan)
    frequencies, letters = model.frequencies, model.states
    if frequencies is not None and model.neff > 0:
        fields[:, letters] = independent_fields(frequencies[:, letters], model.neff)
    return _against_wild_type(model, fields)


def pair_epistasis(model: PottsModel, i: int, j: int) -> NDArray[np.float64]:
    """Return how far two substitutions together are from the sum of the two.

    e_ij(a, b) = J_ij(a, b) - J_ij(a, wt_j) - J_ij(wt_i, b) + J_ij(wt_i, wt_j), the
    same in every gauge; positive = better together than apart.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence.
    i, j : int
        Columns, from 0.

    Returns
    -------
    (q, q) float64
        In nats, letter at i first; NaN where :func:`single_log_odds` is.

    Raises
    ------
    UsageError
        If the model has no focus sequence.
    """
    focus = model.require_focus()
    result = np.full((model.alphabet.size,) * 2, np.nan)
    if _is_modelled(model)[[i, j]].all():
        u, v = focus[i], focus[j]
        block = model.block(i, j).astype(np.float64)
        together = block - block[:, [v]] - block[[u], :] + block[u, v]
        letters = model.states
        result[letters, letters] = together[letters, letters]
    return result


@dataclass(frozen=True, eq=False)
class EffectTables:
    """All that scoring mutants of one focus sequence needs, without its model.

    Mutants are placed in it as in the model; with another ``numbering`` they are
    numbered otherwise. At L = 250, q = 21 it holds 55 MB, where couplings are 110.

    Parameters
    ----------
    alphabet : Alphabet
        Letters.
    numbering : Numbering
        Residue number of every site.
    states : slice
        Codes of the modelled letters.
    focus : (L,) uint8
        Codes of the wild type.
    singles : (L, q) float64
        From :func:`single_log_odds`.
    independent : (L, q) float64
        From :func:`independent_log_odds`.
    adjusted : (L, q) float64
        From :func:`pottsfold.mutations.adjustment.adjusted_log_odds`.
    pairs : (P, q, q) float32
        e_ij(a, b) as :func:`pair_epistasis` gives it, for the pairs i < j that have
        couplings, i outer, letter at i first; that of others is 0.
    starts : (L + 1,) int64, or None
        Pairs whose first site is i are ``starts[i]`` to ``starts[i + 1] - 1``; None
        where all pairs of sites have couplings.
    seconds : (P,) int32, or None
        The second site of every pair; likewise.
    burial : (L,) float64, optional
        How buried each site is, from :func:`pottsfold.mutations.burial.burial_of`;
        NaN where not known.
    """

    alphabet: Alphabet
    numbering: Numbering
    states: slice
    focus: NDArray[np.uint8]
    singles: NDArray[np.float64]
    independent: NDArray[np.float64]
    adjusted: NDArray[np.float64]
    pairs: NDArray[np.float32]
    starts: NDArray[np.int64] | None
    seconds: NDArray[np.int32] | None
    burial: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if self.burial is not None and self.burial.shape != (self.length,):
            raise ValueError(
                f"burial of {self.burial.size} sites, the model has {self.length}"
            )

    @property
    def length(self) -> int:
        """Number of sites L."""
        return len(self.numbering)

    def require_focus(self) -> NDArray[np.uint8]:
        """Return the focus codes, shape (L,)."""
        return self.focus

    def effects(self, mutants: Mutants) -> Effects:
        """Return the effects of mutants placed here or in the model.

        A mutant of k substitutions costs k + k (k - 1) / 2 look-ups.

        Raises
        ------
        ValueError
            If they were placed in a model of other sites or letters.
        """
        self._check(mutants)
        sums = np.empty((4, len(mutants)))
        kernels.sum_effects(
            *(mutants.offsets, mutants.columns, mutants.letters),
            *(self.singles, self.independent, self.adjusted),
            *(self.starts, self.seconds, self.pairs, sums),
        )
        for row, table in ((2, self.independent), (3, self.adjusted)):
            if np.isnan(table).all():
                # The wild type's 0 would be a number from nowhere.
                sums[row] = np.nan
        unscorable = mutants.statuses == UNSCORABLE
        sums[:, unscorable] = np.nan
        buried = self._buried(mutants)
        if buried is not None:
            buried[unscorable] = np.nan
        additive, epistasis, independent, adjusted = sums
        return Effects(additive, epistasis, independent, adjusted, buried)

    def _buried(self, mutants: Mutants) -> NDArray[np.float64] | None:
        """Return the log-odds weighted by burial, where that is known."""
        if self.burial is None:
            return None
        sums = np.empty(len(mutants))
        kernels.sum_buried(
            *(mutants.offsets, mutants.columns, mutants.letters),
            *(self.singles, self.starts, self.seconds, self.pairs, self.burial, sums),
        )
        return sums

    def _check(self, mutants: Mutants) -> None:
        """Refuse mutants that lead out of the tables."""
        length, size = self.singles.shape
        columns, letters = mutants.columns, mutants.letters
        if columns.min(initial=0) < 0 or columns.max(initial=0) >= length:
            raise ValueError(f"a mutant has a site outside the {length} of the model")
        if letters.max(initial=0) >= size:
            raise ValueError("a mutant has a letter outside the alphabet")
        if (mutants.offsets[1:] < mutants.offsets[:-1]).any():
            raise ValueError("offsets of mutants do not increase")


def effect_tables(
    model: PottsModel,
    goal: Goal = "function",
    accessibility: NDArray[np.float64] | None = None,
) -> EffectTables:
    """Return the tables by which any number of mutants can be scored.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence.
    goal, accessibility
        What effects are adjusted for and by, as for
        :func:`pottsfold.mutations.adjustment.adjusted_log_odds`. An accessibility
        makes the effects ``buried_log_odds`` too.

    Raises
    ------
    UsageError
        If the model has no focus sequence.
    """
    focus = model.require_focus()
    graph, size = model.graph, model.alphabet.size
    pairs = np.empty((graph.n_pairs, size, size), np.float32)
    starts, seconds = graph.starts, graph.pairs[:, 1].copy()
    kernels.fill_pairs(
        *(model.blocks, graph.later, starts, seconds, focus, _is_modelled(model)),
        *(model.states.start, pairs),
    )
    singles = single_log_odds(model)
    adjusted = adjusted_log_odds(model, singles, goal, accessibility)
    tables = (singles, independent_log_odds(model), adjusted, pairs)
    for table in tables:
        table.flags.writeable = False
    which = (None, None) if graph.is_complete else (starts, seconds)
    burial = None
    if accessibility is not None:
        burial = burial_of(accessibility)
        burial.flags.writeable = False
    return EffectTables(
        *(model.alphabet, model.numbering, model.states, focus, *tables, *which, burial)
    )


def mutant_effects(
    model: PottsModel,
    mutants: Mutants,
    goal: Goal = "function",
    accessibility: NDArray[np.float64] | None = None,
) -> Effects:
    """Return the effects of mutants on the focus sequence's energy.

    For libraries in parts, make :func:`effect_tables` once.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence.
    mutants : Mutants
        Placed in this model; of a partial mutant the covered part is scored.
    goal, accessibility
        As for :func:`effect_tables`.

    Raises
    ------
    UsageError
        If the model has no focus sequence.
    """
    return effect_tables(model, goal, accessibility).effects(mutants)


def _is_modelled(model: PottsModel) -> NDArray[np.bool_]:
    """Return where the focus has a letter of the model, shape (L,)."""
    focus = model.require_focus()
    result: NDArray[np.bool_] = (focus >= model.states.start) & (
        focus < model.alphabet.size
    )
    return result


def _against_wild_type(
    model: PottsModel, fields: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return fields less the focus letter's own, NaN where the model has no say."""
    sites = np.flatnonzero(_is_modelled(model))
    focus = model.require_focus()[sites]
    result = np.full(fields.shape, np.nan)
    result[sites] = fields[sites] - fields[sites, focus][:, np.newaxis]
    result[:, : model.states.start] = np.nan
    return result
