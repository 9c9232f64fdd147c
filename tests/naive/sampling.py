"""Random numbers, sweeps and distributions as loops straight from the formulas."""

import math

import numpy as np

from tests.naive.model import energy

WORD = (1 << 64) - 1


def rotate(x, k):
    return ((x << k) | (x >> (64 - k))) & WORD


def next_word(state):
    """xoshiro256++ 1.0 as its authors publish it; changes the list ``state``."""
    result = (rotate((state[0] + state[3]) & WORD, 23) + state[0]) & WORD
    t = (state[1] << 17) & WORD
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= t
    state[3] = rotate(state[3], 45)
    return result


def local_field(x, i, a, h, J):
    return float(h[i][a]) + sum(
        float(J[i][j][a][x[j]]) for j in range(len(x)) if j != i
    )


def gibbs_sweep(x, state, h, J, temperature, sites, letters):
    """One sweep; returns the sequence and how near a draw came to an edge."""
    x, nearest = list(x), 1.0
    for i in sites:
        uniform = (next_word(state) >> 40) / 2**24
        factors = [
            math.exp(local_field(x, i, a, h, J) / temperature) for a in letters[i]
        ]
        total, running, drawn = math.fsum(factors), 0.0, None
        for a, factor in zip(letters[i], factors, strict=True):
            running += factor / total
            nearest = min(nearest, abs(running - uniform))
            if drawn is None and uniform < running:
                drawn = a
        x[i] = letters[i][-1] if drawn is None else drawn
    return x, nearest


def metropolis_sweep(x, state, h, J, temperature, sites, letters):
    """One sweep; returns the sequence and how near a draw came to an edge."""
    x, nearest = list(x), 1.0
    for i in sites:
        word = next_word(state)
        uniform = (word >> 40) / 2**24
        proposed = letters[i][((word % 2**40) * len(letters[i])) >> 40]
        gain = local_field(x, i, proposed, h, J) - local_field(x, i, x[i], h, J)
        accepted = min(1.0, math.exp(gain / temperature))
        if proposed != x[i]:
            nearest = min(nearest, abs(accepted - uniform))
        if uniform < accepted:
            x[i] = proposed
    return x, nearest


def conditioned(h, J, temperature, choices):
    """Every sequence of the choices a site, and exp(-E / T) / Z."""
    sequences = list(np.ndindex(*[len(letters) for letters in choices]))
    sequences = [
        tuple(choices[i][k] for i, k in enumerate(index)) for index in sequences
    ]
    factors = [math.exp(-energy(x, h, J) / temperature) for x in sequences]
    z = math.fsum(factors)
    return sequences, [factor / z for factor in factors]


def quantize(table, scale, columns):
    """Whole numbers [i][j][b][a], and the largest sum of so many columns' rows."""
    whole = [
        [[[round(float(x) * scale) for x in row] for row in rows] for rows in site]
        for site in table
    ]
    largest = 0
    for site in whole:
        for start in range(0, len(site), columns):
            for a in range(len(site[0][0])):
                parts = [
                    max(abs(row[a]) for row in rows)
                    for rows in site[start : start + columns]
                ]
                largest = max(largest, sum(parts))
    held = [
        [[[max(-32767, min(32767, x)) for x in row] for row in rows] for rows in site]
        for site in whole
    ]
    return held, largest
