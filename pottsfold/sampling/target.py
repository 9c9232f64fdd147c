"""The distribution that is sampled: a model, perhaps with conditions."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import UsageError
from pottsfold.jit import GROUP, WAYS, aligned_zeros
from pottsfold.model import PottsModel
from pottsfold.sampling.kernels import FORBIDDEN


@dataclass(frozen=True, eq=False)
class Target:
    """P(x) ~ exp(-E(x) / T) over the sequences that the conditions leave.

    Parameters
    ----------
    model : PottsModel
        Model of L sites and q letters.
    free : (L,) bool, optional
        Sites that are drawn; the others keep the letters of their chain. By custom
        all.
    allowed : (L, q) bool, optional
        Letters that may be drawn; by custom all of the model's letters. The gap never
        may where the model holds it for missing data.

    Raises
    ------
    UsageError
        If a free site has no letter left, or no site is free.
    """

    model: PottsModel
    free: NDArray[np.bool_] | None = None
    allowed: NDArray[np.bool_] | None = None
    sites: NDArray[np.int64] = field(init=False)
    letters: NDArray[np.bool_] = field(init=False)
    table: NDArray[np.float32] = field(init=False, repr=False)
    fields: NDArray[np.float32] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        model = self.model
        length, size = model.fields.shape
        letters = np.zeros((length, size), bool)
        letters[:, model.states] = True
        if self.allowed is not None:
            letters &= self.allowed
        free = np.ones(length, bool) if self.free is None else self.free
        sites = np.flatnonzero(free)
        if not len(sites):
            raise UsageError("every position is fixed: nothing is left to sample")
        empty = sites[~letters[sites].any(axis=1)]
        if len(empty):
            position = model.numbering.positions[empty[0]]
            raise UsageError(
                f"every letter is forbidden at position {position}; allow one, or fix "
                "the position"
            )
        width = -(-size // GROUP) * GROUP
        table = aligned_zeros((length, _padded(length), size, width), np.float32)
        for i in range(length):
            # J_ij(a, b) = J_ji(b, a), whose rows over a are contiguous.
            table[i, :length, :, :size] = model.couplings[:, i]
        fields = aligned_zeros((length, width), np.float32)
        fields[:] = FORBIDDEN
        fields[:, :size] = np.where(letters, model.fields, FORBIDDEN)
        made = {"sites": sites, "letters": letters, "table": table, "fields": fields}
        for name, array in made.items():
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @property
    def lanes(self) -> tuple[int, ...]:
        """As many zeros as a row has places: their number is a kernel's row width."""
        width: int = self.fields.shape[1]
        return (0,) * width

    def choices(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Return the letters of every site, (L, q) uint8, first, and their numbers.

        Returns
        -------
        letters : (L, q) uint8
            In row i the first ``counts[i]`` places count.
        counts : (L,) int64
            Number of allowed letters.
        """
        order = np.argsort(~self.letters, axis=1, kind="stable")
        return order.astype(np.uint8), self.letters.sum(axis=1)

    def padded(self, codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return a copy of codes (N, L) with zeros up to the table's columns."""
        rows = np.zeros((len(codes), self.table.shape[1]), np.uint8)
        rows[:, : codes.shape[1]] = codes
        return rows


def _padded(length: int) -> int:
    return -(-length // WAYS) * WAYS


def table_bytes(model: PottsModel) -> int:
    """Return the memory that a target's table takes beside its model."""
    length, size = model.length, model.alphabet.size
    width = -(-size // GROUP) * GROUP
    return 4 * length * _padded(length) * size * width
