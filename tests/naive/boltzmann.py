"""One step of Boltzmann learning with dense matrices, straight from the formulas."""

import numpy as np


def statistics(codes, weights, states):
    """f_i(a) and f_ij(a, b) - f_i(a) f_j(b) of sequences with letters at both sites."""
    length, q = codes.shape[1], max(states) + 1
    f, c = np.zeros((length, q)), np.zeros((length, length, q, q))
    for i in range(length):
        for x, w in zip(codes, weights, strict=True):
            if x[i] in states:
                f[i, x[i]] += w
        f[i] /= f[i].sum()
        for j in range(length):
            both = np.zeros((q, q))
            for x, w in zip(codes, weights, strict=True):
                if x[i] in states and x[j] in states:
                    both[x[i], x[j]] += w
            both /= both.sum()
            if i != j:
                c[i, j] = both - np.outer(both.sum(1), both.sum(0))
    return f, c


def covariance(f, c):
    """The letters' covariance matrix, (L q, L q)."""
    length, q = f.shape
    whole = c.copy()
    for i in range(length):
        whole[i, i] = np.diag(f[i]) - np.outer(f[i], f[i])
    return whole.transpose(0, 2, 1, 3).reshape(length * q, length * q)


def modes(f, c, least, most, floor):
    """Eigenvectors, (L q, K), and variances of the letters, scaled, above ``least``."""
    scale = 1 / np.sqrt(f.ravel() + floor)
    values, vectors = np.linalg.eigh(covariance(f, c) * np.outer(scale, scale))
    values, vectors = values[-most:], vectors[:, -most:]
    return vectors[:, values > least], values[values > least]


def step(f, c, chains, h, J, vectors, values, rate, penalty, damping, floor):
    """Fields and couplings after one step.

    X = (C - C_chains - penalty J) / s, s = sqrt(f_i(a) f_j(b) + damping), is damped
    from both sides along the modes, X' = (1 - P) X (1 - P), P = V (1 - 1/values) V^T;
    J += rate X' / s, and h keeps h_i(a) + sum_jb J_ij(a, b) f_j(b), moved by
    rate (f - p), damped likewise.
    """
    length, q = f.shape
    p, found = statistics(chains, np.ones(len(chains)), range(q))
    taken = vectors @ np.diag(1 - 1 / values) @ vectors.T
    keep = np.eye(length * q) - taken
    s = np.sqrt(np.einsum("ia,jb->ijab", f, f) + damping)
    x = (c - found - penalty * J) / s
    x[range(length), range(length)] = 0
    flat = x.transpose(0, 2, 1, 3).reshape(length * q, length * q)
    damped = (keep @ flat @ keep).reshape(length, q, length, q).transpose(0, 2, 1, 3)
    new = J + rate * damped / s
    new[range(length), range(length)] = 0
    letters = 1 / np.sqrt(f + floor)
    moved = (keep @ ((f - p) * letters).ravel()).reshape(length, q) * letters
    centred = h + np.einsum("ijab,jb->ia", J, f) + rate * moved
    return centred - np.einsum("ijab,jb->ia", new, f), new
