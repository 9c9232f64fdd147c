"""The temperature at which a model's samples are most like its family.

A pseudolikelihood is fitted to one letter at a time, so nothing holds the energies and
the variety of whole sequences drawn from it to those of the family. Both follow the
temperature: the mean energy rises with it, d<E>/dlog T = Var(E) / T, and the mean
identity of two sequences falls. Each gives a temperature of its own.

Matched with relatives that the model has not seen, the two agree, or nearly so. The
sequences that it was fitted to have lower energies than these, and would be matched far
too cold (0.82 on four fifths of PF00014, where the fifth left out gives 1.10); their
identities are hardly changed by the fit (1.10 either way). So where the two disagree,
identity is believed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pottsfold.alignment import Alignment
from pottsfold.errors import UsageError
from pottsfold.landscape.temperature.criteria import Natural, Sampled, natural_values
from pottsfold.landscape.temperature.exploring import Bracket, Explorer
from pottsfold.model import PottsModel
from pottsfold.sampling.mixing import MIN_CHAINS, Diagnosis, Progress
from pottsfold.threads import Workers

# Criteria this many standard errors apart do not agree; nor do those further apart than
# this in log T, however uncertain they are.
AGREEING, NEAR = 3.0, 0.1
# Fewer sequences say nothing of a family.
MIN_SEQUENCES = 10


@dataclass(frozen=True)
class Estimate:
    """A temperature and its standard error, from natural and from sampled sequences."""

    temperature: float
    error: float

    @classmethod
    def of(cls, sampled: Sampled, what: str, natural: Natural) -> Estimate:
        """Return the temperature of a sampled value that equals the natural one."""
        errors = [getattr(side, f"{what}_error") for side in (sampled, natural)]
        slope = getattr(sampled, f"{what}_slope") / sampled.temperature
        return cls(sampled.temperature, math.hypot(*errors) / abs(slope))

    def __str__(self) -> str:
        return f"{self.temperature:.3f} +- {self.error:.3f}"


@dataclass(frozen=True)
class MatchedTemperature:
    """A temperature at which samples are like natural sequences.

    Parameters
    ----------
    temperature : float
        The one chosen. Where the two below agree, that of the least sum of squares of
        the differences in mean energy and in mean identity, each in standard
        deviations of natural sequences (of pairs); else ``by_identity``.
    by_energy, by_identity : Estimate
        Where the mean energy, and the mean identity of pairs, is the natural one.
    natural : Natural
        The natural values.
    sampled : Sampled
        The sampled ones at ``temperature``.
    diagnosis : Diagnosis
        Of the chains there.
    seed : int
        Random seed.
    """

    temperature: float
    by_energy: Estimate
    by_identity: Estimate
    natural: Natural
    sampled: Sampled
    diagnosis: Diagnosis
    seed: int

    @property
    def apart(self) -> float:
        """How far the two temperatures are apart, in standard errors of that."""
        return _apart(self.by_energy, self.by_identity)

    @property
    def agree(self) -> bool:
        """Whether one temperature gives both."""
        return _agree(self.by_energy, self.by_identity)

    @property
    def mixed(self) -> bool:
        """Whether the chains were seen to mix at the temperature."""
        return self.diagnosis.mixed

    @property
    def verdict(self) -> str:
        """The judgement in a sentence or two."""
        found = (
            f"matched temperature {self.temperature:g}: mean pairwise identity gives "
            f"{self.by_identity}, mean energy {self.by_energy}"
        )
        if self.agree:
            found += ", which agree"
        else:
            energy, _ = _differences(self.sampled, self.natural)
            found += (
                f"; they DISAGREE by {self.apart:.0f} standard errors and identity is "
                f"believed: natural energies are {abs(energy):.1f} SD "
                + (
                    "below those of samples there, as are those of sequences that a "
                    "model was fitted to; match with unseen relatives to see"
                    if energy > 0
                    else "above those of samples there"
                )
            )
        if self.mixed:
            return found + "; chains mixed there"
        return f"{found}; chains there: {self.diagnosis.finding}"


def match_temperature(
    model: PottsModel,
    alignment: Alignment,
    *,
    chains: int = 200,
    seed: int = 0,
    workers: Workers,
    progress: Progress = lambda _sweeps: None,
) -> MatchedTemperature:
    """Return the temperature at which samples match natural sequences.

    Chains start hot, at 3, and are cooled; every temperature is reached from the
    nearest hotter one that was visited. Records are weighted anew for temperatures
    nearby, so each criterion takes few stretches of sampling.

    Parameters
    ----------
    model : PottsModel
        Model of L sites.
    alignment : Alignment
        Natural sequences at its columns; its weights are used. Best are some that the
        model was not fitted to.
    chains : int
        How many run side by side.
    seed : int
        Of all random numbers.
    workers : Workers
        The threads; the result does not depend on them.
    progress : callable
        Called with the sweeps just made.

    Raises
    ------
    UsageError
        If there are too few sequences or chains, columns or alphabets differ, or a
        criterion is not met between 0.2 and 3.
    """
    _check(model, alignment, chains, seed)
    natural = natural_values(model, alignment, seed)
    explorer = Explorer(model, natural, chains, seed, workers, progress)
    first = [
        explorer.bracket("energy", lambda value: value.energy - natural.energy),
        explorer.bracket("identity", lambda value: natural.identity - value.identity),
    ]
    by_energy = explorer.solve(
        first[0], lambda at: (at.energy - natural.energy) / at.energy_slope
    )
    by_identity = explorer.solve(
        first[1], lambda at: (at.identity - natural.identity) / at.identity_slope
    )
    ends = (
        Estimate.of(by_energy, "energy", natural),
        Estimate.of(by_identity, "identity", natural),
    )
    temperature = by_identity.temperature
    if _agree(*ends):
        low, high = sorted(end.temperature for end in ends)
        between = Bracket(low, high, math.sqrt(low * high))
        best = explorer.solve(between, lambda at: _downhill(at, natural))
        temperature = best.temperature
    sampled, diagnosis = explorer.judged(float(f"{temperature:.4g}"))
    return MatchedTemperature(
        sampled.temperature, *ends, natural, sampled, diagnosis, seed
    )


def _agree(one: Estimate, other: Estimate) -> bool:
    near = abs(math.log(one.temperature / other.temperature)) <= NEAR
    return near and _apart(one, other) <= AGREEING


def _apart(one: Estimate, other: Estimate) -> float:
    difference = abs(one.temperature - other.temperature)
    return difference / math.hypot(one.error, other.error)


def _check(model: PottsModel, alignment: Alignment, chains: int, seed: int) -> None:
    if alignment.alphabet != model.alphabet or alignment.length != model.length:
        raise UsageError(
            f"the alignment has {alignment.length} columns of {alignment.alphabet.name}"
            f" letters, the model {model.length} of {model.alphabet.name}; give the "
            "alignment it was fitted to"
        )
    if alignment.n_sequences < MIN_SEQUENCES:
        raise UsageError(
            f"{alignment.n_sequences} sequences to match: {MIN_SEQUENCES} are needed"
        )
    if chains < MIN_CHAINS:
        raise UsageError(
            f"at least {MIN_CHAINS} are needed", parameter="chains", value=chains
        )
    if seed < 0:
        raise UsageError("at least 0 is needed", parameter="seed", value=seed)


def _differences(sampled: Sampled, natural: Natural) -> tuple[float, float]:
    """Return sampled less natural energy and identity, in natural SDs."""
    return (
        (sampled.energy - natural.energy) / natural.energy_spread,
        (sampled.identity - natural.identity) / natural.identity_spread,
    )


def _downhill(sampled: Sampled, natural: Natural) -> float:
    """Return Gauss and Newton's step against the sum of squared differences."""
    energy, identity = _differences(sampled, natural)
    slopes = (
        sampled.energy_slope / natural.energy_spread,
        sampled.identity_slope / natural.identity_spread,
    )
    slope, other = slopes
    return (energy * slope + identity * other) / (slope**2 + other**2)
