"""A model on a device with its penalties: what batches say of it, and all sequences."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch

from pottsfold.inference.on_torch.batches import Batches
from pottsfold.inference.on_torch.objective import Batch, loss_and_gradient
from pottsfold.inference.on_torch.pairs import Pairs
from pottsfold.inference.regularization import Regularization


@dataclass(eq=False)
class PenalizedModel:
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


@dataclass(frozen=True)
class FullPass:
    """What the pass over all sequences found."""

    objective: float
    gradient_norm: float
    # None where a penalty is zero.
    above_optimum: float | None


def full_pass(model: PenalizedModel, batches: Batches, rows: int) -> FullPass:
    """Return the objective of all sequences, and what its gradient says."""
    by_fields = torch.zeros_like(model.by_fields)
    by_couplings = torch.zeros_like(model.by_couplings)
    value = 0.0
    for batch in batches.all(rows):
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
    return FullPass(value + model.penalty(), math.sqrt(sum(squares)), above)
