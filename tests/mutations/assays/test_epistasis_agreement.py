"""Predicted against measured epistasis."""

import numpy as np
import pytest

from pottsfold.mutations import mutant_effects, pair_epistasis, place_library
from pottsfold.mutations.assays import (
    epistasis_agreement_table,
    epistasis_lines,
    predicted_epistasis,
    spearman,
)
from pottsfold.mutations.epistasis.measured_epistasis import measured_epistasis
from tests.mutations.assays import made

MODEL = made.small_model()
MUTANTS = [*made.singles(MODEL), *made.doubles(MODEL, 1500)]


def compared(library, seed=0):
    mutants = place_library(MODEL, library)
    pairs = measured_epistasis(MODEL, mutants, library["score"].to_numpy())
    predicted = predicted_epistasis(MODEL, pairs)
    table = epistasis_agreement_table(predicted, pairs, seed=seed)
    return table.set_index("quantity"), pairs, predicted


def test_predictions_are_the_pair_epistasis_of_the_model():
    _, pairs, predicted = compared(made.library(MODEL, MUTANTS))
    for k in range(0, len(pairs), 50):
        (i, j), (a, b) = pairs.columns[k].tolist(), pairs.letters[k].tolist()
        assert predicted[k] == pytest.approx(
            pair_epistasis(MODEL, i, j)[a, b], abs=1e-6
        )


def test_the_right_model_predicts_raw_epistasis_exactly():
    table, pairs, predicted = compared(made.library(MODEL, MUTANTS))
    np.testing.assert_allclose(
        pairs.raw - pairs.raw.mean(), predicted - predicted.mean(), atol=1e-6
    )
    assert table["value"]["spearman_raw"] == pytest.approx(1)
    assert table["n"]["spearman_raw_strongest"] == round(0.01 * len(pairs))
    assert table["value"]["mean_positive"] > table["null_high"]["mean_positive"]
    assert table["value"]["mean_negative"] < table["null_low"]["mean_negative"]


def test_a_turned_model_is_told_by_its_signs():
    mutants = place_library(MODEL, made.library(MODEL, MUTANTS))
    effects = mutant_effects(MODEL, mutants)
    library = made.library(MODEL, MUTANTS)
    library["score"] = effects.additive - effects.epistasis
    table, _, _ = compared(library)
    assert table["value"]["spearman_raw"] == pytest.approx(-1)
    assert table["value"]["mean_positive"] < table["null_low"]["mean_positive"]
    assert table["value"]["mean_negative"] > table["null_high"]["mean_negative"]


@pytest.mark.statistical
def test_noise_lies_within_the_null_about_as_often_as_it_says():
    _, pairs, predicted = compared(made.library(MODEL, MUTANTS, noise=1.0))
    rng = np.random.default_rng(0)
    outside = np.zeros(6)
    for seed in range(30):
        dealt = rng.permutation(predicted)
        table = epistasis_agreement_table(dealt, pairs, seed=seed)
        outside += (table["value"] < table["null_low"]).to_numpy()
        outside += (table["value"] > table["null_high"]).to_numpy()
    # 5 % is due; the true model above is the twin that lies outside.
    assert (outside / 30 < 0.2).all()


def test_the_means_are_over_the_hundred_strongest_in_standard_deviations():
    table, pairs, predicted = compared(made.library(MODEL, MUTANTS, noise=1.0))
    top = np.argsort(predicted)[-100:]
    expected = pairs.corrected[top].mean() / pairs.corrected.std()
    assert table["value"]["mean_positive"] == pytest.approx(expected)
    assert table["value"]["spearman_corrected"] == spearman(pairs.corrected, predicted)


def test_few_pairs_give_an_empty_table_and_no_words():
    table, pairs, _ = compared(made.library(MODEL, MUTANTS[:230]))
    assert len(pairs) == 2
    assert table.empty
    assert epistasis_lines(table.reset_index()) == []


def test_a_model_without_couplings_has_no_strongest_pairs():
    _, pairs, predicted = compared(made.library(MODEL, MUTANTS))
    table = epistasis_agreement_table(0 * predicted, pairs)
    means = table.set_index("quantity")["n"][["mean_positive", "mean_negative"]]
    assert means.tolist() == [0, 0]
    assert len(epistasis_lines(table)) == 2


def test_the_words_hold_the_numbers():
    table, _, _ = compared(made.library(MODEL, MUTANTS, noise=1.0))
    lines = epistasis_lines(table.reset_index())
    assert f"{table['value']['spearman_corrected']:.3f}" in lines[0]
    assert f"{table['value']['mean_positive']:+.2f} SD" in lines[2]
