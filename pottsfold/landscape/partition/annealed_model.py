"""A model as the kernels of sampling read it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import UsageError
from pottsfold.model import PottsModel, energy
from pottsfold.sampling.kernels import FORBIDDEN
from pottsfold.sampling.table import CouplingTable
from pottsfold.sampling.target import Target


@dataclass(frozen=True, eq=False)
class Landscape:
    """Couplings and fields of L sites, every one of them free.

    Parameters
    ----------
    table : CouplingTable
        Couplings as kernels read them.
    fields : (L, W) float32
        Fields in the table's unit, hugely negative where a letter may not be drawn.
    model : PottsModel or None
        Whose energies are meant, where the table rounds them or has another gauge;
        None for the table's own.
    """

    table: CouplingTable
    fields: NDArray[np.float32]
    model: PottsModel | None = None

    @property
    def length(self) -> int:
        """Number of sites L."""
        return len(self.fields)

    @property
    def drawn(self) -> NDArray[np.bool_]:
        """Which places of the rows are letters that may be drawn, (L, W) bool."""
        return np.asarray(self.fields > FORBIDDEN / 2)

    def energies(self, codes: NDArray[np.uint8]) -> NDArray[np.float64] | None:
        """Return the energies that are meant, (N,) in nats; None for the table's."""
        if self.model is None:
            return None
        return energy(self.model, np.ascontiguousarray(codes[:, : self.length]))


def landscape_of(model: PottsModel | Target | Landscape) -> Landscape:
    """Return what the kernels need; of a model a compact table.

    Raises
    ------
    UsageError
        If a site is fixed.
    """
    if isinstance(model, Landscape):
        return model
    target = model if isinstance(model, Target) else Target(model, compact=True)
    check_free(target)
    return Landscape(target.table, target.fields, target.model)


def check_free(target: Target) -> None:
    """Refuse a target with a fixed site.

    Raises
    ------
    UsageError
        If it has one.
    """
    if len(target.sites) < target.model.length:
        raise UsageError(
            "a partition function is over free positions; allow one letter at a "
            "position instead of fixing it"
        )
