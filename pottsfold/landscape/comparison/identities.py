"""How alike sequences are: to one another, and to their nearest relative."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pottsfold.threads import Workers

# Pairs of sequences compared at a time: words for them stay in a core's own cache.
ROWS, COLUMNS = 32, 1024
WORD = 64


def pair_identities(
    codes: NDArray[np.uint8], n_pairs: int, seed: int
) -> NDArray[np.float64]:
    """Return the identity of pairs of different rows drawn at random.

    Parameters
    ----------
    codes : (N, L) uint8
        Sequences.
    n_pairs : int
        Pairs, drawn with replacement.
    seed : int
        Of the draw.

    Returns
    -------
    (n_pairs,) float64
        Share of the L columns with equal codes, a gap matching a gap; empty for fewer
        than two sequences.
    """
    if len(codes) < 2:
        return np.empty(0)
    rng = np.random.default_rng(seed)
    first = rng.integers(0, len(codes), n_pairs)
    second = (first + rng.integers(1, len(codes), n_pairs)) % len(codes)
    identities: NDArray[np.float64] = (codes[first] == codes[second]).mean(axis=1)
    return identities


def nearest_identities(
    codes: NDArray[np.uint8],
    others: NDArray[np.uint8],
    workers: Workers,
    itself: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Return the identity of every sequence to the nearest of others.

    Letters are packed to bits, so that 64 columns of a pair cost a few operations.

    Parameters
    ----------
    codes : (n, L) uint8
        Sequences.
    others : (N, L) uint8
        Sequences they may be near to.
    workers : Workers
        Threads; the result does not depend on them.
    itself : (n,) int64, optional
        Row of ``others`` that a sequence is, which does not count.

    Returns
    -------
    (n,) float64
        Share of the L columns with equal codes, a gap matching a gap; 0 where there
        is no other.
    """
    n_bits = int(max(codes.max(initial=1), others.max(initial=1))).bit_length()
    mine, theirs = _planes(codes, n_bits), _planes(others, n_bits)
    length = codes.shape[1]

    def nearest(start: int) -> NDArray[np.int64]:
        rows = slice(start, start + ROWS)
        best = np.full(len(codes[rows]), length)
        for column in range(0, len(others), COLUMNS):
            columns = slice(column, column + COLUMNS)
            apart = _differences(mine[..., rows], theirs[..., columns])
            if itself is not None:
                own = itself[rows] - column
                inside = np.flatnonzero((own >= 0) & (own < apart.shape[1]))
                apart[inside, own[inside]] = length
            np.minimum(best, apart.min(axis=1), out=best)
        return best

    found = workers.map(nearest, range(0, len(codes), ROWS))
    apart = np.concatenate([np.empty(0, np.int64), *found])
    identities: NDArray[np.float64] = 1 - apart / length
    return identities


def _planes(codes: NDArray[np.uint8], n_bits: int) -> NDArray[np.uint64]:
    """Return bit b of the codes of 64 columns as one word, (W, n_bits, N)."""
    n_rows, length = codes.shape
    n_words = -(-length // WORD)
    padded = np.zeros((n_rows, n_words * WORD), np.uint8)
    padded[:, :length] = codes
    planes = np.empty((n_words, n_bits, n_rows), np.uint64)
    for bit in range(n_bits):
        packed = np.packbits(padded >> bit & 1, axis=1)
        planes[:, bit] = packed.view(np.uint64).T
    return planes


def _differences(
    mine: NDArray[np.uint64], theirs: NDArray[np.uint64]
) -> NDArray[np.uint16]:
    """Return in how many columns rows differ, (n, N)."""
    shape = mine.shape[2], theirs.shape[2]
    apart = np.zeros(shape, np.uint16)
    differ, bits = np.empty(shape, np.uint64), np.empty(shape, np.uint64)
    for word in range(len(mine)):
        differ[:] = 0
        for one, other in zip(mine[word], theirs[word], strict=True):
            np.bitwise_xor(one[:, np.newaxis], other, out=bits)
            np.bitwise_or(differ, bits, out=differ)
        apart += np.bitwise_count(differ)
    return apart
