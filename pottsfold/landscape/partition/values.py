"""The partition function as a value, and how far to trust an estimate of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Weights of chains that count as fewer, as a share or in number, prove nothing.
MIN_SHARE, MIN_SIZE = 0.1, 20.0
# Standard errors by which log Z may move between two runs, and the share of weights
# that the earlier one needs for its own error to be right.
MAX_MOVED, COMPARED_SHARE = 4.0, 0.3


@dataclass(frozen=True)
class LogPartition:
    """log Z and what follows from it, with standard errors; in nats.

    P(x) = exp(-E(x) / T) / Z over the sequences of the model's letters, in the gauge
    that the model has.

    Parameters
    ----------
    value, error : float
        log Z.
    mean_energy, mean_energy_error : float
        <E>, of the energies themselves, not divided by T.
    entropy, entropy_error : float
        S = <E> / T + log Z = - sum_x P(x) log P(x).
    temperature : float
        T.
    length : int
        Number of sites L.
    """

    value: float
    error: float
    mean_energy: float
    mean_energy_error: float
    entropy: float
    entropy_error: float
    temperature: float
    length: int

    @property
    def entropy_per_site(self) -> float:
        """S / L in nats."""
        return self.entropy / self.length

    @property
    def log10_sequences(self) -> float:
        """log10 exp(S), of the effective number of sequences."""
        return self.entropy / float(np.log(10))


@dataclass(frozen=True)
class Trial:
    """One run of annealed importance sampling.

    Parameters
    ----------
    chains, steps : int
        Chains, and points of the path that each stopped at.
    value, error : float
        log Z in nats.
    effective_size : float
        How many equal weights would say as much.
    """

    chains: int
    steps: int
    value: float
    error: float
    effective_size: float

    @property
    def enough(self) -> bool:
        """Whether a good part of the chains counts."""
        # Few chains count only where their weights are all but equal.
        least = min(MIN_SIZE, 0.9 * self.chains)
        return self.effective_size >= max(least, MIN_SHARE * self.chains)


@dataclass(frozen=True, eq=False)
class AnnealedPartition(LogPartition):
    """log Z by annealed importance sampling.

    Parameters
    ----------
    log_weights : (N,) float64
        Of the chains; Z is the mean of the weights.
    trials : tuple of Trial
        Runs that were made, the last one being the result and the first the pilot.
    accuracy : float or None
        Error that was asked for; None where the steps were given.
    """

    log_weights: NDArray[np.float64]
    trials: tuple[Trial, ...]
    accuracy: float | None

    def __post_init__(self) -> None:
        self.log_weights.flags.writeable = False

    @property
    def chains(self) -> int:
        """Number of chains N."""
        return self.trials[-1].chains

    @property
    def steps(self) -> int:
        """Points of the path that the chains stopped at in the last run."""
        return self.trials[-1].steps

    @property
    def effective_size(self) -> float:
        """(sum w)^2 / sum w^2 of the weights w."""
        return self.trials[-1].effective_size

    @property
    def reliable(self) -> bool:
        """Whether no sign tells against the estimate."""
        return not self._doubt

    @property
    def _moved(self) -> float | None:
        """Standard errors that log Z moved by from the run before, if comparable."""
        last = self.trials[-1]
        before = self.trials[-2]
        if before.effective_size < COMPARED_SHARE * before.chains:
            return None
        error = float(np.hypot(last.error, before.error))
        difference = abs(last.value - before.value)
        # Runs of an independent model differ by the rounding of float32 alone.
        return difference / error if difference > 1e-6 * abs(last.value) else 0.0

    @property
    def _doubt(self) -> str:
        last = self.trials[-1]
        if not last.enough:
            return (
                "a few chains carry the weight, so log Z is more likely too low than "
                "too high and its error understated; increase `steps` or `chains`"
            )
        if self._moved is not None and self._moved > MAX_MOVED:
            return (
                f"log Z moved by {self._moved:.1f} standard errors when steps were "
                "added; increase `steps`"
            )
        return ""

    @property
    def verdict(self) -> str:
        """The judgement in a sentence."""
        last = self.trials[-1]
        found = (
            f"{last.chains} weights count as {last.effective_size:.0f}, error "
            f"{last.error:.3f} nats"
        )
        if self._doubt:
            return f"NOT reliable: {found}; {self._doubt}"
        if self.accuracy is not None and last.error > self.accuracy:
            found += f", above the {self.accuracy:g} wanted after the most steps"
        if self._moved is not None:
            found += f"; {self._moved:.1f} standard errors from the run before"
        return f"reliable: {found}"
