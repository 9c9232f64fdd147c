"""Compiled search for sequences of low energy under rules.

``allowed`` (L, q) bool are the letters that each site may have. ``references`` (R, L)
uint8 and ``bounds`` (R, 2) int64 say at how many sites, least and most, a sequence may
differ from each of some others. Couplings are those of
:class:`pottsfold.model.PairGraph`: site i has the places ``offsets[i]`` to
``offsets[i + 1] - 1``, with ``partners`` and ``blocks[place, a, b] = J_ij(a, b)``.
"""

import numpy as np

from pottsfold.jit import kernel

HALF = np.uint64(32)
LOW = np.uint64(0xFFFFFFFF)


@kernel
def next_word(states, n):
    """Return the next 64 random bits of state n by xoshiro256++ (Blackman, Vigna 2021).

    states (N, 4) uint64, changed in place.
    """
    s0, s1, s2, s3 = states[n, 0], states[n, 1], states[n, 2], states[n, 3]
    total = s0 + s3
    word = ((total << np.uint64(23)) | (total >> np.uint64(41))) + s0
    s2 ^= s0
    s3 ^= s1
    states[n, 0] = s0 ^ s3
    states[n, 1] = s1 ^ s2
    states[n, 2] = s2 ^ (s1 << np.uint64(17))
    states[n, 3] = (s3 << np.uint64(45)) | (s3 >> np.uint64(19))
    return word


@kernel
def below(word, count):
    """Return a number from 0 to count - 1 made of the lower 32 bits of a word."""
    return np.int64(((word & LOW) * np.uint64(count)) >> HALF)


@kernel
def violation(distance, bounds, r):
    """Return by how much a distance leaves the bounds of sequence r."""
    return max(bounds[r, 0] - distance, distance - bounds[r, 1], 0)


@kernel
def coupling(offsets, partners, blocks, i, a, j, b):
    """Return J_ij(a, b), zero where the pair has none."""
    low, high = offsets[i], offsets[i + 1]
    while low < high:
        middle = (low + high) // 2
        if partners[middle] < j:
            low = middle + 1
        else:
            high = middle
    if low < offsets[i + 1] and partners[low] == j:
        return np.float64(blocks[low, a, b])
    return 0.0


@kernel
def put(row, local, offsets, partners, blocks, i, a):
    """Put letter a at site i of a sequence, and keep its local fields (L, q)."""
    old = row[i]
    for place in range(offsets[i], offsets[i + 1]):
        j = partners[place]
        for b in range(local.shape[1]):
            local[j, b] += np.float64(blocks[place, a, b]) - blocks[place, old, b]
    row[i] = a


@kernel
def fill_local(row, local, fields, offsets, partners, blocks):
    """Write H_i(a) = h_i(a) + sum_j J_ij(a, x_j) of a sequence to local (L, q)."""
    local[:] = fields
    for i in range(row.shape[0]):
        for place in range(offsets[i], offsets[i + 1]):
            j = partners[place]
            for b in range(local.shape[1]):
                local[j, b] += np.float64(blocks[place, row[i], b])


@kernel
def reversion(row, references, allowed, sites, word, i):
    """Return a site but i to put back to its letter in a reference, and the letter.

    The upper half of a random word chooses the reference, the lower half where in sites
    to begin to look for one that differs and may have that letter. Where there is none,
    site i and its letter.
    """
    r, n_sites = below(word >> HALF, references.shape[0]), sites.shape[0]
    start = below(word, n_sites)
    for k in range(n_sites):
        j = sites[(start + k) % n_sites]
        b = references[r, j]
        if j != i and row[j] != b and b < allowed.shape[1] and allowed[j, b]:
            return j, b
    return i, row[i]


@kernel
def pair_gain(local, row, i, a, j, b, offsets, partners, blocks):
    """Return by how much letters a at site i and b at site j lower the energy."""
    old, before = row[i], row[j]
    gained = local[i, a] - local[i, old] + local[j, b] - local[j, before]
    if b != before:
        gained += coupling(offsets, partners, blocks, i, a, j, b)
        gained -= coupling(offsets, partners, blocks, i, a, j, before)
        gained -= coupling(offsets, partners, blocks, i, old, j, b)
        gained += coupling(offsets, partners, blocks, i, old, j, before)
    return gained


@kernel
def farther(row, reference, i, a):
    """Return by how much letter a at site i adds to the distance from a reference."""
    return np.int64(a != reference[i]) - np.int64(row[i] != reference[i])


@kernel
def anneal(
    codes,
    states,
    temperatures,
    allowed,
    fields,
    offsets,
    partners,
    blocks,
    references,
    bounds,
):
    """Cool each sequence, and replace it by the best that it came by.

    codes (N, L) uint8 have allowed letters; with states (N, 4) uint64 they are changed
    in place. At every temperature as many changes are proposed as there are allowed
    letters of sites that have a choice: a letter at one site or, half the time if there
    are references, that and a site put back to its letter in one of them. A change
    that keeps more of the bounds is taken, one that breaks them more is not, any other
    by Metropolis' rule. The best is the lowest energy with all bounds kept. Returns
    (N,) bool, whether there was any; where not, the sequence stays as it was last.
    """
    n_chains, length = codes.shape
    counts = allowed.sum(axis=1)
    sites = np.flatnonzero(counts > 1)
    letters = np.zeros(allowed.shape, np.uint8)
    for i in range(length):
        letters[i, : counts[i]] = np.flatnonzero(allowed[i]).astype(np.uint8)
    n_references, proposals = references.shape[0], counts[sites].sum()
    local = np.zeros(fields.shape, np.float64)
    apart = np.zeros(n_references, np.int64)
    found = np.zeros(n_chains, np.bool_)
    for n in range(n_chains):
        row = codes[n]
        best = row.copy()
        fill_local(row, local, fields, offsets, partners, blocks)
        broken = 0
        for r in range(n_references):
            apart[r] = (row != references[r]).sum()
            broken += violation(apart[r], bounds, r)
        total, highest = 0.0, 0.0
        found[n] = broken == 0
        for step in range(temperatures.shape[0] * proposals):
            temperature = temperatures[step // proposals]
            word = next_word(states, n)
            i = sites[below(word >> HALF, sites.shape[0])]
            a = letters[i, below(word, counts[i])]
            uniform = np.float64(next_word(states, n) >> np.uint64(11)) * 2.0**-53
            j, b = i, row[i]
            if n_references:
                word = next_word(states, n)
                if word & np.uint64(1):
                    j, b = reversion(row, references, allowed, sites, word, i)
            if a == row[i] and j == i:
                continue
            gained = pair_gain(local, row, i, a, j, b, offsets, partners, blocks)
            change = 0
            for r in range(n_references):
                now = apart[r] + farther(row, references[r], i, a)
                now += farther(row, references[r], j, b)
                change += violation(now, bounds, r) - violation(apart[r], bounds, r)
            if change > 0:
                continue
            if change == 0 and gained < 0.0 and uniform >= np.exp(gained / temperature):
                continue
            for r in range(n_references):
                apart[r] += farther(row, references[r], i, a)
                apart[r] += farther(row, references[r], j, b)
            if j != i:
                put(row, local, offsets, partners, blocks, j, b)
            if a != row[i]:
                put(row, local, offsets, partners, blocks, i, a)
            total += gained
            broken += change
            if broken == 0 and (total > highest or not found[n]):
                found[n], highest = True, total
                best[:] = row
        if found[n]:
            row[:] = best
    return found


@kernel
def keeps(row, references, bounds):
    """Return whether a sequence keeps its distance from all references."""
    for r in range(references.shape[0]):
        if violation((row != references[r]).sum(), bounds, r):
            return False
    return True


@kernel
def rank_changes(row, local, closed, partner_gains, need, order, values):
    """List the single changes that could be part of a gain above ``need``.

    Of a sequence with ``partner_gains.shape[0]`` changes to go: change (i, a) gains at
    most u = H_i(a) - H_i(x_i) + partner_gains[-1, i, a] / 2 together with the others,
    and all of them no more than the sum of the largest u. Changes that are ``closed``
    (L, q) are left out. Writes places i * q + a to order (L * q,) and u to values
    (L * q,), falling; returns how many.
    """
    left, size = partner_gains.shape[0], local.shape[1]
    top = np.full(left, -np.inf)
    n = 0
    for i in range(row.shape[0]):
        for a in range(size):
            if closed[i, a]:
                continue
            u = local[i, a] - local[i, row[i]] + 0.5 * partner_gains[left - 1, i, a]
            order[n], values[n] = i * size + a, u
            n += 1
            if u > top[left - 1]:
                k = left - 1
                while k > 0 and top[k - 1] < u:
                    top[k] = top[k - 1]
                    k -= 1
                top[k] = u
    others = 0.0
    for k in range(left - 1):
        others += max(top[k], 0.0)
    kept = 0
    for k in range(n):
        if values[k] + others > need:
            order[kept], values[kept] = order[k], values[k]
            kept += 1
    falling = np.argsort(-values[:kept])
    order[:kept] = order[:kept][falling]
    values[:kept] = values[:kept][falling]
    return kept


@kernel
def search_changes(
    row, best, closed, partner_gains, fields, graph, references, bounds, gains, limit
):
    """Look for the best sequence that few more changes of one lead to.

    row (L,) uint8 is the sequence, closed (L, q) bool the changes that may not be made,
    those to letters that stand there among them; partner_gains (K, L, q) float64 says
    in row t what at most t other changes can add to one by their couplings with it, and
    K >= 1 how many changes may be made. graph is offsets, partners and blocks. gains[0]
    is what the sequence has gained, gains[1] what has to be exceeded; where that is
    done with all bounds kept, best (L,) uint8 and gains[1] are replaced. Depth first,
    with the bound of :func:`rank_changes`. Returns whether it came to an end within
    ``limit`` sequences.
    """
    offsets, partners, blocks = graph
    size, most = closed.shape[1], partner_gains.shape[0]
    local = np.zeros((most, closed.shape[0], size), np.float64)
    shut = np.zeros((most, closed.shape[0], size), np.bool_)
    order = np.zeros((most, closed.size), np.int64)
    values = np.zeros((most, closed.size), np.float64)
    counts, cursors = np.zeros(most, np.int64), np.zeros(most, np.int64)
    changed, before = np.zeros(most, np.int64), np.zeros(most, np.uint8)
    gained = np.zeros(most, np.float64)
    fill_local(row, local[0], fields, offsets, partners, blocks)
    shut[0] = closed
    gained[0] = gains[0]
    if gained[0] > gains[1] and keeps(row, references, bounds):
        gains[1] = gained[0]
        best[:] = row
    counts[0] = rank_changes(
        row,
        local[0],
        shut[0],
        partner_gains,
        gains[1] - gained[0],
        order[0],
        values[0],
    )
    depth, visited = 0, 0
    while depth >= 0:
        left, place = most - depth, cursors[depth]
        bound = gained[depth]
        for k in range(place, min(place + left, counts[depth])):
            bound += max(values[depth, k], 0.0)
        if place >= counts[depth] or bound <= gains[1]:
            depth -= 1
            if depth >= 0:
                row[changed[depth]] = before[depth]
            continue
        cursors[depth] += 1
        visited += 1
        if visited > limit:
            return False
        i, a = order[depth, place] // size, order[depth, place] % size
        # Later sequences of this depth do without it: each set of changes comes once.
        shut[depth, i, a] = True
        old = row[i]
        total = gained[depth] + local[depth, i, a] - local[depth, i, old]
        row[i] = a
        if total > gains[1] and keeps(row, references, bounds):
            gains[1] = total
            best[:] = row
        row[i] = old
        if left == 1:
            continue
        changed[depth], before[depth] = i, old
        local[depth + 1] = local[depth]
        put(row, local[depth + 1], offsets, partners, blocks, i, a)
        shut[depth + 1] = shut[depth]
        shut[depth + 1, i] = True
        depth += 1
        gained[depth], cursors[depth] = total, 0
        counts[depth] = rank_changes(
            row,
            local[depth],
            shut[depth],
            partner_gains[: most - depth],
            gains[1] - total,
            order[depth],
            values[depth],
        )
    return True
