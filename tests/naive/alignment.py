"""Weights and frequencies as plain loops, straight from their formulas."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

Rows = Sequence[Sequence[int]]


def neighbours(rows: Rows, identity: str) -> list[int]:
    """Count, for every row, the rows that share at least ``identity`` of its columns.

    ``identity`` is a decimal text, so that the comparison is one of exact fractions.
    """
    least = Fraction(identity)
    counts = []
    for row in rows:
        count = 0
        for other in rows:
            matches = 0
            for a, b in zip(row, other, strict=True):
                if a == b:
                    matches += 1
            if Fraction(matches, len(row)) >= least:
                count += 1
        counts.append(count)
    return counts


def weights(rows: Rows, identity: str) -> list[float]:
    """w_n = 1 / number of neighbours of n."""
    return [1 / count for count in neighbours(rows, identity)]


def site_frequencies(
    rows: Rows, weight: Sequence[float], q: int, first: int
) -> list[list[float]]:
    """f_i(a) over the letters first..q-1, flat where no row has one."""
    result = []
    for i in range(len(rows[0])):
        counts = [0.0] * q
        for row, w in zip(rows, weight, strict=True):
            if first <= row[i] < q:
                counts[row[i]] += w
        total = sum(counts)
        result.append(
            [
                (counts[a] / total if total else 1 / (q - first)) if a >= first else 0.0
                for a in range(q)
            ]
        )
    return result


def pair_frequency(
    rows: Rows, weight: Sequence[float], i: int, j: int, q: int, first: int
) -> list[list[float]]:
    """f_ij(a, b) over the letters first..q-1, flat where no row has both."""
    counts = [[0.0] * q for _ in range(q)]
    total = 0.0
    for row, w in zip(rows, weight, strict=True):
        a, b = row[i], row[j]
        if first <= a < q and first <= b < q:
            counts[a][b] += w
            total += w
    for a in range(first, q):
        for b in range(first, q):
            counts[a][b] = counts[a][b] / total if total else 1 / (q - first) ** 2
    return counts


def clusters(sequences, identity, order):
    """The first cluster whose founder shares at least ``identity`` of the columns."""
    founders, labels = [], [None] * len(sequences)
    for n in order:
        for cluster, founder in enumerate(founders):
            matches = sum(a == b for a, b in zip(sequences[n], founder, strict=True))
            if matches >= identity * len(founder) - 1e-9:
                labels[n] = cluster
                break
        else:
            labels[n] = len(founders)
            founders.append(sequences[n])
    return labels
