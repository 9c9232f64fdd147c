"""The row operations as loops that check every index, for tests.

Numba checks indices under ``NUMBA_BOUNDSCHECK=1``, but not in the code that
:mod:`pottsfold.simd.rows` and :mod:`pottsfold.simd.tables` write. Under that switch
they hand out these functions instead: the same numbers bit by bit, and an IndexError
for an index, a width or a stride that leads out of an array.
"""

# ruff: noqa: D103 - what each operation does stands in these two

import math

import numpy as np
from numba import njit

from pottsfold.simd.codegen import (
    EXP2_POLYNOMIAL,
    GROUP,
    LOG2_E,
    MIN_EXPONENT,
    ROUNDER,
    WIDEST,
)

WAYS, EIGHT, LINE = 4, 8, 64
MAX_SHORT = np.float32(32767.0)
POLYNOMIAL = np.array(EXP2_POLYNOMIAL, np.float32)
LOG2, LEAST = np.float32(LOG2_E), np.float32(MIN_EXPONENT)
HALVES_TO_EVEN = np.float32(ROUNDER)

checked = njit(boundscheck=True, cache=True, nogil=True, error_model="numpy")


@checked
def width_of(lanes):
    return -(-len(lanes) // GROUP) * GROUP


@checked
def check_place(place, size):
    # Numba counts a negative index from the end; the operations on rows do not.
    if place < 0 or place >= size:
        raise IndexError("a place outside an array")


@checked
def check_width(found, due):
    # Another width is another stride: rows would be read where they are not.
    if found != due:
        raise IndexError("rows of another width")


@checked
def larger(x, y):
    return x if x > y else y


@checked
def whole(x):
    return (x + HALVES_TO_EVEN) - HALVES_TO_EVEN


@checked
def exponential(x):
    if x < LEAST:
        return np.float32(0.0)
    y = x * LOG2
    rounded = whole(y)
    part = y - rounded
    power = POLYNOMIAL[0]
    for k in range(1, len(POLYNOMIAL)):
        power = power * part + POLYNOMIAL[k]
    return power * np.float32(math.ldexp(1.0, np.int32(rounded)))


@checked
def folded_sum(row):
    width = len(row)
    while width % 2 == 0:
        width //= 2
        for k in range(width):
            row[k] = row[k] + row[k + width]
    total = row[0]
    for k in range(1, width):
        total = total + row[k]
    return total


@checked
def check_node(rows, r, parent, table, j, b, width):
    check_width(rows.shape[1], width)
    check_width(table.shape[2], width)
    check_place(r, rows.shape[0])
    check_place(parent, rows.shape[0])
    check_place(j, table.shape[0])
    check_place(b, table.shape[1])


@checked
def gather_rows(out, n, rows, places, lanes):
    width = width_of(lanes)
    check_place(n, out.shape[0])
    check_width(out.shape[1], width)
    check_width(rows.shape[1], width)
    for place in places:
        check_place(place, rows.shape[0])
        for a in range(width):
            out[n, a] += rows[place, a]


@checked
def scatter_row(rows, n, out, places, lanes):
    width = width_of(lanes)
    check_place(n, rows.shape[0])
    check_width(rows.shape[1], width)
    check_width(out.shape[1], width)
    for place in places:
        check_place(place, out.shape[0])
        for a in range(width):
            out[place, a] += rows[n, a]


@checked
def join_row(rows, r, parent, table, j, b, lanes):
    width = width_of(lanes)
    check_node(rows, r, parent, table, j, b, width)
    for a in range(width):
        rows[r, a] = rows[parent, a] + table[j, b, a]


@checked
def part_row(rows, r, parent, table, j, b, lanes):
    width = width_of(lanes)
    check_node(rows, r, parent, table, j, b, width)
    addend = rows[r].copy()
    for a in range(width):
        rows[parent, a] += addend[a]
        table[j, b, a] += addend[a]


@checked
def softmax_row(logits, n, fields, scale, out, lanes):
    width = width_of(lanes)
    check_place(n, logits.shape[0])
    check_place(n, out.shape[0])
    check_width(logits.shape[1], width)
    check_width(out.shape[1], width)
    check_width(fields.shape[0], width)
    x = np.empty(width, np.float32)
    for a in range(width):
        x[a] = logits[n, a] + fields[a]
    highest = x[0]
    for a in range(1, width):
        highest = larger(highest, x[a])
    for a in range(width):
        x[a] = exponential(x[a] - highest)
    norm = folded_sum(x.copy())
    factor = scale / norm
    for a in range(width):
        out[n, a] = x[a] * factor
    return highest, norm


@checked
def add_scaled_row(out, k, scale, rows, n, lanes):
    width = width_of(lanes)
    check_place(k, out.shape[0])
    check_place(n, rows.shape[0])
    check_width(out.shape[1], width)
    check_width(rows.shape[1], width)
    for a in range(width):
        out[k, a] += scale * rows[n, a]


@checked
def sum_of_products(x, y):
    totals = np.zeros(WIDEST)
    for start in range(0, len(x), WIDEST):
        for k in range(WIDEST):
            totals[k] += np.float64(x[start + k]) * np.float64(y[start + k])
    result = 0.0
    for k in range(WIDEST):
        result += totals[k]
    return result


@checked
def width_of_shorts(lanes):
    width = LINE // 4
    while width < len(lanes):
        width *= 2
    return width


@checked
def sum_columns(out, k, table, codes, n, start, stop, lanes):
    width = width_of(lanes)
    check_place(k, out.shape[0])
    check_place(n, codes.shape[0])
    check_width(out.shape[1], width)
    step = WAYS
    if table.itemsize == 2:
        step = EIGHT
        check_width(table.shape[2], width_of_shorts(lanes))
        check_width(table.shape[1], len(lanes))
    else:
        check_width(table.shape[2], width)
    totals = np.zeros((WAYS, width), table.dtype)
    for first in range(start, stop, step):
        for column in range(step):
            j = first + column
            check_place(j, min(codes.shape[1], table.shape[0]))
            letter = codes[n, j]
            check_place(letter, table.shape[1])
            for a in range(width):
                totals[column % WAYS, a] += table[j, letter, a]
    for a in range(width):
        totals[0, a] += totals[1, a]
        totals[2, a] += totals[3, a]
        totals[0, a] += totals[2, a]
        before = out[k, a] if start != 0 else np.float32(0.0)
        out[k, a] = before + np.float32(totals[0, a])


@checked
def prefetch_line(table, i, j, line):
    """Do nothing: it asks for memory, and reads none."""


@checked
def round_row(out, rows, i, j, b, scale, most, lanes):
    width = width_of(lanes)
    check_width(rows.shape[3], width)
    check_width(most.shape[0], width)
    for place, size in ((i, 0), (j, 1), (b, 2)):
        check_place(place, min(rows.shape[size], out.shape[size]))
    for a in range(width):
        x = whole(rows[i, j, b, a] * scale)
        most[a] = larger(most[a], larger(x, -x))
        x = larger(x, -MAX_SHORT)
        out[i, j, b, a] = np.int16(MAX_SHORT if x > MAX_SHORT else x)


@checked
def draw_from_row(logits, n, fields, scale, uniform, lanes):
    width = width_of(lanes)
    check_place(n, logits.shape[0])
    check_width(logits.shape[1], width)
    check_width(fields.shape[0], width)
    x = np.empty(width, np.float32)
    for a in range(width):
        x[a] = (logits[n, a] + fields[a]) * scale
    highest = x[0]
    for a in range(1, width):
        highest = larger(highest, x[a])
    for a in range(width):
        x[a] = exponential(x[a] - highest)
    sum_up(x)
    bound = uniform * x[width - 1]
    count = 0
    for a in range(width):
        count += x[a] <= bound
    return count


@checked
def sum_up(row):
    """Turn numbers into their running sums, added in the order of the vectors."""
    width = len(row)
    for shift in (1, 2, 4):
        before = row.copy()
        for a in range(width):
            if a % GROUP >= shift:
                row[a] = before[a] + before[a - shift]
    for start in range(0, width, WIDEST):
        stop = min(start + WIDEST, width)
        for end in range(start + GROUP, stop, GROUP):
            for a in range(end, end + GROUP):
                row[a] = row[a] + row[end - 1]
        if start > 0:
            for a in range(start, stop):
                row[a] = row[a] + row[start - 1]
