"""Measured epistasis against its naive twin, and the laws it obeys."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.mutations import Substitution, place_texts, write_mutant
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
