"""Rows of text: those of Python's csv module, and numbers rounded once."""

import csv
import io
import math
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.tables import kernels
from pottsfold.tables.encoders import as_numbers, joint_type, number_type
from pottsfold.tables.text import header_row, text_rows

cells = st.text('ab",\n\t\r \u00b5', max_size=5)
numbers = st.floats(-1e12, 1e12) | st.sampled_from(
    [0.0, -0.0, 1e-9, -4e-7, 0.5e-6, 1.5e-6, 0.9999996, math.nan, 1e300, -math.inf]
)


@given(
    st.lists(st.tuples(cells, cells | st.none()), min_size=1, max_size=6),
    st.sampled_from([",", "\t"]),
)
def test_cells_are_quoted_as_they_must_be(rows, separator):
    table = pa.table({"a": [a for a, _ in rows], 'b,"\t': [b for _, b in rows]})
    data = header_row(table.column_names, separator)
    data += text_rows(table, separator, ())
    read = csv.reader(io.StringIO(data.decode(), newline=""), delimiter=separator)
    expected = [list(table.column_names), *([a, b or ""] for a, b in rows)]
    # A row of empty cells has its separator still.
    assert list(read) == expected


def test_cells_that_need_no_quotes_have_none():
    table = pa.table({"a": ["x y", ""], "b": ["a;b", "#"], "n": [1, None]})
    assert text_rows(table, ",", ()) == b"x y,a;b,1\n,#,\n"
    assert text_rows(table[:0], ",", ()) == b""


@given(st.lists(numbers, max_size=8), st.integers(0, 8))
def test_decimals_are_those_of_a_rounded_number(values, decimals):
    small = [v for v in values if math.isnan(v) or abs(v) < 9e15 / 10**decimals]
    for kernel in (
        kernels.write_decimals,
        getattr(kernels.write_decimals, "py_func", kernels.write_decimals),
    ):
        text = np.empty(40 * len(small), np.uint8)
        ends = np.empty(len(small) + 1, np.int64)
        kernel(np.array(small, np.float64), decimals, text, ends)
        for k, value in enumerate(small):
            word = text[ends[k] : ends[k + 1]].tobytes().decode()
            if math.isnan(value):
                assert word == ""
                continue
            assert len(word.partition(".")[2]) == decimals
            assert not word.startswith("-0." + "0" * decimals + "x")
            step = 10.0**-decimals
            assert abs(float(word) - value) <= step / 2 + 4e-16 * abs(value) + 1e-15


@given(st.lists(numbers, min_size=1, max_size=5))
def test_numbers_of_our_own_have_six_decimals_whatever_their_size(values):
    table = pa.table({"x": pa.array(values, pa.float64())})
    words = text_rows(table, ",", ("x",)).decode().split("\n")[:-1]
    for word, value in zip(words, values, strict=True):
        if math.isnan(value):
            assert word == ""
        elif math.isinf(value):
            assert float(word) == value
        else:
            # Exactly: read as a float64 a large number would be rounded once more.
            assert abs(Fraction(word) - Fraction(value)) <= Fraction("5.1e-7")
            assert word not in ("-0.000000",)


def test_numbers_of_the_input_keep_their_digits():
    table = pa.table({"x": [1e-12, 0.1, None]})
    assert text_rows(table, ",", ()) == b"1e-12\n0.1\n\n"


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["1", "-20", ""], "int64"),
        (["1", "2.5", "1e-12"], "double"),
        (["", ""], "empty"),
        (["1", "x"], "text"),
        (["1"] * 100 + ["x"], "text"),
        (["007", "1"], "text"),
        ([1.5], "kept"),
    ],
)
def test_columns_of_numbers_as_text_are_known(words, kind):
    column = pa.chunked_array([words])
    assert number_type(column) == kind
    if kind in ("int64", "double"):
        table = as_numbers(pa.table({"x": column}), {"x": kind})
        assert str(table["x"].type) == kind
        assert table["x"].to_pylist() == [float(w) if w else None for w in words]


@pytest.mark.parametrize(
    ("kinds", "joint"),
    [
        (["int64", "empty"], "int64"),
        (["int64", "double"], "double"),
        (["empty"], "text"),
        (["double", "text"], "text"),
        (["kept", "kept"], "kept"),
    ],
)
def test_parts_of_a_column_get_one_type(kinds, joint):
    assert joint_type(kinds) == joint
