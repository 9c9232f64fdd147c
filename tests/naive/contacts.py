"""Contact scores, distances and precision as plain loops, straight from formulas."""

from __future__ import annotations

import math
from collections.abc import Sequence

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


def apc(scores: Matrix) -> list[list[float]]:
    """S_ij - S_i S_j / S."""
    length = len(scores)
    of_sites = []
    for i in range(length):
        others = [scores[i][j] for j in range(length) if j != i]
        of_sites.append(sum(others) / len(others))
    pairs = [scores[i][j] for i in range(length) for j in range(i + 1, length)]
    mean = sum(pairs) / len(pairs)
    corrected = [[0.0] * length for _ in range(length)]
    for i in range(length):
        for j in range(length):
            if i != j:
                corrected[i][j] = scores[i][j] - of_sites[i] * of_sites[j] / mean
    return corrected


def distance(
    atoms: Sequence[Sequence[float]], others: Sequence[Sequence[float]]
) -> float:
    """Smallest distance between an atom of one residue and one of another."""
    return min(math.dist(one, other) for one in atoms for other in others)


def precision(
    scores: Matrix,
    distances: Sequence[Sequence[float | None]],
    positions: Sequence[int],
    separation: int,
    divisor: int,
) -> tuple[int, int]:
    """Contacts among the top L / divisor pairs, and how many pairs these are.

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
    best = sorted(judged)[: present // divisor]
    return sum(touches for *_, touches in best), len(best)
