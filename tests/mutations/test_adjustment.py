"""Single effects adjusted by what is known of amino acids in general."""

from dataclasses import replace

import numpy as np
import pytest

from pottsfold.alphabet import PROTEIN, RNA
from pottsfold.mutations import adjustment, single_log_odds
from pottsfold.mutations.adjustment import hydropathy, replacements
from tests.naive import mutations as naive
from tests.strategies import random_model


def adjusted_log_odds(model):
    return adjustment.adjusted_log_odds(model, single_log_odds(model))


@pytest.fixture(params=["missing", "state"])
def model(request):
    rng = np.random.default_rng(4)
    potts = random_model(rng, 7, PROTEIN, gaps=request.param)
    frequencies = rng.dirichlet(np.ones(21), 7)
    return replace(potts, frequencies=frequencies, neff=50.0)


def test_adjusted_effects_equal_the_naive_ones(model):
    expected = naive.adjusted_log_odds(
        single_log_odds(model).tolist(),
        model.focus.tolist(),
        model.frequencies.tolist(),
    )
    np.testing.assert_allclose(adjusted_log_odds(model), expected, rtol=1e-12)


def test_the_wild_type_stays_at_zero_and_unknown_effects_unknown(model):
    adjusted, plain = adjusted_log_odds(model), single_log_odds(model)
    np.testing.assert_array_equal(np.isnan(adjusted), np.isnan(plain))
    sites = np.arange(model.length)
    assert (adjusted[sites, model.focus] == 0).all()


def test_rows_of_replacements_sum_to_one_and_like_replaces_like():
    rows = replacements()
    np.testing.assert_allclose(rows.sum(axis=1), 1)
    isoleucine, valine, aspartate = (PROTEIN.letters.index(a) - 1 for a in "IVD")
    assert rows[isoleucine, valine] > 5 * rows[isoleucine, aspartate]


def test_hydropathy_runs_from_arginine_to_isoleucine():
    frequencies = np.zeros((4, 21))
    for site, letters in enumerate(["R", "I", "RI"]):
        for letter in letters:
            # Gaps do not count.
            frequencies[site, PROTEIN.letters.index(letter)] = 0.3
    np.testing.assert_allclose(hydropathy(frequencies), [0, 1, 0.5, 0.5])


def test_other_alphabets_and_unknown_frequencies_are_not_adjusted(model):
    rna = random_model(np.random.default_rng(1), 4, RNA)
    assert np.isnan(adjusted_log_odds(rna)).all()
    assert np.isnan(adjusted_log_odds(replace(model, frequencies=None))).all()
