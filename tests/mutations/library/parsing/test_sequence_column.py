"""Columns of whole sequences: loops over bytes equal reading one by one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.alignment import Numbering
from pottsfold.alphabet import PROTEIN, Alphabet
from pottsfold.mutations import (
    place_sequences,
)
from pottsfold.mutations.library.sequences import place_each_sequence
from tests.mutations.library.parsing.columns import (
    POSITIONS,
    assert_same,
    model_of,
    model_with_holes,
    verdicts,
)
from tests.strategies import gap_treatments


def test_whole_sequences_are_told_by_their_differences():
    model = model_of("ACDE")
    sequences = ["ACDE", "acde", "TCDE", "TCDW", "ACxxD.E", "A C D E\n", "TCD"]
    mutants = place_sequences(model, [*sequences, "TCXE", "TC*E", "TC-E", "TC.E"])
    assert mutants.texts.to_pylist() == [
        *("WT", "WT", "A10T", "A10T:E13W", "WT", "WT", ""),
        *("A10T:D12X", "A10T:D12*", "A10T:D12-", "A10T:D12-"),
    ]
    assert verdicts(mutants) == [
        *[("ok", "")] * 6,
        ("unscorable", "bad_notation"),
        ("unscorable", "unknown_letter"),
        *[("unscorable", "gap_or_stop")] * 3,
    ]
    assert mutants.counts.tolist() == [0, 0, 1, 2, 0, 0, -1, 2, 2, 2, 2]
    assert "3 letters for a model of 4 sites" in mutants.issues["bad_notation"].message


@st.composite
def sequence_texts(draw):
    size = draw(st.sampled_from([6, 6, 6, 44, 44, 5, 8, 0]))
    drawn = st.text("ACDEFGWacdX*-.B#", min_size=size, max_size=size)
    start = draw(st.sampled_from(["", "ACD-EF", "ACDEF?", " ", "\u00c5"]))
    return (start + draw(drawn))[: draw(st.sampled_from([size, size + 1]))]


@given(
    sequences=st.lists(sequence_texts() | st.none(), max_size=8),
    gaps=gap_treatments,
    alphabet=st.sampled_from([PROTEIN, Alphabet("-AaC*")]),
    focus=st.sampled_from([(1, 2, 3, 0, 4, 5), (1, 2, 3, 4, 5, 21)]),
)
def test_sequences(sequences, gaps, alphabet, focus):
    model = model_with_holes(gaps, alphabet, focus)
    found = place_sequences(model, sequences)
    expected = place_each_sequence(model, sequences)
    assert_same(found, expected)
    assert found.texts.to_pylist() == expected.texts.to_pylist()


@pytest.mark.parametrize("positions", [POSITIONS, np.arange(6)])
def test_an_empty_sequence_is_not_the_wild_type(positions):
    model = replace(model_with_holes(), numbering=Numbering(positions))
    found = place_sequences(model, ["", "ACD-EF", "  "])
    assert found.counts.tolist() == [-1, 0, -1]
    assert [*found.issues] == ["bad_notation"]
    assert_same(found, place_each_sequence(model, ["", "ACD-EF", "  "]))
