"""What samples and natural sequences are matched by, as plain loops."""

from __future__ import annotations

import itertools
import math

from tests.naive.comparison import identity
from tests.naive.model import energy


def mean_energy(rows, weights, h, J, absent=()):
    """Weighted mean of E(x); absent codes add nothing."""
    total = sum(w * energy(x, h, J, absent) for x, w in zip(rows, weights, strict=True))
    return total / sum(weights)


def mean_identity(rows, weights):
    """Mean over pairs of different rows, each counting by the product of weights."""
    total = norm = 0.0
    for n, m in itertools.permutations(range(len(rows)), 2):
        total += weights[n] * weights[m] * identity(rows[n], rows[m])
        norm += weights[n] * weights[m]
    return total / norm


def with_the_gaps_of(rows, natural, absent):
    """Every row with the absent codes of every natural one, natural index outer."""
    return [
        [b if b in absent else a for a, b in zip(row, pattern, strict=True)]
        for pattern in natural
        for row in rows
    ]


def expectation(sequences, energies, values, temperature):
    """Mean of values under exp(-E / T) / Z over all sequences."""
    factors = [math.exp(-e / temperature) for e in energies]
    total = math.fsum(f * v for f, v in zip(factors, values, strict=True))
    return total / math.fsum(factors)
