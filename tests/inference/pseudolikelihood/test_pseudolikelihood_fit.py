"""The objective against its naive twin, the fit against other programs."""

import gzip
import struct

import numpy as np
import pytest
from scipy.optimize import minimize as scipy_minimize
from scipy.special import log_softmax

from pottsfold.alignment import Alignment, Numbering, read_alignment, reweight
from pottsfold.alphabet import PROTEIN, Alphabet
from pottsfold.contacts import average_product_correction
from pottsfold.errors import MemoryShort, NotConverged, UsageError
from pottsfold.inference import Regularization, fit_pseudolikelihood
from pottsfold.inference.pseudolikelihood.sites import Sites
from pottsfold.inference.pseudolikelihood.symmetric import Pseudolikelihood
from pottsfold.inference.regularization import (
    default_regularization,
    plmc_regularization,
)
from pottsfold.threads import Workers
from tests.naive import inference as naive

LAMBDA = Regularization(0.3, 0.7)


def small_alignment(seed=0, n=40, length=4, letters="-ABC", unknown=True):
    rng = np.random.default_rng(seed)
    alphabet = Alphabet(letters)
    codes = rng.integers(0, alphabet.size + unknown, (n, length)).astype(np.uint8)
    codes[:, 1] = np.where(rng.random(n) < 0.7, codes[:, 0], codes[:, 1])
    return Alignment(
        alphabet=alphabet,
        codes=codes,
        names=tuple(f"s{k}" for k in range(n)),
        numbering=Numbering.sequential(length),
        weights=rng.uniform(0.1, 1, n),
    )


def objective_of(family, gaps, workers):
    sites = Sites(family, gaps, LAMBDA.fields)
    return Pseudolikelihood(sites, LAMBDA.couplings, workers)


def random_point(objective, seed=1, scale=0.5):
    rng = np.random.default_rng(seed)
    return rng.normal(0, scale, objective.n_parameters).astype(np.float32)


@pytest.mark.parametrize("gaps", ["state", "missing"])
@pytest.mark.parametrize("letters", ["-AB", "-ACGU", "-ABCDEFGHI", PROTEIN.letters])
@pytest.mark.parametrize("length", [3, 9])
def test_objective_and_gradient_equal_the_naive_twin(gaps, letters, length):
    family = small_alignment(letters=letters, n=30, length=length)
    with Workers(1) as workers:
        objective = objective_of(family, gaps, workers)
        point = random_point(objective)
        slopes = np.empty_like(point)
        value = objective(point, slopes)
        h, J = objective.full_parameters(point)
    states = range(0 if gaps == "state" else 1, len(letters))
    arguments = (family.codes, family.weights, h, J, 0.3, 0.7, states)
    assert value == pytest.approx(naive.pseudolikelihood(*arguments), rel=1e-5)
    by_field, by_coupling = naive.gradient(*arguments)
    expected = [
        by_coupling[i, j, a, b]
        for i in range(family.length)
        for j in range(i + 1, family.length)
        for a in states
        for b in states
    ]
    scale = np.abs(expected).max()
    np.testing.assert_allclose(slopes, expected, rtol=1e-5, atol=1e-5 * scale)
    # The fields are those that minimise the objective at these couplings.
    at_fields = [slope for site in by_field for slope in site.values()]
    np.testing.assert_allclose(at_fields, 0, atol=5e-3)


@pytest.mark.parametrize("gaps", ["state", "missing"])
def test_gradient_equals_finite_differences(gaps):
    family = small_alignment(seed=3)
    with Workers(1) as workers:
        objective = objective_of(family, gaps, workers)
        point = random_point(objective, seed=4)
        slopes = np.empty_like(point)
        objective(point, slopes)
        ignored = np.empty_like(point)
        step = np.float32(2**-6)
        for k in np.random.default_rng(5).choice(len(point), 25, replace=False):
            up, down = point.copy(), point.copy()
            up[k] += step
            down[k] -= step
            width = float(up[k]) - float(down[k])
            slope = (objective(up, ignored) - objective(down, ignored)) / width
            assert slopes[k] == pytest.approx(slope, rel=2e-3, abs=2e-3)


def test_leaving_the_fields_where_they_were_would_not_be_the_objective():
    # The twin that must fail: the value at fields that are not solved for.
    family = small_alignment(seed=12)
    with Workers(1) as workers:
        objective = objective_of(family, "state", workers)
        point = random_point(objective, seed=13)
        before, _ = objective.full_parameters(objective.start())
        value = objective(point, np.empty_like(point))
        _, J = objective.full_parameters(point)
    arguments = (family.codes, family.weights, before, J, 0.3, 0.7, range(4))
    assert value < naive.pseudolikelihood(*arguments) - 0.01


def test_fields_are_solved_from_far_away():
    family = small_alignment(seed=14, n=200)
    with Workers(1) as workers:
        near, far = (objective_of(family, "state", workers) for _ in range(2))
        point = random_point(near, seed=15, scale=2.0)
        fields = far.sites.fields
        fields[:] = np.random.default_rng(16).normal(0, 30, fields.shape)
        ignored = np.empty_like(point)
        assert far(point, ignored) == pytest.approx(near(point, ignored), rel=1e-6)


@pytest.mark.parametrize("gaps", ["state", "missing"])
def test_fit_reaches_the_optimum_that_scipy_finds(gaps):
    family = small_alignment(seed=7, n=60)
    fit = fit_pseudolikelihood(
        family, gaps=gaps, regularization=LAMBDA, tolerance=1e-7, threads=1
    )
    with Workers(1) as workers:
        objective = objective_of(family, gaps, workers)

        def wide(x):
            slopes = np.empty(objective.n_parameters, np.float32)
            return objective(x.astype(np.float32), slopes), slopes.astype(float)

        best = scipy_minimize(
            wide, np.zeros(objective.n_parameters), jac=True, method="L-BFGS-B"
        )
        h, J = objective.full_parameters(best.x.astype(np.float32))
    assert fit.report.converged
    assert fit.report.objectives[-1] <= best.fun + 1e-5 * abs(best.fun)
    np.testing.assert_allclose(fit.model.fields, h, atol=2e-2)
    np.testing.assert_allclose(fit.model.couplings, J, atol=2e-2)


def test_objectives_never_rise():
    fit = fit_pseudolikelihood(small_alignment(), regularization=LAMBDA)
    assert (np.diff(fit.report.objectives) <= 0).all()
    assert fit.report.n_iterations == len(fit.report.objectives) - 1


@pytest.mark.parametrize("gaps", ["state", "missing"])
def test_parameters_are_the_same_for_any_number_of_threads(gaps):
    family = small_alignment(seed=8, n=600, length=9)
    fits = [
        fit_pseudolikelihood(family, gaps=gaps, regularization=LAMBDA, threads=threads)
        for threads in (1, 2, 3)
    ]
    for other in fits[1:]:
        assert fits[0].model.fields.tobytes() == other.model.fields.tobytes()
        assert fits[0].model.couplings.tobytes() == other.model.couplings.tobytes()


def test_a_missing_gap_has_no_parameters():
    fit = fit_pseudolikelihood(small_alignment(), gaps="missing", regularization=LAMBDA)
    assert not fit.model.fields[:, 0].any()
    assert not fit.model.couplings[:, :, 0].any()
    assert not fit.model.couplings[:, :, :, 0].any()


def test_weights_count_like_copies():
    family = small_alignment(seed=9, n=20)
    doubled = Alignment(
        alphabet=family.alphabet,
        codes=np.repeat(family.codes, 2, axis=0),
        names=tuple(f"s{k}" for k in range(40)),
        numbering=family.numbering,
        weights=np.repeat(family.sequence_weights / 2, 2),
    )
    one, two = (
        fit_pseudolikelihood(f, regularization=LAMBDA, tolerance=1e-8)
        for f in (family, doubled)
    )
    np.testing.assert_allclose(one.model.couplings, two.model.couplings, atol=2e-3)


def test_too_few_iterations_are_said():
    with pytest.warns(NotConverged, match="2 iterations"):
        fit = fit_pseudolikelihood(
            small_alignment(), regularization=LAMBDA, max_iterations=2
        )
    assert not fit.report.converged


def test_a_fit_beyond_memory_is_refused_before_it_starts(monkeypatch):
    for room in ("memory", "inference.pseudolikelihood.fit"):
        monkeypatch.setattr(f"pottsfold.{room}.available_memory", lambda: 1000)
    with pytest.raises(MemoryShort, match=r"MiB.*`max_column_gaps`"):
        fit_pseudolikelihood(small_alignment())


@pytest.mark.parametrize("strengths", [(-1, 1), (1, 0), (float("nan"), 1)])
def test_strengths_must_be_positive(strengths):
    with pytest.raises(UsageError, match="above 0"):
        Regularization(*strengths)


def plmc_parameters(path):
    """Fields (L, q) and couplings (P, q, q) of a plmc v2 model file."""
    data = gzip.open(path).read()
    length, q, n_valid, n_skipped, _ = struct.unpack_from("<5i", data)
    n_pairs = length * (length - 1) // 2
    at = 40 + q + 4 * (n_valid + n_skipped) + 5 * length + 4 * length * q
    h = np.frombuffer(data, "<f4", length * q, at).reshape(length, q)
    at += 4 * length * q + 4 * n_pairs * q * q
    J = np.frombuffer(data, "<f4", n_pairs * q * q, at).reshape(n_pairs, q, q)
    return h, J


def plmc_settings(shared_data, family):
    path = shared_data / "families" / family / "match.fasta"
    alignment = reweight(read_alignment(path, focus=None))
    return alignment, Regularization(0.01, 0.2 * (alignment.length - 1))


def objective_in_float64(alignment, strengths, h, J):
    """The objective with the gap a letter, by float64 matrix products alone."""
    length, q = h.shape
    full = np.zeros((length, q, length, q))
    rows, columns = np.triu_indices(length, 1)
    full[rows, :, columns, :] = J
    full[columns, :, rows, :] = J.transpose(0, 2, 1)
    n = alignment.n_sequences
    one_hot = np.eye(q)[alignment.codes].reshape(n, -1)
    logits = one_hot @ full.reshape(length * q, length * q) + h.ravel()
    logits = log_softmax(logits.reshape(n, length, q), axis=2)
    log_p = (one_hot.reshape(n, length, q) * logits).sum(axis=(1, 2))
    return (
        -(alignment.weights * log_p).sum()
        + strengths.fields * (h.astype(float) ** 2).sum()
        + strengths.couplings * (J.astype(float) ** 2).sum()
    )


def fitted_objective(alignment, strengths):
    """The float64 objective of our fit, with every setting by default."""
    fit = fit_pseudolikelihood(alignment, gaps="state", regularization=strengths)
    upper = np.triu_indices(alignment.length, 1)
    value = objective_in_float64(
        alignment, strengths, fit.model.fields, fit.model.couplings[upper]
    )
    assert value == pytest.approx(fit.report.objectives[-1], rel=1e-6)
    return value


def test_plmcs_stored_parameters_have_the_objective_plmc_printed(shared_data):
    alignment, strengths = plmc_settings(shared_data, "1atzA")
    stored = plmc_parameters(shared_data / "reference/plmc/1atzA.double.model.gz")
    value = objective_in_float64(alignment, strengths, *stored)
    assert value == pytest.approx(88812.20, abs=0.01)


def test_a_vwf_domain_is_fitted_below_every_other_program(shared_data):
    assert fitted_objective(*plmc_settings(shared_data, "1atzA")) <= 88773.3


def test_a_kunitz_domain_is_fitted_below_plmc(shared_data):
    alignment, strengths = plmc_settings(shared_data, "PF00014")
    stored = plmc_parameters(shared_data / "reference/plmc/PF00014.model.gz")
    theirs = objective_in_float64(alignment, strengths, *stored)
    assert theirs == pytest.approx(119509.19, abs=0.05)
    assert fitted_objective(alignment, strengths) < theirs


@pytest.mark.parametrize("name", ["1atzA", "PF00014"])
def test_contact_scores_are_plmcs_at_the_same_settings(shared_data, name):
    alignment, strengths = plmc_settings(shared_data, name)
    fit = fit_pseudolikelihood(alignment, gaps="state", regularization=strengths)
    # plmc's norm is over all letters of the couplings as fitted; ours is not.
    norms = np.sqrt((fit.model.couplings.astype(float) ** 2).sum(axis=(2, 3)))
    scores = average_product_correction(norms)
    ours, theirs = [], []
    with gzip.open(shared_data / f"reference/plmc/{name}.couplings.txt.gz") as lines:
        for line in lines:
            i, _, j, *_, score = line.split()
            ours.append(scores[int(i) - 1, int(j) - 1])
            theirs.append(float(score))
    assert len(ours) == alignment.length * (alignment.length - 1) // 2
    assert np.corrcoef(ours, theirs)[0, 1] > 0.999


def test_default_strengths_are_those_of_plmc_but_for_the_fields():
    default, plmc = default_regularization(75, 21), plmc_regularization(75, 21)
    assert (default.fields, default.couplings) == (10, pytest.approx(0.2 * 74))
    assert (plmc.fields, plmc.couplings) == (0.01, default.couplings)


@pytest.mark.parametrize("gaps", ["missing", "state"])
@pytest.mark.parametrize("form", ["symmetric", "asymmetric"])
def test_a_fit_has_the_default_strengths(gaps, form):
    family = small_alignment()
    n_states = family.alphabet.size - (gaps == "missing")
    given = Regularization(10.0, 0.01 * (n_states - 1) * (family.length - 1))
    plain = fit_pseudolikelihood(family, gaps=gaps, form=form)
    same = fit_pseudolikelihood(family, gaps=gaps, form=form, regularization=given)
    assert plain.report.settings == same.report.settings
    assert np.array_equal(plain.model.fields, same.model.fields)
    assert np.array_equal(plain.model.couplings, same.model.couplings)
