"""The fit: plan, objective, optimiser, model."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps, first_state
from pottsfold.errors import NotConverged, UsageError
from pottsfold.inference.optimize.lbfgs import Progress, minimize
from pottsfold.inference.optimize.vectors import OnThreads
from pottsfold.inference.preparation import finished_fit, model_of
from pottsfold.inference.pseudolikelihood.asymmetric import fit_sites
from pottsfold.inference.pseudolikelihood.masked_sites import sites_of
from pottsfold.inference.pseudolikelihood.plan import (
    MEMORY,
    Form,
    Plan,
    expected_seconds,
    plan_fit,
)
from pottsfold.inference.pseudolikelihood.sites import Sites
from pottsfold.inference.pseudolikelihood.symmetric import Pseudolikelihood
from pottsfold.inference.regularization import Regularization, default_regularization
from pottsfold.memory import available_memory, in_gib, peak_memory
from pottsfold.model.fit import Fit
from pottsfold.model.graph import PairGraph
from pottsfold.provenance import Stopwatch, about
from pottsfold.threads import Workers, chosen_threads

TOLERANCE = 3e-6
MAX_ITERATIONS = 1000


@dataclass(frozen=True)
class Outcome:
    """Parameters over the whole alphabet and how they were reached."""

    fields: NDArray[np.float32]
    couplings: NDArray[np.float32]
    objectives: Sequence[float]
    gradient_norm: float
    n_evaluations: int
    converged: bool
    stopped_because: str

    def check_finite(self, penalties: Regularization) -> None:
        """Raise :class:`UsageError` unless all parameters are finite."""
        if not all(np.isfinite(x).all() for x in (self.fields, self.couplings)):
            raise _beyond_precision(penalties)


def fit_pseudolikelihood(
    alignment: Alignment,
    *,
    gaps: Gaps = "missing",
    form: Form | None = None,
    regularization: Regularization | None = None,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_ITERATIONS,
    graph: PairGraph | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
    announce: Callable[[str], None] | None = None,
) -> Fit:
    """Fit a Potts model by pseudolikelihood.

    Parameters
    ----------
    alignment : Alignment
        Weighted alignment.
    gaps : {"missing", "state"}
        ``missing``: terms of sites with a gap are skipped, and a gap at j adds
        nothing at i. ``state``: the gap is a letter.
    form : {"symmetric", "asymmetric"}, optional
        One block of couplings per pair, or a regression for each site, then
        symmetrized. By default symmetric where memory allows.
    regularization : Regularization, optional
        By default that of :func:`default_regularization`.
    tolerance : float
        Converged when a step gains less than this share of the objective; the
        distance to the optimum is then of that size too.
    max_iterations : int
        Maximum number of iterations of L-BFGS.
    graph : PairGraph, optional
        Which pairs of sites have couplings; by default all. An evaluation then costs
        what these pairs cost.
    threads : int, optional
        Number of threads, by default all cores. The result does not depend on it.
    progress : callable, optional
        Called as ``progress(iteration, objective, gradient_norm)``; in the
        asymmetric form with the number of sites done in place of the iteration.
    announce : callable, optional
        Called once with the plan, a sentence, before the work.

    Returns
    -------
    Fit
        Couplings in the gauge that the penalty leaves.

    Raises
    ------
    MemoryShort
        If the fit would not fit in memory.
    UsageError
        If a setting is out of its range, or penalties are so small or large that
        single precision does not hold.

    Warns
    -----
    NotConverged
        If the iterations end before the test is met.
    """
    if not tolerance > 0:
        raise UsageError(
            "a number above 0 is needed", parameter="tolerance", value=tolerance
        )
    if max_iterations < 1:
        raise UsageError(
            "at least 1 is needed", parameter="max_iterations", value=max_iterations
        )
    clock = Stopwatch()
    used = chosen_threads(threads)
    n_states = alignment.alphabet.size - first_state(gaps)
    penalties = regularization or default_regularization(
        alignment.length, n_states, graph
    )
    available = available_memory()
    plan = plan_fit(alignment, gaps, form, used, available, graph)
    peak = peak_memory(plan.bytes_needed)
    sites = sites_of(alignment, gaps, penalties.fields, graph)
    run = _run_symmetric if plan.form == "symmetric" else _run_asymmetric
    with Workers(used) as workers, told_of_singular_hessians(penalties):
        if announce is not None:
            seconds = expected_seconds(sites, penalties, plan.form, workers)
            pairs = "" if graph is None else f", {graph.n_pairs} pairs"
            modelled = f"{gaps}{pairs}"
            announce(plan_sentence(plan, modelled, penalties, seconds, in_gib(peak)))
        outcome = run(sites, penalties, workers, tolerance, max_iterations, progress)
    outcome.check_finite(penalties)
    if not outcome.converged:
        warnings.warn(f"not converged: {outcome.stopped_because}", NotConverged, 2)
    return finished_fit(
        alignment,
        method="pseudolikelihood",
        model=model_of(alignment, gaps, outcome.fields, outcome.couplings, sites.graph),
        settings={
            "form": plan.form,
            "lambda_h": penalties.fields,
            "lambda_j": penalties.couplings,
            "tolerance": tolerance,
            "max_iterations": max_iterations,
        },
        threads=used,
        clock=clock,
        converged=outcome.converged,
        stopped_because=outcome.stopped_because,
        objectives=outcome.objectives,
        gradient_norm=outcome.gradient_norm,
        n_evaluations=outcome.n_evaluations,
    )


def _run_symmetric(
    sites: Sites,
    penalties: Regularization,
    workers: Workers,
    tolerance: float,
    max_iterations: int,
    progress: Progress | None,
) -> Outcome:
    objective = Pseudolikelihood(sites, penalties.couplings, workers)
    minimum = minimize(
        objective,
        objective.start(),
        OnThreads(workers),
        tolerance=tolerance,
        max_iterations=max_iterations,
        first_step=objective.first_step(),
        memory=MEMORY,
        progress=progress,
    )
    fields, couplings = objective.full_parameters(minimum.point)
    return Outcome(
        fields,
        couplings,
        minimum.objectives,
        minimum.gradient_norm,
        minimum.n_evaluations,
        minimum.converged,
        minimum.stopped_because,
    )


def _run_asymmetric(
    sites: Sites,
    penalties: Regularization,
    workers: Workers,
    tolerance: float,
    max_iterations: int,
    progress: Progress | None,
) -> Outcome:
    result = fit_sites(
        sites,
        penalties.couplings,
        workers,
        tolerance=tolerance,
        max_iterations=max_iterations,
        progress=progress,
    )
    return Outcome(
        sites.full_fields(),
        result.couplings,
        result.objectives,
        result.gradient_norm,
        result.n_evaluations,
        result.n_converged == sites.length,
        f"{result.n_converged} of {sites.length} sites met the test: a step gains "
        f"less than {tolerance:g} of the objective",
    )


@contextlib.contextmanager
def told_of_singular_hessians(penalties: Regularization) -> Iterator[None]:
    """Say in one line that the penalties leave no fields to be found."""
    try:
        yield
    except np.linalg.LinAlgError as error:
        raise _beyond_precision(penalties) from error


def _beyond_precision(penalties: Regularization) -> UsageError:
    """Return what to raise where penalties leave nothing that float32 can hold."""
    return UsageError(
        f"`lambda_h={penalties.fields:g}` and `lambda_j={penalties.couplings:g}` are "
        "beyond single precision: no finite fields were found; give values nearer to "
        "the default ones"
    )


def plan_sentence(
    plan: Plan,
    modelled: str,
    penalties: Regularization,
    seconds: tuple[float, float],
    memory: str,
    device: str = "",
) -> str:
    """Return what is said before a fit.

    Parameters
    ----------
    plan : Plan
        Its form, and why.
    modelled : str
        Gap treatment and pairs, in words.
    penalties : Regularization
        The penalties.
    seconds : (float, float)
        Least and most it will take.
    memory : str
        What it will take, in words.
    device : str
        Where, in words; the Numba core by default.
    """
    reason = f" ({plan.reason})" if plan.reason else ""
    where = f" on {device}" if device else ""
    return (
        f"plan: pseudolikelihood{where}, {plan.form}{reason}, gaps {modelled}, "
        f"lambda_h {penalties.fields:g}, lambda_j {penalties.couplings:g}; "
        f"{about(*seconds)} and {memory}"
    )
