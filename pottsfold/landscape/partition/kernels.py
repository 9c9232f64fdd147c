"""Energies of chains from a sampling table. Arrays and scalars only.

``table[i, j, b, a] = J_ij(a, b)`` as in :mod:`pottsfold.sampling.kernels`.
"""

import numpy as np

from pottsfold.jit import kernel


@kernel
def sum_couplings(codes, table, energies):
    """Write - sum_{j<i} J_ij(x_i, x_j).

    codes (N, J) uint8; energies (N,) float64. Site by site over all chains, so that
    the table of one site stays in the cache.
    """
    n_chains = codes.shape[0]
    energies[:] = 0.0
    for i in range(1, table.shape[0]):
        at_site = table[i]
        for n in range(n_chains):
            a = codes[n, i]
            total = 0.0
            for j in range(i):
                total += np.float64(at_site[j, codes[n, j], a])
            energies[n] -= total


@kernel
def sum_fields(codes, fields, energies):
    """Write - sum_i fields_i(x_i); fields (L, W) float64, energies (N,) float64."""
    for n in range(codes.shape[0]):
        total = 0.0
        for i in range(fields.shape[0]):
            total += fields[i, codes[n, i]]
        energies[n] = -total
