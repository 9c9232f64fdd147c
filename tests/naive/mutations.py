"""Effects of substitutions as energy differences, by loops over i < j."""

import math

from tests.naive.model import energy


def log_odds(wild_type, changes, h, J):
    """E(wild type) - E(mutant), for changes {column: letter}."""
    mutant = list(wild_type)
    for column, letter in changes.items():
        mutant[column] = letter
    return energy(wild_type, h, J) - energy(mutant, h, J)


def additive(wild_type, changes, h, J):
    """The changes one by one, added up."""
    return math.fsum(log_odds(wild_type, {i: a}, h, J) for i, a in changes.items())


def pair_epistasis(wild_type, i, a, j, b, J):
    """J_ij(a, b) - J_ij(a, wt_j) - J_ij(wt_i, b) + J_ij(wt_i, wt_j)."""
    u, v = wild_type[i], wild_type[j]
    return (
        float(J[i][j][a][b])
        - float(J[i][j][a][v])
        - float(J[i][j][u][b])
        + float(J[i][j][u][v])
    )


def epistasis(wild_type, changes, J):
    """The pairs of changes, added up."""
    return math.fsum(
        pair_epistasis(wild_type, i, changes[i], j, changes[j], J)
        for i in changes
        for j in changes
        if i < j
    )


def conservation(frequencies):
    """1 - entropy over letters / log(number of letters), the gap left out."""
    letters = [float(f) for f in frequencies[1:]]
    total = math.fsum(letters)
    shares = [f / total for f in letters]
    entropy = -math.fsum(p * math.log(p) for p in shares if p > 0)
    return 1 - entropy / math.log(len(letters))
