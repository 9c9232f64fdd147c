"""Numbers to text, and texts that are formulas. Arrays only; the callers check."""

import numpy as np

from pottsfold.jit import kernel

ZERO, NINE, POINT, MINUS, PLUS = 48, 57, 46, 45, 43
TAB, CARRIAGE_RETURN, BLANK, PERCENT, STAR = 9, 13, 32, 37, 42
COMMA, SLASH, COLON, SEMICOLON, EQUAL, AT = 44, 47, 58, 59, 61, 64
UPPER_E, LOWER_A, LOWER_E, LOWER_Z = 69, 97, 101, 122


@kernel
def write_decimals(values, decimals, text, ends):
    """Write numbers with a fixed number of decimals, nothing for NaN.

    values (n,) float64, below 9e15 / 10^decimals in size; text uint8 with room for
    20 + decimals bytes a number; ends (n + 1,) int64. Halves go to the even number,
    and what rounds to zero has no sign.
    """
    scale = 1.0
    for _ in range(decimals):
        scale *= 10.0
    digits = np.empty(32, np.uint8)
    at = 0
    ends[0] = 0
    for n in range(values.size):
        value = values[n]
        if not np.isnan(value):
            whole = np.int64(np.rint(abs(value) * scale))
            if value < 0 and whole > 0:
                text[at] = MINUS
                at += 1
            count = 0
            while whole > 0 or count <= decimals:
                digits[count] = ZERO + whole % 10
                whole //= 10
                count += 1
            for k in range(count - 1, -1, -1):
                text[at] = digits[k]
                at += 1
                if k == decimals and decimals > 0:
                    text[at] = POINT
                    at += 1
        ends[n + 1] = at


@kernel
def is_digit(byte):
    """Return whether a byte is a digit."""
    return ZERO <= byte <= NINE


@kernel
def end_of_number(data, at, end):
    """Return where the number at ``at`` ends, its sign passed over; ``at`` for none.

    Digits with a point or comma among them, and an exponent or a percent sign.
    """
    begun = at
    digits = 0
    at += 1
    while at < end and (is_digit(data[at]) or data[at] == POINT or data[at] == COMMA):
        digits += is_digit(data[at])
        at += 1
    if digits == 0:
        return begun
    if at + 1 < end and (data[at] == UPPER_E or data[at] == LOWER_E):
        exponent = at + 1
        if data[exponent] == PLUS or data[exponent] == MINUS:
            exponent += 1
        if exponent < end and is_digit(data[exponent]):
            at = exponent
            while at < end and is_digit(data[at]):
                at += 1
    elif at < end and data[at] == PERCENT:
        at += 1
    return at


@kernel
def end_of_mutant(data, at, end):
    """Return where the substitution at ``at`` ends, such as ``-5T``; ``at`` for none.

    Marks and blanks that separate it from the next are passed over.
    """
    begun = at
    at += 1
    if at < end and data[at] == MINUS:
        at += 1
    digits = at
    while at < end and is_digit(data[at]):
        at += 1
    if at == digits or at == end:
        return begun
    letter = data[at] | 32
    if not (LOWER_A <= letter <= LOWER_Z or data[at] == STAR or data[at] == MINUS):
        return begun
    at += 1
    while at < end and (
        data[at] == COLON
        or data[at] == COMMA
        or data[at] == SLASH
        or data[at] == SEMICOLON
        or data[at] == BLANK
    ):
        at += 1
    return at


@kernel
def find_formulas(starts, data, formulas):
    """Write which texts a spreadsheet would take for formulas.

    Text n is the bytes starts[n] .. starts[n + 1] - 1 of ``data``; starts (n + 1,)
    int64; data uint8; formulas (n,) bool. A mark alone, or repeated, is none.
    """
    for n in range(starts.size - 1):
        at, end = starts[n], starts[n + 1]
        formulas[n] = False
        if at == end:
            continue
        first = data[at]
        if first == TAB or first == CARRIAGE_RETURN:
            formulas[n] = True
        elif first == EQUAL or first == AT or first == PLUS or first == MINUS:
            alike = True
            for k in range(at + 1, end):
                alike = alike and data[k] == first
            if alike:
                continue
            formulas[n] = True
            if first == PLUS or first == MINUS:
                formulas[n] = end_of_number(data, at, end) < end
            if first == MINUS and formulas[n]:
                before = at - 1
                while before < at < end:
                    before, at = at, end_of_mutant(data, at, end)
                formulas[n] = at < end
