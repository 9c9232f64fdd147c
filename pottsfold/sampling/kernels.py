"""Loops of Monte Carlo sampling.

Arrays and scalars only. Site i has the places ``offsets[i]`` to ``offsets[i + 1] - 1``
of a table, one for each site j that it has couplings with: ``table[place, b, a] =
J_ij(a, b)``, rows over its own letter a. ``partners`` holds these j, rising; where it
is empty every site has the places of all columns, in their order. Places that only fill
up a whole number of steps have rows of zeros, and the site itself as partner.

A float32 table has rows padded to W floats, and ``lanes`` is a tuple of W numbers,
there for its length alone; the compact form is int16 (:func:`quantize`), its rows are
padded to 32 numbers (16 or 64 for other alphabets), and ``lanes`` has as many as
letters.
``fields`` (L, W) float32 are padded to whole eights, with ``FORBIDDEN`` at letters that
must not be drawn. Table, fields and energies are in one unit, and ``scales`` are that
unit over the temperature: nats, or the step of a compact table.

Each chain has a random state of its own, and no step looks at another chain: sites
are visited in the order of ``sites`` by all chains, so that the table of one site
stays in the cache, and a chain's path does not depend on which others run beside it.
"""

import numpy as np

from pottsfold.jit import kernel
from pottsfold.simd.tables import draw_from_row, prefetch_line, round_row, sum_columns

# Any field below half of it counts as forbidden.
FORBIDDEN = np.float32(-1e30)
# 2^-24: the upper 24 bits of a random word become a float32 in [0, 1).
UNIT = np.float32(5.9604644775390625e-08)
# Chains whose local fields are held at once, and places that all of them add before
# the next: so many int16 rows by 21 letters, 84 KiB, are at home in the second-level
# cache while the next ones come in.
TOGETHER = 1024
COLUMNS = 64
CACHE_LINE = 64


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
def draw_uniforms(states, uniforms):
    """Write the numbers in [0, 1) that sweeps draw letters by, (N, S) float32.

    Those of chain n in the order in which it visits S sites; states (N, 4) uint64 are
    changed in place.
    """
    for n in range(uniforms.shape[0]):
        for s in range(uniforms.shape[1]):
            uniforms[n, s] = np.float32(next_word(states, n) >> np.uint64(40)) * UNIT


@kernel
def gibbs_sweeps(
    codes,
    energies,
    states,
    scales,
    table,
    offsets,
    partners,
    fields,
    sites,
    sweeps,
    lanes,
):
    """Draw every site of ``sites`` from its conditional distribution, ``sweeps`` times.

    P(x_i = a | others) ~ exp(scale * (h_i(a) + sum_j J_ij(a, x_j))). codes (N, J)
    uint8, where all columns are read zero beyond column L - 1, and J a multiple of
    four, of eight for an int16 table; energies (N,) float64 and states (N, 4) uint64,
    all changed in place; scales (N,) float32. Returns how many letters changed.

    All chains of a block first add up their rows, then draw: a draw waits long for
    itself, and draws in a row overlap.
    """
    n_chains = codes.shape[0]
    local = np.zeros((min(n_chains, TOGETHER), fields.shape[1]), np.float32)
    some = partners.shape[0] > 0
    # Letters of the partners of one site.
    near = np.zeros((local.shape[0], most_places(offsets) if some else 0), np.uint8)
    changed = 0
    for _ in range(sweeps):
        for s in range(sites.shape[0]):
            i = sites[s]
            at_site, here = table[offsets[i] : offsets[i + 1]], offsets[i]
            row, places = fields[i], at_site.shape[0]
            for first in range(0, n_chains, TOGETHER):
                last = min(first + TOGETHER, n_chains)
                for start in range(0, places, COLUMNS):
                    stop = min(start + COLUMNS, places)
                    # The first chains also ask for what all of them need next.
                    lines, next_place = 0, here + stop
                    if first == 0:
                        lines = at_site[start:stop].nbytes // CACHE_LINE // last + 1
                    if stop == places:
                        next_place = offsets[sites[(s + 1) % sites.shape[0]]]
                    letters, before = (near, first) if some else (codes, 0)
                    for n in range(first, last):
                        k = n - first
                        if some:
                            for j in range(start, stop):
                                near[k, j] = codes[n, partners[here + j]]
                        sum_columns(
                            local, k, at_site, letters, n - before, start, stop, lanes
                        )
                        for line in range(k * lines, (k + 1) * lines):
                            prefetch_line(table, next_place, 0, line)
                for n in range(first, last):
                    k = n - first
                    uniform = np.float32(next_word(states, n) >> np.uint64(40)) * UNIT
                    a = draw_from_row(local, k, row, scales[n], uniform, lanes)
                    a = min(a, row.shape[0] - 1)
                    while a > 0 and row[a] < FORBIDDEN / np.float32(2.0):
                        # Rounding led beyond the letter before.
                        a -= 1
                    old = codes[n, i]
                    # Zero where the letter stays: a branch would often be foretold
                    # wrongly.
                    gained = local[k, a] + row[a] - (local[k, old] + row[old])
                    energies[n] -= np.float64(gained)
                    codes[n, i] = a
                    changed += a != old
    return changed


@kernel
def most_places(offsets):
    """Return the places of the site that has most."""
    most = 0
    for i in range(offsets.shape[0] - 1):
        most = max(most, offsets[i + 1] - offsets[i])
    return most


@kernel
def metropolis_sweeps(
    codes,
    energies,
    states,
    scales,
    table,
    offsets,
    partners,
    fields,
    sites,
    sweeps,
    letters,
    counts,
):
    """Propose a letter at every site of ``sites``, ``sweeps`` times.

    Proposed are the counts[i] letters letters[i, :counts[i]] alike, the present one
    among them: else two letters of one energy would alternate for ever. Taken with
    probability min(1, exp(scale * gain)). Other arguments, and what is returned, as
    for :func:`gibbs_sweeps`.
    """
    some = partners.shape[0] > 0
    changed = 0
    for _ in range(sweeps):
        for i in sites:
            at_site, here = table[offsets[i] : offsets[i + 1]], offsets[i]
            places = at_site.shape[0] if some else fields.shape[0]
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
                for j in range(places):
                    b = codes[n, partners[here + j] if some else j]
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


@kernel
def quantize(table, scale, compact, lanes):
    """Write scale * table to a compact table, rounded, halves to even.

    table (I, J, q, W) float32 and compact (I, K, q, S) int16, K >= J, are those of any
    sites; lanes has W numbers. Numbers are held within +-32,767. Returns the largest
    absolute sum, before that, that rows of the same site in COLUMNS columns can have:
    up to 32,767 no sequence makes a sum leave its range.
    """
    n_sites, length, n_letters, width = table.shape
    most, total = np.zeros(width, np.float32), np.zeros(width, np.float32)
    largest = np.float32(0.0)
    for i in range(n_sites):
        for start in range(0, length, COLUMNS):
            total[:] = 0.0
            for j in range(start, min(start + COLUMNS, length)):
                most[:] = 0.0
                for b in range(n_letters):
                    round_row(compact, table, i, j, b, np.float32(scale), most, lanes)
                for a in range(width):
                    total[a] += most[a]
            for a in range(width):
                largest = max(largest, total[a])
    return np.float64(largest)
