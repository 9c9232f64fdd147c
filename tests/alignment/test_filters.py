from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.alignment import (
    Alignment,
    Numbering,
    Source,
    drop_duplicates,
    drop_fragments,
    drop_gapped_columns,
    drop_gapped_sequences,
    reweight,
)
from pottsfold.alignment.filters import ranges
from pottsfold.alphabet import PROTEIN
from pottsfold.errors import AlignmentError, UsageError
from tests.strategies import alignments

Filter = Callable[[Alignment], Alignment]
FILTERS: dict[str, Filter] = {
    "duplicates": drop_duplicates,
    "sequences": lambda a: drop_gapped_sequences(a, 0.4),
    "fragments": lambda a: drop_fragments(a, 0.7),
    "columns": lambda a: drop_gapped_columns(a, 0.4),
}


def family_of(*rows: str, focus: int | None = 0, first: int = 1) -> Alignment:
    return Alignment(
        alphabet=PROTEIN,
        codes=np.array([PROTEIN.encode(row) for row in rows]),
        names=tuple(f"s{k}" for k in range(len(rows))),
        numbering=Numbering.sequential(len(rows[0]), first),
        focus=focus,
        source=Source("family.fasta"),
        history=("read",),
    )


@given(alignments(), st.sampled_from(sorted(FILTERS)))
def test_no_filter_drops_the_focus_and_all_leave_weights_of_one(
    family: Alignment, name: str
):
    family = reweight(family, 0.6, threads=1)
    try:
        left = FILTERS[name](family)
    except AlignmentError:
        return
    assert (left.sequence_weights == 1).all()
    assert left.identity is None
    assert left.history[:-1] == family.history
    assert left.history[-1].startswith("dropped ")
    assert (left.focus is None) == (family.focus is None)
    if family.focus is not None and left.focus is not None:
        assert left.names[left.focus] == family.names[family.focus]
    kept = np.isin(family.names, left.names)
    columns = np.isin(family.numbering.positions, left.numbering.positions)
    assert np.array_equal(left.codes, family.codes[np.ix_(kept, columns)])


@given(alignments(), st.sampled_from(sorted(FILTERS)))
def test_every_filter_but_the_columns_one_is_done_after_one_pass(
    family: Alignment, name: str
):
    if name == "columns":
        return
    try:
        once = FILTERS[name](family)
    except AlignmentError:
        return
    assert FILTERS[name](once).names == once.names


def test_duplicates_keep_the_first_of_each():
    left = drop_duplicates(family_of("ACDE", "ACDW", "ACDW", "ACDE", "AC-W"))
    assert left.names == ("s0", "s1", "s4")
    assert left.history[-1] == "dropped 2 of 5 sequences that repeat another one"


def test_duplicates_of_the_focus_go_and_the_focus_stays():
    left = drop_duplicates(family_of("ACDE", "ACDW", "ACDE", focus=2))
    assert left.names == ("s1", "s2")
    assert left.focus == 1


def test_gapped_sequences_are_dropped_above_the_maximum():
    left = drop_gapped_sequences(
        family_of("A----", "ACD--", "ACX--", "ACDEF", "ACDE-"), 0.4
    )
    # The focus has 80 % gaps and stays; X counts as a gap.
    assert left.names == ("s0", "s1", "s3", "s4")
    assert left.history[-1] == (
        "dropped 1 of 5 sequences with more than 40% gaps or unknown letters"
    )


@pytest.mark.parametrize("tenths", range(11))
def test_a_share_equal_to_the_maximum_is_kept(tenths: int):
    row = "-" * tenths + "A" * (10 - tenths)
    family = family_of("ACDEFGHIKL", row, row, row[::-1])
    assert drop_gapped_sequences(family, tenths / 10).n_sequences == 4
    by_columns = family_of(
        "AAAA", *("A---" if k < tenths else "AAAA" for k in range(9))
    )
    share = min(tenths, 9) / 10
    assert drop_gapped_columns(by_columns, share).length == 4


def test_fragments_are_judged_by_their_span():
    left = drop_fragments(
        family_of("ACDEFGHIKL", "A--------L", "ACDEFGH---", "---EFGHIX-", "-" * 10), 0.7
    )
    # A deletion inside is none; six residues with an unknown end are too few.
    assert left.names == ("s0", "s1", "s2")
    assert left.history[-1] == (
        "dropped 2 of 5 sequences spanning less than 70% of the columns"
    )


def test_gapped_columns_are_dropped_with_their_positions():
    family = family_of("ACDEF", "A-D-F", "A-D-F", "AX---", first=11)
    left = drop_gapped_columns(family, 0.5)
    assert left.numbering.positions.tolist() == [11, 13, 15]
    assert [PROTEIN.decode(row) for row in left.codes] == ["ADF", "ADF", "ADF", "A--"]
    assert left.history[-1] == (
        "dropped 2 of 5 columns with more than 50% gaps or unknown letters "
        "(positions 12, 14)"
    )


def test_a_filter_that_drops_nothing_says_so():
    left = drop_gapped_columns(family_of("ACDEF", "ACDEF"), 0.125)
    assert left.history[-1] == (
        "dropped 0 of 5 columns with more than 12.5% gaps or unknown letters"
    )


def test_too_strict_a_filter_of_sequences_is_refused():
    family = family_of("ACDEF", "AC---", "A----")
    with pytest.raises(AlignmentError) as caught:
        drop_gapped_sequences(family, 0.1)
    assert str(caught.value) == (
        "family.fasta: fewer than 2 of 3 sequences are left after dropping those with "
        "more than 10% gaps or unknown letters; loosen that filter"
    )
    with pytest.raises(AlignmentError, match="spanning less than 90% of the columns"):
        drop_fragments(family, 0.9)
    with pytest.raises(AlignmentError, match="that repeat another one; loosen"):
        drop_duplicates(family_of("ACDEF", "ACDEF"))


def test_too_strict_a_filter_of_columns_is_refused():
    with pytest.raises(AlignmentError) as caught:
        drop_gapped_columns(family_of("ACDEF", "A----", "A----"), 0.2)
    assert str(caught.value) == (
        "family.fasta: 1 of 5 columns have at most 20% gaps; "
        "allow more with `max_column_gaps`"
    )


@pytest.mark.parametrize("fraction", [-0.1, 1.1, float("nan"), 30])
@pytest.mark.parametrize(
    ("drop", "parameter"),
    [
        (drop_gapped_sequences, "max_sequence_gaps"),
        (drop_fragments, "min_coverage"),
        (drop_gapped_columns, "max_column_gaps"),
    ],
)
def test_a_fraction_out_of_range_is_refused(drop, parameter: str, fraction: float):
    with pytest.raises(UsageError) as caught:
        drop(family_of("ACDEF", "ACDEF"), fraction)
    assert str(caught.value) == (
        f"`{parameter}={fraction}`: a number from 0 to 1 is needed"
    )


def test_ranges():
    assert ranges(np.array([4])) == "4"
    assert ranges(np.array([-2, -1, 5, 7, 8])) == "-2--1, 5, 7-8"
