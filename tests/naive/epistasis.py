"""Pairs of substitutions and rescues by energy differences, one after another."""

from tests.naive.mutations import log_odds


def substitutions(wild_type, letters):
    """Every (site, letter) that is a substitution of a letter by another."""
    return [
        (i, a)
        for i, own in enumerate(wild_type)
        if own in letters
        for a in letters
        if a not in (0, own)
    ]


def kind(s_1, s_2, s_12, least):
    """0 none, 1 magnitude, 2 sign, 3 reciprocal sign."""
    e = s_12 - s_1 - s_2
    if abs(e) < least:
        return 0
    turned = 0
    for alone in (s_1, s_2):
        if alone <= -least and alone + e >= least:
            turned += 1
        if alone >= least and alone + e <= -least:
            turned += 1
    return 1 + turned


def pairs(wild_type, h, J, letters):
    """[(i, j, a, b, s_1, s_2, s_12)] of all pairs of substitutions, i < j."""
    singles = substitutions(wild_type, letters)
    return [
        (
            i,
            j,
            a,
            b,
            log_odds(wild_type, {i: a}, h, J),
            log_odds(wild_type, {j: b}, h, J),
            log_odds(wild_type, {i: a, j: b}, h, J),
        )
        for i, a in singles
        for j, b in singles
        if i < j
    ]


def rescues(wild_type, mutant, h, J, letters, size):
    """[(changes, alone, restored, idle)] for all rescues of one or two substitutions.

    idle: one of the two restores less beside the other than this.
    """
    elsewhere = [s for s in substitutions(wild_type, letters) if s[0] not in mutant]
    if size == 1:
        choices = [(s,) for s in elsewhere]
    else:
        choices = [(s, t) for s in elsewhere for t in elsewhere if s[0] < t[0]]
    harm = log_odds(wild_type, mutant, h, J)
    found = []
    for choice in choices:
        changes = dict(choice)
        alone = log_odds(wild_type, changes, h, J)
        restored = log_odds(wild_type, mutant | changes, h, J) - harm
        parts = [
            restored - (log_odds(wild_type, mutant | {i: a}, h, J) - harm)
            for i, a in choice
        ]
        found.append((choice, alone, restored, min(parts) if size == 2 else None))
    return found


def value(alone, restored, ranked_by):
    """What rescues are ranked by."""
    if ranked_by == "restored":
        return restored
    if ranked_by == "epistasis":
        return restored - alone
    return restored - max(0, alone)


def in_background(row, i, a, b, h, J):
    """log P(b at i | the rest of row) - log P(a at i | the rest of row)."""
    size = len(h[0])
    total = float(h[i][b]) - float(h[i][a])
    for j, x in enumerate(row):
        if j != i and x < size:
            total += float(J[i][j][b][x]) - float(J[i][j][a][x])
    return total
