"""Contact scores, distances and precision as plain loops, straight from formulas."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

Matrix = Sequence[Sequence[float]]


def norm(block: Matrix, first: int) -> float:
    """Frobenius norm of one block, zero-sum over first..q-1, gap row and column out.

    ``first`` is 0 when the gap (letter 0) is a letter of the model, else 1.
    """
    q = len(block)
    count = q - first
    total = 0.0
    for a in range(1, q):
        for b in range(1, q):
            row = sum(block[a][d] for d in range(first, q)) / count
            column = sum(block[c][b] for c in range(first, q)) / count
            whole = (
                sum(block[c][d] for c in range(first, q) for d in range(first, q))
                / count**2
            )
            total += (block[a][b] - row - column + whole) ** 2
    return math.sqrt(total)


def norms(couplings: Sequence[Sequence[Matrix]], first: int) -> list[list[float]]:
    """Norms of all blocks, 0 where i = j."""
    length = len(couplings)
    return [
        [0.0 if i == j else norm(couplings[i][j], first) for j in range(length)]
        for i in range(length)
    ]


def apc(
    scores: Matrix, coupled: Sequence[Sequence[bool]] | None = None
) -> list[list[float]]:
    """S_ij - S_i S_j / S, means over all pairs or those coupled; NaN for others."""
    length = len(scores)

    def counts(i: int, j: int) -> bool:
        return i != j and (coupled is None or bool(coupled[i][j]))

    of_sites = []
    for i in range(length):
        others = [scores[i][j] for j in range(length) if counts(i, j)]
        of_sites.append(sum(others) / len(others) if others else 0.0)
    pairs = [
        scores[i][j]
        for i in range(length)
        for j in range(i + 1, length)
        if counts(i, j)
    ]
    mean = sum(pairs) / len(pairs)
    corrected = [[0.0] * length for _ in range(length)]
    for i in range(length):
        for j in range(length):
            if counts(i, j):
                corrected[i][j] = scores[i][j] - of_sites[i] * of_sites[j] / mean
            elif i != j:
                corrected[i][j] = math.nan
    return corrected


def distance(
    atoms: Sequence[Sequence[float]], others: Sequence[Sequence[float]]
) -> float:
    """Smallest distance between an atom of one residue and one of another."""
    return min(math.dist(one, other) for one in atoms for other in others)


def oligomer_distances(
    chains: Sequence[Sequence[Sequence[Sequence[float]] | None]], i: int, j: int
) -> tuple[float, float]:
    """Smallest distance of i to j within any chain, and between any two; inf: none."""
    within, between = math.inf, math.inf
    for a, one in enumerate(chains):
        for b, other in enumerate(chains):
            if one[i] is not None and other[j] is not None:
                apart = distance(one[i], other[j])
                if a == b:
                    within = min(within, apart)
                else:
                    between = min(between, apart)
    return within, between


def precision(
    scores: Matrix,
    distances: Sequence[Sequence[float | None]],
    positions: Sequence[int],
    separation: int,
    times: int,
    part: int,
) -> tuple[int, int]:
    """Contacts among the top times L / part pairs, and how many pairs these are.

    A distance is None where a residue is missing; L counts sites with any distance.
    """
    length = len(positions)
    present = 0
    for i in range(length):
        if any(distances[i][j] is not None for j in range(length) if j != i):
            present += 1
    judged = []
    for i in range(length):
        for j in range(i + 1, length):
            apart = distances[i][j]
            if positions[j] - positions[i] >= separation and apart is not None:
                judged.append((-scores[i][j], i, j, apart < 8))
    best = sorted(judged)[: times * present // part]
    return sum(touches for *_, touches in best), len(best)


def share_above_noise(scores):
    """One less the smallest share of pairs at or above a score that noise explains."""
    length = len(scores)
    pairs = [(i, j) for i in range(length) for j in range(i + 6, length)]
    middle = median(scores[i][j] for i, j in pairs)
    spread = 1.4826 * median(abs(scores[i][j] - middle) for i, j in pairs)
    of_site = {}
    for i in {site for pair in pairs for site in pair}:
        far = [abs(scores[i][j] - middle) for j in range(length) if abs(i - j) >= 6]
        of_site[i] = 1.4826 * median(far)
    widths = sorted(1.3 * of_site[i] * of_site[j] / spread for i, j in pairs)
    excess = sorted((scores[i][j] - middle for i, j in pairs), reverse=True)
    share = 0.0
    for found in range(1, max(len(pairs) // 10, 1) + 1):
        lifted = 0.0
        for k in range(32):
            # The (k + 1/2) / 32 quantile of the widths, between two of them.
            place = (k + 0.5) / 32 * (len(pairs) - 1)
            below = math.floor(place)
            above = min(below + 1, len(pairs) - 1)
            width = widths[below] + (place - below) * (widths[above] - widths[below])
            lifted += math.exp(-((excess[found - 1] / width) ** 2) / 2) / 2
        explained = (lifted * len(pairs) / 32 + 2) / (found + 2)
        share = max(share, 1 - explained)
    return share


def contact_probabilities(scores):
    """The logistic regression, pair by pair."""
    from pottsfold.contacts.probability import COEFFICIENTS

    c = COEFFICIENTS

    length = len(scores)
    far = [scores[i][j] for i in range(length) for j in range(i + 6, length)]
    middle = median(far)
    spread = 1.4826 * median(abs(s - middle) for s in far)
    share = share_above_noise(scores)
    result = [[math.nan] * length for _ in range(length)]
    for i in range(length):
        for j in range(i + 3, length):
            above = math.log1p(max(0.0, (scores[i][j] - middle) / spread)) ** 2
            x = c[0] + c[1] * above * share + c[2] * share
            x += sum(
                k for k, s in zip(c[3:7], (5, 6, 12, 24), strict=True) if j - i < s
            )
            x += c[7] * math.log(max(length, 40))
            result[i][j] = result[j][i] = 1 / (1 + math.exp(-x))
    return result


def two_site_model(block: Matrix, first: Sequence[float], second: Sequence[float]):
    """P(a, b) ~ exp(J(a, b) + u(a) + v(b)) with given marginals, by many rounds."""
    weights = [[math.exp(value) for value in row] for row in block]
    for _ in range(2000):
        for a, row in enumerate(weights):
            total = sum(row)
            weights[a] = [value * first[a] / total for value in row]
        for b in range(len(second)):
            total = sum(row[b] for row in weights)
            for row in weights:
                row[b] *= second[b] / total
    return weights


def information(joint: Matrix) -> float:
    """Sum of P log(P / (P_a P_b)), 0 log 0 being 0."""
    total = 0.0
    for row in joint:
        for b, value in enumerate(row):
            column = sum(other[b] for other in joint)
            if value > 0:
                total += value * math.log(value / (sum(row) * column))
    return total


def solvent_area(
    places: Matrix, radii: Sequence[float], atom: int, points: Matrix, probe: float
) -> float:
    """Area of the sphere around an atom whose points no other atom's sphere holds."""
    reach = radii[atom] + probe
    free = 0
    for point in points:
        there = [c + reach * p for c, p in zip(places[atom], point, strict=True)]
        free += all(
            math.dist(there, places[k]) >= radii[k] + probe
            for k in range(len(places))
            if k != atom
        )
    return 4 * math.pi * reach**2 * free / len(points)
