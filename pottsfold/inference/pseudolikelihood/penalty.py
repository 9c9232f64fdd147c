"""Penalties of a pseudolikelihood fit, chosen by cross-validation.

A model fitted to all folds but one predicts each letter of a sequence of that one from
the others. The held-out loss, over the letters of every fold, is followed along a path
of couplings' penalties, then of fields' penalties; see
:mod:`~pottsfold.inference.cross_validation`.

The paths end at three times the default for couplings and at 1 for fields.
Weaker penalties may predict letters better still, by couplings that remember relatives
(on shallow families the least is at a third of the default or below), but not the
effects of substitutions, which are about letters that relatives do not show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment import Alignment, clustered_folds
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
from pottsfold.provenance import about
from pottsfold.threads import Workers, chosen_threads

# Sequences that the folds are made of at most: enough to choose by, and the time of
# a choice stays a small multiple of one fit's.
MAX_SEQUENCES = 5000
# Penalties on couplings, in units of the default one, strongest first: each fit
# starts from the one before it.
MULTIPLES = (30.0, 10.0, 3.0)
FIELD_PENALTIES = (10.0, 3.0, 1.0)
# Penalty on fields while that on couplings is chosen.
FIRST_FIELDS = 1.0
MIN_SEQUENCES = 4 * N_FOLDS


@dataclass(frozen=True)
class RegularizationSelection(PenaltySelection[Regularization]):
    """Penalties of a pseudolikelihood fit: couplings were tried first, then fields."""

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
    seed : int
        Of the folds, and of the sample of 5,000 sequences a larger alignment gives.
    threads : int, optional
        Number of threads, by default all cores. The choice does not depend on it.
    progress : callable, optional
        Called as ``progress(fits made, fits in all)``.
    announce : callable, optional
        Called once with the plan, a sentence, before the work.

    Returns
    -------
    RegularizationSelection
        Couplings' penalties of 3, 10 and 30 times the default one are tried, then
        fields' of 1, 3 and 10.

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
    needed = cross_validation_bytes(sample, gaps, used)
    check_memory(needed, "set `lambda_h` and `lambda_j`, or take their defaults")
    folds, identity = clustered_folds(sample, N_FOLDS, seed)
    n_states = alignment.alphabet.size - first_state(gaps)
    default = default_regularization(alignment.length, n_states).couplings
    in_all = N_FOLDS * (len(MULTIPLES) + len(FIELD_PENALTIES))
    made = 0

    def follow(
        path: list[Regularization], workers: Workers
    ) -> list[PenaltyPoint[Regularization]]:
        nonlocal made
        losses = np.empty((N_FOLDS, len(path)))
        weights = np.empty(N_FOLDS)
        for fold in range(N_FOLDS):
            held_out = HeldOutLoss(
                _part(sample, folds != fold), _part(sample, folds == fold), gaps
            )
            weights[fold] = held_out.weight
            for k, penalties in enumerate(path):
                losses[fold, k] = held_out.loss(penalties, workers)
                made += 1
                if progress is not None:
                    progress(made, in_all)
        return _points(path, losses, weights)

    with Workers(used) as workers:
        if announce is not None:
            seconds = cross_validation_seconds(sample, gaps, in_all, workers)
            announce(
                f"plan: {in_all} fits to four fifths of {sample.n_sequences} "
                f"sequences, each from the one before; {about(seconds)} and "
                f"{in_gib(peak_memory(needed))}"
            )
        first = follow(
            [Regularization(FIRST_FIELDS, m * default) for m in MULTIPLES], workers
        )
        couplings = strongest_within_error(first).couplings
        second = follow(
            [Regularization(h, couplings) for h in FIELD_PENALTIES], workers
        )
    others = (point for point in first if point.penalty.couplings != couplings)
    return RegularizationSelection(
        strongest_within_error(second),
        (*others, *second),
        sample.n_sequences,
        identity,
    )


def _points(
    path: list[Regularization],
    losses: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> list[PenaltyPoint[Regularization]]:
    """Return the curve from every fold's loss at every penalty, (folds, penalties)."""
    shares = weights / weights.sum()
    means = shares @ losses
    excess = losses - losses[:, [int(means.argmin())]]
    errors = excess.std(axis=0, ddof=1) / np.sqrt(len(losses))
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
