"""Sites fitted by themselves: the objective, the symmetry, and what it is good for."""

import numpy as np
import pytest

from pottsfold.alignment import read_alignment, reweight
from pottsfold.contacts import coupling_map
from pottsfold.datasets import planted_family
from pottsfold.errors import MemoryShort
from pottsfold.inference import Regularization, fit_pseudolikelihood
from pottsfold.inference.pseudolikelihood import plan
from pottsfold.inference.pseudolikelihood.asymmetric import _Regression, symmetrize
from pottsfold.inference.pseudolikelihood.sites import Sites
from pottsfold.model import PairGraph
from tests.naive import inference as naive
from tests.strategies import random_alignment

LAMBDA = Regularization(0.3, 0.7)


def test_a_site_has_half_the_penalty_and_its_own_term():
    family = random_alignment(0, 30, 4)
    sites = Sites(family, "state", LAMBDA.fields)
    regression = _Regression(sites, 1, LAMBDA.couplings)
    rng = np.random.default_rng(1)
    table = np.zeros(regression.shape, np.float32)
    table[:, :21, :21] = rng.normal(0, 0.3, (4, 21, 21))
    table[1] = 0
    slopes = np.empty(table.size, np.float32)
    value = regression(table.ravel(), slopes)
    J = np.zeros((4, 4, 21, 21))
    J[1] = table[:, :21, :21].transpose(0, 2, 1)
    h = sites.full_fields()
    total = naive.site_term(family.codes, family.weights, 1, h, J, range(21))
    total += 0.3 * (h[1].astype(float) ** 2).sum() + 0.35 * (J[1] ** 2).sum()
    assert value == pytest.approx(total, rel=1e-5)
    step = np.float32(2**-6)
    ignored = np.empty_like(slopes)
    inside = np.zeros(regression.shape, bool)
    inside[:, :21, :21] = True
    inside[1] = False
    assert not slopes.reshape(regression.shape)[~inside].any()
    for k in rng.choice(np.flatnonzero(inside.ravel()), 20, replace=False):
        ends = []
        for sign in (1, -1):
            moved = table.ravel().copy()
            moved[k] += sign * step
            ends.append((regression(moved, ignored), float(moved[k])))
        slope = (ends[0][0] - ends[1][0]) / (ends[0][1] - ends[1][1])
        assert slopes[k] == pytest.approx(slope, rel=5e-3, abs=5e-3)


def test_symmetrize_adds_the_mirror():
    rng = np.random.default_rng(0)
    copies = rng.normal(size=(5, 5, 3, 3)).astype(np.float32)
    copies[np.arange(5), np.arange(5)] = 0
    expected = copies + copies.transpose(1, 0, 3, 2)
    symmetrize(copies.reshape(25, 3, 3), PairGraph.complete(5))
    np.testing.assert_array_equal(copies, expected)


@pytest.mark.parametrize("gaps", ["state", "missing"])
def test_parameters_are_the_same_for_any_number_of_threads(gaps):
    family = random_alignment(2, 300, 7)
    one, two = (
        fit_pseudolikelihood(
            family, gaps=gaps, form="asymmetric", regularization=LAMBDA, threads=n
        ).model
        for n in (1, 2)
    )
    assert one.couplings.tobytes() == two.couplings.tobytes()
    assert one.fields.tobytes() == two.fields.tobytes()


def test_both_forms_find_the_planted_couplings():
    family = planted_family()
    alignment = reweight(read_alignment(family.alignment))
    maps, fits = [], []
    for form in ("symmetric", "asymmetric"):
        fits.append(fit_pseudolikelihood(alignment, form=form))
        maps.append(coupling_map(fits[-1].model).scores[np.triu_indices(48, 1)])
    assert np.corrcoef(maps)[0, 1] > 0.97
    # Free copies can only fit better than tied ones under the shared penalty.
    assert fits[1].report.objectives[-1] < fits[0].report.objectives[-1]
    assert fits[1].report.settings["form"] == "asymmetric"
    assert fits[1].report.converged


def test_the_form_is_chosen_by_memory():
    family = random_alignment(3, 50, 400)
    symmetric = plan.symmetric_bytes(family, "missing", 2)
    asymmetric = plan.asymmetric_bytes(family, "missing", 2)
    assert asymmetric < symmetric
    chosen = plan.plan_fit(family, "missing", None, 2, symmetric)
    assert (chosen.form, chosen.reason) == ("symmetric", "")
    chosen = plan.plan_fit(family, "missing", None, 2, symmetric - 1)
    assert chosen.form == "asymmetric"
    assert "symmetric form would take" in chosen.reason


def test_a_form_that_does_not_fit_is_refused_with_the_other_as_way_out(monkeypatch):
    family = random_alignment(3, 50, 400)
    least = plan.asymmetric_bytes(family, "missing", 2) + 1
    monkeypatch.setattr("pottsfold.memory.available_memory", lambda: least)
    with pytest.raises(MemoryShort, match="or take `form=asymmetric`"):
        plan.plan_fit(family, "missing", "symmetric", 2, least)


def test_the_plan_is_announced_before_the_work():
    said = []
    fit_pseudolikelihood(random_alignment(4, 40, 6), announce=said.append)
    assert len(said) == 1
    assert said[0].startswith("plan: pseudolikelihood, symmetric, gaps missing")
    assert "GiB" in said[0]
