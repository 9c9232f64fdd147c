"""The penalty of Boltzmann learning, chosen by cross-validation.

A model learned from all folds but one gives the sequences of that one a likelihood. It
is followed along a path of penalties, the learning of each going on from that of the
one before, until it falls; see :mod:`~pottsfold.inference.cross_validation`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from pottsfold.alignment import Alignment, clustered_folds
from pottsfold.alignment.frequencies import Gaps
from pottsfold.inference.boltzmann.learner import Learner, first_state_of
from pottsfold.inference.boltzmann.likelihood import HeldOut, Likelihood, part_at
from pottsfold.inference.boltzmann.modes import leading_modes
from pottsfold.inference.boltzmann.plan import boltzmann_bytes, seconds_per_gradient
from pottsfold.inference.boltzmann.report import Announce, Progress
from pottsfold.inference.boltzmann.statistics import family_statistics
from pottsfold.inference.cross_validation import (
    N_FOLDS,
    PenaltyPoint,
    PenaltySelection,
    strongest_within_error,
)
from pottsfold.inference.preparation import model_of
from pottsfold.landscape.partition import weighted_mean
from pottsfold.memory import check_memory, in_gib, peak_memory
from pottsfold.threads import Workers, chosen_threads

# Penalties on couplings, strongest first; step lengths are for none stronger.
PENALTIES = (0.064, 0.032, 0.016, 0.008, 0.004, 0.002, 0.001)
CHAINS = 2000
# Gradients for the first penalty, for each of the others, and of these how many the
# mean is over.
FIRST_GRADIENTS, GRADIENTS, AVERAGED = 50, 25, 13
# Step lengths for a further penalty are those after so many gradients.
RESTART = 10
# Standard error of each log Z.
ACCURACY = 0.1
# The path ends when the first fold's likelihood fell by so many errors.
FELL = 4.0


@dataclass(frozen=True)
class BoltzmannPenaltySelection(PenaltySelection[float]):
    """The penalty of Boltzmann learning; losses are - log P of sequences, in nats.

    Parameters
    ----------
    profile : float
        Mean log-likelihood under the independent model, in nats per sequence.
    incomplete : int
        Sequences that have no likelihood, since a letter is missing.
    """

    profile: float
    incomplete: int

    def lines(self) -> list[str]:
        """Return the curve, one line for each penalty."""
        missing = ""
        if self.incomplete:
            missing = f"; {self.incomplete} with a letter missing are not evaluated"
        lines = self.table(
            "  lambda_j  log-likelihood, nats per held-out sequence",
            lambda point: (
                f"  {point.penalty:8g}  {-point.loss:.2f} +- {point.excess_error:.2f}"
            ),
            missing,
        )
        return [*lines, f"  independent model {self.profile:.2f}"]


def cross_validate_boltzmann_penalty(
    alignment: Alignment,
    *,
    gaps: Gaps = "state",
    seed: int = 0,
    threads: int | None = None,
    progress: Progress = lambda _gradients, _doing: None,
    announce: Announce = lambda _line: None,
) -> BoltzmannPenaltySelection:
    """Choose the penalty of Boltzmann learning by the likelihood of relatives left out.

    Parameters
    ----------
    alignment : Alignment
        Weighted alignment.
    gaps : {"state", "missing"}
        As for the fit. ``missing``: only sequences without a gap are evaluated.
    seed : int
        Of the folds and of all chains.
    threads : int, optional
        Number of threads, by default all cores. The choice does not depend on it.
    progress : callable
        Called with the number of gradients made, in all folds, and what was done.
    announce : callable
        Called once with the plan, a sentence, before the work.

    Returns
    -------
    BoltzmannPenaltySelection
        Of penalties from 0.064 to 0.001, each half the one before.

    Raises
    ------
    UsageError
        If a fold has fewer than 20 sequences to judge by.
    MemoryShort
        If the learning would not fit in memory.
    """
    used = chosen_threads(threads)
    length, size = alignment.length, alignment.alphabet.size
    needed = boltzmann_bytes(length, size, CHAINS, alignment.n_sequences, used)
    check_memory(
        needed, "set `lambda_j`, or leave out gap-rich columns with `max_column_gaps`"
    )
    in_all = N_FOLDS * len(PENALTIES)
    gradients = N_FOLDS * (FIRST_GRADIENTS + GRADIENTS * (len(PENALTIES) - 1))
    seconds = gradients * seconds_per_gradient(length, size, CHAINS) / used
    announce(
        f"plan: lambda_j by held-out likelihood, {in_all} models of {CHAINS} chains at "
        f"most; {seconds:.0f} s and {in_gib(peak_memory(needed))}, and "
        "log Z beside it"
    )
    with Workers(used) as workers:
        parts = _parts(alignment, gaps, seed, used)
        paths = _paths(parts, gaps, seed, workers, progress)
    curve = _curve(paths)
    firsts = [path[0] for path in paths]
    shares = [first.weights.sum() for first in firsts]
    return BoltzmannPenaltySelection(
        strongest_within_error(curve),
        curve,
        sum(len(first.values) for first in firsts),
        parts[0].identity,
        float(np.average([first.profile for first in firsts], weights=shares)),
        sum(each.incomplete for each in parts),
    )


def _parts(alignment: Alignment, gaps: Gaps, seed: int, threads: int) -> list[HeldOut]:
    """Return the family with each fold left out."""
    family = replace(alignment, focus=None)
    folds, identity = clustered_folds(family, N_FOLDS, seed)
    # The last folds hold the smallest clusters, and are the most alike.
    return [
        part_at(family, folds == fold, identity, gaps, threads, "set `lambda_j`")
        for fold in reversed(range(N_FOLDS))
    ]


def _paths(
    parts: list[HeldOut],
    gaps: Gaps,
    seed: int,
    workers: Workers,
    progress: Progress,
) -> list[list[Likelihood]]:
    """Return every fold's likelihoods; the first fold says how far the path goes."""
    paths: list[list[Likelihood]] = []
    most, made = len(PENALTIES), 0
    for parted in parts:
        path: list[Likelihood] = []
        for found in _path(parted, gaps, seed, workers):
            made += GRADIENTS if path else FIRST_GRADIENTS
            doing = f"lambda_j {PENALTIES[len(path)]:g}, fold {len(paths) + 1}"
            progress(made, f"{doing} of {N_FOLDS}")
            path.append(found)
            if not paths and _fell(path):
                most = len(path)
            if len(path) == most:
                break
        paths.append(path)
    return paths


def _path(
    parted: HeldOut, gaps: Gaps, seed: int, workers: Workers
) -> Iterator[Likelihood]:
    """Yield the likelihood at every penalty; learned only when asked for."""
    statistics = family_statistics(parted.fitted, gaps, workers)
    learner = Learner(statistics, leading_modes(statistics), PENALTIES[0], workers)
    state = first_state_of(statistics, CHAINS, seed)
    for penalty in PENALTIES:
        learner.penalty = penalty
        end = FIRST_GRADIENTS
        if penalty != PENALTIES[0]:
            state.gradients = RESTART
            end = RESTART + GRADIENTS
        while state.gradients < end:
            if state.gradients == end - AVERAGED:
                state.start_round()
            learner.gradient(state)
        model = model_of(parted.fitted, gaps, *learner.mean_parameters(state))
        yield parted.likelihood(model, seed=seed, workers=workers, accuracy=ACCURACY)


def _fell(path: list[Likelihood]) -> bool:
    """Whether the last model is clearly worse than the best, or cannot be judged."""
    best = max(path, key=lambda found: found.mean)
    excess, error = path[-1].above(best)
    return excess < -FELL * error or not path[-1].reliable


def _curve(paths: list[list[Likelihood]]) -> tuple[PenaltyPoint[float], ...]:
    """Return the curve over all folds, each sequence's differences taken singly."""
    weights = np.concatenate([path[0].weights for path in paths])
    shares = np.array([path[0].weights.sum() for path in paths]) / weights.sum()
    columns = list(zip(*paths, strict=True))
    values = [np.concatenate([found.values for found in column]) for column in columns]
    means = np.array([weighted_mean(each, weights).value for each in values])
    reliable = np.array([all(found.reliable for found in each) for each in columns])
    best = int(np.where(reliable, means, -np.inf).argmax())
    of_partition = [
        float(
            np.linalg.norm(shares * np.array([each.partition_error for each in column]))
        )
        for column in columns
    ]
    points = []
    for k, penalty in enumerate(PENALTIES[: len(columns)]):
        error = 0.0
        if k != best:
            of_sequences = weighted_mean(values[k] - values[best], weights).error
            errors = [of_sequences, of_partition[k], of_partition[best]]
            error = float(np.linalg.norm(errors))
        points.append(PenaltyPoint(penalty, -float(means[k]), error, bool(reliable[k])))
    return tuple(points)
