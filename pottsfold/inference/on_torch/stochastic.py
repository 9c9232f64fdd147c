"""Pseudolikelihood by batches of sequences: for families too many for full passes.

The objective of the full fit, by :class:`.ScheduleFree` steps. After every round the
model predicts sequences left out with their relatives; the fit ends when it does so no
better, and the model that did best is kept. One pass over all sequences then tells its
objective, and how far above the optimum it is at most.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from pottsfold.alignment.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps, first_state, site_frequencies
from pottsfold.errors import MemoryShort, NotConverged, UsageError
from pottsfold.inference.on_torch.batch_file import BatchFile, saving
from pottsfold.inference.on_torch.batches import Batches, Parts, parted
from pottsfold.inference.on_torch.descent import (
    WAY_OUT,
    Course,
    Progress,
    begun,
    descend,
)
from pottsfold.inference.on_torch.devices import Device, memory_told
from pottsfold.inference.on_torch.pairs import Pairs, pairs_of
from pottsfold.inference.on_torch.penalized import (
    FullPass,
    PenalizedModel,
    full_pass,
)
from pottsfold.inference.on_torch.plan import PLANNED_SHARE, Sizes
from pottsfold.inference.on_torch.ranks import launched
from pottsfold.inference.on_torch.sites import Blocks
from pottsfold.inference.on_torch.symmetric import facts_of
from pottsfold.inference.on_torch.task import Task
from pottsfold.inference.preparation import finished_fit, model_of
from pottsfold.inference.pseudolikelihood.plan import MEMORY
from pottsfold.inference.pseudolikelihood.symmetric import full_couplings
from pottsfold.inference.regularization import Regularization, default_regularization
from pottsfold.memory import FLOAT32, check_memory, in_gib, peak_memory
from pottsfold.model.fit import Fit
from pottsfold.model.graph import PairGraph
from pottsfold.model.independent import independent_fields
from pottsfold.model.potts import PottsModel, model_bytes
from pottsfold.provenance import Stopwatch, about, least_seconds
from pottsfold.threads import chosen_threads

MAX_PASSES = 1000
# Sequences at a time in passes over all of them.
ROWS = 4096
# Vectors of couplings: average, quick iterate, squares, place, gradient, and a step.
VECTORS = 6


def fit_in_batches(
    alignment: Alignment,
    device: Device,
    *,
    batch: int,
    gaps: Gaps = "missing",
    regularization: Regularization | None = None,
    max_passes: int = MAX_PASSES,
    graph: PairGraph | None = None,
    seed: int = 0,
    threads: int | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    announce: Callable[[str], None] | None = None,
) -> Fit:
    """Fit a Potts model by pseudolikelihood, some sequences at a time.

    Codes are read as they are needed, from memory or from a file
    (:func:`~pottsfold.alignment.stream.streamed`). The same seed, device and number of
    threads give the same model.

    Parameters
    ----------
    alignment : Alignment
        Weighted alignment.
    device : Device
        Where, and in which precision.
    batch : int
        Sequences of a batch. In one pass each is drawn with a chance of its weight.
    gaps, regularization, graph, threads, announce
        As for :func:`~pottsfold.inference.fit_pseudolikelihood`.
    max_passes : int
        Passes at most.
    seed : int
        Of the sequences held out and of the draws.
    checkpoint : Path, optional
        File to save the fit to, from time to time.
    resume : bool
        Go on from it.
    progress : callable, optional
        Called as ``progress(steps, text)``.

    Returns
    -------
    Fit
        Of the pass that predicted sequences held out best. Its report has one
        objective, that of all sequences; ``quality`` holds the held-out loss, in nats
        a letter, and how far above the optimum the objective is at most.

    Raises
    ------
    UsageError
        If the batch is larger than the family, or the loss is not finite from the
        start.
    MemoryShort
        If the fit would not fit in memory.

    Warns
    -----
    NotConverged
        If the passes end while the loss falls, or it is no number any more.
    """
    clock = Stopwatch()
    if batch < 1:
        raise UsageError("at least 1 is needed", parameter="batch", value=batch)
    if launched().count > 1:
        raise UsageError("runs in one process; leave torchrun out", parameter="batch")
    used = chosen_threads(threads)
    say = announce or _silent
    states = alignment.alphabet.size - first_state(gaps)
    penalties = regularization or default_regularization(
        alignment.length, states, graph
    )
    task = Task(alignment, gaps, graph, penalties, 0.0, max_passes, device, launched())
    parts = parted(alignment, seed, used)
    batches = Batches(alignment, parts.fitted, gaps, batch, seed, device)
    if not batches.per_pass:
        raise UsageError(
            f"larger than the family: {batches.neff:.0f} effective sequences are "
            "fitted; take a smaller one, or leave it out and fit to all at once",
            parameter="batch",
            value=batch,
        )
    file = None
    if checkpoint is not None:
        facts = {**facts_of(task), "batch": batch, "seed": seed}
        file = BatchFile(checkpoint, resume, facts)
    with memory_told(device), device.at_work(used):
        course, end = _fitted(task, batches, parts, file, progress, say)
    reason, converged = _told(course, end, say)
    if not converged:
        warnings.warn(f"not converged: {reason}", NotConverged, 2)
    fit = finished_fit(
        alignment,
        method="pseudolikelihood",
        model=_model_of(task, course.best),
        settings={
            "form": "symmetric",
            "lambda_h": penalties.fields,
            "lambda_j": penalties.couplings,
            "batch": batch,
            "max_iterations": max_passes,
            **device.reported,
        },
        threads=used,
        clock=clock,
        converged=converged,
        stopped_because=reason,
        objectives=(end.objective,),
        gradient_norm=end.gradient_norm,
        n_evaluations=course.passes[-1],
        versions=device.versions,
    )
    quality = {"held_out_loss": course.losses[course.place]}
    if end.above_optimum is not None:
        quality["above_optimum_at_most"] = end.above_optimum
    return replace(fit, report=replace(fit.report, quality=quality))


def _fitted(
    task: Task,
    batches: Batches,
    parts: Parts,
    file: BatchFile | None,
    progress: Progress | None,
    say: Callable[[str], None],
) -> tuple[Course, FullPass]:
    """Return how the fit went, and what the pass over all sequences found."""
    device = task.device
    pairs = pairs_of(task.graph, task.alignment.length, task.size, device)
    width, needed = _planned(task, pairs, batches.size)
    model = _start(task, pairs, width)
    judges = batches.batch(parts.judges)
    _announce_plan(task, model, batches, parts, needed, say)
    state = begun(model)
    if file is not None and file.resume:
        file.load(state)
    with saving(file, say) as save:
        course = descend(
            model,
            state,
            batches,
            judges,
            task.max_iterations,
            save=save,
            progress=progress,
        )
    if file is not None and not course.broken and not course.is_over:
        file.save(state)
    model.move([tensor.to(device.name) for tensor in course.best])
    return course, full_pass(model, batches, max(batches.size, ROWS))


def _model_of(task: Task, parameters: list[torch.Tensor]) -> PottsModel:
    """Return the model that fields and couplings on the host make."""
    alignment, pairs = task.alignment, task.all_pairs
    full_size = alignment.alphabet.size
    fields = np.zeros((alignment.length, full_size), np.float32)
    fields[:, first_state(task.gaps) :] = parameters[0].numpy()
    couplings = full_couplings(parameters[1].numpy(), pairs, task.size, full_size)
    return model_of(alignment, task.gaps, fields, couplings, pairs)


def _silent(_line: str) -> None:
    """Say nothing."""


def _planned(task: Task, pairs: Pairs, batch: int) -> tuple[int, int]:
    """Return how many sites are worked on at a time, and the bytes that takes."""
    alignment, device, complete = task.alignment, task.device, task.graph is None
    rows = max(batch, min(ROWS, alignment.n_sequences))
    n_pairs = task.all_pairs.n_pairs
    sizes = Sizes.of(pairs, rows, n_pairs, complete)
    listed = None if complete else n_pairs
    # On the host: the best parameters, the model, and its couplings on their way.
    of_vector = pairs.n_couplings * FLOAT32
    size = alignment.alphabet.size
    at_the_end = model_bytes(alignment.length, size, listed) + 2 * of_vector
    columns = "leave out gap-rich columns with `max_column_gaps`"
    check_memory(at_the_end, columns)
    room = int(PLANNED_SHARE * device.free_memory())
    if device.kind == "cpu":
        room -= at_the_end
    fewer = (2 * MEMORY + 5 - VECTORS) * of_vector
    width = pairs.length
    while True:
        needed = sizes.needed("symmetric", Blocks(width, rows)) - fewer
        if needed <= room or width == 1:
            break
        width = -(-width // 2)
    if needed > room:
        raise MemoryShort(needed, room, f"take a smaller `batch`, or {columns}")
    return width, needed


def _start(task: Task, pairs: Pairs, width: int) -> PenalizedModel:
    """Return the model of sites by themselves."""
    alignment, gaps, penalties = task.alignment, task.gaps, task.penalties
    frequencies = site_frequencies(alignment, gaps=gaps)[:, first_state(gaps) :]
    fields = independent_fields(frequencies, alignment.neff, penalties.fields)
    device = pairs.device.name
    on_device = torch.from_numpy(fields.astype(np.float32)).to(device)
    couplings = torch.zeros(pairs.n_couplings, dtype=torch.float32, device=device)
    return PenalizedModel(pairs, penalties, width, on_device, couplings)


def _announce_plan(
    task: Task,
    model: PenalizedModel,
    batches: Batches,
    parts: Parts,
    needed: int,
    say: Callable[[str], None],
) -> None:
    device, penalties = task.device, task.penalties
    pairs = "" if task.graph is None else f", {task.graph.n_pairs} pairs"
    first = batches.batch(parts.judges[:1].repeat(batches.size))
    seconds = batches.per_pass * least_seconds(lambda: model.loss(first), 2)
    left = int((~parts.fitted).sum()) - len(parts.judges)
    memory = peak_memory(needed) if device.kind == "cpu" else needed
    say(
        f"plan: pseudolikelihood, symmetric, gaps {task.gaps}{pairs}, "
        f"lambda_h {penalties.fields:g}, lambda_j {penalties.couplings:g}; "
        f"{device.title} in {device.precision}, "
        f"batches of {batches.size}, {batches.per_pass} a pass; "
        f"{about(seconds)} a pass and {in_gib(memory)}"
    )
    say(f"{len(parts.judges)} sequences are held out, and {left} relatives of theirs")


def _told(
    course: Course, end: FullPass, say: Callable[[str], None]
) -> tuple[str, bool]:
    """Say how it went; return why it ended, and whether that was of itself."""
    best, last = course.passes[course.place], course.passes[-1]
    found = f"held-out loss {course.losses[course.place]:.4f} nats a letter"
    above = ""
    if end.above_optimum is not None:
        share = 100 * end.above_optimum / end.objective
        above = f", at most {end.above_optimum:.0f} ({share:.2g} %) above the optimum"
    say(f"objective {end.objective:.1f} of all sequences{above}")
    reason = f"{found} after {best} of {last} passes"
    if course.broken:
        return f"{course.broken}; the model of pass {best} is kept; {WAY_OUT}", False
    if not course.is_over:
        return f"{reason}, and falling; raise `max_iterations`", False
    return reason, True
