"""Statistics of samples as plain loops, straight from their formulas."""

from __future__ import annotations

import math
from collections.abc import Sequence

Rows = Sequence[Sequence[int]]


def connected_correlation(
    rows: Rows,
    weight: Sequence[float],
    sites: Sequence[int],
    letters: Sequence[int],
    q: int,
    first: int,
) -> float:
    """< product over sites of (d_i(a) - f_i(a)) >, over rows known at all the sites."""
    known, weights = [], []
    for row, w in zip(rows, weight, strict=True):
        if all(first <= row[i] < q for i in sites):
            known.append(row)
            weights.append(w)
    total = sum(weights)
    if total == 0:
        return 0.0
    means = []
    for i, a in zip(sites, letters, strict=True):
        mean = 0.0
        for row, w in zip(known, weights, strict=True):
            if row[i] == a:
                mean += w / total
        means.append(mean)
    result = 0.0
    for row, w in zip(known, weights, strict=True):
        product = 1.0
        for i, a, mean in zip(sites, letters, means, strict=True):
            product *= (1.0 if row[i] == a else 0.0) - mean
        result += w / total * product
    return result


def pearson_and_slope(x: Sequence[float], y: Sequence[float]) -> tuple[float, float]:
    """Pearson's correlation, and the slope of the least-squares line of y on x."""
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    xx = yy = xy = 0.0
    for a, b in zip(x, y, strict=True):
        xx += (a - mean_x) ** 2
        yy += (b - mean_y) ** 2
        xy += (a - mean_x) * (b - mean_y)
    return xy / math.sqrt(xx * yy), xy / xx


def identity(one: Sequence[int], other: Sequence[int]) -> float:
    """Share of all columns with equal codes."""
    equal = 0
    for a, b in zip(one, other, strict=True):
        if a == b:
            equal += 1
    return equal / len(one)


def nearest_identities(
    rows: Rows, others: Rows, itself: Sequence[int] | None = None
) -> list[float]:
    """Largest identity to any other row; 0 where there is none."""
    result = []
    for n, row in enumerate(rows):
        best = 0.0
        for m, other in enumerate(others):
            if itself is not None and itself[n] == m:
                continue
            best = max(best, identity(row, other))
        result.append(best)
    return result


def distance_between(one: Sequence[float], other: Sequence[float]) -> float:
    """Largest difference of two cumulative distributions (Kolmogorov-Smirnov)."""
    largest = 0.0
    for value in [*one, *other]:
        below_one = sum(x <= value for x in one) / len(one)
        below_other = sum(x <= value for x in other) / len(other)
        largest = max(largest, abs(below_one - below_other))
    return largest
