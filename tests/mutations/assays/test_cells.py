"""Cells as numbers and labels: converted, and told, or refused."""

import numpy as np
import pandas as pd
import pytest

from pottsfold.errors import UsageError
from pottsfold.mutations.assays.cells import functional, numbers


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["0,53", "-1,5", "2", "", "x"], [0.53, -1.5, 2, np.nan, np.nan]),
        (["1,234", "0,5", ",25"], [1.234, 0.5, 0.25]),
        (["-1,5e-3", "+2,0E2", "n.d., lost"], [-0.0015, 200, np.nan]),
        ([" 1,5 ", "NA"], [1.5, np.nan]),
    ],
)
def test_decimal_commas_are_points_and_that_is_told(cells, expected):
    values, notes = numbers(pd.Series(cells), "score")
    np.testing.assert_allclose(values, expected)
    assert len(notes) == 1
    assert notes[0].startswith("column score: commas are decimal points, ")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["0.53", "-1.5", "", "inf"], [0.53, -1.5, np.nan, np.nan]),
        (["0.5", "1,234"], [0.5, np.nan]),
        (["1,234,567", "1,234"], [np.nan, np.nan]),
        (["1.234,5", "1,5"], [np.nan, np.nan]),
        ([1, 2.5, None], [1, 2.5, np.nan]),
        (["a,b"], [np.nan]),
    ],
)
def test_other_cells_stay_what_they_are(cells, expected):
    values, notes = numbers(pd.Series(cells), "score")
    np.testing.assert_allclose(values, expected)
    assert notes == []


def test_a_comma_that_may_mean_thousands_is_refused():
    with pytest.raises(UsageError, match=r"column n: 1,234 may be 1\.234 or 1234; wri"):
        numbers(pd.Series(["1,234", "56", "-7,890"]), "n")


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        ([1, 0, None], "bin 1"),
        (["1", "0", ""], "bin 1"),
        (["1.0", "0.0", "NA"], "bin 1"),
        ([1, -1, np.nan], "bin > 0"),
        (["TRUE", "FALSE", "NaN"], "bin TRUE"),
        (["True ", "false", "null"], "bin True"),
        (["yes", "NO", "none"], "bin yes"),
        (["Y", "n", " "], "bin Y"),
        (["fit", "unfit", "n/a"], "bin fit"),
        ([True, False, None], "bin 1"),
        (["1", "no", ""], "bin 1"),
    ],
)
def test_labels_are_numbers_truth_values_or_words(cells, rule):
    fit, labelled, told = functional(pd.Series(cells), "bin")
    assert fit.tolist() == [True, False, False]
    assert labelled.tolist() == [True, True, False]
    assert told == rule


@pytest.mark.parametrize("kind", ["bool", "boolean", "Int64"])
def test_labels_have_any_type(kind):
    fit, labelled, _ = functional(pd.Series([1, 0]).astype(kind), "bin")
    assert (fit.tolist(), labelled.tolist()) == ([True, False], [True, True])


def test_other_words_are_named():
    with pytest.raises(UsageError, match=r"bin holds 'high', 'low'; write 1 for funct"):
        functional(pd.Series(["high", "low", "high", "1"]), "bin")
    with pytest.raises(UsageError, match="and 2 more; write 1"):
        functional(pd.Series([*"abcdegh"]), "bin")
