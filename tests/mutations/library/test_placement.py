"""Mutants in a model: every reason, and one bad mutant never spoils the others."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.alignment import Numbering
from pottsfold.alphabet import PROTEIN
from pottsfold.errors import MutationError, UsageError
from pottsfold.mutations import (
    Mutants,
    Substitution,
    mutant_effects,
    place,
    place_sequences,
    place_texts,
)
from pottsfold.mutations.mutants import REASONS, STATUSES
from tests.strategies import random_model


def model_of(sequence, *, gaps="missing", first=10):
    model = random_model(0, len(sequence), gaps=gaps, first=first)
    return replace(model, focus=PROTEIN.encode(sequence))


def verdicts(mutants):
    return [
        (STATUSES[status], REASONS[reason])
        for status, reason in zip(mutants.statuses, mutants.reasons, strict=True)
    ]


CASES = {
    "A10T": ("ok", "", 1),
    "A10T:C11D": ("ok", "", 2),
    "p.[Ala10Thr;Cys11Asp]": ("ok", "", 2),
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


def test_positions_are_the_focus_sequences_own_numbers():
    model = model_of("ACDE")
    model = replace(model, numbering=Numbering(np.array([-2, 5, 9, 40])))
    assert place(model, Substitution("D", 9, "W")) == (2, PROTEIN.letters.index("W"))
    assert place(model, Substitution("A", -2, "W"))[0] == 0
    with pytest.raises(MutationError, match="position 6 is not in the model") as caught:
        place(model, Substitution("D", 6, "W"))
    assert (caught.value.reason, caught.value.position) == ("outside_model", 6)


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


def test_no_mutants_are_no_trouble():
    mutants = place_texts(model_of("ACDE"), [])
    assert len(mutants) == len(mutant_effects(model_of("ACDE"), mutants).log_odds) == 0


def test_a_model_without_a_focus_is_refused():
    model = random_model(0, 3, focus=False)
    for function in (place_texts, place_sequences):
        with pytest.raises(UsageError, match="no focus sequence"):
            function(model, ["A1T"])


def test_mutants_check_their_arrays():
    good = place_texts(model_of("ACDE"), ["A10T", "WT"])
    assert not good.columns.flags.writeable
    with pytest.raises(ValueError, match=r"counts are \(1,\) where \(2,\) is due"):
        replace(good, counts=good.counts[:1])
    with pytest.raises(ValueError, match="offsets must run"):
        replace(good, offsets=np.array([0, 1, 2]))
    assert isinstance(good, Mutants)
