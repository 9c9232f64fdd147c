"""Energies of chains from a sampling table. Arrays and scalars only.

``table``, ``offsets`` and ``partners`` as in :mod:`pottsfold.sampling.kernels`.
"""

import numpy as np

from pottsfold.jit import kernel


@kernel
def sum_couplings(codes, table, offsets, partners, energies):
    """Write - sum_{j<i} J_ij(x_i, x_j).

    codes (N, J) uint8; energies (N,) float64. Site by site over all chains, so that
    the table of one site stays in the cache.
    """
    n_chains = codes.shape[0]
    some = partners.shape[0] > 0
    energies[:] = 0.0
    for i in range(1, offsets.shape[0] - 1):
        here = offsets[i]
        earlier = i
        if some:
            earlier = 0
            while here + earlier < offsets[i + 1] and partners[here + earlier] < i:
                earlier += 1
        for n in range(n_chains):
            a = codes[n, i]
            total = 0.0
            for k in range(earlier):
                j = partners[here + k] if some else k
                total += np.float64(table[here + k, codes[n, j], a])
            energies[n] -= total


@kernel
def sum_fields(codes, fields, energies):
    """Write - sum_i fields_i(x_i); fields (L, W) float64, energies (N,) float64."""
    for n in range(codes.shape[0]):
        total = 0.0
        for i in range(fields.shape[0]):
            total += fields[i, codes[n, i]]
        energies[n] = -total
