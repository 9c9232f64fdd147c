"""Measured epistasis against its naive twin, and the laws it obeys."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.mutations import (
    Substitution,
    mutant_effects,
    place_texts,
    scan_table,
    write_mutant,
)
from pottsfold.mutations.epistasis import measured_table
from pottsfold.mutations.epistasis.measured_epistasis import measured_epistasis
from tests.naive import assays as naive
from tests.strategies import RNA, random_model, seeds

MODEL = random_model(0, 4, RNA, first=10)


def text_of(changes):
    return write_mutant(
        Substitution(RNA.letters[MODEL.focus[column]], column + 10, RNA.letters[letter])
        for column, letter in changes.items()
    )


def every_single_and_double():
    singles = [
        {column: letter}
        for column in range(4)
        for letter in range(1, 5)
        if letter != MODEL.focus[column]
    ]
    doubles = [
        {**a, **b} for a in singles for b in singles if min(a) != min(b)
    ]  # each in both orders: two replicates
    return singles, doubles


def measured(library):
    mutants = place_texts(MODEL, [text_of(changes) for changes, _ in library])
    return measured_epistasis(MODEL, mutants, np.array([s for _, s in library]))


@given(seed=seeds, rounded=st.booleans())
def test_epistasis_equals_the_naive_twin(seed, rounded):
    rng = np.random.default_rng(seed)
    singles, doubles = every_single_and_double()
    triple = {**doubles[0], **singles[-1]}
    changes = [*singles, *doubles, triple, {}, {}]
    chosen = [changes[k] for k in rng.choice(len(changes), 60)]
    scores = rng.normal(size=61)
    if rounded:
        scores = scores.round()  # ties among the sums
    library = list(zip([*chosen, {}], scores.tolist(), strict=True))
    found = measured(library)
    expected = naive.measured_epistasis(library)
    assert len(found) == len(expected)
    for k, (pair, raw, corrected) in enumerate(expected):
        assert found.columns[k].tolist() == [column for column, _ in pair]
        assert found.letters[k].tolist() == [letter for _, letter in pair]
        assert found.raw[k] == pytest.approx(raw)
        assert found.corrected[k] == pytest.approx(corrected)


def additive_library(curve):
    """Singles and doubles whose scores are a curve of additive effects."""
    singles, doubles = every_single_and_double()
    rng = np.random.default_rng(1)
    effect = -rng.gamma(1.0, size=(4, 5))
    latent = [sum(effect[c, a] for c, a in x.items()) for x in [*singles, *doubles]]
    values = np.concatenate([curve(np.array(latent[: len(singles)])), curve(latent)])
    return list(zip([*singles, *singles, *doubles], values, strict=True))


def test_a_floor_gives_raw_epistasis_that_the_correction_takes_away():
    floored = measured(additive_library(lambda x: np.maximum(x, -1.0)))
    assert np.abs(floored.raw).max() > 0.5
    assert np.abs(floored.corrected).max() < 1e-9


def test_without_a_curve_additive_effects_have_no_epistasis():
    plain = measured(additive_library(np.asarray))
    assert plain.wild_type == pytest.approx(0)
    np.testing.assert_allclose(plain.raw, 0, atol=1e-12)
    np.testing.assert_allclose(plain.corrected, 0, atol=1e-12)


def test_an_unmeasured_wild_type_is_estimated_wherever_the_scale_begins():
    shifted = measured(additive_library(lambda x: np.asarray(x) + 7))
    assert shifted.wild_type == pytest.approx(7)
    np.testing.assert_allclose(shifted.raw, 0, atol=1e-12)


def test_a_measured_wild_type_counts_first():
    library = additive_library(np.asarray)
    found = measured([*library, ({}, 0.5), ({}, 1.5)])
    assert found.wild_type == 1
    np.testing.assert_allclose(found.raw, 1)


def test_doubles_that_lack_a_single_or_a_score_are_left_out():
    library = additive_library(np.asarray)
    without = [(x, s) for x, s in library if x != library[0][0]]
    assert 0 < len(measured(without)) < len(measured(library))
    unmeasured = [(x, np.nan if len(x) == 2 else s) for x, s in library]
    assert len(measured(unmeasured)) == 0
    assert np.isnan(measured(unmeasured).wild_type)


def test_results_are_read_only_and_scores_must_match():
    found = measured(additive_library(np.asarray))
    with pytest.raises(ValueError, match="read-only"):
        found.raw[0] = 0
    with pytest.raises(ValueError, match="for 1 mutants"):
        measured_epistasis(MODEL, place_texts(MODEL, ["WT"]), np.zeros(2))


@pytest.fixture(scope="module")
def model():
    return random_model(0, 6, gaps="missing", first=40)


def library(model):
    """All of ten single mutants, the doubles of nine of them, and the wild type."""
    singles = scan_table(model)["mutant"].iloc[::11].tolist()
    doubles = [
        f"{second}:{first}"
        for first, second in combinations(singles[:9], 2)
        if first[1:-1] != second[1:-1]
    ]
    return ["WT", *singles, *doubles]


def test_an_assay_that_measures_log_odds_agrees(model):
    mutants = place_texts(model, library(model))
    scores = mutant_effects(model, mutants).log_odds
    table = measured_table(model, measured_epistasis(model, mutants, scores), 10**6)
    assert len(table) == (mutants.counts == 2).sum()
    assert table["epistasis"].abs().is_monotonic_decreasing
    for predicted, measured in (
        ("log_odds_1", "measured_1"),
        ("log_odds_2", "measured_2"),
        ("log_odds_12", "measured_12"),
        ("epistasis", "measured_epistasis"),
    ):
        np.testing.assert_allclose(table[predicted], table[measured], atol=1e-6)
    assert np.isfinite(table["corrected_epistasis"]).all()


def test_the_first_rows_are_those_of_all_and_doubles_need_both_singles(model):
    texts = library(model)
    scores = np.random.default_rng(0).normal(size=len(texts))
    without = texts[1]
    scores[1] = np.nan
    mutants = place_texts(model, texts)
    measured = measured_epistasis(model, mutants, scores)
    everything = measured_table(model, measured, 10**6)
    assert not everything[["mutant_1", "mutant_2"]].isin([without]).any(axis=None)
    some = measured_table(model, measured, 4)
    assert some.equals(everything.head(4))
