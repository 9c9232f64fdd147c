"""Sums over pairs of substitutions. Arrays and scalars only; the callers check."""

import numpy as np

from pottsfold.jit import kernel


@kernel
def summarize_site(i, couplings, focus, effects, least, sums, places, counts):
    """Sum up |e_ij(a, b)| over all pairs of substitutions, for site i and all j > i.

    e_ij(a, b) = J_ij(a, b) - J_ij(a, wt_j) - J_ij(wt_i, b) + J_ij(wt_i, wt_j).

    couplings (L, q, q) float32 are J_i; focus (L,) uint8; effects (L, q) float64 the
    log-odds of single substitutions, NaN where there is none. Written at j: sums
    (2, L) float64, the sum and the highest; places (L,) int64, a * q + b of the
    highest, -1 for none; counts (4, L) int64, how many pairs there are and of how
    many |e| >= least with no, one or both effects turned from <= -least to >= least
    or back.
    """
    length, q = effects.shape
    u = focus[i]
    for j in range(i + 1, length):
        v = focus[j]
        block = couplings[j]
        total = 0.0
        highest = -1.0
        place = -1
        n_pairs = n_magnitude = n_sign = n_reciprocal = 0
        for a in range(q):
            first = effects[i, a]
            if np.isnan(first):
                continue
            own = np.float64(block[a, v])
            for b in range(q):
                second = effects[j, b]
                if np.isnan(second):
                    continue
                e = (
                    np.float64(block[a, b])
                    - own
                    - np.float64(block[u, b])
                    + np.float64(block[u, v])
                )
                size = abs(e)
                n_pairs += 1
                total += size
                if size > highest:
                    highest = size
                    place = a * q + b
                if size < least:
                    continue
                turned = 0
                for effect in (first, second):
                    low = min(effect, effect + e)
                    high = max(effect, effect + e)
                    if low <= -least and high >= least:
                        turned += 1
                if turned == 0:
                    n_magnitude += 1
                elif turned == 1:
                    n_sign += 1
                else:
                    n_reciprocal += 1
        sums[0, j] = total
        sums[1, j] = highest
        places[j] = place
        counts[0, j] = n_pairs
        counts[1, j] = n_magnitude
        counts[2, j] = n_sign
        counts[3, j] = n_reciprocal


@kernel
def sum_site_fields(codes, site, fields, couplings, old, new, local):
    """Write a site's local fields H(a) = h(a) + sum_j J_j(a, x_nj) in sequences.

    codes (N, L) uint8, codes >= q add nothing; fields (q,) and couplings (L, q, q)
    float32 are the site's own. local (3, N) float64 is filled for the letters old
    and new and for the sequence's own, NaN where that one is no letter.
    """
    n_rows, length = codes.shape
    q = fields.size
    for n in range(n_rows):
        here = codes[n, site]
        known = here < q
        of_old = np.float64(fields[old])
        of_new = np.float64(fields[new])
        of_here = np.float64(fields[here]) if known else np.nan
        for j in range(length):
            b = codes[n, j]
            if j != site and b < q:
                of_old += np.float64(couplings[j, old, b])
                of_new += np.float64(couplings[j, new, b])
                if known:
                    of_here += np.float64(couplings[j, here, b])
        local[0, n] = of_old
        local[1, n] = of_new
        local[2, n] = of_here
