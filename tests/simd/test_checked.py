"""Loops that check their indices give the same bits, and find what leads outside."""

import os
import subprocess
import sys

import numpy as np
import pytest
from numba import config, njit

from pottsfold.simd import checked, rows, tables
from pottsfold.simd.arrays import aligned_zeros

pytestmark = pytest.mark.skipif(
    bool(config.BOUNDSCHECK), reason="the loops stand in the place of the intrinsics"
)
ROOM = {name: rows for name in vars(rows) if hasattr(checked, name)}
ROOM |= {name: tables for name in vars(tables) if hasattr(checked, name)}
NAMES = (
    "gather_rows",
    "scatter_row",
    "join_row",
    "part_row",
    "softmax_row",
    "add_scaled_row",
    "sum_of_products",
    "sum_columns",
    "round_row",
    "draw_from_row",
)
ARGUMENTS = {name: ROOM[name] for name in NAMES}
_kernels = {}


def intrinsic(name, n_arguments):
    """The operation as a function that can be called: intrinsics are not."""
    if name not in _kernels:
        arguments = ", ".join(f"x{k}" for k in range(n_arguments))
        space = {"operation": getattr(ROOM[name], name)}
        exec(f"def call({arguments}): return operation({arguments})", space)
        _kernels[name] = njit(space["call"])
    return _kernels[name]


def floats(*shape, seed=0):
    array = aligned_zeros(shape, np.float32)
    array[:] = np.random.default_rng(seed).normal(size=shape)
    return array


def shorts(*shape):
    array = aligned_zeros(shape, np.int16)
    array[:] = np.random.default_rng(3).integers(-900, 900, shape)
    return array


def letters(n, columns, size):
    return np.random.default_rng(4).integers(0, size, (n, columns)).astype(np.uint8)


def cases(width):
    """Arguments of every operation, for rows of a width, by its name."""
    lanes, size = (0,) * width, width - 3
    fields = floats(width, seed=2)
    fields[size:] = -1e30
    one = np.float32(0.7)
    short_lanes = (0,) * size
    table = shorts(24, size, tables.short_width(size))
    return [
        ("gather_rows", (floats(4, width), 2, floats(6, width), (3, 0, 5, 5), lanes)),
        ("scatter_row", (floats(4, width), 3, floats(6, width), (3, 0, 5, 5), lanes)),
        ("join_row", (floats(6, width), 5, 2, floats(3, 4, width), 1, 3, lanes)),
        ("part_row", (floats(6, width), 5, 2, floats(3, 4, width), 1, 3, lanes)),
        ("softmax_row", (floats(3, width), 1, fields, one, floats(3, width), lanes)),
        ("add_scaled_row", (floats(3, width), 1, one, floats(5, width), 4, lanes)),
        ("sum_of_products", (floats(16 * width), floats(16 * width, seed=1))),
        *(
            (
                "sum_columns",
                (
                    floats(3, width),
                    1,
                    floats(16, 5, width),
                    letters(4, 16, 5),
                    2,
                    start,
                    16,
                    lanes,
                ),
            )
            for start in (0, 4)
        ),
        *(
            (
                "sum_columns",
                (
                    floats(3, checked.width_of(short_lanes)),
                    1,
                    table,
                    letters(4, 24, size),
                    2,
                    start,
                    24,
                    short_lanes,
                ),
            )
            for start in (0, 8)
        ),
        (
            "round_row",
            (
                shorts(2, 4, 4, 64),
                500 * floats(2, 3, 4, width),
                1,
                2,
                3,
                np.float32(64),
                np.full(width, 300, np.float32),
                lanes,
            ),
        ),
        *(
            ("draw_from_row", (floats(2, width), 1, fields, one, uniform, lanes))
            for uniform in np.linspace(0, 1, 50, dtype=np.float32)[:-1]
        ),
    ]


@pytest.mark.parametrize("width", [24, 40])
def test_loops_give_the_same_bits(width):
    for name, arguments in cases(width):
        own = [np.copy(x) if isinstance(x, np.ndarray) else x for x in arguments]
        found = getattr(checked, name)(*own)
        expected = intrinsic(name, len(arguments))(*arguments)
        assert found == expected, name
        for mine, other in zip(own, arguments, strict=True):
            if isinstance(mine, np.ndarray):
                np.testing.assert_array_equal(mine, other, err_msg=name)


WIDTH = 24
LANES = (0,) * WIDTH
ROW, ROWS = np.zeros(WIDTH, np.float32), np.zeros((4, WIDTH), np.float32)
TABLE = np.zeros((3, 4, WIDTH), np.float32)
COUPLINGS = np.zeros((8, 5, WIDTH), np.float32)
SHORTS, CODES = np.zeros((8, 21, 32), np.int16), np.zeros((2, 8), np.uint8)
FOUR = np.zeros((2, 3, 4, WIDTH), np.float32)
FOUR_SHORT = np.zeros((2, 3, 4, 32), np.int16)
BAD = CODES.copy()
BAD[1, 5] = 5
ONE = np.float32(1)
OUTSIDE = {
    "gather, a place beyond": ("gather_rows", (ROWS, 0, ROWS, (0, 1, 4, 2), LANES)),
    "gather, a place before": ("gather_rows", (ROWS, 0, ROWS, (0, -1, 3, 2), LANES)),
    "gather, the sum": ("gather_rows", (ROWS, 4, ROWS, (0, 1, 2, 3), LANES)),
    "gather, wide lanes": ("gather_rows", (ROWS, 0, ROWS, (0, 1), (0,) * 32)),
    "scatter, a place": ("scatter_row", (ROWS, 0, ROWS, (0, 1, 2, 4), LANES)),
    "scatter, the row": ("scatter_row", (ROWS, -1, ROWS, (0, 1, 2, 3), LANES)),
    "join, its parent": ("join_row", (ROWS, 0, 4, TABLE, 0, 0, LANES)),
    "join, a column": ("join_row", (ROWS, 0, 1, TABLE, 3, 0, LANES)),
    "join, a letter": ("join_row", (ROWS, 0, 1, TABLE, 0, 4, LANES)),
    "part, the row": ("part_row", (ROWS, 7, 1, TABLE, 0, 0, LANES)),
    "part, a letter": ("part_row", (ROWS, 0, 1, TABLE, 1, 9, LANES)),
    "softmax, the row": ("softmax_row", (ROWS, 4, ROW, ONE, ROWS, LANES)),
    "softmax, narrow fields": ("softmax_row", (ROWS, 0, ROW[:8], ONE, ROWS, LANES)),
    "scaled, the sum": ("add_scaled_row", (ROWS, 4, ONE, ROWS, 0, LANES)),
    "scaled, the row": ("add_scaled_row", (ROWS, 0, ONE, ROWS, -1, LANES)),
    "products, no whole vectors": ("sum_of_products", (ROW, ROW)),
    "products, two lengths": (
        "sum_of_products",
        (np.zeros(32, np.float32), np.zeros(16, np.float32)),
    ),
    "columns, a letter": ("sum_columns", (ROWS, 0, COUPLINGS, BAD, 1, 0, 8, LANES)),
    "columns, beyond": ("sum_columns", (ROWS, 0, COUPLINGS, CODES, 0, 0, 12, LANES)),
    "columns, no whole step": (
        "sum_columns",
        (ROWS, 0, SHORTS[:4], CODES, 0, 0, 4, (0,) * 21),
    ),
    "columns, the chain": ("sum_columns", (ROWS, 0, COUPLINGS, CODES, 2, 0, 8, LANES)),
    "columns, short, lanes": ("sum_columns", (ROWS, 0, SHORTS, CODES, 0, 0, 8, LANES)),
    "round, a letter": ("round_row", (FOUR_SHORT, FOUR, 0, 0, 4, ONE, ROW, LANES)),
    "round, a site": ("round_row", (FOUR_SHORT, FOUR, 2, 0, 0, ONE, ROW, LANES)),
    "draw, the row": ("draw_from_row", (ROWS, 4, ROW, ONE, ONE, LANES)),
    "draw, narrow fields": ("draw_from_row", (ROWS, 0, ROW[:16], ONE, ONE, LANES)),
}


@pytest.mark.parametrize("case", OUTSIDE)
def test_what_leads_outside_is_found(case):
    name, arguments = OUTSIDE[case]
    own = [np.copy(x) if isinstance(x, np.ndarray) else x for x in arguments]
    with pytest.raises(IndexError):
        getattr(checked, name)(*own)


def test_every_operation_has_a_loop():
    intrinsics = {
        name
        for room in (rows, tables)
        for name, value in vars(room).items()
        if type(value).__name__ == "_Intrinsic"
    }
    assert intrinsics == {*NAMES, "prefetch_line"}
    assert intrinsics <= set(vars(checked))


@pytest.mark.parametrize("switch", ["0", "1"])
def test_the_switch_of_numba_chooses(switch):
    program = (
        "from pottsfold.simd import checked, rows, tables\n"
        "print(rows.gather_rows is checked.gather_rows,"
        "tables.sum_columns is checked.sum_columns)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "NUMBA_BOUNDSCHECK": switch},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [str(switch == "1")] * 2
