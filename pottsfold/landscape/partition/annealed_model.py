"""A model as the kernels of sampling read it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import UsageError
from pottsfold.model import PottsModel, energy
from pottsfold.sampling.kernels import FORBIDDEN
from pottsfold.sampling.target import Target


@dataclass(frozen=True, eq=False)
class Landscape:
    """Couplings and fields of L sites, every one of them free.

    Parameters
    ----------
    table : (L, J, q, W) float32 or int16
        Couplings, as :mod:`pottsfold.sampling.kernels` says.
    fields : (L, W) float32
        Fields, hugely negative where a letter may not be drawn.
    unit : float
        Nats in one unit of both.
    model : PottsModel or None
        Whose energies are meant, where the table rounds them or has another gauge;
        None for the table's own.
    """

    table: NDArray[np.float32] | NDArray[np.int16]
    fields: NDArray[np.float32]
    unit: float = 1.0
    model: PottsModel | None = None

    @property
    def length(self) -> int:
        """Number of sites L."""
        return len(self.fields)

    @property
    def lanes(self) -> tuple[int, ...]:
        """As many zeros as float32 rows have places, or int16 ones letters."""
        short = self.table.dtype == np.int16
        size: int = self.table.shape[2 if short else 3]
        return (0,) * size

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
    return Landscape(target.table, target.fields, target.unit, target.model)


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
