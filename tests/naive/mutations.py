"""Effects of substitutions as energy differences, by loops over i < j."""

import itertools
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


def substitution_sets(offsets, columns, letters):
    """What each mutant is, whatever order its substitutions are written in."""
    return [
        frozenset(zip(columns[start:stop], letters[start:stop], strict=True))
        for start, stop in itertools.pairwise(offsets)
    ]


def adjusted_log_odds(log_odds, focus, frequencies):
    """Half the letter's own effect, half that of letters like it, times burial^0.2."""
    from Bio.Align import substitution_matrices
    from Bio.SeqUtils.ProtParamData import kd

    from pottsfold.mutations.adjustment import COMPOSITION

    matrix = substitution_matrices.load("BLOSUM62")
    letters = "ACDEFGHIKLMNPQRSTVWY"
    result = []
    for row, wild_type, share in zip(log_odds, focus, frequencies, strict=True):
        mean = sum(
            s * (kd[a] + 4.5) / 9 for a, s in zip(letters, share[1:], strict=True)
        ) / sum(share[1:])
        new = [row[0] * mean**0.2]
        for k, a in enumerate(letters):
            weights = [
                p * math.exp(0.3176 * matrix[a][b])
                for p, b in zip(COMPOSITION, letters, strict=True)
            ]
            like = sum(w * s for w, s in zip(weights, row[1:], strict=True))
            value = (row[1 + k] + like / sum(weights)) / 2
            new.append(0.0 if 1 + k == wild_type else value * mean**0.2)
        result.append(new)
    return result


def agreeing_stretches(sequence, focus, offsets, most):
    """Where a sequence differs from the focus at no more than ``most`` sites."""
    return [
        start
        for start in range(len(sequence) - offsets[-1])
        if sum(sequence[start + o] != f for o, f in zip(offsets, focus, strict=True))
        <= most
    ]


def with_indel(sequence, focus, sites, reach):
    """Fewest differences when the sites up to one, or from one on, are moved."""
    fewest = len(focus)
    for shift in range(-reach, reach + 1):
        for cut in range(len(focus) + 1):
            for moved in (range(cut), range(cut, len(focus))):
                if shift == 0 or not len(moved):
                    continue
                count = 0
                for k, letter in enumerate(focus):
                    at = sites[k] + (shift if k in moved else 0)
                    inside = 0 <= at < len(sequence)
                    count += not inside or sequence[at] != letter
                fewest = min(fewest, count)
    return fewest
