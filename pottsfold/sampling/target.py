"""The distribution that is sampled: a model, perhaps with conditions."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import UsageError
from pottsfold.model import PottsModel
from pottsfold.sampling.kernels import FORBIDDEN
from pottsfold.sampling.table import CouplingTable, compact_table, plain_table
from pottsfold.simd.arrays import aligned_zeros
from pottsfold.simd.codegen import row_width

# A letter so many nats below the best of its site, whatever the others are, is never
# drawn: not even at the highest temperature, 1e6.
HOPELESS = 1e8
# Fields above it lose digits in float32 sums that a difference would keep.
LARGE = 2.0**15


@dataclass(frozen=True, eq=False)
class Target:
    """P(x) ~ exp(-E(x) / T) over the sequences that the conditions leave.

    Parameters
    ----------
    model : PottsModel
        Model of L sites and q letters.
    free : (L,) bool, optional
        Sites that are drawn; the others keep the letters of their chain. By default
        all.
    allowed : (L, q) bool, optional
        Letters that may be drawn; by default all of the model's letters. The gap never
        may where the model holds it for missing data.
    compact : bool
        Ask for couplings as int16 in steps of a power of two: two thirds of the
        memory, and Gibbs sweeps 1.6 to 2.2 times as fast. What is sampled is then the
        model with its zero-sum couplings rounded, alike for both sites of a pair, in
        the finest steps that keep every sum of 64 rows in range; energies that are
        carried are that model's, up to a constant a chain. A model that would need
        steps above 1/256 nat keeps float32.
    table : CouplingTable
        Couplings as kernels read them.
    fields : (L, W) float32
        Fields in the table's unit, hugely negative where a letter may not be drawn.

    Raises
    ------
    UsageError
        If a free site has no letter left, or no site is free.
    """

    model: PottsModel
    free: NDArray[np.bool_] | None = None
    allowed: NDArray[np.bool_] | None = None
    compact: bool = False
    sites: NDArray[np.int64] = field(init=False)
    letters: NDArray[np.bool_] = field(init=False)
    table: CouplingTable = field(init=False, repr=False)
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
        letters &= ~_hopeless(model, letters)
        if self.compact:
            model, table = compact_table(model)
        else:
            table = plain_table(model)
        fields = aligned_zeros((length, row_width(size)), np.float32)
        fields[:] = FORBIDDEN
        own = _differences(model.fields, letters) / np.float32(table.unit)
        fields[:, :size] = np.where(letters, own, FORBIDDEN)
        made = {"sites": sites, "letters": letters, "fields": fields}
        for name, array in made.items():
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        object.__setattr__(self, "table", table)

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
        rows = np.zeros((len(codes), self.table.columns), np.uint8)
        rows[:, : codes.shape[1]] = codes
        return rows


def _hopeless(model: PottsModel, letters: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the letters (L, q) that a field like -1e9 forbids.

    Chains that began there would lose the digits of their energies.
    """
    fields = np.where(letters, model.fields, -np.inf)
    above = fields.max(axis=1, keepdims=True) - model.fields
    low = letters & (above > HOPELESS)
    for site in np.flatnonzero(low.any(axis=1)):
        largest = np.abs(model.couplings_of(int(site))).max(axis=(1, 2))
        low[site] &= above[site] > HOPELESS + 2 * largest.sum(dtype=np.float64)
    return np.asarray(low)


def _differences(
    fields: NDArray[np.float32], letters: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return fields (L, q), at sites where all are large less the best of them."""
    best = np.where(letters, fields, -np.inf).max(axis=1, keepdims=True)
    large = np.isfinite(best) & (np.abs(best) > LARGE)
    return fields - np.where(large, best, 0).astype(np.float32)
