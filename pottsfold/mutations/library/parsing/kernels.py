"""Columns of texts to substitutions. Arrays only; the callers check.

Text n is the bytes starts[n] .. starts[n + 1] - 1 of ``data``. A byte's class is the
code of a letter, or one of the constants below.
"""

import numpy as np

from pottsfold.jit import kernel

GAP, UNKNOWN, STOP, STRANGE = 252, 253, 254, 255
(
    WILD_TYPE_MISMATCH,
    OUTSIDE_MODEL,
    GAP_OR_STOP,
    UNKNOWN_LETTER,
    DUPLICATE_POSITION,
) = range(1, 6)
# A verdict for rows that are left to the reader of single texts.
LEFT = -1
MAX_SUBSTITUTIONS = 64
MAX_DIGITS = 9
BLANK, TAB, MINUS, ZERO, NINE = 32, 9, 45, 48, 57
COLON, COMMA, SLASH, SEMICOLON = 58, 44, 47, 59
DOT, LOWER_A, LOWER_Z = 46, 97, 122


@kernel
def fault_of(wild_type, letter, column, focus):
    """Return the reason that a substitution cannot be scored, 0 for none.

    Classes of the letters named and of the focus sequence's; column -1 for none.
    """
    if letter == STOP or letter == GAP:
        return GAP_OR_STOP
    if letter == UNKNOWN:
        return UNKNOWN_LETTER
    if column < 0:
        return OUTSIDE_MODEL
    if focus == UNKNOWN:
        return UNKNOWN_LETTER
    if focus == GAP:
        return GAP_OR_STOP
    return 0 if focus == wild_type else WILD_TYPE_MISMATCH


@kernel
def end_of_separator(data, at, end):
    """Return where the separator at ``at`` ends: blanks with one mark or none."""
    while at < end and (data[at] == BLANK or data[at] == TAB):
        at += 1
    mark = data[at] if at < end else 0
    if mark == COLON or mark == COMMA or mark == SLASH or mark == SEMICOLON:
        at += 1
        while at < end and (data[at] == BLANK or data[at] == TAB):
            at += 1
    return at


@kernel
def read_mutants(
    starts, data, classes, sites, low, bounds, columns, letters, verdicts, named
):
    """Read texts such as ``A23T:G56D`` and place them in a model.

    starts (n + 1,) int64; data uint8; classes (256,) uint8; sites (span, 2) int64:
    for the positions low, low + 1, ... the column, -1 for none, and the class of
    the focus sequence's letter. Written are bounds (n + 1,) int64 with columns
    int64 and letters uint8, as in ``Mutants``; verdicts (n, 2) int64: the number of
    letters changed, and the reason or LEFT; and named (span, q) int32: how often
    each wild-type letter was named at each position is added to it.
    """
    indices = np.empty(MAX_SUBSTITUTIONS, np.int64)
    wild_types = np.empty(MAX_SUBSTITUTIONS, np.uint8)
    filled = 0
    bounds[0] = 0
    for n in range(starts.size - 1):
        at, end = starts[n], starts[n + 1]
        while at < end and (data[at] == BLANK or data[at] == TAB):
            at += 1
        while end > at and (data[end - 1] == BLANK or data[end - 1] == TAB):
            end -= 1
        depth = changed = reason = 0
        understood = at < end
        while understood:
            understood = False
            wild_type = classes[data[at]]
            at += 1
            negative = at < end and data[at] == MINUS
            if negative:
                at += 1
            position = 0
            first_digit = at
            while at < end and ZERO <= data[at] <= NINE:
                if at - first_digit > MAX_DIGITS:
                    break
                position = 10 * position + data[at] - ZERO
                at += 1
            digits = at - first_digit
            if at == end or digits == 0 or digits > MAX_DIGITS:
                break
            letter = classes[data[at]]
            at += 1
            index = (-position if negative else position) - low
            if letter == STRANGE or UNKNOWN <= wild_type:
                break
            if index < 0 or index >= sites.shape[0] or depth == MAX_SUBSTITUTIONS:
                break
            indices[depth] = index
            wild_types[depth] = wild_type
            depth += 1
            changed += letter != wild_type
            column = sites[index, 0]
            fault = fault_of(wild_type, letter, column, sites[index, 1])
            if fault == 0 and letter != wild_type:
                columns[filled] = column
                letters[filled] = letter
                filled += 1
            # A position outside the model counts last.
            if fault and (reason == 0 or reason == OUTSIDE_MODEL):
                if reason == 0 or fault != OUTSIDE_MODEL:
                    reason = fault
            understood = True
            if at == end:
                break
            after_letter = at
            at = end_of_separator(data, at, end)
            understood = after_letter < at < end
        begun = bounds[n]
        if not understood:
            filled = begun
            verdicts[n, 0] = 0
            verdicts[n, 1] = LEFT
        else:
            for k in range(depth):
                if wild_types[k] == GAP:
                    named[indices[k], 0] += 1
                else:
                    named[indices[k], wild_types[k]] += 1
                for m in range(k):
                    if indices[m] == indices[k]:
                        reason = DUPLICATE_POSITION
            if reason and (reason != OUTSIDE_MODEL):
                filled = begun
            verdicts[n, 0] = changed
            verdicts[n, 1] = reason
        bounds[n + 1] = filled


@kernel
def compare_sequences(
    starts, data, classes, focus, site_of, faults, bounds, columns, letters, verdicts
):
    """Find where whole sequences differ from the focus sequence.

    classes (256,) uint8 are codes, q for an unknown letter, q + 1 for a stop, and
    STRANGE for what leaves a row to the reader of single sequences; focus (L,)
    uint8; site_of (span,) int64: for sequences of that many letters the column of
    each, -1 for none; faults (L, q + 2) uint8: what is wrong with a letter there.
    Written are bounds (n + 1,) int64 with columns int64 and letters uint8: every
    difference and its byte; and verdicts (n, 2) int64: the number of differences,
    and the reason of the first that cannot be scored, or LEFT.
    """
    length = focus.size
    unknown = faults.shape[1] - 2
    filled = 0
    bounds[0] = 0
    for n in range(starts.size - 1):
        begun = filled
        reason = 0
        size = starts[n + 1] - starts[n]
        # Without a map of residues its size is 0, which no sequence may equal.
        if size == 0 or (size != length and size != site_of.size):
            reason = LEFT
            size = 0
        aligned = size == length
        for k in range(size):
            byte = data[starts[n] + k]
            code = classes[byte]
            insert = byte == DOT or LOWER_A <= byte <= LOWER_Z
            if code == STRANGE or (insert and not aligned):
                reason = LEFT
                break
            column = k if aligned else site_of[k]
            if column < 0 or code == focus[column]:
                continue
            if code > unknown and focus[column] == unknown:
                continue
            if reason == 0:
                reason = faults[column, code]
            columns[filled] = column
            letters[filled] = byte
            filled += 1
        if reason == LEFT:
            filled = begun
        verdicts[n, 0] = filled - begun
        verdicts[n, 1] = reason
        bounds[n + 1] = filled


@kernel
def agreeing_stretches(codes, focus, offsets, most, starts):
    """Find where a sequence differs from the focus sequence at few sites.

    codes (n,) uint8; focus (L,) uint8; offsets (L,) int64 from the first site's
    letter; ``most`` differences are allowed. Returned is the number of such places,
    and the first of them are written to starts int64.
    """
    found = 0
    for start in range(codes.size - offsets[-1]):
        differences = 0
        for k in range(focus.size):
            differences += codes[start + offsets[k]] != focus[k]
            if differences > most:
                break
        if differences <= most:
            if found < starts.size:
                starts[found] = start
            found += 1
    return found


@kernel
def differences_with_indel(codes, focus, sites, reach):
    """Return how few sites differ if the first or last of them are moved.

    codes (n,) uint8; focus (L,) uint8; sites (L,) int64: their letters. Moved by up
    to ``reach`` letters either way; a site moved off the sequence differs.
    """
    unmoved = 0
    for k in range(focus.size):
        unmoved += codes[sites[k]] != focus[k]
    fewest = focus.size
    for shift in range(-reach, reach + 1):
        first_moved = last_moved = unmoved
        for k in range(focus.size):
            if shift == 0:
                break
            here = sites[k] + shift
            outside = here < 0 or here >= codes.size
            first_moved += outside or codes[here] != focus[k]
            first_moved -= codes[sites[k]] != focus[k]
            fewest = min(fewest, first_moved)
            k = focus.size - 1 - k
            here = sites[k] + shift
            outside = here < 0 or here >= codes.size
            last_moved += outside or codes[here] != focus[k]
            last_moved -= codes[sites[k]] != focus[k]
            fewest = min(fewest, last_moved)
    return fewest


@kernel
def text_sizes(bounds, columns, name_sizes, ends):
    """Write where each mutant's text ends, its substitutions joined by a colon.

    name_sizes (L,) int64: bytes of a site's name such as ``A23``; ends (n + 1,)
    int64, the first 0. The wild type, two letters, is a mutant of none.
    """
    total = 0
    ends[0] = 0
    for n in range(bounds.size - 1):
        if bounds[n] == bounds[n + 1]:
            total += 2
        for k in range(bounds[n], bounds[n + 1]):
            total += name_sizes[columns[k]] + 1 + (k > bounds[n])
        ends[n + 1] = total


@kernel
def write_texts(bounds, columns, letters, names, name_sizes, text):
    """Write the texts that :func:`text_sizes` measured.

    letters (m,) uint8: bytes; names (L, w) uint8: bytes of the sites' names, of
    which the first name_sizes count; text uint8.
    """
    at = 0
    for n in range(bounds.size - 1):
        if bounds[n] == bounds[n + 1]:
            text[at] = ord("W")
            text[at + 1] = ord("T")
            at += 2
        for k in range(bounds[n], bounds[n + 1]):
            if k > bounds[n]:
                text[at] = COLON
                at += 1
            i = columns[k]
            for m in range(name_sizes[i]):
                text[at] = names[i, m]
                at += 1
            text[at] = letters[k]
            at += 1


@kernel
def hash_mutants(bounds, columns, letters, hashes):
    """Write a hash of each mutant that the order of its substitutions leaves alone.

    A sum, over the substitutions, of the splitmix64 mix of column and letter; hashes
    (n,) uint64.
    """
    for n in range(bounds.size - 1):
        total = np.uint64(0)
        for k in range(bounds[n], bounds[n + 1]):
            x = np.uint64(columns[k] * 256 + letters[k] + 1) * np.uint64(
                0x9E3779B97F4A7C15
            )
            x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            total += x ^ (x >> np.uint64(31))
        hashes[n] = total


@kernel
def count_repeats(hashes, slots, known, most):
    """Return how many hashes were met before, and how many are known now.

    slots (2^k,) uint64 is a table of the known ones, 0 for an empty slot; it takes
    up no more than ``most``, after which others pass as new.
    """
    mask = np.uint64(slots.size - 1)
    repeats = 0
    for n in range(hashes.size):
        value = hashes[n]
        if value == 0:
            value = np.uint64(1)
        at = value & mask
        while slots[at] != 0 and slots[at] != value:
            at = (at + np.uint64(1)) & mask
        if slots[at] == value:
            repeats += 1
        elif known < most:
            slots[at] = value
            known += 1
    return repeats, known
