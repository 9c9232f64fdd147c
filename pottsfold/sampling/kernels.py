"""Loops of Monte Carlo sampling.

Arrays and scalars only. ``table[i, j, b, a] = J_ij(a, b)`` holds couplings as site i
sees them, in rows over its own letter a padded to W floats; rows beyond the last
column are zero. ``fields`` (L, W) are padded likewise, with ``FORBIDDEN`` at letters
that must not be drawn. ``lanes`` is a tuple of W numbers, there for its length alone.

Each chain has a random state of its own, and no step looks at another chain: sites
are visited in the order of ``sites`` by all chains, so that the table of one site
stays in the cache, and a chain's path does not depend on which others run beside it.
"""

import numpy as np

from pottsfold.jit import draw_from_row, kernel, sum_rows

# Any field below half of it counts as forbidden.
FORBIDDEN = np.float32(-1e30)
# 2^-24: the upper 24 bits of a random word become a float32 in [0, 1).
UNIT = np.float32(5.9604644775390625e-08)


@kernel
def next_word(states, n):
    """Return the next 64 random bits of state n by xoshiro256++ (Blackman, Vigna 2021).

    states (N, 4) uint64, changed in place.
    """
    s0, s1, s2, s3 = states[n, 0], states[n, 1], states[n, 2], states[n, 3]
    total = s0 + s3
    word = ((total << np.uint64(23)) | (total >> np.uint64(41))) + s0
    s2 ^= s0
    s3 ^= s1
    states[n, 0] = s0 ^ s3
    states[n, 1] = s1 ^ s2
    states[n, 2] = s2 ^ (s1 << np.uint64(17))
    states[n, 3] = (s3 << np.uint64(45)) | (s3 >> np.uint64(19))
    return word


@kernel
def gibbs_sweeps(codes, energies, states, scales, table, fields, sites, sweeps, lanes):
    """Draw every site of ``sites`` from its conditional distribution, ``sweeps`` times.

    P(x_i = a | others) ~ exp(scale * (h_i(a) + sum_j J_ij(a, x_j))). codes (N, J)
    uint8, zero beyond column L - 1, J a multiple of four; energies (N,) float64 and
    states (N, 4) uint64, all changed in place; scales (N,) float32 are 1/T. Returns
    how many letters changed.
    """
    local = np.zeros((1, fields.shape[1]), np.float32)
    changed = 0
    for _ in range(sweeps):
        for i in sites:
            at_site = table[i]
            row = fields[i]
            for n in range(codes.shape[0]):
                sum_rows(local, 0, at_site, codes, n, lanes)
                uniform = np.float32(next_word(states, n) >> np.uint64(40)) * UNIT
                a = draw_from_row(local, 0, row, scales[n], uniform, lanes)
                a = min(a, row.shape[0] - 1)
                while row[a] < FORBIDDEN / np.float32(2.0):
                    # Rounding led beyond the letter before.
                    a -= 1
                old = codes[n, i]
                if a != old:
                    gained = local[0, a] + row[a] - (local[0, old] + row[old])
                    energies[n] -= np.float64(gained)
                    codes[n, i] = a
                    changed += 1
    return changed


@kernel
def metropolis_sweeps(
    codes, energies, states, scales, table, fields, sites, sweeps, letters, counts
):
    """Propose a letter at every site of ``sites``, ``sweeps`` times.

    Proposed are the counts[i] letters letters[i, :counts[i]] alike, the present one
    among them: else two letters of one energy would alternate for ever. Taken with
    probability min(1, exp(scale * gain)). Other arguments, and what is returned, as
    for :func:`gibbs_sweeps`.
    """
    length = fields.shape[0]
    changed = 0
    for _ in range(sweeps):
        for i in sites:
            at_site = table[i]
            for n in range(codes.shape[0]):
                word = next_word(states, n)
                uniform = np.float32(word >> np.uint64(40)) * UNIT
                # 40 bits times a count of at most 64 fit; the upper ones choose.
                low = word & np.uint64((1 << 40) - 1)
                k = (low * np.uint64(counts[i])) >> np.uint64(40)
                a, old = letters[i, k], codes[n, i]
                if a == old:
                    continue
                gained = fields[i, a] - fields[i, old]
                for j in range(length):
                    b = codes[n, j]
                    gained += at_site[j, b, a] - at_site[j, b, old]
                exponent = np.float32(scales[n] * gained)
                if exponent >= 0.0 or uniform < np.exp(exponent):
                    energies[n] -= np.float64(gained)
                    codes[n, i] = a
                    changed += 1
    return changed


@kernel
def exchange(codes, energies, states, scales, rungs, parity, swaps):
    """Swap the sequences of neighbouring temperatures by Metropolis' rule.

    Chains n * rungs + r are ladder n's, at scales[n * rungs + r]; pairs r, r + 1
    with r = parity, parity + 2, ... are tried, taken with probability
    min(1, exp((scale_r - scale_r+1) (E_r - E_r+1))). Letters and energies change
    places, random states stay. swaps (rungs - 1,) int64 counts those taken.
    """
    for first in range(0, codes.shape[0], rungs):
        for r in range(parity, rungs - 1, 2):
            n, m = first + r, first + r + 1
            uniform = np.float64(next_word(states, n) >> np.uint64(11)) * 2.0**-53
            exponent = np.float64(scales[n] - scales[m]) * (energies[n] - energies[m])
            if exponent >= 0.0 or uniform < np.exp(exponent):
                energies[n], energies[m] = energies[m], energies[n]
                for j in range(codes.shape[1]):
                    codes[n, j], codes[m, j] = codes[m, j], codes[n, j]
                swaps[r] += 1
