"""What the optimiser does with vectors on a device."""

from __future__ import annotations

import math

import torch

from pottsfold.inference.on_torch.devices import Device

# Numbers a piece of a dot product: products take as much again, once.
PIECE = {"cpu": 2**18, "cuda": 2**26, "mps": 2**24}


class OnDevice:
    """The operations of :class:`.lbfgs.Arithmetic` on float32 tensors.

    Parameters
    ----------
    device : Device
        Where the vectors are.
    """

    def __init__(self, device: Device) -> None:
        self._device = device

    def empty_like(self, x: torch.Tensor) -> torch.Tensor:
        """Return a vector of the same length."""
        return torch.empty_like(x)

    def negate(self, x: torch.Tensor, out: torch.Tensor) -> None:
        """Write -x to ``out``."""
        torch.neg(x, out=out)

    def scale(self, factor: float, x: torch.Tensor) -> None:
        """Multiply x by a number in place."""
        x.mul_(_single(factor))

    def dot(self, x: torch.Tensor, y: torch.Tensor) -> float:
        """Return the float64 sum of x * y, products in float32."""
        piece = PIECE[self._device.kind]
        sums = [
            self._device.wide_sum(a * b)
            for a, b in zip(x.split(piece), y.split(piece), strict=True)
        ]
        return float(torch.stack(sums).sum())

    def add_scaled(self, scale: float, x: torch.Tensor, y: torch.Tensor) -> None:
        """Add scale * x to y in place."""
        y.add_(x, alpha=_single(scale))

    def move(
        self, x: torch.Tensor, scale: float, direction: torch.Tensor, out: torch.Tensor
    ) -> None:
        """Write x + scale * direction to ``out``."""
        torch.add(x, direction, alpha=_single(scale), out=out)

    def subtract(self, x: torch.Tensor, y: torch.Tensor, out: torch.Tensor) -> None:
        """Write x - y to ``out``."""
        torch.sub(x, y, out=out)


def _single(number: float) -> float:
    """Return a number as float32 has it, infinite where it is too large."""
    largest = torch.finfo(torch.float32).max
    return number if abs(number) <= largest else math.copysign(math.inf, number)
