"""Tables of effects, and their sums over many mutants. Arrays only; callers check.

Mutant n has the substitutions offsets[n] .. offsets[n + 1] - 1 of the flat arrays
``columns`` and ``letters``. The pairs of sites i < j are numbered i outer:
pair i (2 L - i - 3) / 2 + j - 1.
"""

import numpy as np

from pottsfold.jit import kernel


@kernel
def fill_pairs(couplings, wild_type, modelled, first, pairs):
    """Write e_ij(a, b), the epistasis of every pair of substitutions.

    e_ij(a, b) = J_ij(a, b) - J_ij(a, wt_j) - J_ij(wt_i, b) + J_ij(wt_i, wt_j), with
    couplings (L, L, q, q) float32, wild_type (L,) uint8, modelled (L,) bool: sites
    that have a wild type; first: the first letter of the model; and pairs
    (L (L - 1) / 2, q, q) float32. NaN where the model has no say.
    """
    length, size = couplings.shape[1:3]
    pair = 0
    for i in range(length):
        u = wild_type[i]
        for j in range(i + 1, length):
            v = wild_type[j]
            if not (modelled[i] and modelled[j]):
                pairs[pair] = np.nan
                pair += 1
                continue
            corner = np.float64(couplings[i, j, u, v])
            for a in range(size):
                alone = corner - np.float64(couplings[i, j, a, v])
                for b in range(size):
                    if a < first or b < first:
                        pairs[pair, a, b] = np.nan
                    else:
                        pairs[pair, a, b] = (
                            np.float64(couplings[i, j, a, b])
                            - np.float64(couplings[i, j, u, b])
                            + alone
                        )
            pair += 1


@kernel
def sum_effects(offsets, columns, letters, singles, independent, adjusted, pairs, sums):
    """Write additive, epistasis, independent and adjusted of every mutant.

    offsets (n + 1,) int64; columns (m,) int64; letters (m,) uint8; singles,
    independent and adjusted (L, q) float64; pairs (L (L - 1) / 2, q, q) float32 and
    sums (4, n) float64. The adjusted sum is of single effects, and the epistasis.
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
                    pair = i * (2 * length - i - 3) // 2 + j - 1
                    epistasis += np.float64(pairs[pair, a, b])
                else:
                    pair = j * (2 * length - j - 3) // 2 + i - 1
                    epistasis += np.float64(pairs[pair, b, a])
        sums[0, n] = additive
        sums[1, n] = epistasis
        sums[2, n] = alone
        sums[3, n] = known + epistasis


@kernel
def sum_buried(offsets, columns, letters, singles, pairs, burial, sums):
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
                    pair = i * (2 * length - i - 3) // 2 + j - 1
                    epistasis = np.float64(pairs[pair, a, b])
                else:
                    pair = j * (2 * length - j - 3) // 2 + i - 1
                    epistasis = np.float64(pairs[pair, b, a])
                total += (burial[i] + burial[j]) / 2 * epistasis
        sums[n] = total
