"""Loops of the pseudolikelihood and of its optimiser.

Arrays and scalars only. Couplings come as (P, s, s) float32, one block a pair
i < j, i outer, over the s modelled letters. A site's table holds the same numbers
as that site sees them, ``table[j, b, a] = J_ij(a, b)``: rows padded to W floats,
columns padded to a multiple of eight, row s zero for absent letters, so that no
loop has to ask. ``lanes`` is a tuple of W numbers, there for its length alone.
"""

import numpy as np

from pottsfold.jit import (
    add_scaled_row,
    gather_rows,
    kernel,
    scatter_row,
    softmax_row,
)

# Field steps at one visit of a site, and halvings of a step that goes uphill.
MOST_PASSES = 30
# Rows summed in float32 before their sum is added up in float64.
SUM_ROWS = 128
# The Hessian of a site is made anew when a step has not shortened the next by this.
GOOD_RATE = 0.05


@kernel
def gather_table(couplings, length, site, table):
    """Copy the couplings of one site into its table.

    couplings (P, s, s) float32; table (>= L, s + 1, W) float32, zero at ``site``.
    """
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
    table[site] = np.float32(0.0)


@kernel
def scatter_table(table, length, site, couplings):
    """Add one site's table of slopes to the gradient of the couplings."""
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
def letters_at(by_column, j, n):
    """Return row n's letters at the eight columns from j on."""
    return (
        by_column[j, n],
        by_column[j + 1, n],
        by_column[j + 2, n],
        by_column[j + 3, n],
        by_column[j + 4, n],
        by_column[j + 5, n],
        by_column[j + 6, n],
        by_column[j + 7, n],
    )


@kernel
def sum_logits(by_column, table, block, logits, lanes):
    """Write sum_j J_ij(a, x_nj) of one site to logits (N, W) float32.

    Columns outside, a block of sequences inside: eight columns' rows and the
    block's logits stay in the first-level cache.
    """
    n_columns, n_rows = by_column.shape
    logits[:] = np.float32(0.0)
    for start in range(0, n_rows, block):
        stop = min(start + block, n_rows)
        for j in range(0, n_columns, 8):
            for n in range(start, stop):
                gather_rows(logits, n, table, j, letters_at(by_column, j, n), lanes)


@kernel
def sum_slopes(by_column, residuals, block, slopes, lanes):
    """Write sum_n residuals[n] over the rows with letter b at j to slopes[j, b].

    residuals (N, W) float32; slopes like a table, its row s (absent letters) and
    its padding columns filled too.
    """
    n_columns, n_rows = by_column.shape
    slopes[:] = np.float32(0.0)
    for start in range(0, n_rows, block):
        stop = min(start + block, n_rows)
        for j in range(0, n_columns, 8):
            for n in range(start, stop):
                scatter_row(residuals, n, slopes, j, letters_at(by_column, j, n), lanes)


@kernel
def weigh_fields(
    own, weights, fields, padded, logits, residuals, slopes, hessian, bends, lanes
):
    """Return - sum_n w_n log P(own_n) of one site at given fields.

    Written: residuals (N, W), w_n (P(a) - [a = own]); slopes (s,), their sum; and,
    if ``bends``, hessian (s, s) = sum_n w_n (diag P - P P^T). ``padded`` (W,)
    float32 is scratch, hugely negative beyond the s letters. Rows whose own letter
    is absent, own = s, count nothing.
    """
    size = fields.shape[0]
    sums = np.zeros((1, padded.shape[0]), np.float32)
    outer = np.zeros((size, padded.shape[0]), np.float32)
    for a in range(size):
        padded[a] = fields[a]
    slopes[:] = 0.0
    if bends:
        hessian[:] = 0.0
    total = 0.0
    for start in range(0, own.shape[0], SUM_ROWS):
        for n in range(start, min(start + SUM_ROWS, own.shape[0])):
            letter = own[n]
            if letter == size:
                residuals[n, :] = np.float32(0.0)
                continue
            weight = np.float32(weights[n])
            highest, norm = softmax_row(logits, n, padded, weight, residuals, lanes)
            chosen = np.float64(logits[n, letter] + padded[letter])
            total += weights[n] * (np.log(np.float64(norm)) + highest - chosen)
            add_scaled_row(sums, 0, np.float32(1.0), residuals, n, lanes)
            if bends:
                for a in range(size):
                    share = residuals[n, a] / weight
                    add_scaled_row(outer, a, share, residuals, n, lanes)
                hessian[letter, letter] += np.float64(weight)
            slopes[letter] -= np.float64(weight)
            residuals[n, letter] -= weight
        for a in range(size):
            slopes[a] += np.float64(sums[0, a])
        sums[:] = np.float32(0.0)
        if bends:
            for a in range(size):
                for b in range(size):
                    hessian[a, b] -= np.float64(outer[a, b])
            outer[:] = np.float32(0.0)
    if bends:
        # The own letters' weights, added above, cancel those in the slopes.
        for a in range(size):
            hessian[a, a] += slopes[a]
    return total


@kernel
def factorize(matrix, least):
    """Replace a matrix whose eigenvalues are ``least`` or more by its Cholesky factor.

    The factor is the lower one. Rounding may have made the matrix worse than it is:
    no pivot is taken below ``least``.
    """
    size = matrix.shape[0]
    for a in range(size):
        for b in range(a + 1):
            total = matrix[a, b]
            for c in range(b):
                total -= matrix[a, c] * matrix[b, c]
            if a == b:
                matrix[a, a] = np.sqrt(max(total, least))
            else:
                matrix[a, b] = total / matrix[b, b]


@kernel
def solve_factorized(factor, right, solution):
    """Solve (L L^T) solution = right."""
    size = factor.shape[0]
    for a in range(size):
        total = right[a]
        for c in range(a):
            total -= factor[a, c] * solution[c]
        solution[a] = total / factor[a, a]
    for a in range(size - 1, -1, -1):
        total = solution[a]
        for c in range(a + 1, size):
            total -= factor[c, a] * solution[c]
        solution[a] = total / factor[a, a]


@kernel
def best_fields(
    own, weights, penalty, accuracy, logits, fields, factor, padded, residuals, lanes
):
    """Minimise one site's objective over its fields; return the minimum.

    - sum_n w_n log P(own_n) + penalty sum_a h(a)^2, convex in h. Newton steps with a
    Hessian that is kept, from visit to visit, while it serves: factor (s + 1, s)
    float64 holds its Cholesky factor and, in the first place of its last row, 1 if
    it does. fields (s,) float64 are the start and the result; the residuals there
    are left in residuals (N, W). Ends where the step ahead would gain less than
    ``accuracy`` times the objective.
    """
    size = fields.shape[0]
    hessian = factor[:size]
    slopes = np.empty(size)
    step = np.empty(size)
    trial = fields.copy()
    bends = factor[size, 0] != 1.0
    scale = 1.0
    value = np.inf
    gain = np.inf
    for _ in range(MOST_PASSES):
        there = weigh_fields(
            own,
            weights,
            trial,
            padded,
            logits,
            residuals,
            slopes,
            hessian,
            bends,
            lanes,
        )
        there += penalty * np.sum(trial * trial)
        if there > value + 1e-9 * abs(value):
            # Uphill: half as far, from the last good fields.
            scale *= 0.5
            trial = fields - scale * step
            factor[size, 0] = 0.0
            bends = True
            continue
        slopes += 2.0 * penalty * trial
        if bends:
            for a in range(size):
                hessian[a, a] += 2.0 * penalty
            factorize(hessian, 2.0 * penalty)
            factor[size, 0] = 1.0
        fields[:] = trial
        value = there
        solve_factorized(hessian, slopes, step)
        before = gain
        gain = 0.5 * np.sum(slopes * step)
        bends = gain > GOOD_RATE * before
        if gain <= accuracy * value:
            break
        scale = 1.0
        trial = fields - step
    if bends:
        factor[size, 0] = 0.0
    return value


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
