from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.alignment import Alignment, Numbering, reweight, summarize
from pottsfold.alignment.summary import verdict
from tests.strategies import SMALL, alignments, random_alignment


def test_arrays_are_read_only_and_the_value_is_frozen():
    family = random_alignment(0)
    for array in (family.codes, family.sequence_weights, family.numbering.positions):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(FrozenInstanceError):
        family.focus = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"codes": np.zeros((20, 7), np.uint8)}, "8 columns due"),
        ({"codes": np.zeros(8, np.uint8)}, "8 columns due"),
        ({"codes": np.full((20, 8), 22, np.uint8)}, "a code is outside the alphabet"),
        ({"names": ("a",)}, "1 names for 20 sequences"),
        ({"focus": 20}, "focus row 20 of 20 sequences"),
        ({"focus": -1}, "focus row -1 of 20 sequences"),
        ({"weights": np.ones(19)}, "one positive weight for every sequence"),
        ({"weights": np.zeros(20)}, "one positive weight for every sequence"),
        ({"weights": np.full(20, np.nan)}, "one positive weight for every sequence"),
    ],
)
def test_parts_that_do_not_fit_are_refused(change: dict[str, object], message: str):
    with pytest.raises(ValueError, match=message):
        replace(random_alignment(0), **change)


def test_select_may_not_drop_the_focus():
    family = random_alignment(0)
    with pytest.raises(ValueError, match="focus sequence cannot be dropped"):
        family.select(sequences=np.arange(20) > 0, note="")


@given(alignments(), st.data())
def test_select_keeps_rows_columns_and_numbers_together(
    family: Alignment, data: st.DataObject
):
    def mask(n: int) -> np.ndarray:
        return np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))

    rows, columns = mask(family.n_sequences), mask(family.length)
    if family.focus is not None:
        rows[family.focus] = True
    left = family.select(sequences=rows, columns=columns, note="chosen")
    assert np.array_equal(left.codes, family.codes[rows][:, columns])
    assert np.array_equal(left.numbering.positions, family.numbering.positions[columns])
    assert left.history[-1] == "chosen"
    if family.focus is not None:
        assert left.focus_codes is not None
        assert family.focus_codes is not None
        assert np.array_equal(left.focus_codes, family.focus_codes[columns])


@given(st.sets(st.integers(-50, 2000), min_size=1, max_size=30))
def test_numbering_maps_positions_to_columns_and_back(numbers: set[int]):
    numbering = Numbering(np.array(sorted(numbers)))
    assert len(numbering) == len(numbers)
    for column, position in enumerate(numbering.positions):
        assert numbering.column(int(position)) == column
    assert numbering.column(9999) is None


@pytest.mark.parametrize("positions", [[1, 1], [2, 1], [[1, 2], [3, 4]]])
def test_numbers_that_do_not_increase_are_refused(positions: list[object]):
    with pytest.raises(ValueError, match="one increasing row"):
        Numbering(np.array(positions))


def test_numberings_are_equal_by_their_positions():
    assert Numbering.sequential(3, 5) == Numbering(np.array([5, 6, 7]))
    assert Numbering.sequential(3) != Numbering.sequential(3, 2)
    assert Numbering.sequential(3) != [1, 2, 3]


def test_summary_counts_and_says_whether_it_is_enough():
    codes = np.array([[0, 1, 1, 3], [0, 1, 1, 1]], np.uint8)
    family = replace(random_alignment(0, 2, 4, SMALL, focus=False), codes=codes)
    summary = summarize(reweight(family, 0.75))
    assert summary.lines() == [
        "2 sequences, 4 columns, 25.0% gaps, 12.50% unknown",
        "Neff 1.0, Neff/L 0.25: too few for couplings; expect little beyond "
        "single-site conservation",
    ]


@pytest.mark.parametrize(
    ("neff_per_column", "words"),
    [
        (0.99, "too few for couplings"),
        (1, "enough for the strongest"),
        (4.99, "enough for the strongest"),
        (5, "enough for contacts"),
    ],
)
def test_verdict_bounds(neff_per_column: float, words: str):
    assert verdict(neff_per_column).startswith(words)
