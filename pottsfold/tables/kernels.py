"""Numbers to text. Arrays only; the callers check."""

import numpy as np

from pottsfold.jit import kernel

ZERO, POINT, MINUS = 48, 46, 45


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
