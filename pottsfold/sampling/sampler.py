"""Steps of chains: Gibbs and Metropolis sweeps, and parallel tempering."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import UsageError
from pottsfold.sampling import kernels
from pottsfold.sampling.chains import Chains
from pottsfold.sampling.target import Target
from pottsfold.threads import Workers

Move = Literal["gibbs", "metropolis"]
# Moves letters, energies, states of a block of chains in place, at inverse
# temperatures, so many sweeps; returns how many letters changed.
_Mover = Callable[[Any, Any, Any, Any, int], int]
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
        One temperature, or, for parallel tempering, those of a ladder, the wanted one
        first. Chains then come in ladders of R neighbours.
    move : {"gibbs", "metropolis"}
        How one site is moved.

    Raises
    ------
    UsageError
        If a temperature is not a positive number.
    """

    target: Target
    temperatures: NDArray[np.float64]
    move: Move = "gibbs"

    def __post_init__(self) -> None:
        temperatures = np.atleast_1d(np.array(self.temperatures, np.float64))
        for temperature in temperatures.tolist():
            if not MIN_TEMPERATURE <= temperature <= MAX_TEMPERATURE:
                raise UsageError(
                    f"--temperature {temperature:g}: a number of at least "
                    f"{MIN_TEMPERATURE:g} and at most {MAX_TEMPERATURE:g} is needed"
                )
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
        """
        ladders = len(chains) // self.rungs
        codes = self.target.padded(chains.codes)
        # A unit is a power of two, so this changes no digit.
        energies = chains.energies / self.target.unit
        states = chains.states.copy()
        scales = np.tile(1 / self.temperatures, ladders).astype(np.float32)
        scales *= np.float32(self.target.unit)
        edges = np.linspace(0, ladders, min(workers.threads, ladders) + 1)
        cuts = edges.astype(np.int64) * self.rungs
        move = self._mover()

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
        moved = Chains(
            np.ascontiguousarray(codes[:, :length]),
            energies * self.target.unit,
            states,
        )
        visits = max(1, len(chains) * len(self.target.sites) * sweeps)
        info = StepInfo(
            sum(changed for changed, _ in results) / visits,
            np.sum([swaps for _, swaps in results], axis=0) / max(1, ladders * sweeps),
        )
        return moved, info

    def wanted(self, chains: Chains) -> Chains:
        """Return the chains at the first temperature."""
        pick = slice(None, None, self.rungs)
        return Chains(chains.codes[pick], chains.energies[pick], chains.states[pick])

    def _mover(self) -> _Mover:
        target = self.target
        fields, sites = target.fields, target.sites
        if self.move == "gibbs":
            lanes = target.lanes
            return lambda x, e, s, beta, sweeps: kernels.gibbs_sweeps(
                x, e, s, beta, target.table, fields, sites, sweeps, lanes
            )
        letters, counts = target.choices()
        return lambda x, e, s, beta, sweeps: kernels.metropolis_sweeps(
            x, e, s, beta, target.table, fields, sites, sweeps, letters, counts
        )


def ladder(temperature: float, hottest: float, rungs: int) -> NDArray[np.float64]:
    """Return temperatures in equal ratios, the coldest first, shape (rungs,)."""
    return np.geomspace(temperature, hottest, rungs)


def anneal(
    target: Target,
    chains: Chains,
    temperatures: Iterable[float],
    workers: Workers,
    *,
    move: Move = "gibbs",
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
    move : {"gibbs", "metropolis"}
        How one site is moved.
    """
    for temperature in temperatures:
        sampler = Sampler(target, np.array([temperature]), move)
        chains, _ = sampler.step(chains, 1, workers)
    return chains
