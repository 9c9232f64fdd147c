"""Counts of a library batch by batch are those of the whole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.mutations import library_summary, place_texts
from pottsfold.mutations.library import summary
from pottsfold.mutations.library.summary import LibrarySummary, summarize_batch
from tests.strategies import random_model

MODEL = random_model(0, 8)
FOCUS = MODEL.focus_sequence
TEXTS = st.sampled_from(
    [
        *(f"{FOCUS[k]}{k + 1}{letter}" for k in range(3) for letter in "AW"),
        *(f"{FOCUS[0]}1W:{FOCUS[3]}4{letter}" for letter in "CD"),
        *("A99C", "WT", "bad", f"{FOCUS[0]}1W:A99C", f"{FOCUS[0]}1*", None),
        *(f"B:{FOCUS[0]}1W", "X:p.="),
    ]
)


@given(st.lists(st.lists(TEXTS, max_size=5), min_size=1, max_size=6))
def test_batches_are_told_as_one_library(batches):
    counted = LibrarySummary()
    for batch in batches:
        counted.add(summarize_batch(place_texts(MODEL, batch)))
    whole = place_texts(MODEL, [text for batch in batches for text in batch])
    assert counted.lines(MODEL) == library_summary(MODEL, whole)


def test_repeats_are_counted_whatever_the_order_of_substitutions():
    first, last = f"{FOCUS[0]}1W", f"{FOCUS[3]}4D"
    texts = [f"{first}:{last}", f"{last},{first}", first, last, first]
    lines = library_summary(MODEL, place_texts(MODEL, texts))
    assert lines[-1] == "2 repeat an earlier mutant"


@pytest.mark.parametrize("most", [4, 1 << 20])
def test_repeats_among_the_first_ones_are_counted_in_constant_memory(most, monkeypatch):
    monkeypatch.setattr(summary, "MAX_KNOWN", most)
    monkeypatch.setattr(summary, "FIRST_SLOTS", 2)
    counted = LibrarySummary()
    texts = [
        f"{FOCUS[i]}{i + 1}{a}" for i in range(8) for a in "ACDEFG" if a != FOCUS[i]
    ]
    for batch in (texts[:4], texts[4:], texts):
        counted.add(summarize_batch(place_texts(MODEL, batch)))
    told = counted.lines(MODEL)[-1]
    if most == 4:
        assert told == (
            "4 repeat an earlier mutant (counted among the first 4 different ones)"
        )
        assert len(counted._slots) == 8
    else:
        assert told == f"{len(texts)} repeat an earlier mutant"
        assert np.log2(len(counted._slots)) % 1 == 0


def test_a_message_of_a_long_mutant_is_short():
    text = ":".join([f"{FOCUS[0]}1W"] * 10_000)
    line = library_summary(MODEL, place_texts(MODEL, [text]))[1]
    assert "duplicate_position; the first is number 1: mutant" in line
    assert line.endswith("a position comes twice")
    assert len(line) < 500
