"""Cells that a spreadsheet would run: found, and nothing else is."""

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.tables import kernels
from pottsfold.tables.formulas import count_formulas, escape_formulas

FORMULAS = [
    *("=1+1", "=cmd|' /C calc'!A0", "+A1", "-A1", "@SUM(A1)", "\tx", "\rx", "\t"),
    *("-2+3", "-2+3+cmd|' /C calc'!A0", "-5T+1", "-5T:=1", "+5T", "-1.5.x", "--1"),
    *("+1e", "=-1", "@1", "-5TT", "-5T:A", "-5T:A6", "+1e+", "=;="),
]
HARMLESS = [
    *("", "A5T", "-1.5", "+2", "-.5e-3", "-1,5", "-12%", "+1E5", "-5T", "-13G:A14-"),
    *(
        "-1e",
        "-5T, -6A;C7*",
        "-5-",
        "--5A",
        "-",
        "--",
        "---",
        "=",
        "+",
        "@",
        "a=b",
        "'=1",
    ),
    *("\u00b5=", " =1", "x\t"),
]


def naive(text):
    """The rule in one expression."""
    number = r"[+-](?=[0-9.,]*[0-9])[0-9.,]+([eE][+-]?[0-9]+|%)?"
    data = text.encode()
    if data[:1] in (b"\t", b"\r"):
        return True
    if data[:1] not in (b"=", b"+", b"-", b"@") or len({*data}) == 1:
        return False
    if re.fullmatch(number, text, re.DOTALL):
        return False
    mutant = r"--?[0-9]+[A-Za-z*-]([:,/; ]*.-?[0-9]+[A-Za-z*-])*[:,/; ]*"
    return not re.fullmatch(mutant, text, re.DOTALL)


def test_formulas_are_told_from_numbers_and_mutants():
    assert [text for text in FORMULAS if not naive(text)] == []
    assert [text for text in HARMLESS if naive(text)] == []
    assert count_formulas(pa.table({"a": FORMULAS, "n": [1] * len(FORMULAS)})) == len(
        FORMULAS
    )
    assert count_formulas(pa.table({"a": HARMLESS})) == 0


@given(st.lists(st.text("=+-@\t\r15.,eEA*:; %", max_size=8), max_size=8))
def test_the_loop_over_bytes_follows_the_rule(texts):
    array = pa.array(["x", *texts], pa.large_string())[1:]
    starts = np.frombuffer(array.buffers()[1], np.int64)[1:]
    data = np.frombuffer(array.buffers()[2], np.uint8)
    expected = [naive(text) for text in texts]
    found = np.zeros(len(texts), np.bool_)
    kernels.find_formulas(starts, data, found)
    assert found.tolist() == expected


@pytest.mark.parametrize(
    "kind",
    [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary("int8", "string")],
)
def test_an_apostrophe_is_put_before_formulas_only(kind):
    texts = ["=1", None, "-5T", "@x", ""]
    column = pa.chunked_array([pa.array(texts).cast(kind)]).slice(1)
    table = pa.table({"a": column, "n": [1.5, -1, 2, 3]})
    assert count_formulas(table) == 1
    escaped = escape_formulas(table)
    assert escaped["a"].to_pylist() == [None, "-5T", "'@x", ""]
    assert escaped["n"].equals(table["n"])


def test_a_table_without_formulas_stays_as_it_is():
    table = pa.table({"a": ["x", "-1"], "b": pa.array([None, None], pa.string())})
    assert escape_formulas(table) is table
    assert count_formulas(table.slice(0, 0)) == 0
