"""The search for substitutions that restore a harmful mutant.

Let s(r) be the log-odds of a rescue r in the wild type and s'(r) those in the mutant,
both in nats. s'(r) is what r restores, and e(r) = s'(r) - s(r) the part of it that is
owed to the mutant: the epistasis of mutant and rescue.

Ranked by what they restore, rescues of almost any mutant are the same few: those that
bring the protein closer to its family's consensus and would improve it anyway. They
help, but say nothing about the mutant. Ranked by e alone, one finds what is harmful
alone and a little less so here, which rescues nothing. So by default rescues are
ranked by their

    compensation(r) = s'(r) - max(0, s(r)) = min(s'(r), e(r)),

what the mutant gains from r beyond what the wild type would: a rescue that is neutral
or harmful alone counts in full, a stabilizer by its excess only. The charge that
restores a broken salt bridge comes first, a stabilizer last. Of the harmful mutants
of dihydrofolate reductase 99 % have one and the same stabilizer first by what is
restored, 7 % by compensation. In measured doubles of harmful mutants of PABP and YAP1
the first three by compensation gain as much as the first three by what is restored
(70th and 65th percentile); the first three by e are no better than any (45th, 50th).

A pair (a, b) restores s'(a) + s'(b) + e_ab. Of pairs only those count of which each
member earns its place: beside the other, in the mutant, it restores MIN_EFFECT or
more. Else a compensation that costs too much would be listed with whatever stabilizer
pays for it, though the stabilizer alone would restore more than both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from pottsfold.lazy import lazy_module
from pottsfold.model import PottsModel, energy
from pottsfold.mutations.epistasis import (
    MIN_EFFECT,
    pair_differences,
    substitution_effects,
)
from pottsfold.mutations.epistasis.best_first import best_first
from pottsfold.threads import Workers, chosen_threads

if TYPE_CHECKING:
    from pottsfold.mutations.rescue import kernels
else:
    kernels = lazy_module("pottsfold.mutations.rescue.kernels")

RankedBy = Literal["compensation", "restored", "epistasis"]
ORDERS: tuple[RankedBy, ...] = ("compensation", "restored", "epistasis")
"""As the kernel counts them."""


@dataclass(frozen=True, eq=False)
class Rescues:
    """n rescues of one mutant, each of k substitutions, the best first.

    Parameters
    ----------
    columns : (n, k) int64
        Sites, from 0, rising.
    letters : (n, k) int64
        Codes of the new letters.
    alone : (n,) float64
        Log-odds of the rescue in the wild type, in nats.
    restored : (n,) float64
        Log-odds of the rescue in the mutant.
    log_odds_mutant : float
        Of the mutant in the wild type.
    n_examined : int
        Rescues of k substitutions there are; every one was examined.
    """

    columns: NDArray[np.int64]
    letters: NDArray[np.int64]
    alone: NDArray[np.float64]
    restored: NDArray[np.float64]
    log_odds_mutant: float
    n_examined: int

    def __len__(self) -> int:
        return len(self.alone)

    @property
    def together(self) -> NDArray[np.float64]:
        """Log-odds of mutant and rescue together, shape (n,)."""
        return self.log_odds_mutant + self.restored

    @property
    def epistasis(self) -> NDArray[np.float64]:
        """Log-odds together - mutant - alone: owed to the mutant, shape (n,)."""
        return self.restored - self.alone

    @property
    def compensation(self) -> NDArray[np.float64]:
        """What is restored beyond max(0, alone), shape (n,)."""
        return np.minimum(self.restored, self.epistasis)

    @property
    def recovered(self) -> NDArray[np.float64]:
        """Share of the mutant's harm that is undone, 1 = all of it, shape (n,).

        NaN for a mutant that is not harmful.
        """
        if self.log_odds_mutant >= 0:
            return np.full(len(self), np.nan)
        return self.restored / -self.log_odds_mutant


def single_rescues(
    model: PottsModel,
    columns: NDArray[np.int64],
    letters: NDArray[np.uint8],
    count: int,
    *,
    rank_by: RankedBy = "compensation",
) -> Rescues:
    """Return the best substitutions at other sites, of all there are.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence.
    columns, letters : (m,) int64 and uint8
        The mutant's sites, from 0, and new codes.
    count : int
        How many rescues at most.
    rank_by : {"compensation", "restored", "epistasis"}
        What decides; ties stand in order of the site, then of the letter.

    Raises
    ------
    UsageError
        If the model has no focus sequence.
    """
    alone, restored, harm = _effects(model, columns, letters)
    value = _value(restored, restored - alone, rank_by)
    sites, codes = np.nonzero(np.isfinite(restored))
    order = np.argsort(-value[sites, codes], kind="stable")[:count]
    places = sites[order], codes[order]
    return Rescues(
        columns=places[0][:, np.newaxis],
        letters=places[1][:, np.newaxis],
        alone=alone[places],
        restored=restored[places],
        log_odds_mutant=harm,
        n_examined=len(sites),
    )


def double_rescues(
    model: PottsModel,
    columns: NDArray[np.int64],
    letters: NDArray[np.uint8],
    count: int,
    *,
    rank_by: RankedBy = "compensation",
    threads: int | None = None,
) -> Rescues:
    """Return the best pairs of substitutions at two other sites, of all there are.

    One pass over the couplings finds the best value of every pair of sites; the pairs
    of sites are then opened in that order, until the last rescue kept is better than
    the next one's best. So the search is exact: no bound is estimated.

    Parameters
    ----------
    model, columns, letters, count, rank_by
        As for :func:`single_rescues`.
    threads : int, optional
        Number of threads (default: all cores). The rescues do not depend on it.

    Raises
    ------
    UsageError
        If the model has no focus sequence.
    """
    alone, restored, harm = _effects(model, columns, letters)
    length, q = alone.shape
    absent = ~np.isfinite(restored)
    gains = np.where(absent, -np.inf, restored)
    excesses = np.where(absent, -np.inf, restored - alone)
    focus = np.minimum(model.require_focus(), q - 1)
    best = np.full((length, length), -np.inf)

    def search(i: int) -> None:
        kernels.best_of_site(
            i,
            model.couplings_of(i),
            focus,
            gains,
            excesses,
            ORDERS.index(rank_by),
            MIN_EFFECT,
            best[i],
        )

    with Workers(chosen_threads(threads)) as workers:
        workers.map(search, range(length))
    first, second = np.triu_indices(length, 1)
    codes = np.arange(q)

    def open_blocks(blocks: NDArray[np.int64]) -> NDArray[np.float64]:
        i, j = (sites[blocks][:, np.newaxis, np.newaxis] for sites in (first, second))
        a, b = codes[:, np.newaxis], codes
        between = pair_differences(model, i, j, a, b)
        value = _value(
            gains[i, a] + gains[j, b] + between,
            excesses[i, a] + excesses[j, b],
            rank_by,
        )
        idle = np.minimum(gains[i, a] + between, gains[j, b] + between) < MIN_EFFECT
        return np.where(idle, -np.inf, value)

    found = best_first(best[first, second], open_blocks, count)
    i, j = first[found.blocks], second[found.blocks]
    a, b = np.divmod(found.places, q)
    between = pair_differences(model, i, j, a, b)
    n_letters = (~absent).sum(axis=1)
    return Rescues(
        columns=np.stack([i, j], axis=1),
        letters=np.stack([a, b], axis=1),
        alone=alone[i, a] + alone[j, b] + between,
        restored=restored[i, a] + restored[j, b] + between,
        log_odds_mutant=harm,
        n_examined=int((n_letters.sum() ** 2 - (n_letters**2).sum()) // 2),
    )


def _effects(
    model: PottsModel, columns: NDArray[np.int64], letters: NDArray[np.uint8]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return every substitution's log-odds in wild type and mutant, (L, q) each.

    NaN at the mutant's own sites, and where there is no substitution. Then the
    mutant's log-odds.
    """
    wild_type = model.require_focus()
    mutant = wild_type.copy()
    mutant[columns] = letters
    alone = substitution_effects(model, wild_type)
    restored = substitution_effects(model, mutant)
    alone[columns] = restored[columns] = np.nan
    harm = energy(model, wild_type)[0] - energy(model, mutant)[0]
    return alone, restored, float(harm)


def _value(
    restored: NDArray[np.float64],
    epistasis: NDArray[np.float64],
    rank_by: RankedBy,
) -> NDArray[np.float64]:
    if rank_by == "restored":
        return restored
    if rank_by == "epistasis":
        return epistasis
    return np.minimum(restored, epistasis)
