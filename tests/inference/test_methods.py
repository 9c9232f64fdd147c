"""Methods are values: they check themselves, fit, and are the options of ``fit``."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from pottsfold.alignment import Alignment, Numbering, reweight
from pottsfold.alphabet import RNA
from pottsfold.commands.main import app
from pottsfold.errors import UsageError
from pottsfold.inference import (
    METHODS,
    Boltzmann,
    Independent,
    MeanField,
    Pseudolikelihood,
    Regularization,
    fit_independent,
    fit_mean_field,
    fit_pseudolikelihood,
    method_named,
)


@pytest.fixture(scope="module")
def family():
    codes = np.random.default_rng(0).integers(0, 5, (60, 6)).astype(np.uint8)
    names = tuple(map(str, range(60)))
    return reweight(Alignment(RNA, codes, names, Numbering.sequential(6)))


def same(a, b):
    return np.array_equal(a.model.fields, b.model.fields) and np.array_equal(
        a.model.couplings, b.model.couplings
    )


def test_a_method_fits_as_its_function_does(family):
    strengths = Regularization(0.5, 2.0)
    by_function = fit_pseudolikelihood(family, regularization=strengths)
    assert same(Pseudolikelihood(lambda_h=0.5, lambda_j=2.0).fit(family), by_function)
    assert not same(Pseudolikelihood().fit(family), by_function)
    assert same(MeanField().fit(family), fit_mean_field(family))
    assert same(
        Independent(lambda_h=1.0).fit(family), fit_independent(family, lambda_h=1.0)
    )


def test_one_default_penalty_may_be_kept(family):
    default = Pseudolikelihood().regularization(family)
    found = Pseudolikelihood(lambda_h=3.0).regularization(family)
    assert (found.fields, found.couplings) == (3.0, default.couplings)


@pytest.mark.parametrize("gaps", ["missing", "state"])
def test_penalties_of_plmc_are_hundredths(family, gaps):
    n_states = family.alphabet.size - (gaps == "missing")
    given = {"lambda_h": 0.01, "lambda_j": 0.01 * (n_states - 1) * (family.length - 1)}
    plmc = Pseudolikelihood(gaps=gaps, penalties="plmc").fit(family)
    assert same(plmc, Pseudolikelihood(gaps=gaps, **given).fit(family))
    assert not same(plmc, Pseudolikelihood(gaps=gaps).fit(family))


def test_fields_of_independent_sites_keep_their_penalty(family):
    expected = fit_independent(family, lambda_h=0.01)
    assert same(Independent().fit(family), expected)


def test_the_seed_is_kept_where_it_was_given_or_used(family):
    assert Pseudolikelihood().fit(family).report.provenance.seed is None
    assert Pseudolikelihood().fit(family, seed=7).report.provenance.seed == 7
    with pytest.warns(UserWarning, match="not converged"):
        learnt = Boltzmann(chains=100, max_iterations=2, target=0.99999).fit(family)
    assert learnt.report.provenance.seed == 0


@pytest.mark.parametrize(
    ("name", "settings", "parameter"),
    [
        ("independent", {"lambda_j": 1.0}, "lambda_j"),
        ("pseudolikelihood", {"chains": 3}, "chains"),
        ("boltzmann", {"lambda_h": 1.0}, "lambda_h"),
        ("mean-field", {"gaps": "missing"}, "gaps"),
        ("mean-field", {"pseudocount": 1.0}, "pseudocount"),
        ("pseudolikelihood", {"tolerance": 0.0}, "tolerance"),
        ("pseudolikelihood", {"lambda_j": float("nan")}, "lambda_j"),
        ("pseudolikelihood", {"penalties": "plcm"}, "penalties"),
        ("boltzmann", {"penalties": "plmc"}, "penalties"),
        ("boltzmann", {"target": 1.0}, "target"),
        ("boltzmann", {"chains": 0}, "chains"),
        ("boltzmann", {"resume": True}, "resume"),
        ("nce", {}, "method"),
    ],
)
def test_wrong_settings_are_refused_when_the_method_is_made(name, settings, parameter):
    with pytest.raises(UsageError) as caught:
        method_named(name, **settings)
    assert caught.value.parameter == parameter
    assert caught.value.parameters[0] == parameter


def test_penalties_are_chosen_or_given():
    for penalties in ("auto", "plmc"):
        for setting in ("lambda_h", "lambda_j"):
            with pytest.raises(UsageError, match="leave out `lambda_h` and `lambda_j`"):
                Pseudolikelihood(penalties=penalties, **{setting: 1.0})


def test_every_setting_is_an_option_with_help():
    options = {
        argument.field_info.name: argument
        for argument in app["fit"].assemble_argument_collection()
    }
    for method in METHODS.values():
        for setting in fields(method):
            assert options[setting.name].parameter.help, (method, setting.name)
    assert options["method"].hint.__args__ == tuple(METHODS)
