"""Segments of columns, so that few pairs of very many sequences need be compared.

Two sequences that differ in at most m columns are alike in one of any m + 1 segments
that the columns are parted into. Where letters vary, few strangers are: at an identity
of 0.8 a pair in fifty of 1,000,000 sequences of 100 columns. Sequences are sorted by
each segment in turn, those alike in it are compared, and a pair is counted in the first
segment that it shares, so every near pair is counted once.

Segments are compared by a number of 16 bits. Segments alike have one number, and what
else shares it is compared in vain: the counts are exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.lazy import lazy_module

if TYPE_CHECKING:
    from pottsfold.alignment import kernels
else:
    kernels = lazy_module("pottsfold.alignment.kernels")

# Sequences from which on segments may save time.
MANY = 100_000
# What sorting a letter by one segment costs, and a pair that shares the segment,
# in comparisons of any two.
PER_LETTER, PER_PAIR = 50, 4
KEYS = 2**16


def keys_that_pay(
    codes: NDArray[np.uint8],
    rows: NDArray[np.int64],
    frequencies: NDArray[np.float64],
    most: int,
) -> NDArray[np.uint16] | None:
    """Return every row's number in each of ``most`` + 1 segments, (R, most + 1).

    Parameters
    ----------
    codes : (N, L) uint8
        Aligned sequences.
    rows : (R,) int64
        Rows that are to be compared.
    frequencies : (L, S) float64
        Of each column's letters, about.
    most : int
        Columns in which near ones differ at most.

    Returns
    -------
    (R, most + 1) uint16 or None
        None where it is quicker to compare all pairs.
    """
    n_rows, n_segments = len(rows), most + 1
    all_pairs = n_rows**2 / 2
    to_sort = PER_LETTER * codes.shape[1] * n_segments * n_rows
    if n_rows < MANY or n_segments > codes.shape[1] or to_sort > all_pairs:
        return None
    keys = segment_keys(codes, rows, frequencies, n_segments)
    sizes = (np.bincount(column, minlength=KEYS) for column in keys.T)
    pairs = sum(float(np.square(size, dtype=np.float64).sum()) / 2 for size in sizes)
    return keys if to_sort + PER_PAIR * pairs < all_pairs else None


def segment_keys(
    codes: NDArray[np.uint8],
    rows: NDArray[np.int64],
    frequencies: NDArray[np.float64],
    n_segments: int,
) -> NDArray[np.uint16]:
    """Return the numbers of segments in which strangers are alike about as seldom."""
    columns, starts = _segments(frequencies, n_segments)
    keys = np.empty((len(rows), n_segments), np.uint16)
    # One type for the compiler, whether or not the caller's array may be written.
    codes = np.require(codes, np.uint8, ["C", "W"])
    kernels.write_keys(codes, rows, columns, starts, keys)
    return keys


def _segments(
    frequencies: NDArray[np.float64], n_segments: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return columns in order of their segments, and where these begin and end.

    The most varied columns come first, each to the segment that parts least so far.
    """
    alike = np.square(frequencies).sum(axis=1)
    parts = -np.log(np.maximum(alike, 1e-300))
    parted = np.zeros(n_segments)
    segment_of = np.empty(len(parts), np.int64)
    for column in np.argsort(-parts, kind="stable"):
        segment_of[column] = parted.argmin()
        parted[segment_of[column]] += parts[column]
    sizes = np.bincount(segment_of, minlength=n_segments)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    return np.argsort(segment_of, kind="stable"), starts
