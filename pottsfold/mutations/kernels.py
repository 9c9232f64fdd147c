"""Sums over the substitutions of many mutants. Arrays only; the callers check.

Mutant n has the substitutions offsets[n] .. offsets[n + 1] - 1 of the flat arrays
``columns`` and ``letters``.
"""

import numpy as np

from pottsfold.jit import kernel


@kernel
def sum_singles(offsets, columns, letters, table, sums):
    """Write the sum of table[i, a] over the substitutions of every mutant.

    offsets (n + 1,) int64; columns (m,) int64; letters (m,) uint8; table (L, q) and
    sums (n,) float64.
    """
    for n in range(offsets.size - 1):
        total = 0.0
        for k in range(offsets[n], offsets[n + 1]):
            total += table[columns[k], letters[k]]
        sums[n] = total


@kernel
def sum_pairs(offsets, columns, letters, wild_type, couplings, sums):
    """Write the sum of e_ij(a, b) over the pairs of substitutions of every mutant.

    e_ij(a, b) = J_ij(a, b) - J_ij(a, wt_j) - J_ij(wt_i, b) + J_ij(wt_i, wt_j), with
    wild_type (L,) uint8, couplings (L, L, q, q) float32 and sums (n,) float64.
    """
    for n in range(offsets.size - 1):
        total = 0.0
        for k in range(offsets[n], offsets[n + 1]):
            i = columns[k]
            a = letters[k]
            u = wild_type[i]
            for m in range(k + 1, offsets[n + 1]):
                j = columns[m]
                b = letters[m]
                v = wild_type[j]
                total += (
                    np.float64(couplings[i, j, a, b])
                    - np.float64(couplings[i, j, a, v])
                    - np.float64(couplings[i, j, u, b])
                    + np.float64(couplings[i, j, u, v])
                )
        sums[n] = total
