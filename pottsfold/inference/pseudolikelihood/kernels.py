"""Loops of the pseudolikelihood.

Arrays and scalars only. Couplings come as (P, s, s) float32, one block a pair
i < j, i outer, over the s modelled letters. A site's table holds the same numbers
as that site sees them, ``table[k, b, a] = J_ij(a, b)``, j its partner number k: rows
padded to W floats, row s zero for absent letters, so that no loop has to ask. Pattern
rows are sums of table rows, see :mod:`.patterns`. ``lanes`` is a tuple of W numbers,
there for its length alone.
"""

import numpy as np

from pottsfold.jit import kernel
from pottsfold.simd.rows import (
    add_scaled_row,
    gather_rows,
    join_row,
    part_row,
    scatter_row,
    softmax_row,
)

# Field steps at one visit of a site, and halvings of a step that goes uphill.
MAX_PASSES = 30
# Rows summed in float32 before their sum is added up in float64.
SUM_ROWS = 128
# The Hessian of a site is made anew when a step has not shortened the next by this.
GOOD_RATE = 0.05


@kernel
def gather_table(couplings, site, partners, pairs, table):
    """Copy the couplings of one site into its table.

    couplings (P, s, s) float32; partners (n,) int32, and pairs (n,) int64, the numbers
    of their blocks, -1 for the site itself; table (>= n, s + 1, W) float32, zero there
    and beyond.
    """
    size = couplings.shape[1]
    for k in range(partners.shape[0]):
        if pairs[k] < 0:
            table[k] = np.float32(0.0)
            continue
        block = couplings[pairs[k]]
        if partners[k] < site:
            for b in range(size):
                for a in range(size):
                    table[k, b, a] = block[b, a]
        else:
            for b in range(size):
                for a in range(size):
                    table[k, b, a] = block[a, b]
    table[partners.shape[0] :] = np.float32(0.0)


@kernel
def scatter_table(table, site, partners, pairs, couplings):
    """Add one site's table of slopes to the gradient of the couplings."""
    size = couplings.shape[1]
    for k in range(partners.shape[0]):
        if pairs[k] < 0:
            continue
        block = couplings[pairs[k]]
        if partners[k] < site:
            for b in range(size):
                for a in range(size):
                    block[b, a] += table[k, b, a]
        else:
            for b in range(size):
                for a in range(size):
                    block[a, b] += table[k, b, a]


@kernel
def extend_patterns(letters, n_letters, ids, n_patterns, most, lookup):
    """Renumber the patterns ``ids`` joined with ``letters``; return their number.

    letters (N,) uint8 below n_letters; ids (N,) int32 below n_patterns, renumbered
    in order of appearance; lookup int32 of at least n_patterns * n_letters. Stops,
    and returns most + 1, once there are more than ``most``; ids are then spoilt.
    """
    lookup[: n_patterns * n_letters] = -1
    found = 0
    for n in range(letters.shape[0]):
        key = ids[n] * n_letters + letters[n]
        if lookup[key] < 0:
            if found == most:
                return most + 1
            lookup[key] = found
            found += 1
        ids[n] = lookup[key]
    return found


@kernel
def count_patterns(by_column, start, n_letters, most, counts):
    """Write the numbers of patterns of the columns from ``start`` on, joined.

    counts[k] is that of columns start..start + k, the first always written; 0 where
    there are more than ``most``. Returns how many are not 0.
    """
    length, n_rows = by_column.shape
    ids = np.zeros(n_rows, np.int32)
    lookup = np.empty(max(most, n_letters) * n_letters, np.int32)
    counts[:] = 0
    n_patterns = 1
    for k in range(min(counts.shape[0], length - start)):
        limit = n_letters if k == 0 else most
        n_patterns = extend_patterns(
            by_column[start + k], n_letters, ids, n_patterns, limit, lookup
        )
        if n_patterns > limit:
            return k
        counts[k] = n_patterns
    return min(counts.shape[0], length - start)


@kernel
def sum_patterns(table, parents, columns, letters, rows, lanes):
    """Write every pattern's sum of table rows: rows[r] = rows[parent] + its own.

    parents, columns, letters (R,) int32, parents before their children; rows (R, W)
    float32, row 0 zero and without parent.
    """
    rows[0] = np.float32(0.0)
    for r in range(1, rows.shape[0]):
        join_row(rows, r, parents[r], table, columns[r], letters[r], lanes)


@kernel
def part_patterns(rows, parents, columns, letters, slopes, lanes):
    """Hand every pattern's sum down to the letters that make it up, in ``slopes``."""
    slopes[:] = np.float32(0.0)
    for r in range(rows.shape[0] - 1, 0, -1):
        part_row(rows, r, parents[r], slopes, columns[r], letters[r], lanes)


@kernel
def bases_of(bases, g):
    """Return the bases of the eight groups from g on."""
    return (
        bases[g],
        bases[g + 1],
        bases[g + 2],
        bases[g + 3],
        bases[g + 4],
        bases[g + 5],
        bases[g + 6],
        bases[g + 7],
    )


@kernel
def nodes_of(patterns, base, g, n):
    """Return the nodes of sequence n in the eight groups from g on."""
    return (
        base[0] + patterns[g, n],
        base[1] + patterns[g + 1, n],
        base[2] + patterns[g + 2, n],
        base[3] + patterns[g + 3, n],
        base[4] + patterns[g + 4, n],
        base[5] + patterns[g + 5, n],
        base[6] + patterns[g + 6, n],
        base[7] + patterns[g + 7, n],
    )


@kernel
def sum_logits(patterns, bases, rows, block, logits, lanes):
    """Write sum_j J_ij(a, x_nj) of one site to logits (N, W) float32.

    patterns (G, N) uint16, G a multiple of eight: sequence n has the pattern of row
    bases[g] + patterns[g, n] in group g. Groups outside, a block of sequences
    inside, so that eight groups' rows and the block's logits stay in the cache.
    """
    n_groups, n_rows = patterns.shape
    logits[:] = np.float32(0.0)
    for start in range(0, n_rows, block):
        stop = min(start + block, n_rows)
        for g in range(0, n_groups, 8):
            base = bases_of(bases, g)
            for n in range(start, stop):
                nodes = nodes_of(patterns, base, g, n)
                gather_rows(logits, n, rows, nodes, lanes)


@kernel
def sum_slopes(patterns, bases, residuals, block, rows, lanes):
    """Write sum_n residuals[n] over the sequences of every pattern to its row."""
    n_groups, n_rows = patterns.shape
    rows[:] = np.float32(0.0)
    for start in range(0, n_rows, block):
        stop = min(start + block, n_rows)
        for g in range(0, n_groups, 8):
            base = bases_of(bases, g)
            for n in range(start, stop):
                nodes = nodes_of(patterns, base, g, n)
                scatter_row(residuals, n, rows, nodes, lanes)


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
    # Loops over letters, not sums of arrays: these take seconds to compile.
    size = fields.shape[0]
    hessian = factor[:size]
    slopes = np.empty(size)
    step = np.empty(size)
    trial = np.empty(size)
    for a in range(size):
        trial[a] = fields[a]
    bends = factor[size, 0] != 1.0
    scale = 1.0
    value = np.inf
    gain = np.inf
    for _ in range(MAX_PASSES):
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
        squares = 0.0
        for a in range(size):
            squares += trial[a] * trial[a]
        there += penalty * squares
        if there > value + 1e-9 * abs(value):
            # Uphill: half as far, from the last good fields.
            scale *= 0.5
            for a in range(size):
                trial[a] = fields[a] - scale * step[a]
            factor[size, 0] = 0.0
            bends = True
            continue
        for a in range(size):
            slopes[a] += 2.0 * penalty * trial[a]
        if bends:
            for a in range(size):
                hessian[a, a] += 2.0 * penalty
            factorize(hessian, 2.0 * penalty)
            factor[size, 0] = 1.0
        for a in range(size):
            fields[a] = trial[a]
        value = there
        solve_factorized(hessian, slopes, step)
        before = gain
        ahead = 0.0
        for a in range(size):
            ahead += slopes[a] * step[a]
        gain = 0.5 * ahead
        bends = gain > GOOD_RATE * before
        if gain <= accuracy * value:
            break
        scale = 1.0
        for a in range(size):
            trial[a] = fields[a] - step[a]
    if bends:
        factor[size, 0] = 0.0
    return value
