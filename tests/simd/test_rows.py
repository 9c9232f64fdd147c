"""Operations on rows equal loops over their numbers, for every width."""

import numpy as np
import pytest

from pottsfold.jit import kernel
from pottsfold.simd.rows import (
    add_scaled_row,
    gather_rows,
    join_row,
    part_row,
    scatter_row,
    softmax_row,
    sum_of_products,
)


@kernel
def gather(out, n, rows, places, lanes):
    gather_rows(out, n, rows, places, lanes)


@kernel
def scatter(rows, n, out, places, lanes):
    scatter_row(rows, n, out, places, lanes)


@kernel
def join(rows, r, parent, table, j, b, lanes):
    join_row(rows, r, parent, table, j, b, lanes)


@kernel
def part(rows, r, parent, table, j, b, lanes):
    part_row(rows, r, parent, table, j, b, lanes)


@kernel
def multiply(x, y):
    return sum_of_products(x, y)


@kernel
def softmax(logits, n, fields, scale, out, lanes):
    return softmax_row(logits, n, fields, np.float32(scale), out, lanes)


@kernel
def add_scaled(out, k, scale, rows, n, lanes):
    add_scaled_row(out, k, np.float32(scale), rows, n, lanes)


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("width", [8, 24, 32])
@pytest.mark.parametrize("places", [(3, 0, 5, 5), (1, 2, 3, 4, 5, 0, 1, 2)])
def test_gather_adds_rows(width, places):
    rows, out = draw(6, width), draw(4, width, seed=1)
    expected = out.copy()
    for k in places:
        expected[2] += rows[k]
    gather(out, 2, rows, places, (0,) * width)
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("width", [8, 24, 32])
def test_scatter_is_the_transpose_of_gather(width):
    rows, out = draw(4, width), draw(6, width, seed=1)
    expected = out.copy()
    places = (3, 0, 5, 5)
    for k in places:
        expected[k] += rows[3]
    scatter(rows, 3, out, places, (0,) * width)
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("width", [8, 24])
def test_join_and_part_are_transposes(width):
    rows, table = draw(6, width), draw(3, 4, width, seed=1)
    joined, parted, slopes = rows.copy(), rows.copy(), table.copy()
    join(joined, 5, 2, table, 1, 3, (0,) * width)
    expected = rows.copy()
    expected[5] = rows[2] + table[1, 3]
    np.testing.assert_array_equal(joined, expected)
    part(parted, 5, 2, slopes, 1, 3, (0,) * width)
    expected = rows.copy()
    expected[2] += rows[5]
    np.testing.assert_array_equal(parted, expected)
    np.testing.assert_array_equal(slopes[1, 3], table[1, 3] + rows[5])


@pytest.mark.parametrize("n", [0, 16, 4096])
def test_sum_of_products_is_made_in_float64(n):
    x, y = draw(n) * 1e4, draw(n, seed=1)
    expected = np.dot(x.astype(np.float64), y.astype(np.float64))
    assert multiply(x, y) == pytest.approx(expected, rel=1e-12, abs=1e-9)


@pytest.mark.parametrize(("width", "size"), [(8, 5), (24, 21), (24, 20), (64, 63)])
@pytest.mark.parametrize("spread", [1.0, 30.0, 300.0])
def test_softmax_equals_the_formula(width, size, spread):
    logits, fields = draw(3, width) * spread, draw(width, seed=1)
    fields[size:] = -1e30
    out = np.full((3, width), np.nan, np.float32)
    highest, norm = softmax(logits, 1, fields, 0.7, out, (0,) * width)
    x = (logits[1] + fields)[:size].astype(np.float64)
    log_sum = x.max() + np.log(np.exp(x - x.max()).sum())
    assert highest + np.log(norm) == pytest.approx(log_sum, rel=1e-6, abs=1e-6)
    expected = 0.7 * np.exp(x - log_sum)
    np.testing.assert_allclose(out[1, :size], expected, rtol=1e-5, atol=1e-36)
    assert (out[1, size:] == 0).all()


def test_add_scaled_row():
    out, rows = draw(3, 24), draw(5, 24, seed=1)
    expected = out.copy()
    expected[1] += np.float32(0.3) * rows[4]
    add_scaled(out, 1, 0.3, rows, 4, (0,) * 24)
    np.testing.assert_allclose(out, expected, rtol=1e-6)
