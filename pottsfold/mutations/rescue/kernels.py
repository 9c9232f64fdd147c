"""Searches over pairs of substitutions. Arrays and scalars only; the callers check."""

import numpy as np

from pottsfold.jit import kernel

COMPENSATION, RESTORED, EPISTASIS = range(3)


@kernel
def best_of_site(i, couplings, focus, gains, excesses, ranked_by, least, best):
    """Write the best value of all pairs of substitutions, for site i and all j > i.

    Of a at i and b at j

        restored  = gain_i(a) + gain_j(b) + e_ij(a, b)
        epistasis = excess_i(a) + excess_j(b)
        e_ij(a, b) = J_ij(a, b) - J_ij(a, wt_j) - J_ij(wt_i, b) + J_ij(wt_i, wt_j)

    and the value is the one, the other or, for the compensation, the lower of both;
    there is none where gain_i(a) + e or gain_j(b) + e is below least.

    couplings (L, q, q) float32 are J_i; focus (L,) uint8; gains and excesses (L, q)
    float64, minus infinity where there is no substitution; best (L,) float64.
    """
    length, q = gains.shape
    u = focus[i]
    for j in range(i + 1, length):
        v = focus[j]
        block = couplings[j]
        highest = -np.inf
        for a in range(q):
            first = gains[i, a]
            if first == -np.inf:
                continue
            own = np.float64(block[a, v])
            for b in range(q):
                second = gains[j, b]
                e = (
                    np.float64(block[a, b])
                    - own
                    - np.float64(block[u, b])
                    + np.float64(block[u, v])
                )
                if first + e < least or second + e < least:
                    continue
                restored = first + second + e
                epistasis = excesses[i, a] + excesses[j, b]
                if ranked_by == RESTORED:
                    value = restored
                elif ranked_by == EPISTASIS:
                    value = epistasis
                else:
                    value = min(restored, epistasis)
                if value > highest:
                    highest = value
        best[j] = highest
