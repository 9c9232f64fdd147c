"""Sums over pairs of sites. Arrays and scalars only; the callers check."""

import numpy as np

from pottsfold.jit import kernel


@kernel
def sum_energies(codes, fields, couplings, energies):
    """Write E(x_n) = - sum_i h_i(x_i) - sum_{i<j} J_ij(x_i, x_j).

    codes (N, L) uint8, codes >= q add nothing; fields (L, q) and couplings
    (L, L, q, q) float32; energies (N,) float64.
    """
    n_rows, length = codes.shape
    size = fields.shape[1]
    for n in range(n_rows):
        total = 0.0
        for i in range(length):
            a = codes[n, i]
            if a >= size:
                continue
            total += np.float64(fields[i, a])
            for j in range(i + 1, length):
                b = codes[n, j]
                if b < size:
                    total += np.float64(couplings[i, j, a, b])
        energies[n] = -total
