"""The penalty on couplings of a pseudolikelihood fit, chosen by cross-validation.

Two folds of five are left out, one at a time: a model fitted to the others predicts
each letter of a sequence of that fold from the rest. The held-out loss is followed from
the default penalty to stronger ones, each fit from the one before, until it is above
the least by more than its error. See :mod:`~pottsfold.inference.cross_validation`.
Errors are those of clusters of relatives.

Weaker penalties may predict letters better still, by couplings that remember relatives
(on shallow families the least is at a third of the default or below), but not the
effects of substitutions, which are about letters that relatives do not show. For the
same reason fields keep their default penalty: a tenth of it predicts letters better,
and contacts and effects no better.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment import Alignment
from pottsfold.alignment.clusters import folds_and_clusters
from pottsfold.alignment.frequencies import Gaps, first_state
from pottsfold.errors import UsageError
from pottsfold.inference.cross_validation import (
    N_FOLDS,
    PenaltyPoint,
    PenaltySelection,
    strongest_within_error,
)
from pottsfold.inference.pseudolikelihood.held_out import HeldOutLoss
from pottsfold.inference.pseudolikelihood.plan import (
    cross_validation_bytes,
    cross_validation_seconds,
)
from pottsfold.inference.regularization import Regularization, default_regularization
from pottsfold.memory import check_memory, in_gib, peak_memory
from pottsfold.model.graph import PairGraph
from pottsfold.provenance import about
from pottsfold.threads import Workers, chosen_threads

# Sequences that the folds are made of at most: enough to choose by, and the time of
# a choice stays a small multiple of one fit's.
MAX_SEQUENCES = 5000
# Of the folds, how many are left out. On 27 families two chose as five did; one did
# not on one of them.
LEFT_OUT = 2
# Penalties on couplings, in units of the default one, weakest first: each fit starts
# from the one before it.
MULTIPLES = (1.0, 3.0, 10.0, 30.0)
# Fits of a fold, least and most.
FITS = 2, len(MULTIPLES)
MIN_SEQUENCES = 4 * N_FOLDS


@dataclass(frozen=True)
class RegularizationSelection(PenaltySelection[Regularization]):
    """Penalties of a pseudolikelihood fit."""

    def lines(self) -> list[str]:
        """Return the curve, one line for each pair of penalties."""
        return self.table(
            "  lambda_h  lambda_j  nats per held-out letter",
            lambda point: (
                f"  {point.penalty.fields:8g}  {point.penalty.couplings:8.4g}  "
                f"{point.loss:.4f} +- {point.excess_error:.4f}"
            ),
        )


def cross_validate_penalties(
    alignment: Alignment,
    *,
    gaps: Gaps = "missing",
    graph: PairGraph | None = None,
    seed: int = 0,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    announce: Callable[[str], None] | None = None,
) -> RegularizationSelection:
    """Choose the penalties of a pseudolikelihood fit by held-out loss.

    Parameters
    ----------
    alignment : Alignment
        Weighted alignment.
    gaps : {"missing", "state"}
        As for the fit.
    graph : PairGraph, optional
        Likewise.
    seed : int
        Of the folds, and of the sample of 5,000 sequences a larger alignment gives.
    threads : int, optional
        Number of threads, by default all cores. The choice does not depend on it.
    progress : callable, optional
        Called as ``progress(fits made, fits at most)``.
    announce : callable, optional
        Called once with the plan, a sentence, before the work.

    Returns
    -------
    RegularizationSelection
        Penalties on couplings of 1, 3, 10 and 30 times the default one are tried,
        until the loss has risen.

    Raises
    ------
    UsageError
        If there are fewer than 20 sequences.
    MemoryShort
        If the fits, of the symmetric form, would not fit in memory.
    """
    if alignment.n_sequences < MIN_SEQUENCES:
        raise UsageError(
            f"{alignment.n_sequences} sequences are too few to choose penalties by "
            f"leaving some out, {MIN_SEQUENCES} are needed; set `lambda_h` and "
            "`lambda_j`, or take their defaults"
        )
    sample = _sample(alignment, seed)
    used = chosen_threads(threads)
    needed = cross_validation_bytes(sample, gaps, used, LEFT_OUT, graph)
    check_memory(needed, "set `lambda_h` and `lambda_j`, or take their defaults")
    folds, clusters, identity = folds_and_clusters(sample, N_FOLDS, seed)
    n_states = alignment.alphabet.size - first_state(gaps)
    default = default_regularization(alignment.length, n_states, graph)
    path = [Regularization(default.fields, m * default.couplings) for m in MULTIPLES]
    with Workers(used) as workers:
        if announce is not None:
            seconds = cross_validation_seconds(
                *(sample, gaps, path[0].couplings, LEFT_OUT, FITS, workers),
                graph,
            )
            announce(
                f"plan: {LEFT_OUT * FITS[0]} to {LEFT_OUT * FITS[1]} fits to four "
                f"fifths of {sample.n_sequences} sequences; {about(*seconds)} and "
                f"{in_gib(peak_memory(needed))}"
            )
        search = _Search(
            *(sample, gaps, default.fields, graph, folds, clusters, workers, progress)
        )
        curve = search.follow(path)
    return RegularizationSelection(
        strongest_within_error(curve),
        tuple(curve),
        int((folds < LEFT_OUT).sum()),
        identity,
        left_out=LEFT_OUT,
    )


class _Search:
    """The folds left out, and the loss on them of every penalty that was tried."""

    def __init__(
        self,
        sample: Alignment,
        gaps: Gaps,
        lambda_h: float,
        graph: PairGraph | None,
        folds: NDArray[np.int64],
        clusters: NDArray[np.int64],
        workers: Workers,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._workers = workers
        self._progress = progress
        self._made = 0
        self._folds = [
            HeldOutLoss(
                _part(sample, folds != fold),
                _part(sample, folds == fold),
                gaps,
                lambda_h,
                graph,
            )
            for fold in range(LEFT_OUT)
        ]
        left_out = np.concatenate([clusters[folds == k] for k in range(LEFT_OUT)])
        _, self._cluster = np.unique(left_out, return_inverse=True)
        weights = np.concatenate([fold.weights for fold in self._folds])
        self._weights = self._by_cluster(weights)

    def follow(self, path: list[Regularization]) -> list[PenaltyPoint[Regularization]]:
        """Return the curve, strongest first, of a path from weak to strong.

        Up to the first penalty whose loss is above the least by more than its error.
        """
        points: list[PenaltyPoint[Regularization]] = []
        losses: list[NDArray[np.float64]] = []
        for k, penalties in enumerate(path):
            losses.insert(0, self._losses(penalties.couplings))
            points = curve_of(path[k::-1], np.array(losses), self._weights)
            if strongest_within_error(points) != penalties:
                break
        return points

    def _losses(self, lambda_j: float) -> NDArray[np.float64]:
        """Return the sum of - w log P over the letters of every cluster."""
        losses = []
        for fold in self._folds:
            losses.append(fold.losses(lambda_j, self._workers))
            self._made += 1
            if self._progress is not None:
                self._progress(self._made, LEFT_OUT * FITS[1])
        return self._by_cluster(np.concatenate(losses))

    def _by_cluster(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sums of sequences' values over clusters."""
        return np.bincount(self._cluster, values).astype(np.float64)


def curve_of(
    path: list[Regularization],
    losses: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> list[PenaltyPoint[Regularization]]:
    """Return the curve from sums over clusters of relatives.

    Parameters
    ----------
    path : list of Regularization
        Of P penalties.
    losses : (P, C) float64
        Sum of - w log P over the letters of every cluster.
    weights : (C,) float64
        Sum of w over the same letters.

    Returns
    -------
    list of PenaltyPoint
        Errors are those of a ratio of sums over clusters drawn at random.
    """
    means = losses.sum(axis=1) / weights.sum()
    excess = losses - losses[int(means.argmin())]
    n = len(weights)
    apart = excess - np.outer(excess.sum(axis=1) / weights.sum(), weights)
    squares = (apart**2).sum(axis=1) * (n / max(n - 1, 1))
    errors = np.sqrt(squares) / weights.sum()
    return [
        PenaltyPoint(penalties, float(mean), float(error))
        for penalties, mean, error in zip(path, means, errors, strict=True)
    ]


def _sample(alignment: Alignment, seed: int) -> Alignment:
    """Return the alignment, or so many of its sequences, with their weights."""
    if alignment.n_sequences <= MAX_SEQUENCES:
        return alignment
    rows = np.random.default_rng(seed).permutation(alignment.n_sequences)
    kept = np.zeros(alignment.n_sequences, np.bool_)
    kept[rows[:MAX_SEQUENCES]] = True
    return _part(alignment, kept)


def _part(alignment: Alignment, rows: NDArray[np.bool_]) -> Alignment:
    """Return some sequences with the weights they have among all."""
    names = zip(alignment.names, rows, strict=True)
    return replace(
        alignment,
        codes=alignment.codes[rows],
        names=tuple(name for name, kept in names if kept),
        weights=alignment.sequence_weights[rows],
        focus=None,
    )
