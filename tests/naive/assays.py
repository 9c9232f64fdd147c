"""Agreement with an assay and measured epistasis, by loops and from the definitions."""

import math


def mean(values):
    values = list(values)
    return math.fsum(values) / len(values)


def increasing_fit(x, y):
    """Least squares under "does not decrease with x", by pooling adjacent violators."""
    levels = sorted(set(x))
    blocks = []  # [mean, weight, levels]
    for level in levels:
        here = [b for a, b in zip(x, y, strict=True) if a == level]
        blocks.append([mean(here), len(here), [level]])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            m, w, upper = blocks.pop()
            lower = blocks[-1]
            lower[0] = (lower[0] * lower[1] + m * w) / (lower[1] + w)
            lower[1] += w
            lower[2] += upper
    return {level: m for m, _, held in blocks for level in held}


def measured_epistasis(measured):
    """Raw and corrected epistasis of {double: ...} from a list of (changes, score).

    ``changes`` is {column: letter}. The wild type must be among the measured.
    """
    known = {}
    for changes, score in measured:
        known.setdefault(frozenset(changes.items()), []).append(score)
    known = {changes: mean(scores) for changes, scores in known.items()}
    wild_type = known[frozenset()]
    rows = []
    for changes, score_12 in known.items():
        singles = [frozenset([change]) for change in sorted(changes)]
        if len(changes) == 2 and all(single in known for single in singles):
            score_1, score_2 = (known[single] for single in singles)
            rows.append((sorted(changes), score_1, score_2, score_12))
    rows.sort(key=lambda row: row[0])
    fit = increasing_fit([r[1] + r[2] for r in rows], [r[3] for r in rows])
    return [
        (changes, s12 - s1 - s2 + wild_type, s12 - fit[s1 + s2])
        for changes, s1, s2, s12 in rows
    ]


def ranks(values):
    """Rank from 1 of every value; equal ones share the mean of their ranks."""
    result = []
    for value in values:
        below = sum(other < value for other in values)
        equal = sum(other == value for other in values)
        result.append(below + (equal + 1) / 2)
    return result


def spearman(x, y):
    """Pearson's correlation of the ranks."""
    rx, ry = ranks(x), ranks(y)
    mx, my = mean(rx), mean(ry)
    both = math.fsum((a - mx) * (b - my) for a, b in zip(rx, ry, strict=True))
    vx = math.fsum((a - mx) ** 2 for a in rx)
    vy = math.fsum((b - my) ** 2 for b in ry)
    return both / math.sqrt(vx * vy)


def auc(fit, predicted):
    """Share of pairs (fit, unfit) with the fit one predicted higher; ties count 1/2."""
    wins = [
        (a > b) + (a == b) / 2
        for a, good in zip(predicted, fit, strict=True)
        for b, other in zip(predicted, fit, strict=True)
        if good and not other
    ]
    return mean(wins)


def ndcg(measured, predicted):
    """Discounted gain of the predicted top tenth over the best there could be.

    The gain of every place is the mean gain of all mutants predicted alike.
    """
    low, high = min(measured), max(measured)
    gains = [(m - low) / (high - low) for m in measured]
    top = math.floor(len(measured) / 10)
    expected = [
        mean(g for g, p in zip(gains, predicted, strict=True) if p == value)
        for value in predicted
    ]
    order = sorted(range(len(gains)), key=lambda k: -predicted[k])
    found = math.fsum(
        expected[k] / math.log2(place + 1) for place, k in enumerate(order[:top], 1)
    )
    best = math.fsum(
        gain / math.log2(place + 1)
        for place, gain in enumerate(sorted(gains, reverse=True)[:top], 1)
    )
    return found / best


def above_90th_percentile(values):
    """Whether each value lies above the 90th percentile, interpolated linearly."""
    ordered = sorted(values)
    place = 0.9 * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    cut = ordered[below] + (place - below) * (ordered[above] - ordered[below])
    return [value > cut for value in values]


def top_recall(measured, predicted):
    best, chosen = above_90th_percentile(measured), above_90th_percentile(predicted)
    return sum(a and b for a, b in zip(best, chosen, strict=True)) / sum(best)


def ridge(features, targets, strengths):
    """Solve (X'X + diag(strengths)) b = X'y by Gaussian elimination."""
    n = len(strengths)
    system = [
        [math.fsum(row[i] * row[j] for row in features) for j in range(n)]
        + [math.fsum(r[i] * y for r, y in zip(features, targets, strict=True))]
        for i in range(n)
    ]
    for i in range(n):
        system[i][i] += strengths[i]
    for i in range(n):
        pivot = max(range(i, n), key=lambda k: abs(system[k][i]))
        system[i], system[pivot] = system[pivot], system[i]
        for k in range(n):
            if k != i:
                factor = system[k][i] / system[i][i]
                system[k] = [
                    a - factor * b for a, b in zip(system[k], system[i], strict=True)
                ]
    return [system[i][n] / system[i][i] for i in range(n)]
