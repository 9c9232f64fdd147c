"""Single effects adjusted by what measured libraries of other proteins teach."""

import json
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest

from pottsfold.alphabet import PROTEIN, RNA
from pottsfold.mutations import adjustment, single_log_odds
from pottsfold.mutations.adjustment import GOALS
from pottsfold.mutations.adjustment.amino_acids import LETTERS, replacements
from pottsfold.mutations.adjustment.coefficients import coefficients_for
from pottsfold.mutations.adjustment.features import NAMES, substitutions_of
from tests.naive import mutations as naive
from tests.strategies import random_model

BURIAL = np.array([0.0, 1.0, 0.3, np.nan, 0.8, 0.5, 0.1])


def adjusted_log_odds(model, *settings):
    return adjustment.adjusted_log_odds(model, single_log_odds(model), *settings)


@pytest.fixture(params=["missing", "state"])
def model(request):
    rng = np.random.default_rng(4)
    potts = random_model(rng, 7, PROTEIN, gaps=request.param)
    frequencies = rng.dirichlet(np.ones(21), 7)
    occupancy = np.linspace(0.5, 1, 7)
    return replace(potts, frequencies=frequencies, occupancy=occupancy, neff=50.0)


@pytest.fixture(scope="module")
def content():
    files = resources.files("pottsfold.mutations.adjustment")
    return json.loads(files.joinpath("coefficients.json").read_text())


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("burial", [None, BURIAL])
def test_adjusted_effects_equal_the_naive_ones(model, content, goal, burial):
    expected = naive.adjusted_log_odds(
        single_log_odds(model).tolist(),
        model.focus.tolist(),
        model.frequencies.tolist(),
        np.linspace(0.5, 1, 7).tolist(),
        model.neff,
        content["goals"][goal],
        None if burial is None else burial.tolist(),
    )
    found = adjusted_log_odds(model, goal, None if burial is None else 1 - burial)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_goals_differ_and_a_structure_matters_for_stability_alone(model):
    function, stability = (adjusted_log_odds(model, goal) for goal in GOALS)
    assert not np.allclose(function[:, 1:], stability[:, 1:])
    np.testing.assert_array_equal(
        adjusted_log_odds(model, "function", 1 - BURIAL), function
    )
    buried = adjusted_log_odds(model, "stability", 1 - BURIAL)
    assert not np.allclose(buried[:, 1:], stability[:, 1:])
    unknown = adjusted_log_odds(model, "stability", np.full(7, np.nan))
    np.testing.assert_array_equal(unknown, stability)


def test_accessibility_above_one_counts_as_one(model):
    most, more = (np.full(model.length, value) for value in (1.0, 1.3))
    np.testing.assert_array_equal(
        adjusted_log_odds(model, "stability", more),
        adjusted_log_odds(model, "stability", most),
    )


def test_the_wild_type_stays_at_zero_and_unknown_effects_unknown(model):
    adjusted, plain = adjusted_log_odds(model), single_log_odds(model)
    np.testing.assert_array_equal(np.isnan(adjusted), np.isnan(plain))
    sites = np.arange(model.length)
    assert (adjusted[sites, model.focus] == 0).all()
    assert np.nanmax(adjusted) == 0


def test_a_site_without_a_focus_letter_is_not_adjusted(model):
    focus = model.focus.copy()
    focus[2] = 0
    gapped = replace(model, focus=focus)
    adjusted = adjusted_log_odds(gapped)
    np.testing.assert_array_equal(np.isnan(adjusted), np.isnan(single_log_odds(gapped)))


def test_a_site_of_gaps_only_is_adjusted_by_what_is_known(model):
    frequencies = model.frequencies.copy()
    frequencies[3] = np.eye(21)[0]
    assert np.isfinite(adjusted_log_odds(replace(model, frequencies=frequencies))[3, 5])


def test_rows_of_replacements_sum_to_one_and_like_replaces_like():
    rows = replacements()
    np.testing.assert_allclose(rows.sum(axis=1), 1)
    isoleucine, valine, aspartate = (PROTEIN.letters.index(a) - 1 for a in "IVD")
    assert rows[isoleucine, valine] > 5 * rows[isoleucine, aspartate]


def test_features_have_names_and_ranks_are_centred(model):
    found = substitutions_of(model, single_log_odds(model))
    assert found.features.shape == (7 * 19, len(NAMES))
    np.testing.assert_allclose(found.features[:, :9].mean(axis=0), 0, atol=1e-12)
    assert np.abs(found.features[:, :9]).max() < 0.5


@pytest.mark.parametrize("goal", GOALS)
def test_coefficients_make_sense(goal):
    """Signs that a biochemist knows."""
    plain = coefficients_for(goal).plain
    weights = dict(zip(NAMES, plain.features, strict=True))
    assert weights["log_odds"] > 0
    assert weights["site_log_odds"] > 0
    assert weights["site_hydropathy"] < 0
    assert weights["volume_from_site"] < 0
    new = dict(zip(LETTERS, plain.substitution, strict=True))
    assert min(new, key=new.get) == "P"
    old = dict(zip(LETTERS, plain.wild_type, strict=True))
    assert old["W"] < old["S"]
    assert old["F"] < old["K"]


def test_buried_sites_are_worse_to_change():
    found = coefficients_for("stability")
    assert found.know_structures
    assert found.burial < 0
    assert not coefficients_for("function").know_structures


def test_the_file_tells_what_it_was_learnt_from(content):
    for goal in GOALS:
        known = content["goals"][goal]
        assert len(known["proteins"]) >= 24
        figures = known["mean Spearman, each protein from the others"]
        assert figures["alignment"] > figures["log_odds"] + 0.04
    assert (
        content["goals"]["stability"]["mean Spearman, each protein from the others"][
            "structure"
        ]
        > 0.65
    )


def test_other_alphabets_and_unknown_frequencies_are_not_adjusted(model):
    rna = random_model(np.random.default_rng(1), 4, RNA)
    assert np.isnan(adjusted_log_odds(rna)).all()
    assert np.isnan(adjusted_log_odds(replace(model, frequencies=None))).all()
