"""Tables of effects, and their sums over many mutants. Arrays only; callers check.

Mutant n has the substitutions offsets[n] .. offsets[n + 1] - 1 of the flat arrays
``columns`` and ``letters``. The pairs of sites i < j that have couplings are numbered i
outer: those of site i are starts[i] .. starts[i + 1] - 1, their j in ``seconds``.
"""

import numpy as np

from pottsfold.jit import kernel


@kernel
def fill_pairs(blocks, later, starts, seconds, wild_type, modelled, first, pairs):
    """Write e_ij(a, b), the epistasis of every pair of substitutions.

    e_ij(a, b) = J_ij(a, b) - J_ij(a, wt_j) - J_ij(wt_i, b) + J_ij(wt_i, wt_j), with
    J_ij in blocks (M, q, q) float32, those of site i and later ones from later[i] on;
    wild_type (L,) uint8; modelled (L,) bool: sites that have a wild type; first: the
    first letter of the model; and pairs (P, q, q) float32. NaN where the model has no
    say.
    """
    size = blocks.shape[1]
    for i in range(later.shape[0]):
        u = wild_type[i]
        for pair in range(starts[i], starts[i + 1]):
            j = seconds[pair]
            v = wild_type[j]
            if not (modelled[i] and modelled[j]):
                pairs[pair] = np.nan
                continue
            block = blocks[later[i] + pair - starts[i]]
            corner = np.float64(block[u, v])
            for a in range(size):
                alone = corner - np.float64(block[a, v])
                for b in range(size):
                    if a < first or b < first:
                        pairs[pair, a, b] = np.nan
                    else:
                        pairs[pair, a, b] = (
                            np.float64(block[a, b]) - np.float64(block[u, b]) + alone
                        )


@kernel
def epistasis_of(i, a, j, b, length, starts, seconds, pairs):
    """Return e_ij(a, b) of sites i < j, 0 where they have no couplings.

    ``seconds`` None says that all pairs are there: the compiler then leaves out the
    search, and what asks for it.
    """
    if seconds is None:
        return np.float64(pairs[i * (2 * length - i - 3) // 2 + j - 1, a, b])
    low, high = starts[i], starts[i + 1]
    while low < high:
        middle = (low + high) // 2
        if seconds[middle] < j:
            low = middle + 1
        else:
            high = middle
    if low < starts[i + 1] and seconds[low] == j:
        return np.float64(pairs[low, a, b])
    return 0.0


@kernel
def sum_effects(
    offsets,
    columns,
    letters,
    singles,
    independent,
    adjusted,
    starts,
    seconds,
    pairs,
    sums,
):
    """Write additive, epistasis, independent and adjusted of every mutant.

    offsets (n + 1,) int64; columns (m,) int64; letters (m,) uint8; singles,
    independent and adjusted (L, q) float64; starts (L + 1,) int64 and seconds (P,)
    int32, or None where all pairs are there; pairs (P, q, q) float32; sums (4, n)
    float64. The adjusted sum is of single
    effects, and the epistasis.
    """
    length = singles.shape[0]
    for n in range(offsets.size - 1):
        additive = epistasis = alone = known = 0.0
        for k in range(offsets[n], offsets[n + 1]):
            i = columns[k]
            a = letters[k]
            additive += singles[i, a]
            alone += independent[i, a]
            known += adjusted[i, a]
            for m in range(offsets[n], k):
                j = columns[m]
                b = letters[m]
                if i < j:
                    epistasis += epistasis_of(
                        i, a, j, b, length, starts, seconds, pairs
                    )
                else:
                    epistasis += epistasis_of(
                        j, b, i, a, length, starts, seconds, pairs
                    )
        sums[0, n] = additive
        sums[1, n] = epistasis
        sums[2, n] = alone
        sums[3, n] = known + epistasis


@kernel
def sum_buried(
    offsets, columns, letters, singles, starts, seconds, pairs, burial, sums
):
    """Write the log-odds of every mutant, weighted by how buried its sites are.

    sum_i b_i s_i(a_i) + sum_{i<j} (b_i + b_j) / 2 e_ij(a_i, a_j), with burial b (L,)
    float64 and sums (n,) float64; the rest as for sum_effects.
    """
    length = singles.shape[0]
    for n in range(offsets.size - 1):
        total = 0.0
        for k in range(offsets[n], offsets[n + 1]):
            i = columns[k]
            a = letters[k]
            total += burial[i] * singles[i, a]
            for m in range(offsets[n], k):
                j = columns[m]
                b = letters[m]
                if i < j:
                    epistasis = epistasis_of(i, a, j, b, length, starts, seconds, pairs)
                else:
                    epistasis = epistasis_of(j, b, i, a, length, starts, seconds, pairs)
                total += (burial[i] + burial[j]) / 2 * epistasis
        sums[n] = total
