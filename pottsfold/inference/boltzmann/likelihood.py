"""How likely sequences are that the learning was not shown.

Relatives are left out together: a model that remembers sequences predicts their
relatives too, and random sequences left out say that memory is knowledge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment import Alignment, clustered_folds, reweight
from pottsfold.alignment.frequencies import Gaps, first_state
from pottsfold.errors import UsageError
from pottsfold.landscape.partition import (
    estimate_log_partition,
    independent_log_likelihoods,
    log_likelihoods,
    weighted_mean,
)
from pottsfold.model import PottsModel
from pottsfold.threads import Workers

# Chains and error of log Z: far below the sequences' own error.
CHAINS, ACCURACY = 400, 0.05
# Sequences to judge by, and to learn from, at least.
MIN_SEQUENCES = 20
# A share is a whole number of so many folds at most.
MAX_FOLDS = 20
# Stream of seeds, apart from those of learning and of evaluating chains.
STREAM = 110


@dataclass(frozen=True, eq=False)
class Likelihood:
    """log P(x) of sequences left out.

    Parameters
    ----------
    values, weights : (N,) float64
        log P(x) in nats, and the sequences' weights.
    partition_error : float
        Standard error of log Z, the same for all sequences.
    reliable : bool
        Whether log Z can be trusted. An estimate that cannot is mostly too low, and the
        likelihood too high.
    profile : float
        Mean log-likelihood under the independent model of the same family.
    """

    values: NDArray[np.float64]
    weights: NDArray[np.float64]
    partition_error: float
    reliable: bool
    profile: float

    def __post_init__(self) -> None:
        self.values.flags.writeable = False

    @property
    def mean(self) -> float:
        """Weighted mean, in nats per sequence."""
        return weighted_mean(self.values, self.weights).value

    @property
    def error(self) -> float:
        """Its standard error, of the sequences and of log Z."""
        of_sequences = weighted_mean(self.values, self.weights).error
        return float(np.hypot(of_sequences, self.partition_error))

    def above(self, other: Likelihood) -> tuple[float, float]:
        """Return how far the mean lies above another of the same sequences.

        And the error of that: of each sequence's own difference, and of both log Z.
        Much of what makes a sequence likely or not is common to all models.
        """
        excess = weighted_mean(self.values - other.values, self.weights)
        errors = np.array([excess.error, self.partition_error, other.partition_error])
        return excess.value, float(np.linalg.norm(errors))

    @property
    def sentence(self) -> str:
        """The mean beside the independent model's."""
        doubt = "" if self.reliable else ", log Z NOT reliable"
        return (
            f"held-out log-likelihood {self.mean:.2f} +- {self.error:.2f} nats "
            f"per sequence (independent model {self.profile:.2f}){doubt}"
        )


@dataclass(frozen=True, eq=False)
class HeldOut:
    """A family in two parts: to learn from, and to judge by.

    Parameters
    ----------
    fitted : Alignment
        The sequences to learn from, weighted among themselves.
    codes : (N, L) uint8
        The complete ones of those left out.
    weights : (N,) float64
        Their weights in the whole family.
    incomplete : int
        Sequences left out that have no likelihood, since a letter is missing.
    identity : float
        At which relatives were kept together.
    """

    fitted: Alignment
    codes: NDArray[np.uint8]
    weights: NDArray[np.float64]
    incomplete: int
    identity: float

    def __post_init__(self) -> None:
        self.codes.flags.writeable = False
        self.weights.flags.writeable = False

    @property
    def sentence(self) -> str:
        """What was left out, in a line."""
        missing = ""
        if self.incomplete:
            missing = f"; {self.incomplete} more lack a letter and cannot be evaluated"
        return (
            f"held out: {len(self.codes)} sequences, effective "
            f"{self.weights.sum():.1f}, with their relatives of {self.identity:.0%} "
            f"identity{missing}"
        )

    def likelihood(
        self,
        model: PottsModel,
        *,
        seed: int,
        workers: Workers,
        accuracy: float = ACCURACY,
    ) -> Likelihood:
        """Return the likelihood of the part to judge by.

        Parameters
        ----------
        model : PottsModel
            Learned from the other part.
        seed : int
            Of the chains that estimate log Z.
        workers : Workers
            The threads; the result does not depend on them.
        accuracy : float
            Standard error of log Z to reach.
        """
        stream = np.random.SeedSequence(seed, spawn_key=(STREAM,))
        partition = estimate_log_partition(
            model,
            chains=CHAINS,
            accuracy=accuracy,
            seed=int(stream.generate_state(1)[0]),
            workers=workers,
        )
        profile = independent_log_likelihoods(model, self.codes)
        return Likelihood(
            log_likelihoods(model, self.codes, partition),
            self.weights,
            partition.error,
            partition.reliable,
            weighted_mean(profile, self.weights).value,
        )


def part(
    alignment: Alignment, share: float, gaps: Gaps, seed: int, threads: int
) -> HeldOut:
    """Leave a share of a family out, clusters of relatives whole.

    Parameters
    ----------
    alignment : Alignment
        Weighted alignment. The focus stays among those to learn from.
    share : float
        Of the weight, from 0.05 to 0.5; met as well as clusters allow.
    gaps : {"state", "missing"}
        ``missing``: sequences with a gap have no likelihood, and are left out of both
        parts when they fall to the one to judge by.
    seed : int
        Of the clusters.
    threads : int
        For the weights, which are recomputed.

    Raises
    ------
    UsageError
        If the share is out of its range, or a part has fewer than 20 sequences.
    """
    if not 1 / MAX_FOLDS <= share <= 1 / 2:
        raise UsageError(
            "a share from 0.05 to 0.5 is needed",
            parameter="held_out",
            value=f"{share:g}",
        )
    folded = Fraction(share).limit_denominator(MAX_FOLDS)
    folds, identity = clustered_folds(alignment, folded.denominator, seed)
    chosen = _without_focus(alignment, folds, folded.denominator)
    out = np.isin(folds, chosen[: folded.numerator])
    way_out = "hold out a larger share, or none"
    return part_at(alignment, out, identity, gaps, threads, way_out)


def part_at(
    alignment: Alignment,
    out: NDArray[np.bool_],
    identity: float,
    gaps: Gaps,
    threads: int,
    way_out: str,
) -> HeldOut:
    """Leave the sequences ``out`` (N,) out; see :func:`part`.

    ``way_out`` is what to do if they are too few.
    """
    codes, weights = alignment.codes[out], alignment.sequence_weights[out]
    known = (codes >= first_state(gaps)) & (codes < alignment.alphabet.size)
    complete = known.all(axis=1)
    found, kept = int(complete.sum()), int((~out).sum())
    if min(found, kept) < MIN_SEQUENCES:
        letters = "take `gaps=state`, or " if gaps == "missing" else ""
        raise UsageError(
            f"{found} complete sequences held out and {kept} to learn from: "
            f"{MIN_SEQUENCES} of each are needed to evaluate a model; "
            f"{letters}{way_out}"
        )
    note = (
        f"left {out.sum()} sequences out of the learning, to evaluate it: {found} "
        f"complete ones; relatives of {identity:.0%} identity together"
    )
    fitted = alignment.select(sequences=~out, note=note)
    if alignment.identity is None:
        fitted = replace(fitted, weights=alignment.sequence_weights[~out])
    else:
        fitted = reweight(fitted, alignment.identity, threads=threads)
    return HeldOut(
        fitted,
        np.ascontiguousarray(codes[complete]),
        weights[complete],
        len(codes) - found,
        identity,
    )


def _without_focus(
    alignment: Alignment, folds: NDArray[np.int64], n_folds: int
) -> list[int]:
    """Return the folds that may be left out; those with the largest clusters last."""
    kept = None if alignment.focus is None else folds[alignment.focus]
    return [fold for fold in range(n_folds - 1, -1, -1) if fold != kept]
