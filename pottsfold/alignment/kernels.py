"""Loops over sequences: identity counts and weighted frequencies.

Arrays and scalars only; the callers check and document.

Sequences are compared as bits. Bit p of the letters of 64 columns is one word, plane
p. Two sequences differ in a column where any plane differs, so the number of
differences among 64 columns is popcount((a0 ^ b0) | (a1 ^ b1) | ...), and any subset
of planes gives a lower bound. Words of one plane stand side by side for BLOCK
sequences, one lane each: the loops over a block are what the compiler vectorises,
and what is taken out of arrays before them must not be a view, whose reference count
would cost more than the loop.
"""

import numpy as np

from pottsfold.jit import kernel

# Long enough to hide what comes before and after a loop over one block.
BLOCK = 128
NEVER = np.uint64(2**63)
ZERO, ONE, TWO, FOUR, BYTE, LAST_BYTE = (np.uint64(n) for n in (0, 1, 2, 4, 255, 56))
PAIRS = np.uint64(0x5555555555555555)
NIBBLES = np.uint64(0x3333333333333333)
BYTES = np.uint64(0x0F0F0F0F0F0F0F0F)
SUM_OF_BYTES = np.uint64(0x0101010101010101)
SPREAD = np.uint64(0x9E3779B97F4A7C15)


@kernel
def popcount(word):
    """Count the ones of a uint64, in the words the compiler knows as one operation."""
    word = word - ((word >> ONE) & PAIRS)
    word = (word & NIBBLES) + ((word >> TWO) & NIBBLES)
    word = (word + (word >> FOUR)) & BYTES
    return (word * SUM_OF_BYTES) >> LAST_BYTE


@kernel
def pack(codes, rows, columns, spread, first, last, coarse, fine):
    """Write the planes of sequences rows[first..last-1] to places first..last-1.

    codes (N, L) uint8; columns (L,): the order in which columns are taken; spread
    (L, S) uint64 holds bit p of a letter's number in byte p. coarse (words, blocks,
    2, BLOCK, 8) and fine (blocks, words, planes, BLOCK, 8) are the bytes of the words.
    """
    length = codes.shape[1]
    for place in range(first, last):
        block, lane = place // BLOCK, place % BLOCK
        row = rows[place]
        for start in range(0, length, 8):
            word, part = start // 64, start // 8 % 8
            bits = ZERO
            for j in range(start, min(start + 8, length)):
                bits = (bits << ONE) | spread[j, codes[row, columns[j]]]
            for plane in range(2):
                coarse[word, block, plane, lane, part] = bits & BYTE
                bits >>= np.uint64(8)
            for plane in range(fine.shape[2]):
                fine[block, word, plane, lane, part] = bits & BYTE
                bits >>= np.uint64(8)


@kernel
def coarse_differences(p, q, a, b):
    """Count the columns of 64 where (p, q) and (a, b), two planes each, differ."""
    return popcount((p ^ a) | (q ^ b))


@kernel
def next_near(coarse, x, row, start, end, most, apart):
    """Return the first block of start..end-1 that the coarse planes do not rule out.

    That is one where some sequence may be at most ``most`` columns apart from
    sequence ``row`` or row + 1 of block x; ``end`` when there is none. apart
    (2, BLOCK) uint64 is left with the coarse differences of both to that block.
    """
    for y in range(start, end):
        a0, a1 = coarse[0, x, 0, row], coarse[0, x, 1, row]
        b0, b1 = coarse[0, x, 0, row + 1], coarse[0, x, 1, row + 1]
        least = NEVER
        for k in range(BLOCK):
            p, q = coarse[0, y, 0, k], coarse[0, y, 1, k]
            a, b = coarse_differences(p, q, a0, a1), coarse_differences(p, q, b0, b1)
            least = min(least, min(a, b))
        if least > most:
            continue
        # Few blocks come here: storing what was counted would slow down the others.
        for k in range(BLOCK):
            p, q = coarse[0, y, 0, k], coarse[0, y, 1, k]
            apart[0, k] = coarse_differences(p, q, a0, a1)
            apart[1, k] = coarse_differences(p, q, b0, b1)
        for word in range(1, coarse.shape[0]):
            a0, a1 = coarse[word, x, 0, row], coarse[word, x, 1, row]
            b0, b1 = coarse[word, x, 0, row + 1], coarse[word, x, 1, row + 1]
            least = NEVER
            for k in range(BLOCK):
                p, q = coarse[word, y, 0, k], coarse[word, y, 1, k]
                a = apart[0, k] + coarse_differences(p, q, a0, a1)
                b = apart[1, k] + coarse_differences(p, q, b0, b1)
                apart[0, k], apart[1, k] = a, b
                least = min(least, min(a, b))
            if least > most:
                break
        if least <= most:
            return y
    return end


@kernel
def add_fine(coarse, fine, x, row, y, most, apart):
    """Add to ``apart`` the differences that only the fine planes show.

    Return the least of the sums, or a lower bound of it above ``most``.
    """
    least = ZERO
    wide = fine.shape[2] > 3
    a5 = a6 = a7 = b5 = b6 = b7 = ZERO
    for word in range(coarse.shape[0]):
        a0, a1 = coarse[word, x, 0, row], coarse[word, x, 1, row]
        b0, b1 = coarse[word, x, 0, row + 1], coarse[word, x, 1, row + 1]
        a2, b2 = fine[x, word, 0, row], fine[x, word, 0, row + 1]
        a3, b3 = fine[x, word, 1, row], fine[x, word, 1, row + 1]
        a4, b4 = fine[x, word, 2, row], fine[x, word, 2, row + 1]
        if wide:
            a5, b5 = fine[x, word, 3, row], fine[x, word, 3, row + 1]
            a6, b6 = fine[x, word, 4, row], fine[x, word, 4, row + 1]
            a7, b7 = fine[x, word, 5, row], fine[x, word, 5, row + 1]
        least = NEVER
        for k in range(BLOCK):
            p, q = coarse[word, y, 0, k], coarse[word, y, 1, k]
            r, s, t = fine[y, word, 0, k], fine[y, word, 1, k], fine[y, word, 2, k]
            a = (r ^ a2) | (s ^ a3) | (t ^ a4)
            b = (r ^ b2) | (s ^ b3) | (t ^ b4)
            if wide:
                r, s, t = fine[y, word, 3, k], fine[y, word, 4, k], fine[y, word, 5, k]
                a |= (r ^ a5) | (s ^ a6) | (t ^ a7)
                b |= (r ^ b5) | (s ^ b6) | (t ^ b7)
            a = apart[0, k] + popcount(a & ~((p ^ a0) | (q ^ a1)))
            b = apart[1, k] + popcount(b & ~((p ^ b0) | (q ^ b1)))
            apart[0, k], apart[1, k] = a, b
            least = min(least, min(a, b))
        if least > most:
            break
    return least


@kernel
def add_neighbours(apart, most, copies, x, row, y, neighbours):
    """Add the pairs at most ``most`` apart to the counts of both sequences.

    Within one block every pair comes twice, so there the second one is left out.
    """
    nothing = np.int32(0)
    given_a = nothing if x == y else copies[x, row]
    given_b = nothing if x == y else copies[x, row + 1]
    found_a, found_b = nothing, nothing
    for k in range(BLOCK):
        near_a, near_b = apart[0, k] <= most, apart[1, k] <= most
        found_a += copies[y, k] if near_a else nothing
        found_b += copies[y, k] if near_b else nothing
        given = (given_a if near_a else nothing) + (given_b if near_b else nothing)
        neighbours[y, k] += given
    neighbours[x, row] += found_a
    neighbours[x, row + 1] += found_b


@kernel
def count_neighbours(coarse, fine, copies, most, first, last, span, apart, neighbours):
    """Count the pairs at most ``most`` columns apart, once each, for both sequences.

    Pairs of a sequence of blocks first..last-1 with one of the same or a later block.
    coarse (words, blocks, 2, BLOCK) and fine (blocks, words, 3 or 6, BLOCK) uint64;
    copies (blocks, BLOCK) int32: how often each sequence counts; neighbours, likewise
    shaped, is added to. ``span`` blocks at a time stay in the cache.
    """
    n_blocks = coarse.shape[1]
    most = np.uint64(most)
    for start in range(first, n_blocks, span):
        end = min(start + span, n_blocks)
        for x in range(first, min(last, end)):
            for row in range(0, BLOCK, 2):
                y = next_near(coarse, x, row, max(start, x), end, most, apart)
                while y < end:
                    if add_fine(coarse, fine, x, row, y, most, apart) <= most:
                        add_neighbours(apart, most, copies, x, row, y, neighbours)
                    y = next_near(coarse, x, row, y + 1, end, most, apart)


@kernel
def write_keys(codes, rows, columns, starts, keys):
    """Write the letters of every segment of columns as one number of 16 bits.

    codes (N, L) uint8; rows (R,); segment s is columns[starts[s]..starts[s + 1]-1];
    keys (R, segments) uint16. Rows alike in a segment have one number there; so, now
    and then, have others.
    """
    for place in range(rows.shape[0]):
        row = rows[place]
        for segment in range(starts.shape[0] - 1):
            key = ONE
            for j in range(starts[segment], starts[segment + 1]):
                key = (key ^ np.uint64(codes[row, columns[j]])) * SPREAD
                key ^= key >> np.uint64(29)
            keys[place, segment] = key & np.uint64(0xFFFF)


@kernel
def take_keys(keys, order, n_taken, taken):
    """Write the first keys of rows in an order to taken (blocks, n_taken, BLOCK)."""
    for place in range(order.shape[0]):
        block, lane = place // BLOCK, place % BLOCK
        for segment in range(n_taken):
            taken[block, segment, lane] = keys[order[place], segment]


@kernel
def count_in_segment(coarse, fine, copies, most, first, last, keys, apart, neighbours):
    """Count the near pairs that are alike in one segment and in none before it.

    As :func:`count_neighbours`, of sequences sorted by their key in the segment: keys
    (blocks, segments, BLOCK) uint16 hold those of the segments up to this one. Pairs
    that share its key are compared, and counted where they share no earlier one.
    """
    n_blocks = coarse.shape[1]
    segment = keys.shape[1] - 1
    most = np.uint64(most)
    for x in range(first, last):
        for row in range(0, BLOCK, 2):
            end = x + 1
            while end < n_blocks and keys[end, segment, 0] == keys[x, segment, row + 1]:
                end += 1
            y = next_near(coarse, x, row, x, end, most, apart)
            while y < end:
                if add_fine(coarse, fine, x, row, y, most, apart) <= most:
                    leave_out_met(keys, x, row, y, apart)
                    add_neighbours(apart, most, copies, x, row, y, neighbours)
                y = next_near(coarse, x, row, y + 1, end, most, apart)


@kernel
def leave_out_met(keys, x, row, y, apart):
    """Put those far apart that do not share the last key, or share an earlier one."""
    segment = keys.shape[1] - 1
    for side in range(2):
        own = keys[x, segment, row + side]
        for k in range(BLOCK):
            apart[side, k] = apart[side, k] if keys[y, segment, k] == own else NEVER
        for earlier in range(segment):
            own = keys[x, earlier, row + side]
            for k in range(BLOCK):
                met = keys[y, earlier, k] == own
                apart[side, k] = NEVER if met else apart[side, k]


@kernel
def count_pairs(codes, weights, site, counts):
    """Add up weights by the letters at ``site`` and at every later column.

    codes (N, L) uint8; weights (N,) float64; counts (L, S, S) float64 with S
    above the largest code: counts[j, a, b] = sum of w_n where x_n,site = a and
    x_nj = b, for j > site.
    """
    n_rows, length = codes.shape
    counts[:] = 0.0
    for n in range(n_rows):
        weight = weights[n]
        a = codes[n, site]
        for j in range(site + 1, length):
            counts[j, a, codes[n, j]] += weight


@kernel
def found_clusters(codes, order, most, labels):
    """Write the cluster of every sequence: the first whose founder is near.

    codes (N, L) uint8; order (N,) int64; labels (N,) int64. Near: at most ``most``
    columns differ. Founders are compared a part of their columns at a time, so that
    strangers are found out early.
    """
    n_sequences, length = codes.shape
    founders = np.empty((n_sequences, length), np.uint8)
    n_clusters = 0
    for n in order:
        found = -1
        for cluster in range(n_clusters):
            differences = 0
            for start in range(0, length, 32):
                for i in range(start, min(start + 32, length)):
                    differences += codes[n, i] != founders[cluster, i]
                if differences > most:
                    break
            if differences <= most:
                found = cluster
                break
        if found < 0:
            found = n_clusters
            founders[found] = codes[n]
            n_clusters += 1
        labels[n] = found


@kernel
def find_relatives(codes, chosen, most, near):
    """Write which sequences are near one that was chosen.

    codes (N, L) and chosen (K, L) uint8; near (N,) bool. Near: at most ``most`` columns
    differ.
    """
    n_sequences, length = codes.shape
    for n in range(n_sequences):
        near[n] = False
        for k in range(chosen.shape[0]):
            differences = 0
            for start in range(0, length, 32):
                for i in range(start, min(start + 32, length)):
                    differences += codes[n, i] != chosen[k, i]
                if differences > most:
                    break
            if differences <= most:
                near[n] = True
                break
