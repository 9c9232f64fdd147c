"""Learning from measurements: the ridge, its intervals, what it gains."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings

from pottsfold.errors import UsageError
from pottsfold.mutations import mutant_effects, place_library, place_texts
from pottsfold.mutations.assays import (
    augmented_scores,
    fit_augmented,
    learning_curve,
    learning_lines,
    measurements,
    spearman,
)
from pottsfold.mutations.assays.augmented import STRENGTHS
from tests.mutations.assays import made
from tests.naive import assays as naive
from tests.strategies import RNA, random_model, seeds


def site_effects_library(model, mutants, *, noise, seed=0):
    """Scores of the model and of sites it knows nothing of."""
    library = made.library(model, mutants, noise=noise, seed=seed)
    placed = place_library(model, library)
    rng = np.random.default_rng(seed)
    unknown = rng.normal(0, 2, (model.length, 1)) + rng.normal(
        0, 0.5, model.fields.shape
    )
    owners = np.repeat(np.arange(len(placed)), np.diff(placed.offsets))
    extra = unknown[placed.columns, placed.letters]
    library["score"] += np.bincount(owners, extra, len(placed))
    return library


@given(seed=seeds)
@settings(max_examples=10)
def test_coefficients_equal_the_naive_twins(seed):
    model = random_model(seed, 3, RNA, gaps="missing")
    names = [*made.singles(model), *made.doubles(model, 6, seed)]
    library = site_effects_library(model, names, noise=0.1, seed=seed)
    mutants = place_library(model, library)
    effects = mutant_effects(model, mutants)
    scores = library["score"].to_numpy()
    rows = np.arange(len(names))
    found = fit_augmented(model, mutants, effects, rows, scores)
    assert found.strength in STRENGTHS
    # One-hot sequences and z, all centred, as the definition has it.
    q = model.alphabet.size
    codes = np.tile(model.focus, (len(names), 1))
    for row in rows:
        here = slice(mutants.offsets[row], mutants.offsets[row + 1])
        codes[row, mutants.columns[here]] = mutants.letters[here]
    z = (effects.ranking - effects.ranking.mean()) / effects.ranking.std()
    features = np.column_stack([np.eye(q)[codes].reshape(len(names), -1), z])
    centred = features - features.mean(axis=0)
    expected = naive.ridge(
        centred.tolist(),
        (scores - scores.mean()).tolist(),
        [found.strength] * centred.shape[1],
    )
    assert found.weight == pytest.approx(expected[-1], abs=1e-5)
    letters = np.reshape(expected[:-1], model.fields.shape)
    own = letters[np.arange(3), model.focus][:, None]
    np.testing.assert_allclose(found.coefficients, letters - own, atol=1e-5)
    predicted = augmented_scores(found, mutants, effects).prediction
    np.testing.assert_allclose(predicted, scores.mean() + centred @ expected, atol=1e-5)


def case(n_doubles=600, noise=0.5):
    model = made.small_model(20)
    names = [*made.singles(model), *made.doubles(model, n_doubles)]
    library = site_effects_library(model, names, noise=noise)
    mutants = place_library(model, library)
    effects = mutant_effects(model, mutants)
    return model, mutants, effects, measurements(library, mutants)


@pytest.mark.statistical
def test_intervals_cover_what_was_held_out_and_narrower_ones_do_not():
    model, mutants, effects, found = case()
    covered, narrow = [], []
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(len(found))
        training, rest = order[:100], order[100:]
        learnt = fit_augmented(
            model, mutants, effects, found.rows[training], found.scores[training]
        )
        scores = augmented_scores(learnt, mutants, effects)
        error = np.abs(scores.prediction[found.rows[rest]] - found.scores[rest])
        width = (scores.high - scores.low)[found.rows[rest]] / 2
        covered.append((error <= width).mean())
        narrow.append((error <= width / 2).mean())
    assert 0.87 <= np.mean(covered) <= 0.95
    assert np.mean(narrow) < 0.8


def test_training_gains_where_the_model_is_blind_and_keeps_what_it_knows():
    model, mutants, effects, found = case()
    curve = learning_curve(model, mutants, effects, found)
    assert curve["n_training"].tolist() == [0, 24, 96, 240]
    alone, *trained = curve["spearman"]
    assert alone == spearman(found.scores, effects.ranking[found.rows])
    assert trained == sorted(trained)
    assert trained[-1] > alone + 0.2
    assert curve["n_test"].tolist() == [len(found) - n for n in (0, 24, 96, 240)]
    assert curve["coverage"][1:].between(0.8, 1).all()
    again = learning_curve(model, mutants, effects, found)
    assert again.equals(curve)
    learnt = fit_augmented(model, mutants, effects, found.rows, found.scores)
    lines = learning_lines(curve, learnt)
    assert len(lines) == 5
    assert f"trained on all {len(found)}" in lines[-1]


def test_a_right_model_is_not_spoilt():
    model = made.small_model(20)
    library = made.library(model, made.singles(model), noise=0.05)
    mutants = place_library(model, library)
    effects = mutant_effects(model, mutants)
    curve = learning_curve(model, mutants, effects, measurements(library, mutants))
    assert curve["spearman"].min() > curve["spearman"][0] - 0.03


def test_small_libraries_have_short_curves():
    model = made.small_model()
    library = made.library(model, made.singles(model)[:60], noise=0.1)
    mutants = place_library(model, library)
    effects = mutant_effects(model, mutants)
    curve = learning_curve(model, mutants, effects, measurements(library, mutants))
    assert curve["n_training"].tolist() == [0, 24]


def test_unscorable_mutants_have_no_prediction_and_the_wild_type_the_intercepts():
    model, mutants, effects, found = case()
    learnt = fit_augmented(model, mutants, effects, found.rows, found.scores)
    others = place_texts(model, ["WT", "nonsense", f"{made.singles(model)[0]}:A900W"])
    scores = augmented_scores(learnt, others, mutant_effects(model, others))
    assert np.isnan(scores.prediction).tolist() == [False, True, False]
    wild_type = learnt.intercept - learnt.weight * learnt.mean / learnt.scale
    assert scores.prediction[0] == pytest.approx(wild_type)
    assert scores.high[0] - scores.prediction[0] == pytest.approx(learnt.half_width)


def test_too_few_mutants_are_refused():
    model, mutants, effects, found = case()
    with pytest.raises(UsageError, match="9 measured mutants are too few"):
        fit_augmented(model, mutants, effects, found.rows[:9], found.scores[:9])


def test_without_scikit_learn_the_way_out_is_named(monkeypatch):
    model, mutants, effects, found = case()
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(UsageError, match=r"pip install 'pottsfold\[ml\]'"):
        fit_augmented(model, mutants, effects, found.rows, found.scores)
