"""Metropolis sweeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pottsfold.lazy import lazy_module
from pottsfold.sampling.moves.base import Move, Stepper
from pottsfold.sampling.target import Target

if TYPE_CHECKING:
    from pottsfold.sampling import kernels
else:
    kernels = lazy_module("pottsfold.sampling.kernels")


@dataclass(frozen=True)
class Metropolis(Move):
    """Propose one other allowed letter at each site, accept by the energy change."""

    def stepper(self, target: Target) -> Stepper:
        """Return the function that moves chains of a target."""
        table, fields, sites = target.table.arrays, target.fields, target.sites
        letters, counts = target.choices()
        return lambda x, e, s, scales, sweeps: kernels.metropolis_sweeps(
            x, e, s, scales, *table, fields, sites, sweeps, letters, counts
        )
