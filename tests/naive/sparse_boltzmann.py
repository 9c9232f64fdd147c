"""Which couplings a sparse model has, and its step, straight from the formulas."""

import itertools
import math

import numpy as np

from tests.naive.boltzmann import statistics


def spread(f, i, a):
    return float(f[i][a]) * (1 - float(f[i][a]))


def gains(f, c, chains, mask, damping):
    """{(i, j, a, b): gain} of elements that are off, between letters with f > 0."""
    length, q = f.shape
    _, found = statistics(chains, np.ones(len(chains)), range(q))
    result = {}
    for i, j in itertools.combinations(range(length), 2):
        for a, b in itertools.product(range(q), repeat=2):
            if f[i][a] > 0 and f[j][b] > 0 and not mask[i, j, a, b]:
                difference = float(c[i, j, a, b]) - float(found[i, j, a, b])
                v = spread(f, i, a) * spread(f, j, b)
                result[i, j, a, b] = difference**2 / (2 * (v + damping))
    return result


def pearson(f, c, chains):
    """Of the chains' correlations with the family's, over letters with f > 0.

    cov(x, y) / sqrt(var x (var y - mean v / N)), 1 at most.
    """
    length, q = f.shape
    _, found = statistics(chains, np.ones(len(chains)), range(q))
    natural, sampled, noise = [], [], []
    for i, j in itertools.combinations(range(length), 2):
        for a, b in itertools.product(range(q), repeat=2):
            if f[i][a] > 0 and f[j][b] > 0:
                natural.append(float(c[i, j, a, b]))
                sampled.append(float(found[i, j, a, b]))
                noise.append(spread(f, i, a) * spread(f, j, b) / len(chains))
    both = np.cov(natural, sampled, bias=True)
    return min(1, both[0, 1] / math.sqrt(both[0, 0] * (both[1, 1] - np.mean(noise))))


def strengths(f, J, mask):
    """{(i, j, a, b): J^2 v / 2} of elements that are on."""
    return {
        (i, j, a, b): float(J[i, j, a, b]) ** 2 * spread(f, i, a) * spread(f, j, b) / 2
        for i, j, a, b in zip(*np.nonzero(mask), strict=True)
        if i < j
    }


def strongest(values, count):
    """Places of the largest values of at least zero; of equal ones the first."""
    order = sorted(range(len(values)), key=lambda k: (-values[k], k))
    return {k for k in order[:count] if values[k] >= 0}


def best_fit_of_one_element(both, a, b):
    """p_ij with fields and J(a, b) alone that has most of sum f_ij log p_ij.

    It has the marginals of ``both`` and its frequency of (a, b): found by raising
    exp(J) until the frequency is right, marginals restored by turns each time.
    """
    f, g = both.sum(1), both.sum(0)
    low, high = -10.0, 10.0
    for _ in range(60):
        middle = (low + high) / 2
        p = np.outer(f, g)
        p[a, b] *= math.exp(middle)
        for _ in range(200):
            p *= (f / p.sum(1))[:, np.newaxis]
            p *= g / p.sum(0)
        low, high = (middle, high) if p[a, b] < both[a, b] else (low, middle)
    return p


def divergence(p, q):
    """sum p log(p / q)."""
    return float((p * np.log(p / q)).sum())


def centred_element(f, g, a, b, J):
    """p_ij ~ f_i f_j exp(J (d_i(a) - f_i(a)) (d_j(b) - f_j(b)))."""
    one, other = -f.copy(), -g.copy()
    one[:] = -f[a]
    one[a] += 1
    other[:] = -g[b]
    other[b] += 1
    p = np.outer(f, g) * np.exp(J * np.outer(one, other))
    return p / p.sum()


def masked_step(
    f, c, chains, h, J, mask, vectors, values, rate, penalty, damping, floor
):
    """Fields and couplings after one step: the mask is put on before and after P.

    As tests.naive.boltzmann.step, with X zero where the mask is false.
    """
    length, q = f.shape
    p, found = statistics(chains, np.ones(len(chains)), range(q))
    keep = np.eye(length * q) - vectors @ np.diag(1 - 1 / values) @ vectors.T
    s = np.sqrt(np.einsum("ia,jb->ijab", f, f) + damping)
    x = np.where(mask, (c - found - penalty * J) / s, 0)
    flat = x.transpose(0, 2, 1, 3).reshape(length * q, length * q)
    damped = (keep @ flat @ keep).reshape(length, q, length, q).transpose(0, 2, 1, 3)
    new = np.where(mask, J + rate * damped / s, 0)
    letters = 1 / np.sqrt(f + floor)
    moved = (keep @ ((f - p) * letters).ravel()).reshape(length, q) * letters
    centred = h + np.einsum("ijab,jb->ia", J, f) + rate * moved
    return centred - np.einsum("ijab,jb->ia", new, f), new
