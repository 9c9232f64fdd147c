"""Loops over sequences: identity counts and weighted frequencies.

Arrays and scalars only; the callers check and document.
"""

import numpy as np

from pottsfold.jit import kernel


@kernel
def count_neighbours(by_column, needed, first, last, block, neighbours):
    """Count, for rows first..last-1, the rows with at least ``needed`` matches.

    by_column (L, N) uint8; neighbours (N,) int64 written at first..last-1. Matches
    of one row against a block of rows are summed column by column in uint16, so
    that the compiler compares many rows at once and the sums stay in the cache.
    """
    length, n_rows = by_column.shape
    matches = np.empty(block, np.uint16)
    for row in range(first, last):
        total = 0
        for start in range(0, n_rows, block):
            size = min(block, n_rows - start)
            matches[:size] = 0
            for column in range(length):
                code = by_column[column, row]
                others = by_column[column, start : start + size]
                for k in range(size):
                    matches[k] += np.uint16(others[k] == code)
            for k in range(size):
                if matches[k] >= needed:
                    total += 1
        neighbours[row] = total


@kernel
def count_pairs(codes, weights, site, counts):
    """Add up weights by the letters at ``site`` and at every later column.

    codes (N, L) uint8; weights (N,) float64; counts (L, S, S) float64 with S
    above the largest code: counts[j, a, b] = sum of w_n where x_n,site = a and
    x_nj = b, for j > site.
    """
    n_rows, length = codes.shape
    counts[:] = 0.0
    for n in range(n_rows):
        weight = weights[n]
        a = codes[n, site]
        for j in range(site + 1, length):
            counts[j, a, codes[n, j]] += weight
