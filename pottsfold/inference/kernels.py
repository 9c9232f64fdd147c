"""Loops of the pseudolikelihood and of its optimiser.

Arrays and scalars only. Couplings come as (P, s, s) float32, one block a pair
i < j, i outer, over the s modelled letters. A site's table holds the same numbers
as that site sees them, ``table[j, b, a] = J_ij(a, b)``, rows padded to ``stride``
floats; row s stays zero and serves absent letters, so no loop asks for them.
"""

import numpy as np

from pottsfold.jit import kernel


@kernel
def gather_table(couplings, site, table):
    """Copy the couplings of one site into its table.

    couplings (P, s, s) float32; table (L, s + 1, stride) float32.
    """
    length = table.shape[0]
    size = couplings.shape[1]
    for j in range(length):
        if j < site:
            block = couplings[j * length - j * (j + 1) // 2 + site - j - 1]
            for b in range(size):
                for a in range(size):
                    table[j, b, a] = block[b, a]
        elif j > site:
            block = couplings[site * length - site * (site + 1) // 2 + j - site - 1]
            for b in range(size):
                for a in range(size):
                    table[j, b, a] = block[a, b]


@kernel
def scatter_table(table, site, couplings):
    """Add one site's table of slopes to the gradient of the couplings."""
    length = table.shape[0]
    size = couplings.shape[1]
    for j in range(length):
        if j < site:
            block = couplings[j * length - j * (j + 1) // 2 + site - j - 1]
            for b in range(size):
                for a in range(size):
                    block[b, a] += table[j, b, a]
        elif j > site:
            block = couplings[site * length - site * (site + 1) // 2 + j - site - 1]
            for b in range(size):
                for a in range(size):
                    block[a, b] += table[j, b, a]


@kernel
def visit_site(by_column, weights, fields, table, site, block, slopes, field_slopes):
    """Return - sum_n w_n log P(x_ni | the others) of one site, with its slopes.

    by_column (L, N) uint8, letter s for absent; weights (N,) float64; fields (s,)
    float32; table (L, s + 1, stride) float32. Written: slopes, like table, and
    field_slopes (s,) float64. A sequence absent at the site counts nothing.
    """
    length, n_rows = by_column.shape
    size = fields.shape[0]
    stride = table.shape[2]
    slopes[:] = np.float32(0.0)
    field_slopes[:] = 0.0
    logits = np.zeros((block, stride), np.float32)
    total = 0.0
    for start in range(0, n_rows, block):
        rows = min(block, n_rows - start)
        for n in range(rows):
            for a in range(size):
                logits[n, a] = fields[a]
        for j in range(length):
            if j == site:
                continue
            letters = by_column[j, start : start + rows]
            of_column = table[j]
            for n in range(rows):
                row = of_column[letters[n]]
                for a in range(stride):
                    logits[n, a] += row[a]
        for n in range(rows):
            own = by_column[site, start + n]
            if own == size:
                logits[n, :] = np.float32(0.0)
                continue
            weight = weights[start + n]
            highest = logits[n, 0]
            for a in range(1, size):
                highest = max(highest, logits[n, a])
            target = logits[n, own] - highest
            norm = np.float32(0.0)
            for a in range(size):
                logits[n, a] = np.exp(logits[n, a] - highest)
                norm += logits[n, a]
            total += weight * (np.log(np.float64(norm)) - np.float64(target))
            scale = np.float32(weight) / norm
            for a in range(size):
                logits[n, a] *= scale
            logits[n, own] -= np.float32(weight)
            for a in range(size):
                field_slopes[a] += np.float64(logits[n, a])
        for j in range(length):
            if j == site:
                continue
            letters = by_column[j, start : start + rows]
            of_column = slopes[j]
            for n in range(rows):
                row = of_column[letters[n]]
                for a in range(stride):
                    row[a] += logits[n, a]
    return total


@kernel
def dot(x, y):
    """Return the sum of x * y, (n,) float32, made in float64.

    Eight running sums let the processor work on eight products at a time.
    """
    n = x.shape[0]
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
    whole = n - n % 8
    for k in range(0, whole, 8):
        s0 += np.float64(x[k]) * np.float64(y[k])
        s1 += np.float64(x[k + 1]) * np.float64(y[k + 1])
        s2 += np.float64(x[k + 2]) * np.float64(y[k + 2])
        s3 += np.float64(x[k + 3]) * np.float64(y[k + 3])
        s4 += np.float64(x[k + 4]) * np.float64(y[k + 4])
        s5 += np.float64(x[k + 5]) * np.float64(y[k + 5])
        s6 += np.float64(x[k + 6]) * np.float64(y[k + 6])
        s7 += np.float64(x[k + 7]) * np.float64(y[k + 7])
    for k in range(whole, n):
        s0 += np.float64(x[k]) * np.float64(y[k])
    return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))


@kernel
def add_scaled(scale, x, y):
    """Add scale * x to y in place; (n,) float32, the product made in float32."""
    factor = np.float32(scale)
    for k in range(x.shape[0]):
        y[k] += factor * x[k]
