"""The symmetric fit."""

from __future__ import annotations

import warnings

from pottsfold.alignment.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps, first_state
from pottsfold.errors import NotConverged, UsageError
from pottsfold.inference.lbfgs import Progress, minimize
from pottsfold.inference.memory import check_memory
from pottsfold.inference.preparation import finished_fit
from pottsfold.inference.pseudolikelihood.objective import Pseudolikelihood
from pottsfold.inference.pseudolikelihood.plan import MEMORY, pseudolikelihood_bytes
from pottsfold.inference.regularization import Regularization, customary
from pottsfold.model.fit import Fit
from pottsfold.provenance import Stopwatch
from pottsfold.threads import Workers, chosen_threads

TOLERANCE = 3e-6
MOST_ITERATIONS = 1000


def fit_pseudolikelihood(
    alignment: Alignment,
    *,
    gaps: Gaps = "missing",
    regularization: Regularization | None = None,
    tolerance: float = TOLERANCE,
    max_iterations: int = MOST_ITERATIONS,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Fit:
    """Fit a Potts model by symmetric pseudolikelihood.

    Parameters
    ----------
    alignment : Alignment
        Weighted alignment.
    gaps : {"missing", "state"}
        ``missing``: terms of sites with a gap are skipped, and a gap at j adds
        nothing at i. ``state``: the gap is a letter.
    regularization : Regularization, optional
        By custom 0.01 for fields, 0.01 (q - 1)(L - 1) for couplings.
    tolerance : float
        Converged when a step gains less than this share of the objective; the
        distance to the optimum is then of that size too.
    max_iterations : int
        Iterations of L-BFGS at most.
    threads : int, optional
        Every core by custom; the result does not depend on it.
    progress : callable, optional
        Called as ``progress(iteration, objective, gradient_norm)``.

    Returns
    -------
    Fit
        Couplings in the gauge that the penalty leaves.

    Raises
    ------
    MemoryShort
        If the fit would not fit in memory.
    UsageError
        If a setting is out of its range.

    Warns
    -----
    NotConverged
        If the iterations end before the test is met.
    """
    if not tolerance > 0 or max_iterations < 1:
        raise UsageError("tolerance above 0 and at least 1 iteration are needed")
    clock = Stopwatch()
    used = chosen_threads(threads)
    n_states = alignment.alphabet.size - first_state(gaps)
    strengths = regularization or customary(alignment.length, n_states)
    check_memory(
        pseudolikelihood_bytes(alignment.length, alignment.alphabet.size, gaps),
        "leave out gap-rich columns with --max-column-gaps, or use --method mean-field "
        "on fewer columns",
    )
    with Workers(used) as workers:
        objective = Pseudolikelihood(alignment, gaps, strengths, workers)
        minimum = minimize(
            objective,
            objective.start(),
            workers,
            tolerance=tolerance,
            max_iterations=max_iterations,
            first_step=objective.first_step(),
            memory=MEMORY,
            progress=progress,
        )
        fields, couplings = objective.full_parameters(minimum.point)
    if not minimum.converged:
        warnings.warn(f"not converged: {minimum.stopped_because}", NotConverged, 2)
    return finished_fit(
        alignment,
        method="pseudolikelihood",
        gaps=gaps,
        fields=fields,
        couplings=couplings,
        settings={
            "lambda_h": strengths.fields,
            "lambda_j": strengths.couplings,
            "tolerance": tolerance,
            "max_iterations": max_iterations,
        },
        threads=used,
        clock=clock,
        converged=minimum.converged,
        stopped_because=minimum.stopped_because,
        objectives=minimum.objectives,
        gradient_norm=minimum.gradient_norm,
        n_evaluations=minimum.n_evaluations,
    )
