"""The penalised negative log pseudolikelihood, loop by loop in float64."""

import math


def pseudolikelihood(sequences, weights, h, J, lambda_h, lambda_j, states):
    """The objective: a letter outside ``states`` is missing data.

    - sum_n w_n sum_i log P(x_ni | x_n,-i) + lambda_h sum h^2
                                           + lambda_j sum_{i<j} sum_ab J_ij(a, b)^2
    """
    length = len(h)
    total = 0.0
    for i in range(length):
        total += site_term(sequences, weights, i, h, J, states)
    for i in range(length):
        for a in states:
            total += lambda_h * float(h[i][a]) ** 2
        for j in range(i + 1, length):
            for a in states:
                for b in states:
                    total += lambda_j * float(J[i][j][a][b]) ** 2
    return total


def site_term(sequences, weights, i, h, J, states):
    """- sum_n w_n log P(x_ni | x_n,-i) of one site."""
    total = 0.0
    for x, w in zip(sequences, weights, strict=True):
        if x[i] not in states:
            continue
        logits = {}
        for a in states:
            logits[a] = float(h[i][a])
            for j in range(len(h)):
                if j != i and x[j] in states:
                    logits[a] += float(J[i][j][a][x[j]])
        log_z = math.log(math.fsum(math.exp(v) for v in logits.values()))
        total -= w * (logits[x[i]] - log_z)
    return total


def gradient(sequences, weights, h, J, lambda_h, lambda_j, states):
    """Its derivatives: by h_i(a), and by J_ij(a, b) for i < j."""
    length = len(h)
    by_field = [
        {a: 2 * lambda_h * float(h[i][a]) for a in states} for i in range(length)
    ]
    by_coupling = {
        (i, j, a, b): 2 * lambda_j * float(J[i][j][a][b])
        for i in range(length)
        for j in range(i + 1, length)
        for a in states
        for b in states
    }
    for x, w in zip(sequences, weights, strict=True):
        for i in range(length):
            if x[i] not in states:
                continue
            factors = {}
            for a in states:
                logit = float(h[i][a])
                for j in range(length):
                    if j != i and x[j] in states:
                        logit += float(J[i][j][a][x[j]])
                factors[a] = math.exp(logit)
            z = math.fsum(factors.values())
            for a in states:
                residual = w * (factors[a] / z - (a == x[i]))
                by_field[i][a] += residual
                for j in range(length):
                    if j != i and x[j] in states:
                        key = (i, j, a, x[j]) if i < j else (j, i, x[j], a)
                        by_coupling[key] += residual
    return by_field, by_coupling
