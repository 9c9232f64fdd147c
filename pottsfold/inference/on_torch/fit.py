"""The fit on a device: plan, objective, optimiser, model."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

from pottsfold.alignment.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps, first_state
from pottsfold.errors import NotConverged, UsageError
from pottsfold.inference.on_torch.asymmetric import fit_blocks
from pottsfold.inference.on_torch.checkpoint import SearchFile
from pottsfold.inference.on_torch.devices import Device, memory_told
from pottsfold.inference.on_torch.pairs import Pairs, pairs_of
from pottsfold.inference.on_torch.plan import (
    DevicePlan,
    Sizes,
    expected_seconds,
    plan_on_device,
)
from pottsfold.inference.on_torch.ranks import launched
from pottsfold.inference.on_torch.sites import DeviceSites
from pottsfold.inference.on_torch.symmetric import facts_of, fit_pairs
from pottsfold.inference.on_torch.task import Task
from pottsfold.inference.optimize.lbfgs import Progress
from pottsfold.inference.preparation import finished_fit, model_of
from pottsfold.inference.pseudolikelihood.fit import (
    MAX_ITERATIONS,
    TOLERANCE,
    Outcome,
    plan_sentence,
    told_of_singular_hessians,
)
from pottsfold.inference.pseudolikelihood.plan import Form
from pottsfold.inference.regularization import Regularization, default_regularization
from pottsfold.memory import FLOAT32, check_memory, in_gib, peak_memory
from pottsfold.model.fit import Fit
from pottsfold.model.graph import PairGraph
from pottsfold.model.potts import model_bytes
from pottsfold.provenance import Stopwatch
from pottsfold.threads import chosen_threads


def fit_on_device(
    alignment: Alignment,
    device: Device,
    *,
    gaps: Gaps = "missing",
    form: Form | None = None,
    regularization: Regularization | None = None,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_ITERATIONS,
    graph: PairGraph | None = None,
    threads: int | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    announce: Callable[[str], None] | None = None,
) -> Fit:
    """Fit a Potts model by pseudolikelihood on a device.

    As :func:`~pottsfold.inference.fit_pseudolikelihood` does on the CPU: the same
    objective, start, optimiser and test of convergence. Under ``torchrun`` every
    process takes its share of the sequences, and all return the same fit.

    Parameters
    ----------
    alignment : Alignment
        Weighted alignment.
    device : Device
        Where, and in which precision.
    gaps, form, regularization, tolerance, max_iterations, graph, progress, announce
        As for :func:`~pottsfold.inference.fit_pseudolikelihood`.
    threads : int, optional
        Threads of the CPU, by default all cores.
    checkpoint : Path, optional
        File to save a symmetric fit to, from time to time.
    resume : bool
        Go on from it.

    Returns
    -------
    Fit
        Couplings in the gauge that the penalty leaves.

    Raises
    ------
    MemoryShort
        If the fit would not fit in memory.
    UsageError
        If a setting is out of its range, or the objective is not finite at the start.
    ProcessLost
        If another process of the fit ends.

    Warns
    -----
    NotConverged
        If the iterations end before the test is met.
    """
    clock = Stopwatch()
    ranks = launched()
    used = ranks.threads(chosen_threads(threads))
    say = announce if announce is not None and ranks.leads else _silent
    states = alignment.alphabet.size - first_state(gaps)
    penalties = regularization or default_regularization(
        alignment.length, states, graph
    )
    task = Task(
        alignment, gaps, graph, penalties, tolerance, max_iterations, device, ranks
    )
    with (
        memory_told(device),
        told_of_singular_hessians(penalties),
        device.at_work(used),
        ranks.met(device.kind),
    ):
        pairs = pairs_of(graph, alignment.length, task.size, device)
        plan = ranks.agree(_planned(task, pairs, form))
        if checkpoint is not None and plan.form == "asymmetric":
            raise UsageError(
                "the asymmetric form has none; take `form=symmetric`",
                parameter="checkpoint",
            )
        file = None
        if checkpoint is not None:
            file = SearchFile(checkpoint, resume, facts_of(task))
        sites = DeviceSites(
            alignment, gaps, penalties.fields, pairs, ranks, plan.blocks
        )
        _announce_plan(task, plan, sites, say)
        if plan.form == "symmetric":
            outcome = fit_pairs(task, sites, file, progress, say)
        else:
            outcome = _fit_asymmetric(task, sites, progress)
    outcome.check_finite(penalties)
    said = f"{outcome.n_evaluations} evaluations in {clock.seconds:.1f} s on"
    peak = device.peak_memory()
    held = "" if peak is None else f", {in_gib(peak)} of its memory at the peak"
    say(f"{said} {device.title}{held}")
    if not outcome.converged:
        warnings.warn(f"not converged: {outcome.stopped_because}", NotConverged, 2)
    return _finished(task, plan, outcome, used, clock)


def _silent(_line: str) -> None:
    """Say nothing."""


def _planned(task: Task, pairs: Pairs, form: Form | None) -> DevicePlan:
    """Return the plan of a fit, the model's memory on the machine checked."""
    n_pairs = task.all_pairs.n_pairs
    share = task.ranks.share(task.alignment.n_sequences, task.device.most_rows)
    sizes = Sizes.of(pairs, share.stop - share.start, n_pairs, task.graph is None)
    listed = None if task.graph is None else n_pairs
    # The model's couplings, and those of the fit on their way to it.
    at_the_end = model_bytes(
        task.alignment.length, task.alignment.alphabet.size, listed
    )
    at_the_end += n_pairs * task.size**2 * FLOAT32
    columns = "leave out gap-rich columns with `max_column_gaps`"
    check_memory(at_the_end * task.ranks.here, columns)
    free = task.device.free_memory()
    if task.device.kind == "cpu":
        free = free // task.ranks.here - at_the_end
    return plan_on_device(sizes, form, task.device, free)


def _announce_plan(
    task: Task, plan: DevicePlan, sites: DeviceSites, say: Callable[[str], None]
) -> None:
    device, ranks = task.device, task.ranks
    seconds = expected_seconds(sites, task.penalties, task.graph is None)
    pairs = "" if task.graph is None else f", {task.graph.n_pairs} pairs"
    memory = in_gib(plan.bytes_needed) + " of its memory"
    if device.kind == "cpu":
        memory = in_gib(peak_memory(plan.bytes_needed))
    where = f"{device.title} in {device.precision}"
    if ranks.count > 1:
        where += f", one of {ranks.count} processes"
    say(
        plan_sentence(
            plan, f"{task.gaps}{pairs}", task.penalties, seconds, memory, where
        )
    )
    if device.is_emulated:
        say(f"{device.precision} is made by rounding on {device.kind}: no quicker")


def _fit_asymmetric(
    task: Task, sites: DeviceSites, progress: Progress | None
) -> Outcome:
    result = fit_blocks(
        sites,
        task.all_pairs,
        task.penalties.couplings,
        tolerance=task.tolerance,
        max_iterations=task.max_iterations,
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
        f"less than {task.tolerance:g} of the objective",
    )


def _finished(
    task: Task, plan: DevicePlan, outcome: Outcome, threads: int, clock: Stopwatch
) -> Fit:
    settings = {
        "form": plan.form,
        "lambda_h": task.penalties.fields,
        "lambda_j": task.penalties.couplings,
        "tolerance": task.tolerance,
        "max_iterations": task.max_iterations,
        **task.device.reported,
    }
    if task.ranks.count > 1:
        settings["processes"] = task.ranks.count
    return finished_fit(
        task.alignment,
        method="pseudolikelihood",
        model=model_of(
            task.alignment,
            task.gaps,
            outcome.fields,
            outcome.couplings,
            task.all_pairs,
        ),
        settings=settings,
        threads=threads,
        clock=clock,
        converged=outcome.converged,
        stopped_because=outcome.stopped_because,
        objectives=outcome.objectives,
        gradient_norm=outcome.gradient_norm,
        n_evaluations=outcome.n_evaluations,
        versions=task.device.versions,
    )
