"""Partition functions, and chains led to a model, straight from the formulas."""

import itertools
import math

from tests.naive.model import distribution, energy
from tests.naive.sampling import gibbs_sweep


def log_partition(h, J, states, temperature=1.0):
    """log Z, <E> and - sum P log P by enumeration."""
    sequences, _ = distribution(h, J, states)
    energies = [energy(x, h, J) for x in sequences]
    z = math.fsum(math.exp(-e / temperature) for e in energies)
    probabilities = [math.exp(-e / temperature) / z for e in energies]
    mean = math.fsum(p * e for p, e in zip(probabilities, energies, strict=True))
    entropy = -math.fsum(p * math.log(p) for p in probabilities)
    return math.log(z), mean, entropy


def coupling_energy(x, J):
    """- sum_{i<j} J_ij(x_i, x_j)."""
    return -math.fsum(
        float(J[i][j][x[i]][x[j]]) for i in range(len(x)) for j in range(i + 1, len(x))
    )


def log_profile(frequencies, letters):
    """Log P_i(a), P_i(a) ~ f_i(a) + 0.001, of allowed letters."""
    result = []
    for i, allowed in enumerate(letters):
        raised = {a: frequencies[i][a] + 0.001 for a in allowed}
        total = math.fsum(raised.values())
        result.append({a: math.log(value / total) for a, value in raised.items()})
    return result


def annealed_weight(x, state, start, h, J, temperature, schedule, letters):
    """Lead one chain along a path; its sequence, log-weight and nearest draw.

    ``start[i][a]`` = log P_i(a). Each sweep is of the model with fields
    (1 - b) start + b h / T and couplings b J / T.
    """
    x, log_weight, nearest = list(x), 0.0, 1.0
    length = len(x)
    for before, after in itertools.pairwise(schedule):
        independent = -math.fsum(start[i][x[i]] for i in range(length))
        gap = energy(x, h, J) / temperature - independent
        log_weight -= (after - before) * gap
        fields = [
            [
                (1 - after) * start[i].get(a, 0.0)
                + after * float(h[i][a]) / temperature
                for a in range(len(h[i]))
            ]
            for i in range(length)
        ]
        couplings = after * J.astype(float) / temperature
        x, near = gibbs_sweep(x, state, fields, couplings, 1.0, range(length), letters)
        nearest = min(nearest, near)
    return x, log_weight, nearest
