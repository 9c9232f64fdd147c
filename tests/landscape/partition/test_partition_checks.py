"""Exact sums, thermodynamic integration and log-likelihoods."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logsumexp

from pottsfold.alignment import Alignment
from pottsfold.alphabet import RNA
from pottsfold.errors import UsageError
from pottsfold.landscape.partition import (
    exact_log_partition,
    independent_log_likelihoods,
    integrate_log_partition,
    log_likelihoods,
    mean_log_likelihood,
)
from pottsfold.landscape.partition.integration import clenshaw_curtis
from pottsfold.model import energy, zero_sum
from pottsfold.sampling import Target
from pottsfold.threads import Workers
from tests.landscape.partition.test_annealing import CASES, TINY, case, estimate
from tests.naive import partition as naive
from tests.naive.model import distribution
from tests.sampling.test_mixing import two_wells
from tests.strategies import SMALL, random_codes, random_model


@pytest.mark.parametrize("temperature", [1.0, 0.6])
@pytest.mark.parametrize("name", CASES)
def test_exact_sum_is_the_enumerated_one(name, temperature):
    model = case(name)
    found = exact_log_partition(model, temperature=temperature)
    states = range(model.states.start, model.states.stop)
    value, mean, entropy = naive.log_partition(
        model.fields, model.couplings, states, temperature
    )
    assert found.value == pytest.approx(value, abs=1e-9)
    assert found.mean_energy == pytest.approx(mean, abs=1e-9)
    assert found.entropy == pytest.approx(entropy, abs=1e-9)
    assert (found.error, found.entropy_error) == (0, 0)
    assert found.log10_sequences == pytest.approx(entropy / np.log(10))
    assert found.log10_sequences <= model.length * np.log10(model.n_states)


def test_exact_sum_is_over_the_allowed_letters():
    model = random_model(0, 4, TINY)
    allowed = np.ones((4, 4), bool)
    allowed[0, 1:], allowed[2, 3] = False, False
    target = Target(model, allowed=allowed)
    codes = np.array(list(np.ndindex(1, 4, 3, 4)), np.uint8)
    expected = logsumexp(-energy(model, codes))
    assert exact_log_partition(target).value == pytest.approx(expected, abs=1e-9)
    assert abs(exact_log_partition(model).value - expected) > 0.1


def test_large_models_are_not_enumerated():
    with pytest.raises(UsageError, match=r"10\^7\.9 sequences are too many"):
        exact_log_partition(random_model(0, 6))
    million = exact_log_partition(random_model(0, 14, SMALL))
    assert np.isfinite(million.value)


def test_gauge_moves_log_z_by_the_constant_that_energies_move_by():
    model = case("rna")
    moved = zero_sum(model)
    codes = random_codes(0, 5, model.length, RNA)
    shift = energy(moved, codes) - energy(model, codes)
    results = [exact_log_partition(m) for m in (model, moved)]
    assert results[1].value - results[0].value == pytest.approx(-shift[0], abs=1e-4)
    assert results[1].entropy == pytest.approx(results[0].entropy, abs=1e-4)
    one, other = (estimate(m, seed=1) for m in (model, moved))
    np.testing.assert_allclose(
        one.log_weights - one.value, other.log_weights - other.value, atol=1e-3
    )


@pytest.mark.statistical
def test_integration_agrees_with_annealing():
    model = random_model(9, 30, RNA, scale=0.25)
    annealed = estimate(model, chains=500)
    with Workers(1) as workers:
        integrated = integrate_log_partition(model, workers=workers)
    assert 0 < integrated.error < 0.1
    for name in ("value", "mean_energy", "entropy"):
        error = "error" if name == "value" else f"{name}_error"
        both = np.hypot(getattr(annealed, error), getattr(integrated, error))
        difference = abs(getattr(annealed, name) - getattr(integrated, name))
        assert difference < 4 * both, name
    # Steps of 1 / n where n points bound n - 1 intervals would be found out.
    short = integrated.value * 16 / 17
    both = np.hypot(annealed.error, integrated.error)
    assert abs(annealed.value - short) > 4 * both


@pytest.mark.statistical
def test_integration_finds_the_exact_value():
    model = case("strong")
    exact = exact_log_partition(model, temperature=1.3)
    with Workers(2) as workers:
        found = integrate_log_partition(
            model, sweeps=60, temperature=1.3, workers=workers
        )
    assert abs(found.value - exact.value) < 4 * found.error < 0.3
    assert abs(found.entropy - exact.entropy) < 4 * found.entropy_error


def test_too_few_nodes_show_in_the_error():
    model = two_wells(0.5, 13)
    exact = exact_log_partition(model)
    with Workers(1) as workers:
        few, many = (
            integrate_log_partition(model, nodes=nodes, sweeps=40, workers=workers)
            for nodes in (5, 33)
        )
    assert many.error < 0.1 < few.error
    assert abs(few.value - exact.value) < 4 * few.error
    assert abs(few.value - exact.value) > 4 * many.error


@pytest.mark.parametrize("nodes", [5, 9, 17])
def test_the_rule_is_exact_for_polynomials(nodes):
    points, weights = clenshaw_curtis(nodes)
    assert (points[0], points[-1]) == (0, 1)
    for power in range(nodes):
        assert weights @ points**power == pytest.approx(1 / (power + 1), rel=1e-12)
    coarse, _ = clenshaw_curtis(nodes // 2 + 1)
    np.testing.assert_allclose(points[::2], coarse, atol=1e-15)


@pytest.mark.parametrize("gaps", ["state", "missing"])
def test_probabilities_sum_to_one(gaps):
    model = random_model(7, 5, TINY, gaps=gaps)
    states = range(model.states.start, model.states.stop)
    sequences, probabilities = distribution(model.fields, model.couplings, states)
    codes = np.array(sequences, np.uint8)
    logs = log_likelihoods(model, codes, exact_log_partition(model))
    np.testing.assert_allclose(np.exp(logs), probabilities, rtol=1e-9)
    warm = exact_log_partition(model, temperature=2.0)
    assert np.exp(log_likelihoods(model, codes, warm)).sum() == pytest.approx(1)
    independent = independent_log_likelihoods(model, codes)
    assert np.exp(independent).sum() == pytest.approx(1)


@pytest.mark.parametrize("gaps", ["state", "missing"])
def test_sequences_with_missing_letters_have_no_likelihood(gaps):
    model = random_model(7, 5, TINY, gaps=gaps)
    codes = np.array(
        [[1, 2, 3, 1, 1], [1, 0, 3, 1, 1], [1, 2, TINY.unknown, 1, 1], [2] * 5],
        np.uint8,
    )
    exact = exact_log_partition(model)
    whole = np.array([True, gaps == "state", False, True])
    logs = log_likelihoods(model, codes, exact)
    np.testing.assert_array_equal(np.isnan(logs), ~whole)
    np.testing.assert_array_equal(
        np.isnan(independent_log_likelihoods(model, codes)), ~whole
    )
    alignment = Alignment(
        TINY, codes, tuple("abcd"), model.numbering, weights=np.array([1.0, 1, 1, 3])
    )
    mean = mean_log_likelihood(model, alignment, exact)
    w = alignment.sequence_weights[whole]
    assert mean.value == pytest.approx((w * logs[whole]).sum() / w.sum())
    assert (mean.n_sequences, mean.n_left_out) == (whole.sum(), (~whole).sum())
    assert mean.neff == w.sum()
    bare = replace(model, frequencies=None)
    assert np.isnan(independent_log_likelihoods(bare, codes)).all()
    none = replace(alignment, codes=np.full((4, 5), TINY.unknown, np.uint8))
    with pytest.raises(UsageError, match="none of the 4 sequences"):
        mean_log_likelihood(model, none, exact)


def test_the_error_of_a_mean_is_that_of_many_alignments():
    model = random_model(1, 4, TINY)
    exact = exact_log_partition(model)
    means = []
    for seed in range(200):
        codes = random_codes(seed, 50, 4, TINY)
        names = tuple(map(str, range(50)))
        family = Alignment(TINY, codes, names, model.numbering)
        means.append(mean_log_likelihood(model, family, exact))
    spread = np.std([mean.value for mean in means])
    assert np.mean([mean.error for mean in means]) == pytest.approx(spread, rel=0.2)


@pytest.mark.parametrize(
    "options", [{"chains": 1}, {"sweeps": 1}, {"nodes": 3}, {"nodes": 16}]
)
def test_integration_needs_enough(options):
    with pytest.raises(UsageError), Workers(1) as workers:
        integrate_log_partition(random_model(0, 3, RNA), workers=workers, **options)
