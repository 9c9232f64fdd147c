"""Columns read by compiled loops equal those read one by one, in every array."""

import itertools
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pottsfold.alignment import Numbering
from pottsfold.alphabet import PROTEIN, Alphabet
from pottsfold.mutations import place_sequences, place_texts
from pottsfold.mutations.library.parse_one import place_each
from pottsfold.mutations.library.parsing import kernels, mutant_column, sequence_column
from pottsfold.mutations.library.sequences import place_each_sequence
from tests.naive import mutations as naive
from tests.strategies import gap_treatments, random_model, seeds

ARRAYS = ("offsets", "columns", "letters", "counts", "statuses", "reasons")
POSITIONS = np.array([-3, -2, 5, 6, 7, 40])


def model_with_holes(gaps="state", alphabet=PROTEIN, focus=(1, 2, 3, 0, 4, 5)):
    model = random_model(0, 6, alphabet, gaps=gaps)
    codes = np.minimum(np.array(focus, np.uint8), alphabet.unknown)
    return replace(model, numbering=Numbering(POSITIONS), focus=codes)


def assert_same(found, expected):
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
        assert getattr(found, name).dtype == getattr(expected, name).dtype
    assert found.issues == expected.issues
    assert found.wild_types == expected.wild_types


letters = st.sampled_from("ACDEFGacdX*-.=BZ#1?\u00c5")
numbers = st.sampled_from([*POSITIONS.tolist(), 0, 8, -4, 99, 4500, 123456789012])
substitutions = st.builds(
    "{}{}{}".format, letters, numbers | st.just(""), letters | st.just("")
) | st.sampled_from(["A-3C", "C-2D", "D5E", "D5D", "-6A", "E7F", "F40W", "D05A"])
separators = st.sampled_from([":", ",", "/", ";", " ", " : ", "\t", "::", "\u00a0", ""])


@st.composite
def mutant_texts(draw):
    parts = draw(st.lists(substitutions, max_size=4))
    text = "".join(part + draw(separators) for part in parts[:-1])
    ends = st.sampled_from(["", "", " ", ":", "\n"])
    return draw(ends) + text + (parts[-1] if parts else "") + draw(ends)


odd_texts = st.sampled_from(
    ["WT", "_wt", "p.=", "p.Ala-3Thr", "p.[A-3T;D5=]", "", "A5", "p.A5C", None]
)


@given(
    texts=st.lists(mutant_texts() | odd_texts | st.text(max_size=8), max_size=12),
    gaps=gap_treatments,
    alphabet=st.sampled_from([PROTEIN, Alphabet("-01"), Alphabet("-AaC*:")]),
    focus=st.sampled_from([(1, 2, 3, 0, 4, 5), (1, 2, 3, 4, 5, 21)]),
)
@example(["A-3C:" * 80 + "D5E"], "state", PROTEIN, (1, 2, 3, 0, 4, 5))
def test_texts(texts, gaps, alphabet, focus):
    model = model_with_holes(gaps, alphabet, focus)
    found = place_texts(model, texts)
    assert_same(found, place_each(model, texts))
    given_back = [text if isinstance(text, str) else "" for text in texts]
    assert found.texts.to_pylist() == given_back


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


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_a_slice_of_a_column_is_read_like_its_own(kind):
    model = model_with_holes()
    texts = pa.array(["D5E", None, "C-2D:D5E", "p.Asp5Glu", "WT", "F40W"], kind)
    for start, stop in itertools.combinations(range(7), 2):
        part = texts[start:stop]
        found = place_texts(model, part)
        assert_same(found, place_each(model, part.to_pylist()))


def test_common_texts_are_not_left_to_the_slow_reader(monkeypatch):
    def refuse(*_):
        raise AssertionError("read one by one")

    monkeypatch.setattr(mutant_column, "place_each", refuse)
    monkeypatch.setattr(sequence_column, "place_each_sequence", refuse)
    model = model_with_holes()
    words = ["D5E", " c-2d , D5E", "D5E:E7W/A-3-", "C-2D;A-3F", "A-3C E7F\tF40Y"]
    assert not place_texts(
        model, [text for text in words if "E7" not in text]
    ).reasons.any()
    sequences = ["ACD-EF", "wwwwww", "A" + "G" * 42 + "F"]
    assert not place_sequences(model, sequences).reasons.any()


def test_positions_too_far_apart_for_a_table_are_read_one_by_one():
    model = replace(
        random_model(0, 2),
        numbering=Numbering(np.array([1, 2**40])),
        focus=np.array([1, 2]),
    )
    assert place_texts(model, ["A1C"]).columns.tolist() == [0]
    assert place_sequences(model, ["CC"]).columns.tolist() == [0]


@given(seed=seeds)
def test_a_mutants_hash_depends_on_what_it_is_not_on_its_order(seed):
    rng = np.random.default_rng(seed)
    model = random_model(seed, 9)
    text = [f"{PROTEIN.letters[model.focus[i]]}{i + 1}" for i in range(9)]
    rows = []
    for _ in range(30):
        chosen = rng.choice(9, rng.integers(0, 4), replace=False)
        rows.append([text[i] + str(rng.choice(list("AC"))) for i in chosen])
    mutants = place_texts(model, [":".join(row) or "WT" for row in rows])
    hashes = np.empty(len(mutants), np.uint64)
    kernels.hash_mutants(mutants.offsets, mutants.columns, mutants.letters, hashes)
    keys = naive.substitution_sets(
        mutants.offsets.tolist(), mutants.columns.tolist(), mutants.letters.tolist()
    )
    assert len(set(hashes.tolist())) == len(set(keys))
    assert len(set(zip(hashes.tolist(), keys, strict=True))) == len(set(keys))
    slots = np.zeros(64, np.uint64)
    repeats, known = kernels.count_repeats(hashes, slots, 0, 60)
    assert (repeats, known) == (len(keys) - len(set(keys)), len(set(keys)))


@pytest.mark.parametrize("positions", [POSITIONS, np.arange(6)])
def test_an_empty_sequence_is_not_the_wild_type(positions):
    model = replace(model_with_holes(), numbering=Numbering(positions))
    found = place_sequences(model, ["", "ACD-EF", "  "])
    assert found.counts.tolist() == [-1, 0, -1]
    assert [*found.issues] == ["bad_notation"]
    assert_same(found, place_each_sequence(model, ["", "ACD-EF", "  "]))
