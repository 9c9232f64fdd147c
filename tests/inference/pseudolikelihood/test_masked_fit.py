"""Fits of couplings on a graph: dense ones whose other couplings are kept at zero."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize as scipy_minimize

from pottsfold.alphabet import PROTEIN
from pottsfold.errors import UsageError
from pottsfold.inference import Regularization, fit_pseudolikelihood
from pottsfold.inference.pseudolikelihood import plan
from pottsfold.inference.pseudolikelihood.masked_sites import MaskedSites
from pottsfold.inference.pseudolikelihood.symmetric import Pseudolikelihood
from pottsfold.inference.regularization import default_regularization
from pottsfold.model import PairGraph
from pottsfold.threads import Workers
from tests.benchmarks.made import made_alignment
from tests.inference.pseudolikelihood.test_pseudolikelihood_fit import (
    LAMBDA,
    objective_of,
    random_point,
    small_alignment,
)
from tests.naive import inference as naive
from tests.strategies import random_alignment, with_zeros

PAIRS = np.array([[0, 3], [1, 2], [3, 4], [0, 1]])


def masked_objective(family, gaps, workers, pairs=PAIRS):
    graph = PairGraph.of_pairs(family.length, pairs)
    sites = MaskedSites(family, gaps, LAMBDA.fields, graph)
    return Pseudolikelihood(sites, LAMBDA.couplings, workers)


@pytest.mark.parametrize("gaps", ["state", "missing"])
@pytest.mark.parametrize("letters", ["-AB", "-ABCDEFGHI", PROTEIN.letters])
@pytest.mark.parametrize("length", [5, 13])
def test_objective_and_gradient_equal_the_naive_twin(gaps, letters, length):
    family = small_alignment(letters=letters, n=30, length=length)
    # One site with more partners than are summed at a time, one without any.
    star = np.array([[0, j] for j in range(1, length - 1)])
    pairs = np.concatenate([PAIRS[:2], star])
    with Workers(1) as workers:
        objective = masked_objective(family, gaps, workers, pairs)
        point = random_point(objective)
        slopes = np.empty_like(point)
        value = objective(point, slopes)
        h, blocks = objective.full_parameters(point)
    graph = objective.graph
    J = np.zeros((length, length, *blocks.shape[1:]))
    J[graph.sites, graph.partners] = blocks
    states = range(0 if gaps == "state" else 1, len(letters))
    arguments = (family.codes, family.weights, h, J, 0.3, 0.7, states)
    assert value == pytest.approx(naive.pseudolikelihood(*arguments), rel=1e-5)
    _, by_coupling = naive.gradient(*arguments)
    expected = [
        by_coupling[i, j, a, b]
        for i, j in graph.pairs.tolist()
        for a in states
        for b in states
    ]
    scale = np.abs(expected).max()
    np.testing.assert_allclose(slopes, expected, rtol=1e-5, atol=1e-5 * scale)


@pytest.mark.parametrize("gaps", ["state", "missing"])
def test_a_graph_of_all_pairs_is_the_dense_objective(gaps):
    family = small_alignment(n=50, length=11)
    pairs = np.stack(np.triu_indices(11, 1), axis=1)
    with Workers(1) as workers:
        dense = objective_of(family, gaps, workers)
        sparse = masked_objective(family, gaps, workers, pairs)
        point = random_point(dense)
        slopes = np.empty((2, len(point)), np.float32)
        values = [f(point, s) for f, s in zip((dense, sparse), slopes, strict=True)]
    assert values[0] == pytest.approx(values[1], rel=1e-6)
    np.testing.assert_allclose(*slopes, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("gaps", ["state", "missing"])
@pytest.mark.parametrize("form", ["symmetric", "asymmetric"])
def test_a_fit_to_all_pairs_is_the_dense_fit(gaps, form):
    family = random_alignment(1, 200, 6)
    pairs = np.stack(np.triu_indices(6, 1), axis=1)
    settings = {
        "gaps": gaps,
        "form": form,
        "regularization": Regularization(0.1, 2.0),
        "tolerance": 1e-8,
        "threads": 1,
    }
    dense = fit_pseudolikelihood(family, **settings).model
    graph = PairGraph.of_pairs(6, pairs)
    model = fit_pseudolikelihood(family, graph=graph, **settings).model
    np.testing.assert_allclose(with_zeros(model).couplings, dense.couplings, atol=2e-3)
    np.testing.assert_allclose(model.fields, dense.fields, atol=2e-3)


def test_a_masked_fit_reaches_the_optimum_that_scipy_finds():
    family = small_alignment(seed=7, n=60, length=5)
    graph = PairGraph.of_pairs(5, PAIRS)
    fit = fit_pseudolikelihood(
        family, regularization=LAMBDA, tolerance=1e-7, threads=1, graph=graph
    )
    with Workers(1) as workers:
        objective = masked_objective(family, "missing", workers)

        def wide(x):
            slopes = np.empty(objective.n_parameters, np.float32)
            return objective(x.astype(np.float32), slopes), slopes.astype(float)

        best = scipy_minimize(
            wide, np.zeros(objective.n_parameters), jac=True, method="L-BFGS-B"
        )
        _, J = objective.full_parameters(best.x.astype(np.float32))
    assert fit.report.converged
    assert fit.report.objectives[-1] <= best.fun + 1e-5 * abs(best.fun)
    np.testing.assert_allclose(fit.model.couplings, J, atol=2e-2)
    # The twin that must fail: a dense fit finds more.
    dense = fit_pseudolikelihood(family, regularization=LAMBDA, threads=1)
    assert dense.report.objectives[-1] < fit.report.objectives[-1] - 0.01


@pytest.mark.parametrize("form", ["symmetric", "asymmetric"])
def test_parameters_are_the_same_for_any_number_of_threads(form):
    family = random_alignment(2, 300, 7)
    graph = PairGraph.of_pairs(7, PAIRS)
    one, two = (
        fit_pseudolikelihood(family, form=form, graph=graph, threads=threads).model
        for threads in (1, 2)
    )
    assert one.couplings.tobytes() == two.couplings.tobytes()
    assert one.fields.tobytes() == two.fields.tobytes()


@pytest.mark.parametrize("form", ["symmetric", "asymmetric"])
def test_a_graph_without_pairs_gives_the_independent_model(form):
    family = random_alignment(3, 100, 5)
    graph = PairGraph.of_pairs(5, np.empty((0, 2), int))
    fit = fit_pseudolikelihood(family, form=form, graph=graph, threads=1)
    strong = fit_pseudolikelihood(
        family, regularization=Regularization(10.0, 1e6), threads=1
    )
    assert fit.model.couplings.shape == (0, 21, 21)
    np.testing.assert_allclose(fit.model.fields, strong.model.fields, atol=1e-3)


def test_a_masked_fit_takes_less_memory():
    family = random_alignment(4, 400, 60)
    near = np.stack(np.triu_indices(60, 1), axis=1)
    graph = PairGraph.of_pairs(60, near[near[:, 1] - near[:, 0] < 4])
    few, all_of = (
        plan.symmetric_bytes(family, "missing", 2, each) for each in (graph, None)
    )
    assert few < all_of / 2
    smaller = replace(
        family, codes=family.codes[:200], names=family.names[:200], weights=None
    )
    assert plan.symmetric_bytes(smaller, "missing", 2, graph) < few


@pytest.mark.parametrize("form", ["symmetric", "asymmetric"])
def test_few_pairs_take_about_the_evaluations_planned(form, monkeypatch):
    family = made_alignment(2000, 40)
    graph = PairGraph.of_pairs(40, [[0, 9], [3, 20], [5, 30]])
    monkeypatch.setattr(plan, "_seconds_per_evaluation", lambda *_: 1.0)
    monkeypatch.setattr(plan, "SETTING_UP", 0.0)
    strengths = default_regularization(40, 20, graph)
    sites = MaskedSites(family, "missing", strengths.fields, graph)
    with Workers(1) as workers:
        least, most = plan.expected_seconds(sites, strengths, form, workers)
    fit = fit_pseudolikelihood(family, form=form, graph=graph, threads=1)
    taken = fit.report.n_evaluations / (40 if form == "asymmetric" else 1)
    assert least / 2.5 < taken < 2 * most
    assert most < 3 * least


def test_penalties_beyond_single_precision_are_refused():
    family = small_alignment(n=30, length=6)
    graph = PairGraph.of_pairs(6, PAIRS)
    for penalties in (Regularization(1e-320, 1.0), Regularization(1.0, 1e300)):
        for form in ("symmetric", "asymmetric"):
            with pytest.raises(
                UsageError, match=r"`lambda_h=.*(beyond single|rounding)"
            ):
                fit_pseudolikelihood(
                    family,
                    regularization=penalties,
                    form=form,
                    graph=graph,
                    threads=1,
                )
