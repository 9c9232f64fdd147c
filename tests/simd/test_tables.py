"""Sums of tables' rows, and draws, equal loops over their numbers, for every width."""

import numpy as np
import pytest

from pottsfold.jit import kernel
from pottsfold.simd.tables import (
    draw_from_row,
    prefetch_line,
    round_row,
    short_width,
    sum_columns,
)


@kernel
def sum_table(out, k, table, codes, n, start, stop, lanes):
    sum_columns(out, k, table, codes, n, start, stop, lanes)


@kernel
def prefetch(table, i, j, line):
    prefetch_line(table, i, j, line)


@kernel
def round_rows(out, rows, i, j, b, scale, most, lanes):
    round_row(out, rows, i, j, b, np.float32(scale), most, lanes)


@kernel
def draw_many(logits, fields, scale, uniforms, drawn, lanes):
    for n in range(len(uniforms)):
        drawn[n] = draw_from_row(
            logits, 1, fields, np.float32(scale), uniforms[n], lanes
        )


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("width", [8, 24, 40, 64])
@pytest.mark.parametrize(("start", "stop"), [(0, 4), (0, 16), (4, 16)])
def test_sum_of_float_columns(width, start, stop):
    table, out = draw(16, 5, width), draw(3, width, seed=1)
    codes = np.random.default_rng(2).integers(0, 5, (4, 16)).astype(np.uint8)
    before = out.copy()
    sum_table(out, 1, table, codes, 2, start, stop, (0,) * width)
    columns = range(start, stop)
    expected = sum(table[j, codes[2, j]].astype(np.float64) for j in columns)
    expected += before[1] * (start > 0)
    np.testing.assert_allclose(out[1], expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(out[[0, 2]], before[[0, 2]])


@pytest.mark.parametrize("letters", [2, 4, 16, 17, 21, 32, 33, 63])
@pytest.mark.parametrize(("start", "stop"), [(0, 8), (0, 24), (8, 24)])
def test_sum_of_short_columns_is_exact(letters, start, stop):
    rng = np.random.default_rng(letters)
    shape = (24, letters, short_width(letters))
    table = rng.integers(-1300, 1300, shape).astype(np.int16)
    codes = rng.integers(0, letters, (4, 24)).astype(np.uint8)
    width = -(-letters // 8) * 8
    before = rng.integers(-9, 9, (3, width)).astype(np.float32)
    out = before.copy()
    sum_table(out, 1, table, codes, 2, start, stop, (0,) * letters)
    columns = np.arange(start, stop)
    expected = table[columns, codes[2, columns], :width].sum(axis=0, dtype=np.int64)
    np.testing.assert_array_equal(out[1], expected + before[1] * (start > 0))
    np.testing.assert_array_equal(out[[0, 2]], before[[0, 2]])


@pytest.mark.parametrize(
    ("letters", "width"), [(2, 16), (16, 16), (17, 32), (32, 32), (33, 64)]
)
def test_short_rows_fill_cache_lines(letters, width):
    assert short_width(letters) == width


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_prefetch_changes_nothing_and_may_lead_beyond(dtype):
    table = np.arange(3 * 8 * 5 * 32).astype(dtype).reshape(3, 8, 5, 32)
    before = table.copy()
    for line in (0, 7, 100_000):
        prefetch(table, 2, 4, line)
    np.testing.assert_array_equal(table, before)


@pytest.mark.parametrize("width", [8, 24])
def test_round_row(width):
    rows = draw(2, 3, 4, width) * 100
    # Halves go to even numbers, and what int16 does not hold is held back.
    rows[1, 2, 3, :6] = [0.125, 0.375, -0.125, -0.375, 20_000, -9_000]
    out = np.full((2, 4, 4, 32), 7, np.int16)
    most = np.full(width, 300, np.float32)
    round_rows(out, rows, 1, 2, 3, 4.0, most, (0,) * width)
    whole = np.rint(rows[1, 2, 3].astype(np.float64) * 4)
    np.testing.assert_array_equal(whole[:6], [0, 2, 0, -2, 80_000, -36_000])
    np.testing.assert_array_equal(out[1, 2, 3, :width], np.clip(whole, -32_767, 32_767))
    np.testing.assert_array_equal(most, np.maximum(300, np.abs(whole)))
    out[1, 2, 3, :width] = 7
    assert (out == 7).all()


@pytest.mark.parametrize(("width", "size"), [(8, 5), (24, 21), (40, 34), (64, 63)])
@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_draw_inverts_the_cumulative_sum(width, size, scale):
    logits, fields = draw(2, width), draw(width, seed=1)
    fields[size:] = -1e30
    fields[0] = -1e30
    uniforms = np.linspace(0, 1, 1001, dtype=np.float32)[:-1]
    drawn = np.zeros(1000, np.int64)
    draw_many(logits, fields, scale, uniforms, drawn, (0,) * width)
    p = np.exp(scale * (logits[1] + fields)[:size].astype(np.float64))
    sums = np.cumsum(p / p.sum())
    sure = np.abs(sums[:, np.newaxis] - uniforms).min(axis=0) > 1e-6
    expected = np.searchsorted(sums, uniforms, side="right")
    np.testing.assert_array_equal(drawn[sure], expected[sure])
    assert sure.sum() > 900
    assert drawn.min() >= 1


def test_lanes_may_count_letters_instead_of_places():
    logits, fields = draw(2, 24), draw(24, seed=1)
    fields[21:] = -1e30
    uniforms = np.linspace(0, 0.999, 100, dtype=np.float32)
    drawn = np.zeros((2, 100), np.int64)
    for row, lanes in zip(drawn, (21, 24), strict=True):
        draw_many(logits, fields, 1.0, uniforms, row, (0,) * lanes)
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert len(np.unique(drawn)) > 5
