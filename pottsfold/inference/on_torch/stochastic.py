"""Pseudolikelihood by batches of sequences: for families too many for full passes.

The objective of the full fit, by :class:`.ScheduleFree` steps. After every round the
model predicts sequences left out with their relatives; the fit ends when it does so no
better, and the model that did best is kept. One pass over all sequences then tells its
objective, and how far above the optimum it is at most.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from pottsfold.alignment.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps, first_state, site_frequencies
from pottsfold.errors import MemoryShort, NotConverged, UsageError
from pottsfold.inference.on_torch.batches import Batches, Parts, n_letters, parted
from pottsfold.inference.on_torch.devices import Device
from pottsfold.inference.on_torch.objective import Batch, loss_and_gradient
from pottsfold.inference.on_torch.pairs import Pairs, pairs_of
from pottsfold.inference.on_torch.plan import (
    PLANNED_SHARE,
    Sizes,
)
from pottsfold.inference.on_torch.ranks import launched
from pottsfold.inference.on_torch.schedule_free import ScheduleFree
from pottsfold.inference.on_torch.sites import Blocks
from pottsfold.inference.preparation import finished_fit, model_of
from pottsfold.inference.pseudolikelihood.plan import MEMORY
from pottsfold.inference.pseudolikelihood.symmetric import full_couplings
from pottsfold.inference.regularization import Regularization, default_regularization
from pottsfold.memory import FLOAT32, check_memory, in_gib, peak_memory
from pottsfold.model.fit import Fit
from pottsfold.model.graph import PairGraph
from pottsfold.model.independent import independent_fields
from pottsfold.model.potts import model_bytes
from pottsfold.provenance import Stopwatch, about, least_seconds
from pottsfold.threads import chosen_threads

Progress = Callable[[int, str], None]

# Chosen on PF00072, resampled: see docs/decisions/batches.md.
RATE, WARM_UP = 0.01, 100
# A round is a pass, of so many steps at least.
STEPS_PER_ROUND = 100
# Rounds without a gain of this share of the held-out loss, after which a fit ends.
PATIENCE, LEAST_GAIN = 2, 1e-4
MAX_PASSES = 1000
# Sequences at a time in passes over all of them.
ROWS = 4096
WAY_OUT = "take a larger `lambda_j`, or `precision=float32`"
# Vectors of couplings: average, quick iterate, squares, place, gradient, one in passing.
VECTORS = 6


@dataclass(eq=False)
class _Model:
    """Fields (L, s) and couplings (P s s,) on a device, and penalties."""

    pairs: Pairs
    penalties: Regularization
    width: int
    fields: torch.Tensor
    couplings: torch.Tensor
    by_fields: torch.Tensor = field(init=False)
    by_couplings: torch.Tensor = field(init=False)

    def __post_init__(self) -> None:
        self.by_fields = torch.empty_like(self.fields)
        self.by_couplings = torch.empty_like(self.couplings)

    def move(self, places: list[torch.Tensor]) -> None:
        """Take other parameters."""
        self.fields, self.couplings = places

    def loss(self, batch: Batch) -> float:
        """Return the loss of sequences, and leave its gradient, without penalties."""
        loss = loss_and_gradient(
            self.pairs,
            batch,
            self.fields,
            self.couplings,
            self.by_fields,
            self.by_couplings,
            self.width,
        )
        return float(loss)

    def penalized(self, scale: float) -> list[torch.Tensor]:
        """Return the gradient of ``scale`` times that loss, and of the penalties."""
        for slopes, at, strength in (
            (self.by_fields, self.fields, self.penalties.fields),
            (self.by_couplings, self.couplings, self.penalties.couplings),
        ):
            slopes.mul_(scale).add_(at, alpha=2 * strength)
        return [self.by_fields, self.by_couplings]

    def penalty(self) -> float:
        """Return the penalties."""
        device = self.pairs.device
        return sum(
            strength * float(device.wide_sum(at.flatten().square()))
            for at, strength in (
                (self.fields, self.penalties.fields),
                (self.couplings, self.penalties.couplings),
            )
        )


@dataclass(eq=False)
class _Course:
    """How a fit goes: the held-out losses of rounds, and the best parameters."""

    losses: list[float] = field(default_factory=list)
    passes: list[int] = field(default_factory=list)
    best: list[torch.Tensor] = field(default_factory=list)
    # What stopped it, where the numbers went out of hand.
    broken: str = ""

    @property
    def place(self) -> int:
        """The round that did best."""
        return int(np.argmin(self.losses))

    @property
    def is_over(self) -> bool:
        """Whether the last rounds gained too little."""
        if len(self.losses) <= PATIENCE:
            return False
        before = min(self.losses[:-PATIENCE])
        return min(self.losses[-PATIENCE:]) > (1 - LEAST_GAIN) * before

    def add(self, loss: float, passes: int, averages: list[torch.Tensor]) -> None:
        """Add a round; its parameters are copied to the host if they are the best."""
        self.losses.append(loss)
        self.passes.append(passes)
        if loss == min(self.losses):
            self.best = [average.cpu().clone() for average in averages]


@dataclass(frozen=True)
class _End:
    """What the pass over all sequences found."""

    objective: float
    gradient_norm: float
    # None where a penalty is zero.
    above_optimum: float | None


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
    parts = parted(alignment, seed, used)
    batches = Batches(alignment, parts.fitted, gaps, batch, seed, device)
    if not batches.per_pass:
        raise UsageError(
            f"larger than the family: {batches.neff:.0f} effective sequences are "
            "fitted; take a smaller one, or leave it out and fit to all at once",
            parameter="batch",
            value=batch,
        )
    all_pairs = PairGraph.complete(alignment.length) if graph is None else graph
    with memory_told(device), device.at_work(used):
        pairs = pairs_of(graph, alignment.length, states, device)
        width, needed = _planned(pairs, all_pairs, alignment, batch, graph is None)
        model = _start(alignment, gaps, pairs, penalties, width)
        judges = batches.batch(parts.judges)
        _announce_plan(model, batches, parts, gaps, needed, say)
        course = _descend(model, batches, judges, max_passes, progress)
        model.move([tensor.to(device.name) for tensor in course.best])
        end = _full_pass(model, batches)
    reason, converged = _told(course, end, say)
    if not converged:
        warnings.warn(f"not converged: {reason}", NotConverged, 2)
    fields = np.zeros((alignment.length, alignment.alphabet.size), np.float32)
    fields[:, first_state(gaps) :] = course.best[0].numpy()
    couplings = full_couplings(
        course.best[1].numpy(), all_pairs, states, alignment.alphabet.size
    )
    fit = finished_fit(
        alignment,
        method="pseudolikelihood",
        model=model_of(alignment, gaps, fields, couplings, all_pairs),
        settings={
            "form": "symmetric",
            "lambda_h": penalties.fields,
            "lambda_j": penalties.couplings,
            "batch": batch,
            "max_iterations": max_passes,
            "device": device.model,
            "precision": device.precision,
        },
        threads=used,
        clock=clock,
        converged=converged,
        stopped_because=reason,
        objectives=(end.objective,),
        gradient_norm=end.gradient_norm,
        n_evaluations=course.passes[-1],
        versions={"torch": str(torch.__version__)},
    )
    quality = {"held_out_loss": course.losses[course.place]}
    if end.above_optimum is not None:
        quality["above_optimum_at_most"] = end.above_optimum
    return replace(fit, report=replace(fit.report, quality=quality))


def _silent(_line: str) -> None:
    """Say nothing."""


def _planned(
    pairs: Pairs, graph: PairGraph, alignment: Alignment, batch: int, complete: bool
) -> tuple[int, int]:
    """Return how many sites are worked on at a time, and the bytes that takes."""
    device, rows = pairs.device, max(batch, min(ROWS, alignment.n_sequences))
    sizes = Sizes.of(pairs, rows, graph.n_pairs, complete)
    listed = None if complete else graph.n_pairs
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


def _start(
    alignment: Alignment,
    gaps: Gaps,
    pairs: Pairs,
    penalties: Regularization,
    width: int,
) -> _Model:
    """Return the model of sites by themselves."""
    frequencies = site_frequencies(alignment, gaps=gaps)[:, first_state(gaps) :]
    fields = independent_fields(frequencies, alignment.neff, penalties.fields)
    device = pairs.device.name
    on_device = torch.from_numpy(fields.astype(np.float32)).to(device)
    couplings = torch.zeros(pairs.n_couplings, dtype=torch.float32, device=device)
    return _Model(pairs, penalties, width, on_device, couplings)


def _announce_plan(
    model: _Model,
    batches: Batches,
    parts: Parts,
    gaps: Gaps,
    needed: int,
    say: Callable[[str], None],
) -> None:
    device, penalties = model.pairs.device, model.penalties
    first = batches.batch(parts.judges[:1].repeat(batches.size))
    seconds = batches.per_pass * least_seconds(lambda: model.loss(first), 2)
    left = int((~parts.fitted).sum()) - len(parts.judges)
    memory = peak_memory(needed) if device.kind == "cpu" else needed
    say(
        f"plan: pseudolikelihood, symmetric, gaps {gaps}, lambda_h "
        f"{penalties.fields:g}, lambda_j {penalties.couplings:g}; {device.title} in "
        f"{device.precision}, batches of {batches.size}, {batches.per_pass} a pass; "
        f"{about(seconds)} a pass and {in_gib(memory)}"
    )
    say(f"{len(parts.judges)} sequences are held out, and {left} relatives of theirs")


def _descend(
    model: _Model,
    batches: Batches,
    judges: Batch,
    max_passes: int,
    progress: Progress | None,
) -> _Course:
    """Go down until the held-out loss does no more, the passes end, or it breaks."""
    search = ScheduleFree([model.fields, model.couplings], RATE, WARM_UP)
    course = _Course()
    letters = n_letters(judges, model.pairs.size)
    scale = batches.neff / batches.size
    for number in range(max_passes):
        for batch in batches.of_pass(number):
            model.move(search.places())
            loss = model.loss(batch)
            if not math.isfinite(loss):
                course.broken = f"the loss is {loss} at step {search.steps + 1}"
                break
            search.step(model.penalized(scale))
            if progress is not None and search.steps % 10 == 0:
                told = f"loss {loss / batches.size:.2f} a sequence"
                progress(search.steps, told)
        ends = (number + 1) % _passes_per_round(batches) == 0
        if not course.broken and (ends or number == max_passes - 1):
            model.move(search.averages)
            held_out = model.loss(judges) / letters
            if math.isfinite(held_out):
                course.add(held_out, number + 1, search.averages)
            else:
                course.broken = f"the held-out loss is {held_out}"
        if course.broken or course.is_over:
            break
    if not course.best:
        raise UsageError(f"{course.broken}; {WAY_OUT}")
    return course


def _passes_per_round(batches: Batches) -> int:
    return -(-STEPS_PER_ROUND // batches.per_pass)


def _full_pass(model: _Model, batches: Batches) -> _End:
    """Return the objective of all sequences, and what its gradient says."""
    by_fields = torch.zeros_like(model.by_fields)
    by_couplings = torch.zeros_like(model.by_couplings)
    value = 0.0
    for batch in batches.all(max(batches.size, ROWS)):
        value += model.loss(batch)
        by_fields += model.by_fields
        by_couplings += model.by_couplings
    model.by_fields, model.by_couplings = by_fields, by_couplings
    device, penalties = model.pairs.device, model.penalties
    squares = [
        float(device.wide_sum(slopes.flatten().square()))
        for slopes in model.penalized(1.0)
    ]
    above = None
    if penalties.fields > 0 and penalties.couplings > 0:
        # The penalties alone bend by 2 lambda, and the loss is convex.
        above = squares[0] / (4 * penalties.fields)
        above += squares[1] / (4 * penalties.couplings)
    return _End(value + model.penalty(), math.sqrt(sum(squares)), above)


def _told(
    course: _Course, end: _End, say: Callable[[str], None]
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
