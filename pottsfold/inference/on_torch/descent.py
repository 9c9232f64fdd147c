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


def descend(
    model: PenalizedModel,
    batches: Batches,
    judges: Batch,
    max_passes: int,
    progress: Progress | None,
) -> Course:
    """Go down until the held-out loss does no more, the passes end, or it breaks."""
    search = ScheduleFree([model.fields, model.couplings], RATE, WARM_UP)
    course = Course()
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
            if progress is not None and search.steps % STEPS_PER_LINE == 0:
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
