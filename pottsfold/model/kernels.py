"""Sums over pairs of sites. Arrays and scalars only; the callers check."""

import numpy as np

from pottsfold.jit import kernel


@kernel
def sum_energies(codes, fields, offsets, later, partners, blocks, energies):
    """Write E(x_n) = - sum_i h_i(x_i) - sum_{i<j} J_ij(x_i, x_j).

    codes (N, L) uint8, codes >= q add nothing; fields (L, q) float32; blocks
    (M, q, q) float32 of site i and partners[k] (M,) int32 at the places
    offsets[i] <= k < offsets[i + 1], those of later sites from later[i] on; with
    partners None every site has all sites, itself among them. energies (N,) float64.
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
            if partners is None:
                for j in range(i + 1, length):
                    b = codes[n, j]
                    if b < size:
                        total += np.float64(blocks[i * length + j, a, b])
            else:
                for k in range(later[i], offsets[i + 1]):
                    b = codes[n, partners[k]]
                    if b < size:
                        total += np.float64(blocks[k, a, b])
        energies[n] = -total
