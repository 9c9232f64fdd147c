"""Sequences longer than a model: placed where they agree, or refused with a reason."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.alignment import Numbering
from pottsfold.alphabet import Alphabet
from pottsfold.mutations import place_sequences
from pottsfold.mutations.library.parsing import kernels
from pottsfold.mutations.library.sequences import READ_IN_PART, READ_TO_STOP
from tests.mutations.library.parsing.columns import model_of, verdicts
from tests.naive import mutations as naive
from tests.strategies import random_model

FOCUS = "MKVLATGDERWQNHPSICFYKLGA"
MODEL = model_of(FOCUS, first=11)
A15T = FOCUS[:4] + "T" + FOCUS[5:]
TAG = "LEVLFQGPHHHHHH"


def texts(sequences, model=MODEL):
    return place_sequences(model, sequences).texts.to_pylist()


@pytest.mark.parametrize(
    ("before", "behind"),
    [("", TAG), ("GSSHHHHHHG", ""), ("GSSHHHHHHG", "PLDPNS"), ("", "W"), ("G", "*")],
)
def test_a_tag_or_a_protein_around_the_sites_is_passed_over(before, behind):
    mutants = place_sequences(
        MODEL, [before + middle + behind for middle in (FOCUS, A15T, A15T.lower())]
    )
    assert mutants.texts.to_pylist() == ["WT", "A15T", "A15T"]
    letters = f"letters {len(before) + 1} to {len(before) + 24}"
    assert mutants.remarks == {READ_IN_PART: (3, 0, letters)}


def test_a_stop_behind_the_last_site_ends_the_reading_frame():
    mutants = place_sequences(MODEL, [FOCUS, A15T + "*", FOCUS[:-1] + "*"])
    assert mutants.texts.to_pylist() == ["WT", "A15T", "A34*"]
    assert mutants.remarks == {READ_TO_STOP: (1, 1, "letters 1 to 24")}
    letter = replace(
        random_model(0, 3, Alphabet("-AC*")), focus=np.array([1, 2, 3], np.uint8)
    )
    assert verdicts(place_sequences(letter, ["AC*", "CC**"])) == [
        ("ok", ""),
        ("unscorable", "bad_notation"),
    ]


def test_letters_between_the_sites_are_passed_over_as_residue_numbers_say():
    numbers = np.array([*range(11, 23), *range(25, 37)])
    model = replace(MODEL, numbering=Numbering(numbers))
    loop = FOCUS[:12] + "WW" + FOCUS[12:]
    assert texts([TAG + loop, TAG + loop[:-1] + "W", loop + "*"], model) == [
        *("WT", "A36W", "WT")
    ]


@pytest.mark.parametrize(
    ("sequence", "complaint"),
    [
        (FOCUS + "GS" + A15T, "stretches from letters 1 and 27 agree alike"),
        (FOCUS[::-1] + "GS", "one stretch of 24 letters that agrees with the focus"),
        # One in four differ.
        ("AAAAAA" + FOCUS[6:] + TAG, "at least 80% of the sites"),
        (FOCUS[:20] + "W" + FOCUS[20:], "inserted or deleted in letters 1 to 24"),
        (FOCUS[:3] + "W" + FOCUS[3:], "inserted or deleted in letters 2 to 25"),
        (TAG + FOCUS[:21] + FOCUS[22:] + TAG, "inserted or deleted"),
        # A34T and a tag that begins with A, or T inserted before A34?
        (FOCUS[:-1] + "TA" + TAG, "inserted or deleted in letters 1 to 24"),
        (FOCUS + "--", "one letter a site is needed"),
        ("MKV", "3 letters for a model of 24 sites; one letter a site is needed"),
    ],
)
def test_what_has_no_one_place_is_refused_with_the_reason(sequence, complaint):
    mutants = place_sequences(MODEL, [sequence])
    assert verdicts(mutants) == [("unscorable", "bad_notation")]
    assert complaint in mutants.issues["bad_notation"].message
    assert not mutants.remarks


def test_a_focus_with_gaps_is_found_in_no_sequence():
    model = model_of(FOCUS[:12] + "-" + FOCUS[12:])
    assert verdicts(place_sequences(model, [FOCUS + TAG]))[0][0] == "unscorable"


@given(data=st.data())
def test_stretches_and_their_differences_are_those_of_plain_loops(data):
    codes = st.lists(st.integers(0, 2), min_size=1, max_size=12)
    sequence, focus = data.draw(codes), data.draw(codes)
    steps = data.draw(
        st.lists(st.integers(1, 2), min_size=len(focus) - 1, max_size=len(focus) - 1)
    )
    offsets = np.cumsum([0, *steps])
    most, reach = data.draw(st.integers(0, 3)), data.draw(st.integers(0, 3))
    arrays = np.array(sequence, np.uint8), np.array(focus, np.uint8)
    for name in ("agreeing_stretches", "differences_with_indel"):
        compiled = getattr(kernels, name)
        for kernel in (compiled, getattr(compiled, "py_func", compiled)):
            found = naive.agreeing_stretches(sequence, focus, offsets.tolist(), most)
            if name == "agreeing_stretches":
                starts = np.full(2, -1)
                assert kernel(*arrays, offsets, most, starts) == len(found)
                assert starts[: len(found)].tolist() == found[:2]
            for start in found:
                sites = offsets + start
                if name == "differences_with_indel":
                    assert kernel(*arrays, sites, reach) == naive.with_indel(
                        sequence, focus, sites.tolist(), reach
                    )
