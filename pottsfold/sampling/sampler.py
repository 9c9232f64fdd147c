"""Steps of chains: sweeps of a move, and swaps between temperatures."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import UsageError
from pottsfold.lazy import lazy_module
from pottsfold.model import energy
from pottsfold.sampling.chains import Chains
from pottsfold.sampling.moves import Gibbs, Move, Tempering
from pottsfold.sampling.target import Target
from pottsfold.threads import Workers

if TYPE_CHECKING:
    from pottsfold.sampling import kernels
else:
    kernels = lazy_module("pottsfold.sampling.kernels")

# Energies beyond it, in nats, lose digits when float32 differences are added to them.
LARGE_ENERGY = 1e6
# What anneals by default.
GIBBS = Gibbs()
# Others would leave the range of float32: a forbidden letter stays so only while its
# field, over the temperature, is far below all others.
MIN_TEMPERATURE, MAX_TEMPERATURE = 1e-4, 1e6


@dataclass(frozen=True)
class StepInfo:
    """What a step did, for diagnosis only.

    Parameters
    ----------
    changed : float
        Share of the visits of a site that changed its letter.
    swaps : (R - 1,) float64
        Share of the tried swaps of neighbouring temperatures that were taken; empty
        without tempering.
    """

    changed: float
    swaps: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sampler:
    """A way to move chains that leaves the target's distribution as it is.

    Parameters
    ----------
    target : Target
        What is sampled.
    temperatures : (R,) float64
        The temperature to sample, from which the move makes the ladder it needs; or
        the ladder itself, the temperature to sample first. Chains then come in ladders
        of R neighbours.
    move : Move
        How letters are moved.

    Raises
    ------
    UsageError
        If a temperature is not a positive number, the move is no :class:`Move`, or
        a ladder is given to one that makes its own.

    Examples
    --------
    >>> from pottsfold.alignment import Numbering
    >>> from pottsfold.alphabet import RNA
    >>> from pottsfold.model import PottsModel
    >>> sizes = (4, RNA.size), (4, 4, RNA.size, RNA.size)
    >>> model = PottsModel(RNA, *map(np.zeros, sizes), Numbering(np.arange(1, 5)))
    >>> sampler = Sampler(Target(model), np.array([0.5]), Tempering(rungs=3))
    >>> sampler.temperatures.round(2)
    array([0.5 , 0.71, 1.  ])
    """

    target: Target
    temperatures: NDArray[np.float64]
    move: Move = field(default_factory=Gibbs)

    def __post_init__(self) -> None:
        if not isinstance(self.move, Move):
            raise UsageError(
                "a move is needed, such as Gibbs() or Metropolis()",
                parameter="move",
                value=repr(self.move),
            )
        temperatures = np.atleast_1d(np.array(self.temperatures, np.float64))
        check_temperatures(temperatures)
        if len(temperatures) > 1 and isinstance(self.move, Tempering):
            raise UsageError(
                "give it one temperature: it makes the ladder",
                parameter="move",
                value=repr(self.move),
            )
        if len(temperatures) == 1:
            temperatures = self.move.temperatures(float(temperatures[0]))
            check_temperatures(temperatures)
        temperatures.flags.writeable = False
        object.__setattr__(self, "temperatures", temperatures)

    @property
    def rungs(self) -> int:
        """Number of temperatures R."""
        return len(self.temperatures)

    def step(
        self, chains: Chains, sweeps: int, workers: Workers
    ) -> tuple[Chains, StepInfo]:
        """Return the chains after ``sweeps`` visits of every site.

        With a ladder, neighbouring temperatures try to swap their sequences after
        every sweep. The result does not depend on the number of threads.

        Parameters
        ----------
        chains : Chains
            A multiple of R of them; not changed.
        sweeps : int
            Visits of every free site.
        workers : Workers
            The threads over which ladders are spread.

        Raises
        ------
        ValueError
            If the chains are not those of the target's sites and letters, or no whole
            ladders.
        """
        self._check(chains)
        ladders = len(chains) // self.rungs
        codes = self.target.padded(chains.codes)
        # A unit is a power of two, so this changes no digit.
        energies = chains.energies / self.target.table.unit
        states = chains.states.copy()
        scales = np.tile(1 / self.temperatures, ladders).astype(np.float32)
        scales *= np.float32(self.target.table.unit)
        edges = np.linspace(0, ladders, min(workers.threads, ladders) + 1)
        cuts = edges.astype(np.int64) * self.rungs
        move = self.move.stepper(self.target)

        def advance(block: slice) -> tuple[int, NDArray[np.int64]]:
            x, e, s, beta = codes[block], energies[block], states[block], scales[block]
            swaps = np.zeros(self.rungs - 1, np.int64)
            if self.rungs == 1:
                return move(x, e, s, beta, sweeps), swaps
            changed = 0
            for _ in range(sweeps):
                changed += move(x, e, s, beta, 1)
                for parity in (0, 1):
                    kernels.exchange(x, e, s, beta, self.rungs, parity, swaps)
            return changed, swaps

        blocks = [slice(a, b) for a, b in itertools.pairwise(cuts)]
        results = workers.map(advance, blocks)
        length = chains.codes.shape[1]
        codes = np.ascontiguousarray(codes[:, :length])
        energies = energies * self.target.table.unit
        lost = np.abs(chains.energies) > LARGE_ENERGY
        if lost.any():
            energies[lost] = energy(self.target.model, codes[lost])
        moved = Chains(codes, energies, states)
        visits = max(1, len(chains) * len(self.target.sites) * sweeps)
        info = StepInfo(
            sum(changed for changed, _ in results) / visits,
            np.sum([swaps for _, swaps in results], axis=0) / max(1, ladders * sweeps),
        )
        return moved, info

    def _check(self, chains: Chains) -> None:
        """Refuse chains that the kernels cannot take."""
        length, size = self.target.letters.shape
        if chains.codes.shape[1] != length or len(chains) % self.rungs:
            raise ValueError(
                f"chains {chains.codes.shape}: {length} sites and ladders of "
                f"{self.rungs} are due"
            )
        if chains.codes.max(initial=0) >= size:
            raise ValueError("chains have a letter that is none of the model's")

    def wanted(self, chains: Chains) -> Chains:
        """Return the chains at the first temperature."""
        pick = slice(None, None, self.rungs)
        return Chains(chains.codes[pick], chains.energies[pick], chains.states[pick])


def check_temperatures(temperatures: Iterable[float]) -> None:
    """Refuse what is no temperature.

    Raises
    ------
    UsageError
        If one of them is no number from 0.0001 to 1,000,000.
    """
    for temperature in temperatures:
        if not MIN_TEMPERATURE <= temperature <= MAX_TEMPERATURE:
            raise UsageError(
                f"a number of at least {MIN_TEMPERATURE:g} and at most "
                f"{MAX_TEMPERATURE:g} is needed",
                parameter="temperature",
                value=f"{temperature:g}",
            )


def anneal(
    target: Target,
    chains: Chains,
    temperatures: Iterable[float],
    workers: Workers,
    *,
    move: Move = GIBBS,
) -> Chains:
    """Return the chains after one sweep at each temperature of a schedule.

    Parameters
    ----------
    target : Target
        What is sampled.
    chains : Chains
        Where to start; not changed.
    temperatures : iterable of float
        In the order to take them, such as ``np.geomspace(4, 1, 100)``.
    workers : Workers
        The threads.
    move : Move
        How letters are moved.
    """
    for temperature in temperatures:
        sampler = Sampler(target, np.array([temperature]), move)
        chains, _ = sampler.step(chains, 1, workers)
    return chains
