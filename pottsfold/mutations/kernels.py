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
def pair_number(i, j, starts, seconds):
    """Return the number of the pair of sites i < j, -1 if it has no couplings."""
    low, stop = starts[i], starts[i + 1]
    if stop - low == starts.shape[0] - 2 - i:
        # All later sites are there.
        return low + j - i - 1
    high = stop
    while low < high:
        middle = (low + high) // 2
        if seconds[middle] < j:
            low = middle + 1
        else:
            high = middle
    return low if low < stop and seconds[low] == j else -1


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
    independent and adjusted (L, q) float64; starts (L + 1,) int64, seconds (P,) int32
    and pairs (P, q, q) float32; sums (4, n) float64. The adjusted sum is of single
    effects, and the epistasis.
    """
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
                    pair = pair_number(i, j, starts, seconds)
                    if pair >= 0:
                        epistasis += np.float64(pairs[pair, a, b])
                else:
                    pair = pair_number(j, i, starts, seconds)
                    if pair >= 0:
                        epistasis += np.float64(pairs[pair, b, a])
        sums[0, n] = additive
        sums[1, n] = epistasis
        sums[2, n] = alone
        sums[3, n] = known + epistasis
