"""Steps along gradients of batches, whose iterates are averaged.

Schedule-free Adam (Defazio et al. 2024, arXiv 2405.15682): gradients are taken between
the quick iterate z and the average x, which is the result at any time, so that nothing
need be known of how long it will last. The penalty is a part of the gradient: decay
beside it would lead to another optimum.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

# Weight of the average where gradients are taken, and memory of their squares.
TOWARDS_AVERAGE, MEMORY_OF_SQUARES = 0.9, 0.999
TINY = 1e-12


@dataclass(eq=False)
class _Vector:
    """A block of parameters: its average, quick iterate and mean squared gradient."""

    average: torch.Tensor
    quick: torch.Tensor
    squares: torch.Tensor


class ScheduleFree:
    """Parameters on their way down.

    Parameters
    ----------
    start : list of float32 tensor
        Where to begin; they become the averages.
    rate : float
        Length of a step in every parameter, about.
    warm_up : int
        Steps until it is reached.
    """

    def __init__(self, start: list[torch.Tensor], rate: float, warm_up: int) -> None:
        self._vectors = [
            _Vector(average, average.clone(), torch.zeros_like(average))
            for average in start
        ]
        self._rate, self._warm_up = rate, warm_up
        self.steps = 0
        self.sum_of_weights = 0.0

    @property
    def averages(self) -> list[torch.Tensor]:
        """The result so far."""
        return [vector.average for vector in self._vectors]

    @property
    def tensors(self) -> dict[str, torch.Tensor]:
        """All of them by name, as a file holds them."""
        return {
            f"{name}_{k}": tensor
            for k, vector in enumerate(self._vectors)
            for name, tensor in vars(vector).items()
        }

    def places(self) -> list[torch.Tensor]:
        """Return where the next gradients are to be taken."""
        return [
            torch.lerp(vector.quick, vector.average, TOWARDS_AVERAGE)
            for vector in self._vectors
        ]

    def step(self, gradients: list[torch.Tensor]) -> None:
        """Go on by the gradients at the places, which are kept."""
        self.steps += 1
        rate = self._rate * min(1.0, self.steps / self._warm_up)
        self.sum_of_weights += rate**2
        share = rate**2 / self.sum_of_weights
        unbiased = 1.0 / (1.0 - MEMORY_OF_SQUARES**self.steps)
        for vector, gradient in zip(self._vectors, gradients, strict=True):
            squares = vector.squares.mul_(MEMORY_OF_SQUARES)
            squares.addcmul_(gradient, gradient, value=1 - MEMORY_OF_SQUARES)
            lengths = (squares * unbiased).sqrt_().add_(TINY)
            vector.quick.addcdiv_(gradient, lengths, value=-rate)
            vector.average.lerp_(vector.quick, share)
