"""Direct and mutual information."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from pottsfold.alignment import pair_frequencies
from pottsfold.contacts import coupling_map, direct_information, mutual_information
from pottsfold.errors import UsageError
from pottsfold.model import zero_sum
from tests.naive import contacts as naive
from tests.strategies import SMALL, alignments, models, random_model


@given(models(max_length=3))
@settings(max_examples=15, deadline=None)
def test_direct_information_equals_its_formula(model):
    found = direct_information(model)
    first = model.states.start
    assert np.array_equal(found, found.T)
    for i in range(model.length):
        for j in range(i + 1, model.length):
            block = model.couplings[i, j, first:, first:].tolist()
            marginals = model.frequencies[[i, j], first:].tolist()
            joint = naive.two_site_model(block, *marginals)
            assert found[i, j] == pytest.approx(naive.information(joint), abs=1e-5)


def test_direct_information_is_the_same_in_every_gauge():
    model = random_model(3, length=4)
    np.testing.assert_allclose(
        direct_information(zero_sum(model)), direct_information(model), atol=1e-5
    )


def test_sites_without_couplings_tell_nothing_of_one_another():
    model = random_model(3, length=3, alphabet=SMALL, scale=0.0)
    np.testing.assert_allclose(direct_information(model), 0, atol=1e-12)


def test_letter_that_never_occurs_does_no_harm():
    model = random_model(3, length=3, alphabet=SMALL)
    frequencies = np.tile([0.5, 0.5, 0.0], (3, 1))
    found = direct_information(replace(model, frequencies=frequencies))
    assert np.isfinite(found).all()
    assert (found[np.triu_indices(3, 1)] > 0).all()


def test_strong_couplings_tell_all_there_is():
    couplings = np.zeros((2, 2, 3, 3), np.float32)
    couplings[0, 1] = couplings[1, 0] = 30 * np.eye(3)
    model = replace(
        random_model(1, length=2, alphabet=SMALL),
        couplings=couplings,
        frequencies=np.full((2, 3), 1 / 3),
    )
    assert direct_information(model)[0, 1] == pytest.approx(np.log(3))


def test_model_without_frequencies_is_refused():
    model = replace(random_model(3, length=3), frequencies=None)
    with pytest.raises(UsageError, match="no letter frequencies"):
        coupling_map(model, "direct-information")


@given(alignments(max_length=4))
@settings(max_examples=20, deadline=None)
def test_mutual_information_equals_its_formula(alignment):
    frequencies = pair_frequencies(alignment, threads=1)
    found = mutual_information(frequencies)
    for i in range(alignment.length):
        for j in range(i + 1, alignment.length):
            expected = naive.information(frequencies[i, j].tolist())
            assert found[i, j] == found[j, i] == pytest.approx(expected, abs=1e-9)


def test_score_chooses_what_pairs_are_ranked_by():
    model = random_model(3, length=5)
    plain = coupling_map(model, "frobenius")
    assert np.array_equal(plain.scores, plain.norms)
    assert np.array_equal(plain.norms, coupling_map(model).norms)
    direct = coupling_map(model, "direct-information")
    assert np.array_equal(direct.scores, direct_information(model))
