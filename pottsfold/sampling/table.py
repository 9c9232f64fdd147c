"""Couplings of a model as the kernels of sampling read them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pottsfold.model import PairGraph, PottsModel, zero_sum
from pottsfold.sampling.kernels import COLUMNS, quantize
from pottsfold.simd.arrays import aligned_zeros
from pottsfold.simd.codegen import row_width
from pottsfold.simd.tables import EIGHT, MAX_SHORT, WAYS, short_width

# The coarsest step of a compact table, in nats.
MAX_STEP = 2.0**-8
# Steps a nat at which the largest sums are looked for.
PROBE = 64.0


@dataclass(frozen=True, eq=False)
class CouplingTable:
    """Rows J_ij(., b) as site i sees them, as :mod:`pottsfold.sampling.kernels` says.

    A site has a place for each of its partners, and a few more, with zeros, up to a
    whole number of the kernels' steps.

    Parameters
    ----------
    rows : (M, q, W) float32 or int16
        Rows of M places, in one order with ``offsets``.
    offsets : (L + 1,) int64
        Site i has the places ``offsets[i]`` to ``offsets[i + 1] - 1``.
    partners : (M,) int32
        The site j of each place, or the site itself where rows only fill up; empty
        where all sites are each other's partners.
    unit : float
        Nats in one unit of the rows: 1, or the step of int16.
    """

    rows: NDArray[np.float32] | NDArray[np.int16]
    offsets: NDArray[np.int64]
    partners: NDArray[np.int32]
    unit: float = 1.0

    def __post_init__(self) -> None:
        for array in self.arrays:
            array.flags.writeable = False

    @property
    def arrays(
        self,
    ) -> tuple[
        NDArray[np.float32] | NDArray[np.int16], NDArray[np.int64], NDArray[np.int32]
    ]:
        """What kernels take: rows, offsets, partners."""
        return self.rows, self.offsets, self.partners

    @property
    def columns(self) -> int:
        """Columns J that kernels read of codes: L, or a few more."""
        n_sites = len(self.offsets) - 1
        return n_sites if len(self.partners) else len(self.rows) // n_sites

    @property
    def size(self) -> int:
        """Letters of the alphabet q."""
        return int(self.rows.shape[1])

    @property
    def lanes(self) -> tuple[int, ...]:
        """As many zeros as float32 rows have places, or int16 ones letters."""
        short = self.rows.dtype == np.int16
        return (0,) * int(self.rows.shape[1 if short else 2])


def plain_table(model: PottsModel) -> CouplingTable:
    """Return the float32 table of a model."""
    size = model.alphabet.size
    offsets, partners = _places(model.graph, WAYS)
    rows = aligned_zeros((int(offsets[-1]), size, row_width(size)), np.float32)
    for i, start in enumerate(offsets[:-1]):
        # J_ij(a, b) = J_ji(b, a), whose rows over a are contiguous.
        blocks = model.blocks_to(i)
        rows[start : start + len(blocks), :, :size] = blocks
    return CouplingTable(rows, offsets, partners)


def compact_table(model: PottsModel) -> tuple[PottsModel, CouplingTable]:
    """Return the model in the zero-sum gauge, and its int16 table.

    The steps are the finest that keep every sum of 64 rows in range. A model that
    would need steps above 1/256 nat comes back as it is, with its float32 table.
    """
    centred = zero_sum(model)
    if np.spacing(centred.fields.max()) > MAX_STEP:
        # A letter forbidden by a huge field takes the digits of the others with it.
        return model, plain_table(model)
    size = model.alphabet.size
    offsets, partners = _places(model.graph, EIGHT)
    table = aligned_zeros((int(offsets[-1]), size, short_width(size)), np.int16)
    width, most = row_width(size), model.graph.most_partners
    rows = aligned_zeros((1, most, size, width), np.float32)

    def fill(scale: float) -> float:
        largest = 0.0
        for i, start in enumerate(offsets[:-1]):
            blocks = centred.blocks_to(i)
            n = len(blocks)
            rows[0, :n, :, :size] = blocks
            short = table[np.newaxis, start : start + n]
            found = quantize(rows[:, :n], scale, short, (0,) * width)
            largest = max(largest, found)
        return largest

    scale = finest_scale((fill(PROBE) + COLUMNS / 2) / PROBE)
    if scale * MAX_STEP < 1:
        return model, plain_table(model)
    fill(scale)
    return centred, CouplingTable(table, offsets, partners, 1 / scale)


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


def table_bytes(model: PottsModel, *, compact: bool = False) -> int:
    """Return the memory that a model's table takes beside it."""
    size = model.alphabet.size
    row = 2 * short_width(size) if compact else 4 * row_width(size)
    return int(_offsets(model.graph, EIGHT if compact else WAYS)[-1]) * size * row


def _offsets(graph: PairGraph, step: int) -> NDArray[np.int64]:
    """Return where sites' places begin, (L + 1,): whole steps, at least one."""
    counts = np.maximum(-(-np.diff(graph.offsets) // step), 1) * step
    return np.concatenate([[0], np.cumsum(counts)])


def _places(graph: PairGraph, step: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return offsets and partners of a table."""
    offsets = _offsets(graph, step)
    if graph.is_complete:
        return offsets, np.empty(0, np.int32)
    sites = np.arange(graph.length, dtype=np.int32)
    partners = np.repeat(sites, np.diff(offsets))
    # Places of the graph move up by what sites before them are filled up with.
    moved = np.arange(len(graph.partners)) + (offsets - graph.offsets)[graph.sites]
    partners[moved] = graph.partners
    return offsets, partners
