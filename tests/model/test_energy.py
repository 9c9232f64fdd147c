"""Energies and conditionals against enumeration of every sequence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.alphabet import Alphabet
from pottsfold.model import (
    conditional_log_probabilities,
    energy,
    local_fields,
    zero_sum,
)
from tests.naive import model as naive
from tests.strategies import random_model

TINY = Alphabet("-AB")
seeds = st.integers(0, 10**6)


@pytest.mark.parametrize("gaps", ["state", "missing"])
@given(seed=seeds)
def test_energy_equals_the_naive_twin(gaps, seed):
    model = random_model(seed, 4, TINY, gaps=gaps)
    codes = np.random.default_rng(seed).integers(0, 4, (5, 4)).astype(np.uint8)
    expected = [
        naive.energy(x, model.fields, model.couplings, absent={TINY.unknown})
        for x in codes
    ]
    np.testing.assert_allclose(energy(model, codes), expected, atol=1e-9)


@given(seed=seeds)
def test_low_energy_is_probable(seed):
    model = random_model(seed, 4, TINY, gaps="state")
    sequences, probabilities = naive.distribution(
        model.fields, model.couplings, range(3)
    )
    energies = energy(model, np.array(sequences, np.uint8))
    order = np.argsort(energies)
    assert (np.diff(np.array(probabilities)[order]) <= 1e-12).all()
    # log P + E is the same constant, - log Z, for every sequence.
    constant = np.log(probabilities) + energies
    np.testing.assert_allclose(constant, constant[0], atol=1e-9)


@pytest.mark.parametrize("gaps", ["state", "missing"])
@given(seed=seeds)
def test_conditionals_equal_ratios_of_enumerated_probabilities(gaps, seed):
    model = random_model(seed, 4, TINY, gaps=gaps)
    states = range(0 if gaps == "state" else 1, 3)
    x = np.random.default_rng(seed).integers(states[0], 3, 4).astype(np.uint8)
    logs = conditional_log_probabilities(model, x)
    for i in range(4):
        expected = naive.conditional(x, i, model.fields, model.couplings, states)
        np.testing.assert_allclose(np.exp(logs[i, states[0] :]), expected, atol=1e-9)
    np.testing.assert_allclose(np.exp(logs).sum(axis=1), 1)


@given(seed=seeds)
def test_local_fields_are_energy_differences(seed):
    model = random_model(seed, 5, TINY, gaps="state")
    x = np.random.default_rng(seed).integers(0, 3, 5).astype(np.uint8)
    local = local_fields(model, x)
    for i in range(5):
        for b in range(3):
            y = x.copy()
            y[i] = b
            difference = energy(model, x)[0] - energy(model, y)[0]
            assert local[i, b] - local[i, x[i]] == pytest.approx(difference, abs=1e-6)


@given(seed=seeds)
def test_zero_sum_gauge_changes_energies_by_one_constant(seed):
    model = random_model(seed, 5, TINY, gaps="state")
    moved = zero_sum(model)
    codes = np.random.default_rng(seed).integers(0, 3, (20, 5)).astype(np.uint8)
    shift = energy(moved, codes) - energy(model, codes)
    np.testing.assert_allclose(shift, shift[0], atol=1e-4)


@given(seed=seeds)
def test_leaving_the_fields_behind_would_change_the_distribution(seed):
    # The twin that must fail: couplings moved, fields not.
    from dataclasses import replace

    model = random_model(seed, 5, TINY, gaps="state")
    wrong = replace(zero_sum(model), fields=model.fields)
    codes = np.random.default_rng(seed).integers(0, 3, (50, 5)).astype(np.uint8)
    shift = energy(wrong, codes) - energy(model, codes)
    assert np.ptp(shift) > 1e-3


@pytest.mark.parametrize("gaps", ["state", "missing"])
@given(seed=seeds)
def test_zero_sum_parameters_sum_to_zero(gaps, seed):
    moved = zero_sum(random_model(seed, 4, TINY, gaps=gaps))
    assert moved.gauge == "zero-sum"
    np.testing.assert_allclose(moved.fields.sum(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(moved.couplings.sum(axis=2), 0, atol=1e-5)
    np.testing.assert_allclose(moved.couplings.sum(axis=3), 0, atol=1e-5)
    np.testing.assert_allclose(zero_sum(moved).couplings, moved.couplings, atol=1e-6)


def test_a_sequence_of_another_length_is_refused():
    with pytest.raises(ValueError, match="3 letters for a model of 4 sites"):
        energy(random_model(0, 4, TINY, gaps="state"), np.zeros((2, 3), np.uint8))
