"""Metrics against SciPy, scikit-learn and naive twins, and the laws they obey."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from pottsfold.mutations.assays.metrics import (
    area_under_curve,
    ndcg,
    spearman,
    spearman_intervals,
    top_recall,
)
from tests.naive import assays as naive
from tests.strategies import seeds

RANKINGS = (spearman, ndcg, top_recall)


def drawn(seed, n, rounded):
    """Measured and predicted scores that agree somewhat; rounded: with ties."""
    rng = np.random.default_rng(seed)
    measured = rng.normal(size=n)
    predicted = measured + rng.normal(size=n)
    return (measured.round(), predicted.round()) if rounded else (measured, predicted)


@given(seed=seeds, n=st.integers(10, 60), rounded=st.booleans())
def test_metrics_equal_their_naive_twins(seed, n, rounded):
    measured, predicted = drawn(seed, n, rounded)
    assume(len(set(measured)) > 1 < len(set(predicted)))
    lists = measured.tolist(), predicted.tolist()
    assert spearman(*lists) == pytest.approx(naive.spearman(*lists))
    assert ndcg(*lists) == pytest.approx(naive.ndcg(*lists))
    if any(naive.above_90th_percentile(lists[0])):
        assert top_recall(*lists) == pytest.approx(naive.top_recall(*lists))
    else:
        assert np.isnan(top_recall(*lists))


@given(seed=seeds, n=st.integers(10, 200), rounded=st.booleans())
def test_spearman_and_auc_equal_those_of_scipy_and_scikit_learn(seed, n, rounded):
    measured, predicted = drawn(seed, n, rounded)
    fit = measured > np.median(measured)
    assume(fit.any() and len(set(predicted)) > 1)
    expected = stats.spearmanr(measured, predicted).statistic
    assert spearman(measured, predicted) == pytest.approx(expected)
    expected = roc_auc_score(fit, predicted)
    assert area_under_curve(fit, predicted) == pytest.approx(expected)
    assert naive.auc(fit, predicted) == pytest.approx(expected)


def test_a_worked_case():
    measured = np.arange(20.0)
    predicted = measured.copy()
    predicted[[19, 0]] = 0.0, 19.0  # the best and the worst change places
    gains = np.array([0.0, 18 / 19])
    ideal = np.array([1.0, 18 / 19])
    discounts = 1 / np.log2([2, 3])
    expected = gains @ discounts / (ideal @ discounts)
    assert ndcg(measured, predicted) == pytest.approx(expected)
    assert top_recall(measured, predicted) == 0.5


@given(seed=seeds, n=st.integers(20, 100))
def test_perfect_predictions_give_one_and_reversed_ones_the_least(seed, n):
    measured = np.random.default_rng(seed).normal(size=n)
    fit = measured > np.median(measured)
    warped = np.exp(2 * measured) - 5
    assert spearman(measured, warped) == pytest.approx(1)
    assert area_under_curve(fit, warped) == 1
    assert ndcg(measured, warped) == pytest.approx(1)
    assert top_recall(measured, warped) == 1
    assert spearman(measured, -warped) == pytest.approx(-1)
    assert area_under_curve(fit, -warped) == 0
    assert ndcg(measured, -warped) < 0.5
    assert top_recall(measured, -warped) == 0


@pytest.mark.statistical
def test_dealt_out_predictions_agree_by_chance_only_and_true_ones_do_not():
    measured, predicted = drawn(0, 4000, rounded=False)
    fit = measured > 0
    dealt = np.random.default_rng(1).permutation(predicted)
    bounds = {spearman: (0, 0.06), top_recall: (0.1, 0.06)}
    for metric, (chance, spread) in bounds.items():
        assert abs(metric(measured, dealt) - chance) < spread
        assert not abs(metric(measured, predicted) - chance) < spread
    assert abs(area_under_curve(fit, dealt) - 0.5) < 0.03
    assert not abs(area_under_curve(fit, predicted) - 0.5) < 0.03


@given(seed=seeds)
def test_the_order_of_rows_does_not_matter_even_with_ties(seed):
    measured, predicted = drawn(seed, 50, rounded=True)
    order = np.random.default_rng(seed).permutation(50)
    for metric in RANKINGS:
        here = metric(measured, predicted)
        assert metric(measured[order], predicted[order]) == pytest.approx(
            here, nan_ok=True
        )


def test_what_is_not_defined_is_nan():
    ones, scores = np.ones(20), np.arange(20.0)
    assert np.isnan(spearman(ones, scores))
    assert np.isnan(spearman(scores, ones))
    assert np.isnan(ndcg(ones, scores))
    assert np.isnan(ndcg(scores[:9], scores[:9]))
    assert np.isnan(top_recall(ones, scores))
    assert np.isnan(area_under_curve(ones > 0, scores))
    assert top_recall(scores, ones) == 0


@pytest.mark.statistical
def test_intervals_cover_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(0)
    true = 6 / np.pi * np.arcsin(0.6 / 2)  # of a bivariate normal with r = 0.6
    covered = wrong = 0
    for trial in range(100):
        x, noise = rng.normal(size=(2, 60))
        y = 0.6 * x + 0.8 * noise
        ((low, high),) = spearman_intervals(x, y[None], np.random.SeedSequence(trial))
        covered += low <= true <= high
        wrong += low <= true - 0.4 <= high
    assert 0.88 <= covered / 100 <= 0.99
    assert wrong / 100 < 0.3


def test_intervals_are_those_of_resampled_rows_and_repeat_with_the_seed():
    measured, predicted = drawn(3, 40, rounded=True)
    seed = np.random.SeedSequence(5)
    found = spearman_intervals(measured, predicted[None], seed)
    rng = np.random.default_rng(np.random.SeedSequence(5))
    draws = []
    for _ in range(1000):
        rows = rng.integers(40, size=40)
        draws.append(stats.spearmanr(measured[rows], predicted[rows]).statistic)
    np.testing.assert_allclose(found[0], np.quantile(draws, [0.025, 0.975]))
    again = spearman_intervals(measured, predicted[None], np.random.SeedSequence(5))
    np.testing.assert_array_equal(found, again)
