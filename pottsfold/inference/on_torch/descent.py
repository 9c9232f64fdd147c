"""Down by batches until sequences held out are predicted no better."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

from pottsfold.errors import UsageError
from pottsfold.inference.on_torch.batches import Batches, n_letters
from pottsfold.inference.on_torch.objective import Batch
from pottsfold.inference.on_torch.penalized import PenalizedModel
from pottsfold.inference.on_torch.schedule_free import ScheduleFree

Progress = Callable[[int, str], None]

# Chosen on PF00072, resampled: see docs/decisions/batches.md.
RATE, WARM_UP = 0.01, 100
# A round is a pass, of so many steps at least.
STEPS_PER_ROUND = 100
# Rounds without a gain of this share of the held-out loss, after which a fit ends.
PATIENCE, LEAST_GAIN = 2, 1e-4
# Steps between two lines of progress.
STEPS_PER_LINE = 10
WAY_OUT = "take a larger `lambda_j`, or `precision=float32`"


@dataclass(eq=False)
class Course:
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


@dataclass(eq=False)
class State:
    """A fit under way: all that a later one needs to go on in its place.

    Parameters
    ----------
    search : ScheduleFree
        The parameters.
    passes, batches : int
        Passes made, and batches of the one under way.
    course : Course
        How it went so far.
    """

    search: ScheduleFree
    passes: int = 0
    batches: int = 0
    course: Course = field(default_factory=Course)


def begun(model: PenalizedModel) -> State:
    """Return the state of a fit that begins at a model's parameters."""
    return State(ScheduleFree([model.fields, model.couplings], RATE, WARM_UP))


def descend(
    model: PenalizedModel,
    state: State,
    batches: Batches,
    judges: Batch,
    max_passes: int,
    *,
    save: Callable[[State], None] | None = None,
    progress: Progress | None = None,
) -> Course:
    """Go down until the held-out loss does no more, the passes end, or it breaks.

    Parameters
    ----------
    model : PenalizedModel
        Its parameters are moved about.
    state : State
        Where to begin; changed as it goes.
    batches : Batches
        Sequences that are fitted.
    judges : Batch
        Sequences held out.
    max_passes : int
        Passes at most.
    save : callable, optional
        Called with the state after every step.
    progress : callable, optional
        Called as ``progress(steps, text)``.

    Raises
    ------
    UsageError
        If the loss is no number before a round has been judged.
    """
    course = state.course
    letters = max(n_letters(judges, model.pairs.size), 1.0)
    while state.passes < max_passes and not course.is_over:
        _make_pass(model, state, batches, save, progress)
        is_last = state.passes == max_passes - 1
        if not course.broken and (_ends_round(state.passes, batches) or is_last):
            model.move(state.search.averages)
            held_out = model.loss(judges) / letters
            if math.isfinite(held_out):
                course.add(held_out, state.passes + 1, state.search.averages)
            else:
                course.broken = f"the held-out loss is {held_out}"
        if course.broken:
            break
        state.passes, state.batches = state.passes + 1, 0
    if not course.best:
        raise UsageError(f"{course.broken}; {WAY_OUT}")
    return course


def _make_pass(
    model: PenalizedModel,
    state: State,
    batches: Batches,
    save: Callable[[State], None] | None,
    progress: Progress | None,
) -> None:
    """Make the steps that are left of the pass under way."""
    search = state.search
    scale = batches.neff / batches.size
    for batch in batches.of_pass(state.passes, state.batches):
        model.move(search.places())
        loss = model.loss(batch)
        if not math.isfinite(loss):
            state.course.broken = f"the loss is {loss} at step {search.steps + 1}"
            break
        search.step(model.penalized(scale))
        state.batches += 1
        if save is not None:
            save(state)
        if progress is not None and search.steps % STEPS_PER_LINE == 0:
            told = f"loss {loss / batches.size:.2f} a sequence"
            if state.course.losses:
                told += f", held-out {state.course.losses[-1]:.4f} a letter"
            progress(search.steps, told)


def _ends_round(passes: int, batches: Batches) -> bool:
    return (passes + 1) % -(-STEPS_PER_ROUND // batches.per_pass) == 0
