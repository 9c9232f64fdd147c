"""Energies, gauge and enumeration as loops straight from the formulas."""

import itertools
import math


def energy(x, h, J, absent=()):
    """E(x) = - sum_i h_i(x_i) - sum_{i<j} J_ij(x_i, x_j); absent codes add nothing."""
    total = 0.0
    for i in range(len(x)):
        if x[i] in absent:
            continue
        total -= float(h[i][x[i]])
        for j in range(i + 1, len(x)):
            if x[j] not in absent:
                total -= float(J[i][j][x[i]][x[j]])
    return total


def distribution(h, J, states):
    """Every sequence over ``states`` and its probability exp(-E) / Z."""
    sequences = list(itertools.product(states, repeat=len(h)))
    factors = [math.exp(-energy(x, h, J)) for x in sequences]
    z = math.fsum(factors)
    return sequences, [factor / z for factor in factors]


def conditional(x, i, h, J, states):
    """P(x_i = a | the others) for a in states, by the ratio of joint probabilities."""
    factors = []
    for a in states:
        y = list(x)
        y[i] = a
        factors.append(math.exp(-energy(y, h, J)))
    z = math.fsum(factors)
    return [factor / z for factor in factors]
