"""Sequence weights, so that close relatives do not count many times.

Pairs are compared, each once, on letters packed to bits (see
:mod:`pottsfold.alignment.kernels`). What makes it fast: letters are numbered by their
frequency in the column, so that the two low bits part the common ones, and columns
are taken from the most varied on, so that one word of 64 columns and two bits rules
out nearly every pair. Sequences are sorted so that relatives share a block, and
equal ones are compared once. Of very many sequences only pairs that share a segment of
columns are compared (see :mod:`pottsfold.alignment.segments`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment import segments
from pottsfold.alignment.alignment import Alignment
from pottsfold.errors import UsageError
from pottsfold.lazy import lazy_module
from pottsfold.simd.arrays import aligned_zeros
from pottsfold.threads import Workers, chosen_threads

if TYPE_CHECKING:
    from pottsfold.alignment import kernels
else:
    kernels = lazy_module("pottsfold.alignment.kernels")

# Blocks compared with one sequence after another: their words fill half an L1 cache.
SPAN = 16
# Later tasks are shorter, so few are enough to keep every core busy to the end.
TASKS_PER_THREAD = 8
MIN_BLOCKS_PER_TASK = 4
SAMPLE = 1024


Words = NDArray[np.uint64]
Counts = NDArray[np.int32]
Keys = NDArray[np.uint16]


def identity_weights(
    codes: NDArray[np.uint8], identity: float = 0.8, *, threads: int | None = None
) -> NDArray[np.float64]:
    """Return w_n = 1 / number of neighbours of sequence n.

    m is a neighbour of n when matches(n, m) >= ceil(identity * L - 1e-9), where
    matches counts the columns with equal codes among all L: a gap matches a gap,
    an unknown letter an unknown one, and n is its own neighbour. This is plmc's
    rule (inclusive), with the threshold an integer.

    Parameters
    ----------
    codes : (N, L) uint8
        Aligned sequences.
    identity : float
        Above 0 and at most 1.
    threads : int, optional
        Number of threads; all cores by default. The weights do not depend on it.

    Returns
    -------
    (N,) float64
        In (0, 1]; their sum is the effective number of sequences.

    Raises
    ------
    UsageError
        If ``identity`` is out of its range.

    Examples
    --------
    >>> codes = np.array([[1, 2, 3, 4], [1, 2, 3, 0], [4, 4, 4, 4]], np.uint8)
    >>> identity_weights(codes, 0.75)
    array([0.5, 0.5, 1. ])
    """
    if not 0 < identity <= 1:
        raise UsageError(
            "above 0 and at most 1 is needed", parameter="identity", value=identity
        )
    length = codes.shape[1]
    most = length - math.ceil(identity * length - 1e-9)
    numbers, frequencies = _numbered_letters(codes)
    # How often two sequences agree in the two low bits of a column's numbers.
    parts = [frequencies[:, low::4].sum(axis=1) for low in range(4)]
    alike = np.square(parts).sum(axis=0)
    rows, copies, places = _distinct_rows(codes, numbers, alike)
    keys = segments.keys_that_pay(codes, rows, frequencies, most)
    with Workers(chosen_threads(threads)) as workers:
        planes = _Planes(codes, rows, copies, numbers, np.argsort(alike), most, workers)
        near = planes.count_all() if keys is None else planes.count_by_segment(keys)
    return 1.0 / near[places]


def _numbered_letters(
    codes: NDArray[np.uint8],
) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
    """Return each column's letters numbered by falling frequency, (L, S).

    And the frequencies of numbers, (L, S). A sample will do, since the weights do not
    depend on either.
    """
    n_codes = int(codes.max(initial=0)) + 1
    sample = codes[:: max(1, len(codes) // SAMPLE)]
    length = codes.shape[1]
    flat = (sample + n_codes * np.arange(length)).ravel()
    counts = np.bincount(flat, minlength=n_codes * length).reshape(length, n_codes)
    letters = np.argsort(-counts, axis=1)
    numbers = np.empty((length, n_codes), np.uint64)
    np.put_along_axis(numbers, letters, np.arange(n_codes, dtype=np.uint64), axis=1)
    frequencies = np.take_along_axis(counts, letters, axis=1) / max(1, len(sample))
    return numbers, frequencies


def _distinct_rows(
    codes: NDArray[np.uint8], numbers: NDArray[np.uint64], alike: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
    """Return rows that are all different, how often each comes, and where each went.

    They are sorted by the letters of a few columns: of those that half of all pairs
    share, since relatives seldom differ there and others often. Equal rows are
    neighbours in that order but for a coincidence of fingerprints, which costs time
    and changes no count.
    """
    bits = 5 if numbers.shape[1] <= 32 else 8
    key = np.zeros(len(codes), np.uint64)
    for column in np.argsort(np.abs(alike - 0.5))[: 32 // bits]:
        key = (key << np.uint64(bits)) | numbers[column, codes[:, column]]
    key = (key << np.uint64(32)) | _fingerprints(codes)
    order = np.argsort(key)
    new = np.ones(len(codes), np.bool_)
    again = np.flatnonzero(np.diff(key[order]) == 0) + 1
    new[again] = (codes[order[again]] != codes[order[again - 1]]).any(axis=1)
    firsts = np.flatnonzero(new)
    places = np.empty(len(codes), np.int64)
    places[order] = np.cumsum(new) - 1
    copies = np.diff(firsts, append=len(codes)).astype(np.int32)
    return order[firsts], copies, places


def _fingerprints(codes: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return 32 bits for each row, the same for equal rows."""
    n_rows, length = codes.shape
    padded = np.zeros((n_rows, -(-length // 8) * 8), np.uint8)
    padded[:, :length] = codes
    result = np.zeros(n_rows, np.uint64)
    for words in padded.view(np.uint64).T:
        result ^= words
        result *= np.uint64(0x9E3779B97F4A7C15)
        result ^= result >> np.uint64(29)
    return result >> np.uint64(32)


class _Planes:
    """Sequences as bit planes in one order, to be counted in.

    Parameters
    ----------
    codes : (N, L) uint8
        Aligned sequences.
    rows, copies : (R,) int64, (R,) int32
        Rows that are all different, and how often each comes.
    numbers : (L, S) uint64
        Numbers of each column's letters.
    columns : (L,) int64
        Order in which columns are compared.
    most : int
        Columns in which neighbours differ at most.
    workers : Workers
        Threads.
    """

    def __init__(
        self,
        codes: NDArray[np.uint8],
        rows: NDArray[np.int64],
        copies: NDArray[np.int32],
        numbers: NDArray[np.uint64],
        columns: NDArray[np.int64],
        most: int,
        workers: Workers,
    ) -> None:
        # One type for the compiler, whether or not the caller's array may be written.
        self._codes = np.require(codes, np.uint8, ["C", "W"])
        self._rows, self._copies = rows, copies
        self._columns, self._most, self._workers = columns, most, workers
        n_blocks = -(-len(rows) // kernels.BLOCK)
        n_words = max(1, -(-len(columns) // 64))
        n_fine = 3 if numbers.shape[1] <= 32 else 6
        planes = np.arange(2 + n_fine, dtype=np.uint64)[:, None, None]
        bits = (numbers[columns] >> planes & np.uint64(1)) << (8 * planes)
        self._spread = bits.sum(axis=0)
        self._coarse = aligned_zeros((n_words, n_blocks, 2, kernels.BLOCK), np.uint64)
        self._fine = aligned_zeros(
            (n_blocks, n_words, n_fine, kernels.BLOCK), np.uint64
        )
        # Rows that fill up the last block count for nothing.
        self._times = aligned_zeros((n_blocks, kernels.BLOCK), np.int32)
        step = -(-n_blocks // (workers.threads * TASKS_PER_THREAD))
        step = max(MIN_BLOCKS_PER_TASK, step)
        self._tasks = [
            (first, min(first + step, n_blocks)) for first in range(0, n_blocks, step)
        ]

    def count_all(self) -> Counts:
        """Return for each row how many sequences are near, all pairs compared."""
        self._pack(np.arange(len(self._rows)))

        def count(first: int, last: int, apart: Words, found: Counts) -> None:
            kernels.count_neighbours(
                self._coarse,
                self._fine,
                self._times,
                self._most,
                first,
                last,
                SPAN,
                apart,
                found,
            )

        return self._counted(count)

    def count_by_segment(self, keys: Keys) -> Counts:
        """Return the same, of pairs that share a key of some segment."""
        n_blocks, width = self._times.shape
        total = np.zeros(len(keys), np.int32)
        for segment in range(keys.shape[1]):
            order = np.argsort(keys[:, segment], kind="stable")
            self._pack(order)
            taken = np.zeros((n_blocks, segment + 1, width), np.uint16)
            kernels.take_keys(keys, order, segment + 1, taken)

            def count(
                first: int, last: int, apart: Words, found: Counts, taken: Keys = taken
            ) -> None:
                kernels.count_in_segment(
                    self._coarse,
                    self._fine,
                    self._times,
                    self._most,
                    first,
                    last,
                    taken,
                    apart,
                    found,
                )

            total[order] += self._counted(count)
        return total

    def _pack(self, order: NDArray[np.int64]) -> None:
        """Write the planes of the rows in an order."""
        rows = self._rows[order]
        self._times.reshape(-1)[: len(rows)] = self._copies[order]
        coarse = self._coarse.view(np.uint8).reshape(*self._coarse.shape, 8)
        fine = self._fine.view(np.uint8).reshape(*self._fine.shape, 8)

        def pack(task: tuple[int, int]) -> None:
            ends = task[0] * kernels.BLOCK, min(task[1] * kernels.BLOCK, len(rows))
            kernels.pack(
                self._codes, rows, self._columns, self._spread, *ends, coarse, fine
            )

        self._workers.map(pack, self._tasks)

    def _counted(
        self, count: Callable[[int, int, Words, Counts], None]
    ) -> NDArray[np.int32]:
        """Return what tasks count, summed, of every row in its order."""
        total = np.zeros(self._times.shape, np.int32)
        adding = Lock()

        def count_some(task: tuple[int, int]) -> None:
            found = aligned_zeros(total.shape, np.int32)
            count(*task, aligned_zeros((2, kernels.BLOCK), np.uint64), found)
            with adding:
                np.add(total, found, out=total)

        self._workers.map(count_some, self._tasks)
        return total.reshape(-1)[: len(self._rows)]


def reweight(
    alignment: Alignment, identity: float = 0.8, *, threads: int | None = None
) -> Alignment:
    """Return the alignment with identity weights; see :func:`identity_weights`."""
    weights = identity_weights(alignment.codes, identity, threads=threads)
    return replace(alignment, weights=weights, identity=identity)
