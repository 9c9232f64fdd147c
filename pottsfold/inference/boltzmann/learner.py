"""One gradient of Boltzmann learning, and what it depends on."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment import Alignment
from pottsfold.inference.boltzmann.modes import Modes
from pottsfold.inference.boltzmann.statistics import FamilyStatistics
from pottsfold.lazy import lazy_module
from pottsfold.sampling.chains import chain_states, letter_generator
from pottsfold.sampling.kernels import FORBIDDEN, gibbs_sweeps, quantize
from pottsfold.sampling.moves import Gibbs, Move
from pottsfold.sampling.table import fill_compact
from pottsfold.simd.arrays import aligned_zeros
from pottsfold.simd.tables import EIGHT, short_width
from pottsfold.threads import Workers

if TYPE_CHECKING:
    from pottsfold.inference.boltzmann import kernels
else:
    kernels = lazy_module("pottsfold.inference.boltzmann.kernels")

# Step length at the start, and gradients after which it is half of that.
FIRST_RATE, HALVING = 0.3, 20.0
# Added to f_i(a) f_j(b) where a coupling's step is scaled, so that pairs of letters
# never seen do not run away; a strong penalty needs a share of it, else it overshoots.
DAMPING, PENALTY_SHARE = 0.01, 0.15
# Sweeps of the chains between two gradients.
SWEEPS = 2
# Stream of random numbers for the sequences that chains return to.
RETURN = 102
# Steps a nat in which chains see the couplings, unless sums would leave their range.
STEPS_PER_NAT = 1024.0


def _nothing() -> None:
    """Do nothing: the arrays are where they belong."""


@dataclass(eq=False)
class State:
    """All that the next gradient depends on; the arrays are changed in place.

    Parameters
    ----------
    table : (L, J, q, W) float32
        Couplings as samplers read them: table[i, j, b, a] = J_ij(a, b).
    centred : (L, W) float64
        Fields plus the mean influence of the other sites, sum_j sum_b J_ij(a, b)
        f_j(b): a step of couplings leaves them as they are.
    mean_couplings : (L (L - 1) / 2, q, W) float32
        Mean of the couplings over the gradients of this round.
    mean_centred : (L, W) float64
        The same of the centred fields.
    codes : (N, J) uint8
        The persistent chains.
    states : (N, 4) uint64
        Their random states.
    mask : (L (L - 1) / 2, q, W) bool
        Couplings that may differ from zero; without entries all may.
    gradients, averaged : int
        Gradients made, and how many of them the means are over.
    pearson : float
        What newly started chains showed at the end of the last round; NaN before.
    refresh : callable
        To be called before couplings, fields and means are read: a learner that keeps
        them elsewhere brings them here.
    """

    table: NDArray[np.float32]
    centred: NDArray[np.float64]
    mean_couplings: NDArray[np.float32]
    mean_centred: NDArray[np.float64]
    codes: NDArray[np.uint8]
    states: NDArray[np.uint64]
    mask: NDArray[np.bool_]
    gradients: int = 0
    averaged: int = 0
    pearson: float = math.nan
    refresh: Callable[[], None] = _nothing

    def start_round(self) -> None:
        """Begin new means."""
        self.averaged = 0


def first_state_of(statistics: FamilyStatistics, n_chains: int, seed: int) -> State:
    """Return the independent-site model of a family, and chains drawn from it.

    Parameters
    ----------
    statistics : FamilyStatistics
        Of the family.
    n_chains : int
        Number of chains N.
    seed : int
        Of all random numbers.
    """
    length, width = statistics.profile.shape
    size = statistics.size
    padded = padded_sites(length)
    rng = letter_generator(seed)
    codes = np.zeros((n_chains, padded), np.uint8)
    for i, profile in enumerate(statistics.profile):
        edges = np.cumsum(profile[:size])
        drawn = np.searchsorted(edges, rng.random(n_chains) * edges[-1], "right")
        codes[:, i] = np.minimum(drawn, size - 1)
    pairs = length * (length - 1) // 2
    return State(
        table=aligned_zeros((length, padded, size, width), np.float32),
        centred=statistics.log_profile(),
        mean_couplings=np.zeros((pairs, size, width), np.float32),
        mean_centred=np.zeros((length, width)),
        codes=codes,
        states=chain_states(seed, n_chains),
        mask=np.zeros((0, size, width), np.bool_),
    )


def return_to_family(
    state: State, alignment: Alignment, statistics: FamilyStatistics, seed: int
) -> None:
    """Put the chains at natural sequences, drawn in proportion to their weights.

    Chains that came from independent sites may never have met regions near single
    sequences, which a model then makes as probable as it likes: long runs of it end
    there. Chains that start from the family leave them, or show that they are too deep.

    Parameters
    ----------
    state : State
        Its chains are changed; where a sequence has no modelled letter they keep
        theirs.
    alignment : Alignment
        The family, weighted.
    statistics : FamilyStatistics
        Its statistics.
    seed : int
        Of the learning: the draw depends on it and on the gradients made.
    """
    stream = np.random.SeedSequence(seed, spawn_key=(RETURN, state.gradients))
    shares = alignment.sequence_weights / alignment.neff
    rows = np.random.default_rng(stream).choice(
        alignment.n_sequences, len(state.codes), p=shares
    )
    natural = alignment.codes[rows]
    known = (natural >= statistics.first) & (natural < statistics.size)
    chains = state.codes[:, : alignment.length]
    chains[known] = natural[known]


def padded_sites(length: int) -> int:
    """Return the columns of a table of so many sites."""
    return -(-length // EIGHT) * EIGHT


def learning_rate(gradients: int) -> float:
    """Return the step length of the gradient after so many."""
    return FIRST_RATE / (1 + gradients / HALVING)


class Learner:
    """Moves a state by gradients.

    Parameters
    ----------
    statistics : FamilyStatistics
        What is to be reproduced.
    modes : Modes
        The family's collective modes.
    penalty : float
        L2 penalty on couplings: the gradient of the mean log-likelihood per sequence
        is C_data - C_model - penalty J.
    workers : Workers
        The threads; results do not depend on them.
    """

    def __init__(
        self,
        statistics: FamilyStatistics,
        modes: Modes,
        penalty: float,
        workers: Workers,
    ) -> None:
        self.statistics = statistics
        self.modes = modes
        self.penalty = penalty
        self.damping = max(DAMPING, PENALTY_SHARE * penalty)
        self.workers = workers
        self._lanes = (0,) * statistics.profile.shape[1]

    @property
    def move(self) -> Move:
        """How chains that evaluate a model are moved."""
        return Gibbs()

    @functools.cached_property
    def _slopes(self) -> NDArray[np.float32]:
        length, width = self.statistics.profile.shape
        shape = (length, length, self.statistics.size, width)
        return aligned_zeros(shape, np.float32)

    @functools.cached_property
    def _compact(self) -> NDArray[np.int16]:
        length, size = self.statistics.length, self.statistics.size
        shape = (length, padded_sites(length), size, short_width(size))
        return aligned_zeros(shape, np.int16)

    def gradient(self, state: State) -> None:
        """Move chains by two sweeps, then the model by one step.

        Parameters
        ----------
        state : State
            Changed in place.
        """
        self.move_chains(state, SWEEPS)
        self.step(state, learning_rate(state.gradients))

    def move_chains(self, state: State, sweeps: int) -> None:
        """Move the chains of a state at its own parameters.

        They see couplings rounded to 1/1,024 nat: twice as fast, and an error far below
        that of the chains' number.
        """
        fields = self.fields(state)
        table, scale, lanes = self._sampled_table(state)
        fields *= np.float32(scale)
        fields[self.statistics.profile == 0] = FORBIDDEN
        n = len(state.codes)
        scales, sites = np.full(n, 1 / scale, np.float32), np.arange(len(fields))
        energies = np.zeros(n)
        rows = table.reshape(-1, *table.shape[2:])
        offsets = np.arange(len(table) + 1) * table.shape[1]
        partners = np.empty(0, np.int32)  # all
        cuts = np.linspace(0, n, self.workers.threads + 1).astype(np.int64)

        def advance(block: slice) -> None:
            gibbs_sweeps(
                state.codes[block],
                energies[block],
                state.states[block],
                scales[block],
                rows,
                offsets,
                partners,
                fields,
                sites,
                sweeps,
                lanes,
            )

        self.workers.map(advance, [slice(a, b) for a, b in itertools.pairwise(cuts)])

    def _sampled_table(
        self, state: State
    ) -> tuple[NDArray[np.float32] | NDArray[np.int16], float, tuple[int, ...]]:
        """Return couplings as chains see them, their steps a nat, and lanes."""

        def fill(scale: float) -> float:
            def fill_site(site: int) -> float:
                rows, short = state.table[site:][:1], self._compact[site:][:1]
                return float(quantize(rows, scale, short, self._lanes))

            return max(self.workers.map(fill_site, range(len(state.table))))

        scale = fill_compact(fill, STEPS_PER_NAT)
        if scale is not None:
            return self._compact, scale, (0,) * self.statistics.size
        return state.table, 1.0, self._lanes

    def step(self, state: State, rate: float) -> None:
        """Move the model by one step, and its means.

        Parameters
        ----------
        state : State
            Its chains are only counted.
        rate : float
            Step length; 1 is the natural gradient's own.
        """
        statistics, modes = self.statistics, self.modes
        profile, length = statistics.profile, statistics.length
        found = chain_frequencies(state.codes, statistics)
        n = len(state.codes)
        share = 1 / (state.averaged + 1)

        def slope(site: int) -> None:
            counts = np.empty((length, *state.table.shape[2:]), np.int32)
            kernels.count_later(state.codes, site, counts)
            kernels.scaled_slopes(
                site,
                counts,
                n,
                found,
                statistics.correlations,
                profile,
                self.damping,
                self.penalty,
                state.table,
                self._slopes,
            )
            if len(state.mask):
                # What is off keeps a gradient, which nothing answers: it must not
                # reach what is on through the modes.
                kernels.keep_active(site, state.mask, self._slopes)

        self.workers.map(slope, range(length))
        images = np.empty(modes.vectors.shape, np.float32)
        self.workers.map(
            lambda site: kernels.mode_images(
                site, self._slopes, modes.vectors, images, self._lanes
            ),
            range(length),
        )
        halved = modes.halved(images)
        self.workers.map(
            lambda site: kernels.take_step(
                site,
                self._slopes,
                modes.vectors,
                halved,
                profile,
                self.damping,
                rate,
                state.mask,
                state.table,
                state.mean_couplings,
                np.float32(share),
                self._lanes,
            ),
            range(length),
        )
        self.step_fields(state, found, rate)

    def step_fields(
        self, state: State, found: NDArray[np.float64], rate: float
    ) -> None:
        """Move the centred fields and their mean, and count the gradient.

        Parameters
        ----------
        state : State
            Changed in place.
        found : (L, W) float64
            Frequencies of letters in its chains.
        rate : float
            Step length.
        """
        modes, share = self.modes, 1 / (state.averaged + 1)
        excess = (self.statistics.profile - found) * modes.scale
        state.centred += rate * modes.damped(excess) * modes.scale
        state.mean_centred += share * (state.centred - state.mean_centred)
        state.averaged += 1
        state.gradients += 1

    def fields(self, state: State) -> NDArray[np.float32]:
        """Return the fields of a state as samplers read them, (L, W) float32."""
        influence = self._influence(state.table)
        fields = aligned_zeros(influence.shape, np.float32)
        fields[:] = np.where(
            self.statistics.profile > 0, state.centred - influence, FORBIDDEN
        )
        return fields

    def mean_parameters(
        self, state: State
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the round's mean fields (L, q) and couplings (L, L, q, q), float32."""
        state.refresh()
        length, size = self.statistics.length, self.statistics.size
        couplings = np.zeros((length, length, size, size), np.float32)
        start = 0
        for i in range(length - 1):
            later = state.mean_couplings[start : start + length - 1 - i, :, :size]
            couplings[i + 1 :, i] = later
            couplings[i, i + 1 :] = later.transpose(0, 2, 1)
            start += len(later)
        profile = self.statistics.profile[:, :size]
        influence = np.empty((length, size))
        for i in range(length):
            influence[i] = np.tensordot(couplings[i], profile, axes=((0, 2), (0, 1)))
        fields = state.mean_centred[:, :size] - influence
        fields[:, : self.statistics.first] = 0
        return fields.astype(np.float32), couplings

    def _influence(self, table: NDArray[np.float32]) -> NDArray[np.float64]:
        influence = np.empty(self.statistics.profile.shape)
        self.workers.map(
            lambda site: kernels.mean_influence(
                site, table, self.statistics.profile, influence
            ),
            range(len(influence)),
        )
        return influence


def chain_frequencies(
    codes: NDArray[np.uint8], statistics: FamilyStatistics
) -> NDArray[np.float64]:
    """Return the frequencies of letters in chains (N, J), shape (L, W)."""
    length, width = statistics.profile.shape
    counts = [np.bincount(codes[:, i], minlength=width) for i in range(length)]
    return np.array(counts) / len(codes)
