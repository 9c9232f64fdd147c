"""The distribution that is sampled: a model, perhaps with conditions."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import UsageError
from pottsfold.model import PottsModel, zero_sum
from pottsfold.sampling.kernels import COLUMNS, FORBIDDEN, quantize
from pottsfold.simd.arrays import aligned_zeros
from pottsfold.simd.codegen import row_width
from pottsfold.simd.tables import EIGHT, MAX_SHORT, WAYS, short_width

# The coarsest step of a compact table, in nats.
MAX_STEP = 2.0**-8
# Steps a nat at which the largest sums are looked for.
PROBE = 64.0
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
    unit : float
        Nats in one unit of ``table`` and ``fields``: 1, or the step.
    table : (L, J, q, W) float32 or int16
        Rows J_ij(., b) as site i sees them, as :mod:`pottsfold.sampling.kernels` says.
    fields : (L, W) float32
        Fields, hugely negative where a letter may not be drawn.

    Raises
    ------
    UsageError
        If a free site has no letter left, or no site is free.
    """

    model: PottsModel
    free: NDArray[np.bool_] | None = None
    allowed: NDArray[np.bool_] | None = None
    compact: bool = False
    unit: float = field(init=False)
    sites: NDArray[np.int64] = field(init=False)
    letters: NDArray[np.bool_] = field(init=False)
    table: NDArray[np.float32] | NDArray[np.int16] = field(init=False, repr=False)
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
        model, table, unit = _compact(model) if self.compact else _plain(model)
        fields = aligned_zeros((length, row_width(size)), np.float32)
        fields[:] = FORBIDDEN
        own = _differences(model.fields, letters) / np.float32(unit)
        fields[:, :size] = np.where(letters, own, FORBIDDEN)
        made = {"sites": sites, "letters": letters, "table": table, "fields": fields}
        for name, array in made.items():
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        object.__setattr__(self, "unit", unit)

    @property
    def lanes(self) -> tuple[int, ...]:
        """As many zeros as float32 rows have places, or int16 ones letters."""
        short = self.table.dtype == np.int16
        size: int = self.table.shape[2 if short else 3]
        return (0,) * size

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


def finest_scale(largest: float) -> float:
    """Return the most steps a nat, a power of two, of a compact table.

    Parameters
    ----------
    largest : float
        Largest absolute sum, in nats, of rows of one site in 64 columns: what
        :func:`pottsfold.sampling.kernels.quantize` returns, over its scale, and half
        a step a row.
    """
    return 2.0 ** math.floor(math.log2((MAX_SHORT - COLUMNS / 2) / largest))


def fill_compact(fill: Callable[[float], float], scale: float) -> float | None:
    """Fill a compact table in steps that keep its sums in range.

    Parameters
    ----------
    fill : callable
        Fills the table in so many steps a nat and returns the largest absolute sum, as
        :func:`pottsfold.sampling.kernels.quantize` does.
    scale : float
        Steps a nat, a power of two, to begin with; halved until sums are in range.

    Returns
    -------
    float or None
        The steps a nat of the table as it stands; None if steps would have to be
        coarser than 1/256 nat, and the table is of no use.
    """
    while scale * MAX_STEP >= 1:
        if fill(scale) <= MAX_SHORT - COLUMNS / 2:
            return scale
        scale /= 2
    return None


def _plain(
    model: PottsModel,
) -> tuple[PottsModel, NDArray[np.float32], float]:
    """Return the model, its float32 table, and the unit of one nat."""
    length, size = model.fields.shape
    shape = (length, -(-length // WAYS) * WAYS, size, row_width(size))
    table = aligned_zeros(shape, np.float32)
    for i in range(length):
        # J_ij(a, b) = J_ji(b, a), whose rows over a are contiguous.
        table[i, :length, :, :size] = model.couplings_to(i)
    return model, table, 1.0


def _compact(
    model: PottsModel,
) -> tuple[PottsModel, NDArray[np.float32] | NDArray[np.int16], float]:
    """Return the model in the zero-sum gauge, its int16 table, and the table's step."""
    centred = zero_sum(model)
    if np.spacing(centred.fields.max()) > MAX_STEP:
        # A letter forbidden by a huge field takes the digits of the others with it.
        return _plain(model)
    length, size = model.fields.shape
    width = row_width(size)
    shape = (length, -(-length // EIGHT) * EIGHT, size, short_width(size))
    table = aligned_zeros(shape, np.int16)
    rows = aligned_zeros((1, length, size, width), np.float32)

    def fill(scale: float) -> float:
        largest = 0.0
        for i in range(length):
            rows[0, :, :, :size] = centred.couplings_to(i)
            found = quantize(rows, scale, table[i : i + 1], (0,) * width)
            largest = max(largest, found)
        return largest

    scale = finest_scale((fill(PROBE) + COLUMNS / 2) / PROBE)
    if scale * MAX_STEP < 1:
        return _plain(model)
    fill(scale)
    return centred, table, 1 / scale


def table_bytes(model: PottsModel, *, compact: bool = False) -> int:
    """Return the memory that a target's table takes beside its model."""
    length, size = model.length, model.alphabet.size
    if compact:
        columns, row = -(-length // EIGHT) * EIGHT, 2 * short_width(size)
    else:
        columns, row = -(-length // WAYS) * WAYS, 4 * row_width(size)
    return length * columns * size * row
