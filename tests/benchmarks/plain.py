"""The loops that every program of the field has at its heart, for comparison."""

import numba
import numpy as np


@numba.njit(nogil=True)
def add_rows(by_column, table, sums):
    """Add table[j, x_nj] to sums[n] for every sequence n and column j."""
    length, n_rows = by_column.shape
    for n in range(n_rows):
        for j in range(length):
            letter = by_column[j, n]
            for a in range(24):
                sums[n, a] += table[j, letter, a]


def table_for(length):
    rng = np.random.default_rng(0)
    return rng.normal(size=(length, 22, 24)).astype(np.float32)


def numpy_sweep(codes, fields, table, rng):
    """Draw every site of every chain from its conditional distribution, by arrays.

    table[i, j, b, a] = J_ij(a, b), (L, L, q, q); codes (N, L) are changed in place.
    """
    n, length = codes.shape
    columns = np.arange(length)
    for i in range(length):
        logits = fields[i] + table[i, columns, codes].sum(axis=1)
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        sums = p.cumsum(axis=1)
        drawn = (sums <= rng.random((n, 1)) * sums[:, -1:]).sum(axis=1)
        codes[:, i] = np.minimum(drawn, fields.shape[1] - 1)


@numba.njit(nogil=True)
def numba_sweep(codes, fields, table):
    """As :func:`numpy_sweep`, by loops."""
    n, length = codes.shape
    q = fields.shape[1]
    p = np.zeros(q, np.float32)
    for i in range(length):
        for k in range(n):
            p[:] = fields[i]
            for j in range(length):
                b = codes[k, j]
                for a in range(q):
                    p[a] += table[i, j, b, a]
            highest, total = p.max(), np.float32(0.0)
            for a in range(q):
                p[a] = np.exp(p[a] - highest)
                total += p[a]
            left = np.float32(np.random.random()) * total  # noqa: NPY002
            drawn = 0
            while drawn < q - 1 and left >= p[drawn]:
                left -= p[drawn]
                drawn += 1
            codes[k, i] = drawn
