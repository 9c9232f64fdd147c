"""What every move is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pottsfold.sampling.target import Target


class Stepper(Protocol):
    """Moves a block of N chains in place; returns how many letters changed."""

    def __call__(
        self,
        codes: NDArray[np.uint8],
        energies: NDArray[np.float64],
        states: NDArray[np.uint64],
        scales: NDArray[np.float32],
        sweeps: int,
        /,
    ) -> int:
        """Make so many sweeps.

        Parameters
        ----------
        codes : (N, J) uint8
            Letters, zero beyond the last site, J columns as the target's table.
        energies : (N,) float64
            In units of the target's table.
        states : (N, 4) uint64
            Random states.
        scales : (N,) float32
            The target's unit over the temperature of each chain.
        sweeps : int
            Visits of every free site.
        """


class Move(ABC):
    """A way to move chains that leaves the distribution of a target as it is.

    Subclasses are frozen dataclasses, so that they can hold settings; they refuse
    wrong ones with UsageError.
    """

    @abstractmethod
    def stepper(self, target: Target) -> Stepper:
        """Return the function that moves chains of a target."""

    def temperatures(self, temperature: float) -> NDArray[np.float64]:
        """Return the temperatures that chains need, the target one first, (R,).

        Parameters
        ----------
        temperature : float
            The temperature that is sampled.
        """
        return np.array([temperature])
