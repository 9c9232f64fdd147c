"""Columns of mutants: every reason; loops over bytes equal reading one by one."""

import itertools
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pottsfold.alignment import Numbering
from pottsfold.alphabet import PROTEIN, Alphabet
from pottsfold.errors import UsageError
from pottsfold.mutations import (
    mutant_effects,
    place_sequences,
    place_texts,
)
from pottsfold.mutations.library.parse_one import place_each
from pottsfold.mutations.library.parsing import mutant_column, sequence_column
from pottsfold.mutations.mutants import REASONS
from tests.mutations.library.parsing.columns import (
    POSITIONS,
    assert_same,
    model_of,
    model_with_holes,
    verdicts,
)
from tests.strategies import gap_treatments, random_model

CASES = {
    "A10T": ("ok", "", 1),
    "A10T:C11D": ("ok", "", 2),
    "p.[Ala10Thr;Cys11Asp]": ("ok", "", 2),
    "p.Ala10Thr, p.Cys11Asp": ("ok", "", 2),
    "AB10T,CB11D;": ("ok", "", 2),
    "p.[Ala10Thr;=]": ("ok", "", 1),
    "p.Ala10_Asp12del": ("unscorable", "gap_or_stop", -1),
    "AB10T,CD11D;": ("unscorable", "bad_notation", -1),
    "WT": ("ok", "", 0),
    "A10A": ("ok", "", 0),
    "p.Ala10=": ("ok", "", 0),
    "A10A:C11D": ("ok", "", 1),
    "A10T:C99D": ("partial", "outside_model", 2),
    "A10T:C99D:D12W": ("partial", "outside_model", 3),
    "C99D": ("unscorable", "outside_model", 1),
    "C99D:C98D": ("unscorable", "outside_model", 2),
    "G10T": ("unscorable", "wild_type_mismatch", 1),
    "G10T:C99D": ("unscorable", "wild_type_mismatch", 2),
    "A10T:G11T": ("unscorable", "wild_type_mismatch", 2),
    "G10G": ("unscorable", "wild_type_mismatch", 0),
    "A10*": ("unscorable", "gap_or_stop", 1),
    "A10T:A99*": ("unscorable", "gap_or_stop", 2),
    "*10A": ("unscorable", "gap_or_stop", 1),
    "A10-": ("unscorable", "gap_or_stop", 1),
    "A10X": ("unscorable", "unknown_letter", 1),
    "A10B": ("unscorable", "unknown_letter", 1),
    "A10T:A10D": ("unscorable", "duplicate_position", 2),
    "A10T:A10T": ("unscorable", "duplicate_position", 2),
    "A99T:A99D": ("unscorable", "duplicate_position", 2),
    "A10T:nonsense": ("unscorable", "bad_notation", -1),
    "nonsense": ("unscorable", "bad_notation", -1),
    "": ("unscorable", "bad_notation", -1),
    None: ("unscorable", "bad_notation", -1),
    float("nan"): ("unscorable", "bad_notation", -1),
    7: ("unscorable", "bad_notation", -1),
}


@given(st.permutations(list(CASES)))
def test_each_mutant_gets_its_own_verdict_whatever_stands_beside_it(texts):
    mutants = place_texts(model_of("ACDE"), texts)
    assert verdicts(mutants) == [CASES[text][:2] for text in texts]
    assert mutants.counts.tolist() == [CASES[text][2] for text in texts]
    assert set(mutants.issues) == set(REASONS) - {""}


def test_unscorable_mutants_have_no_numbers_and_the_others_all():
    mutants = place_texts(model_of("ACDE"), CASES)
    effects = mutant_effects(model_of("ACDE"), mutants)
    scored = np.array([status != "unscorable" for status, _, _ in CASES.values()])
    for values in (effects.log_odds, effects.additive, effects.independent):
        np.testing.assert_array_equal(np.isfinite(values), scored)


def test_of_a_partial_mutant_the_covered_part_is_scored():
    model = model_of("ACDE")
    mutants = place_texts(model, ["A10T:C99D:D12W", "A10T:D12W"])
    effects = mutant_effects(model, mutants)
    assert effects.log_odds[0] == effects.log_odds[1]
    assert effects.epistasis[0] == effects.epistasis[1] != 0


def test_a_deletion_is_scored_where_the_gap_is_a_letter():
    model = model_of("ACDE", gaps="state")
    assert verdicts(place_texts(model, ["A10-", "A10*"])) == [
        ("ok", ""),
        ("unscorable", "gap_or_stop"),
    ]
    assert verdicts(place_sequences(model, ["-CDE", "*CDE"])) == [
        ("ok", ""),
        ("unscorable", "gap_or_stop"),
    ]


def test_a_gap_in_the_focus_is_no_wild_type_where_gaps_are_missing_data():
    assert verdicts(place_texts(model_of("A-DE"), ["-11A", "A10T"])) == [
        ("unscorable", "gap_or_stop"),
        ("ok", ""),
    ]
    insertion = place_texts(model_of("A-DE", gaps="state"), ["-11A"])
    assert verdicts(insertion) == [("ok", "")]


def test_labels_are_counted_beside_rows_that_have_none():
    texts = ["A10T", "AB10T;", "X:p.=", "B:A10T", "X:p.Cys11Trp", "AC10T,CD11D"]
    mutants = place_texts(model_of("ACDE"), texts)
    assert mutants.labels == {"chain B": 2, "target X": 2}


def test_no_mutants_are_no_trouble():
    mutants = place_texts(model_of("ACDE"), [])
    assert len(mutants) == len(mutant_effects(model_of("ACDE"), mutants).log_odds) == 0


def test_a_model_without_a_focus_is_refused():
    model = random_model(0, 3, focus=False)
    for function in (place_texts, place_sequences):
        with pytest.raises(UsageError, match="no focus sequence"):
            function(model, ["A1T"])


letters = st.sampled_from("ACDEFGacdX*-.=BZ#1?\u00c5")


numbers = st.sampled_from([*POSITIONS.tolist(), 0, 8, -4, 99, 4500, 123456789012])


substitutions = st.builds(
    "{}{}{}".format, letters, numbers | st.just(""), letters | st.just("")
) | st.sampled_from(["A-3C", "C-2D", "D5E", "D5D", "-6A", "E7F", "F40W", "D05A"])


separators = st.sampled_from(
    [*(":", ",", "/", ";", " ", " : ", "\t", "::", "\u00a0", ""), *"_+&|-", ":A:"]
)


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
    alphabet=st.sampled_from(
        [PROTEIN, Alphabet("-01"), Alphabet("-AaC*:"), Alphabet("-A+_|")]
    ),
    focus=st.sampled_from([(1, 2, 3, 0, 4, 5), (1, 2, 3, 4, 5, 21)]),
)
@example(["A-3C:" * 80 + "D5E"], "state", PROTEIN, (1, 2, 3, 0, 4, 5))
def test_texts(texts, gaps, alphabet, focus):
    model = model_with_holes(gaps, alphabet, focus)
    found = place_texts(model, texts)
    assert_same(found, place_each(model, texts))
    given_back = [text if isinstance(text, str) else "" for text in texts]
    assert found.texts.to_pylist() == given_back


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


def test_half_a_character_is_bad_notation():
    mutants = place_texts(model_of("ACD"), ["A10T", "A10\udcff"])
    assert verdicts(mutants) == [("ok", ""), ("unscorable", "bad_notation")]
