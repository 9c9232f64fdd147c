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


def buried_log_odds(wild_type, changes, h, J, accessibility):
    """sum_i b_i s_i(a_i) + sum_{i<j} (b_i + b_j) / 2 e_ij(a_i, a_j)."""
    burial = {i: 1 - min(max(float(accessibility[i]), 0), 1) for i in changes}
    total = 0.0
    for i, a in changes.items():
        total += burial[i] * log_odds(wild_type, {i: a}, h, J)
        for j, b in changes.items():
            if i < j:
                together = pair_epistasis(wild_type, i, a, j, b, J)
                total += (burial[i] + burial[j]) / 2 * together
    return total


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


def adjusted_log_odds(
    log_odds, focus, frequencies, occupancy, neff, coefficients, burial=None
):
    """s log(share of substitutions predicted no better); a table (L, 21) of floats.

    ``coefficients`` is a goal's part of the file; burial is None, or one a site.
    """
    rows = _substitutions(log_odds, focus, frequencies, occupancy, neff)
    ranked = [name for name in rows[0] if name not in _NOT_RANKED]
    for name in ranked:
        values = [row[name] for row in rows]
        for row, rank in zip(rows, _centred_ranks(values), strict=True):
            row[name + " rank"] = rank
    predicted = [
        _predicted(row, coefficients, None if burial is None else burial[row["i"]])
        for row in rows
    ]
    known = [row["log_odds"] for row in rows]
    mean = sum(known) / len(known)
    spread = math.sqrt(sum((x - mean) ** 2 for x in known) / len(known))
    result = [[math.nan] * 21 for _ in log_odds]
    for row, own in zip(rows, predicted, strict=True):
        lower = sum(other < own for other in predicted)
        equal = sum(other == own for other in predicted)
        share = (lower + (equal + 1) / 2) / len(rows)
        result[row["i"]][row["b"] + 1] = spread * math.log(share)
    for i, letter in enumerate(focus):
        if any(row["i"] == i for row in rows):
            result[i][letter] = 0.0
        if not math.isnan(log_odds[i][0]):
            below = sum(x <= log_odds[i][0] for x in known)
            result[i][0] = spread * math.log(max(below, 1) / len(known))
    return result


_NOT_RANKED = {
    *("i", "a", "b", "blosum62"),
    *("volume_from_site", "hydropathy_from_site", "charge_from_site"),
}


def _centred_ranks(values):
    return [
        (sum(y < x for y in values) + sum(y == x for y in values) / 2) / len(values)
        - 0.5
        for x in values
    ]


def _substitutions(log_odds, focus, frequencies, occupancy, neff):
    """Every single substitution as a dict of what is known of it."""
    from Bio.Align import substitution_matrices
    from Bio.SeqUtils.ProtParamData import kd

    from pottsfold.mutations.adjustment.amino_acids import COMPOSITION, VOLUME

    matrix = substitution_matrices.load("BLOSUM62")
    letters = "ACDEFGHIKLMNPQRSTVWY"
    volume = dict(zip(letters, VOLUME.tolist(), strict=True))
    charge = {a: {"D": -1, "E": -1, "K": 1, "R": 1}.get(a, 0) for a in letters}
    rows = []
    for i, (effects, code, seen, occupied) in enumerate(
        zip(log_odds, focus, frequencies, occupancy, strict=True)
    ):
        if any(math.isnan(x) for x in effects[1:]):
            continue
        shares = {a: f / sum(seen[1:]) for a, f in zip(letters, seen[1:], strict=True)}
        dense = {a: (p * neff + 0.1) / (neff + 2) for a, p in shares.items()}
        means = {
            name: sum(p * scale[a] for a, p in shares.items())
            for name, scale in (("v", volume), ("h", kd), ("c", charge))
        }
        old = letters[code - 1]
        for b, new in enumerate(letters):
            if new == old:
                continue
            weights = [
                p * math.exp(0.3176 * matrix[new][c])
                for p, c in zip(COMPOSITION, letters, strict=True)
            ]
            like = sum(w * x for w, x in zip(weights, effects[1:], strict=True))
            rows.append(
                {
                    **{"i": i, "a": old, "b": b},
                    "log_odds": effects[b + 1],
                    "shared_log_odds": like / sum(weights),
                    "site_log_odds": sum(effects[1:]) / 20,
                    "site_entropy": -sum(p * math.log(p) for p in dense.values()),
                    "site_hydropathy": means["h"],
                    "site_occupancy": occupied,
                    "frequency": dense[new],
                    "site_volume": means["v"],
                    "site_charge": means["c"],
                    "blosum62": matrix[old][new] / 4,
                    "volume_from_site": abs(volume[new] - means["v"]) / 100,
                    "hydropathy_from_site": abs(kd[new] - means["h"]) / 9,
                    "charge_from_site": abs(charge[new] - means["c"]),
                }
            )
    return rows


def _predicted(row, coefficients, burial):
    def part(table):
        total = table["wild_type"][row["a"]]
        total += table["substitution"]["ACDEFGHIKLMNPQRSTVWY"[row["b"]]]
        for name, weight in table["features"].items():
            total += weight * row[name if name in _NOT_RANKED else name + " rank"]
        return total

    if burial is None or math.isnan(burial) or "structure" not in coefficients:
        return part(coefficients["alignment"])
    table, centred = coefficients["structure"], burial - 0.5
    total = part(table) + centred * part(table["times burial"])
    return total + table["burial"] * centred + table["burial squared"] * centred**2


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
