"""Learning that ends when sequences left out become less likely."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pottsfold.inference.boltzmann.learner import State
from pottsfold.inference.boltzmann.likelihood import HeldOut, Likelihood


@dataclass(eq=False)
class EarlyStopping:
    """The round under which held-out sequences are most likely.

    All of it but the sequences goes to checkpoints; the arrays are changed in place.

    Parameters
    ----------
    held_out : HeldOut
        The sequences.
    couplings : (L (L - 1) / 2, q, W) float32
        The round's mean couplings, as in a state.
    centred : (L, W) float64
        Its mean centred fields.
    values : (N,) float64
        log P of the sequences, in nats.
    partition_error, profile : float
        As in :class:`Likelihood`.
    gradients : int
        After which the round ended; 0 before there is one.
    """

    held_out: HeldOut
    couplings: NDArray[np.float32]
    centred: NDArray[np.float64]
    values: NDArray[np.float64]
    partition_error: float = 0.0
    profile: float = 0.0
    gradients: int = 0

    @property
    def likelihood(self) -> Likelihood:
        """Of the sequences under the round's model."""
        return Likelihood(
            self.values.copy(),
            self.held_out.weights,
            self.partition_error,
            True,
            self.profile,
        )

    def change(self, found: Likelihood) -> str:
        """Return how far a round's likelihood is from the best so far, in words."""
        if self.gradients == 0:
            return ""
        excess, error = found.above(self.likelihood)
        return f"; {excess:+.2f} +- {error:.2f} since {self.gradients} gradients"

    def judge(self, state: State, found: Likelihood) -> bool:
        """Compare the round that just ended with the best one, and keep the better.

        A round whose log Z is not reliable counts for nothing.

        Parameters
        ----------
        state : State
            At the end of the round.
        found : Likelihood
            Under its mean model.

        Returns
        -------
        bool
            Whether learning is to end: the likelihood fell by more than its error.
        """
        if not found.reliable:
            return False
        if self.gradients > 0:
            excess, error = found.above(self.likelihood)
            if excess <= 0:
                return excess < -error
        self.couplings[...] = state.mean_couplings
        self.centred[...] = state.mean_centred
        self.values[...] = found.values
        self.partition_error, self.profile = found.partition_error, found.profile
        self.gradients = state.gradients
        return False

    def state(self, last: State) -> State:
        """Return the last state with the best round's means, if there is one."""
        if self.gradients == 0:
            return last
        return replace(last, mean_couplings=self.couplings, mean_centred=self.centred)

    @property
    def quality(self) -> dict[str, object]:
        """What a report says of it, by name."""
        found = self.likelihood
        return {
            "held_out_log_likelihood": found.mean,
            "held_out_error": found.error,
            "held_out_profile": found.profile,
            "held_out_sequences": len(self.values),
            "held_out_gradients": self.gradients,
        }


def none_yet(held_out: HeldOut, state: State) -> EarlyStopping:
    """Return what stands before the first round ends, with room for one."""
    return EarlyStopping(
        held_out,
        np.zeros_like(state.mean_couplings),
        np.zeros_like(state.mean_centred),
        np.zeros(len(held_out.codes)),
    )
