"""Score tables, what is said of them, and libraries numbered otherwise."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.alphabet import PROTEIN
from pottsfold.errors import UsageError
from pottsfold.mutations import (
    library_summary,
    numbering_shift,
    place_texts,
    scan_table,
    score_table,
)
from pottsfold.mutations.scoring import COLUMNS
from tests.strategies import random_model, seeds

FOCUS = "MKTAYIAKQRQISFVK"


def family(first=10):
    model = random_model(0, len(FOCUS), gaps="missing", first=first)
    return replace(model, focus=PROTEIN.encode(FOCUS))


def scan_of(sequence, first):
    return [f"{letter}{first + k}W" for k, letter in enumerate(sequence)]


def test_columns_come_in_their_order_and_the_librarys_after_them():
    library = pd.DataFrame(
        {"score": [1.5, 2.5], "mutant": ["M10W", "nonsense"], "note": ["a", "b"]},
        index=[7, 3],
    )
    table = score_table(family(), library)
    assert list(table) == [*COLUMNS, "score", "note"]
    assert table["mutant"].tolist() == ["M10W", "nonsense"]
    assert table["score"].tolist() == [1.5, 2.5]
    assert table["status"].tolist() == ["ok", "unscorable"]
    assert table["reason"].tolist() == ["", "bad_notation"]
    assert table["n_mutations"].tolist() == [1, pd.NA]
    assert np.isnan(table["log_odds"][1])


def test_mutants_are_given_back_as_they_were_written():
    texts = ["p.Met10Trp", "K11W, T12W", "_wt"]
    table = score_table(family(), pd.DataFrame({"mutant": texts}))
    assert table["mutant"].tolist() == texts
    assert table["n_mutations"].tolist() == [1, 2, 0]


def test_log_odds_are_additive_plus_epistasis_to_the_bit():
    texts = ["M10W", "M10W:K11A", "M10W:K11A:T12Y"]
    table = score_table(family(), pd.DataFrame({"mutant": texts}))
    assert (table["log_odds"] == table["additive"] + table["epistasis"]).all()
    assert table["epistasis"][0] == 0 != table["epistasis"][2]


def test_columns_named_like_a_result_are_kept_under_another_name():
    library = pd.DataFrame({"mutant": ["M10W"], "log_odds": [5.0]})
    once = score_table(family(), library)
    assert once["input_log_odds"].tolist() == [5.0]
    twice = score_table(family(), once)
    assert twice.columns.is_unique
    assert twice["input_input_log_odds"].tolist() == [5.0]


def test_with_an_accessibility_singles_have_the_scans_buried_log_odds():
    model = family()
    accessibility = np.linspace(-0.1, 1.2, len(FOCUS))
    accessibility[3] = np.nan
    scan = scan_table(model, "stability", accessibility)
    table = score_table(
        model, scan[["mutant", "buried_log_odds"]], "mutant", "stability", accessibility
    )
    assert list(table) == [*COLUMNS, "buried_log_odds", "input_buried_log_odds"]
    for name in ("adjusted", "buried_log_odds"):
        pd.testing.assert_series_equal(table[name], scan[name], rtol=0, atol=0)
    assert table["buried_log_odds"].isna().sum() == 19
    assert "buried_log_odds" not in score_table(model, scan[["mutant"]])


def test_a_column_of_another_name_is_read_and_not_kept_twice():
    library = pd.DataFrame({"change": ["M10W"], "mutant": ["old"]})
    table = score_table(family(), library, "change")
    assert table["mutant"].tolist() == ["M10W"]
    assert list(table)[len(COLUMNS) :] == ["input_mutant"]


def test_whole_sequences_are_scored_from_their_own_column():
    sequences = [FOCUS, "W" + FOCUS[1:]]
    library = pd.DataFrame({"mutated_sequence": sequences})
    table = score_table(family(), library, "mutated_sequence")
    assert table["mutant"].tolist() == ["WT", "M10W"]
    assert table["mutated_sequence"].tolist() == sequences
    single = score_table(family(), pd.DataFrame({"mutant": ["M10W"]}))
    assert table["log_odds"][1] == single["log_odds"][0]


def test_an_absent_column_is_named_with_those_there_are():
    with pytest.raises(UsageError, match="no column 'mutant' among mutants, score"):
        score_table(family(), pd.DataFrame({"mutants": ["M10W"], "score": [1]}))


def test_the_summary_counts_every_reason_and_shows_the_first():
    texts = ["M10W", "M10W", "A10W", "M10*", "K10W", "M10W:A99D", "??"]
    model = family()
    lines = library_summary(model, place_texts(model, texts))
    assert lines[0] == "7 mutants: 2 ok, 1 partial, 4 unscorable"
    assert (
        "2 unscorable: wild_type_mismatch; the first is number 3: mutant 'A10W': "
        "position 10 of the focus sequence is M"
    ) in lines
    assert any(line.startswith("1 partial: outside_model") for line in lines)
    assert not any("adding" in line for line in lines)


@given(shift=st.integers(-300, 300).filter(bool))
def test_a_constant_between_two_numberings_is_found_and_said_not_applied(shift):
    model = family()
    mutants = place_texts(model, scan_of(FOCUS, 10 - shift))
    assert numbering_shift(model, mutants.wild_types) == (shift, 16, 16)
    lines = library_summary(model, mutants)
    assert f"adding {shift} to the library's positions would" in lines[-1]
    assert (mutants.statuses == 2).mean() > 0.5


def test_the_advice_says_what_to_do():
    model = family()
    line = library_summary(model, place_texts(model, scan_of(FOCUS, 110)))[-1]
    assert "adding -100 to the library's positions would make 16 of its 16" in line
    assert "nothing was shifted" in line
    assert "score with `shift=-100`" in line


def test_a_library_longer_than_the_model_shows_its_shift():
    longer = "GGSGGSGG" + FOCUS + "HHHHHH"
    wild_types = place_texts(family(), scan_of(longer, 1)).wild_types
    assert numbering_shift(family(), wild_types) == (1, 16, 30)


def test_a_library_of_another_protein_shows_no_shift():
    other = place_texts(family(), scan_of("WDEGHCNPLWDEGHCNPL", 10))
    assert numbering_shift(family(), other.wild_types) is None
    assert not any("adding" in line for line in library_summary(family(), other))


@given(seed=seeds)
def test_chance_agreement_is_not_taken_for_a_shift(seed):
    letters = np.array(list(PROTEIN.letters[1:]))
    other = "".join(np.random.default_rng(seed).choice(letters, 40))
    wild_types = place_texts(family(), scan_of(other, 1)).wild_types
    assert numbering_shift(family(), wild_types) is None


def test_too_few_sites_are_no_evidence():
    wild_types = place_texts(family(), scan_of("MKT", 1)).wild_types
    assert numbering_shift(family(), wild_types) is None


def test_a_repeat_that_fits_in_two_places_is_no_evidence():
    model = replace(family(), focus=PROTEIN.encode("MKTAMKTAMKTAMKTA"))
    wild_types = place_texts(model, scan_of("MKTA", 100)).wild_types
    assert numbering_shift(model, wild_types) is None
