"""Proofs against brute force, under every kind of rule."""

import contextlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pottsfold.alphabet import RNA
from pottsfold.design import annealing, exact
from pottsfold.design.exact import can_prove, prove
from pottsfold.design.network import network_of
from pottsfold.design.problem import Distance, Problem
from pottsfold.errors import UsageError
from pottsfold.model import energy
from tests.naive import design as naive
from tests.strategies import masked, random_model, seeds, with_zeros

solved = pytest.mark.skipif(not can_prove(), reason="pytoulbar2 is not installed")


def problem_of(seed, *, length=5, n_bounds=2, some_pairs=False):
    """A problem of a random model with random letters and distances within reach."""
    rng = np.random.default_rng(seed)
    model = random_model(rng, length, RNA)
    if some_pairs:
        pairs = [(i, j) for i in range(length) for j in range(i)]
        model = masked(model, [pair for pair in pairs if rng.random() < 0.5])
    allowed = rng.random((length, RNA.size)) < 0.6
    allowed[np.arange(length), rng.integers(0, RNA.size, length)] = True
    problem = Problem(model, allowed)
    for _ in range(n_bounds):
        reference = rng.integers(0, RNA.size + 1, length).astype(np.uint8)
        least, most = np.sort(rng.integers(0, length + 1, 2))
        one = Distance(reference, int(least), int(most))
        with contextlib.suppress(UsageError):
            problem = problem.with_distances(one)
    return problem


def as_twins_have_it(problem):
    letters = [np.flatnonzero(row).tolist() for row in problem.allowed]
    bounds = [(d.reference, d.least, d.most) for d in problem.distances]
    model = problem.model
    dense = model if model.graph.is_complete else with_zeros(model)
    return letters, bounds, dense.fields, dense.couplings


@given(seeds, st.integers(0, 3), st.booleans())
def test_costs_are_energies_to_within_the_rounding(seed, n_bounds, some_pairs):
    problem = problem_of(seed, n_bounds=n_bounds, some_pairs=some_pairs)
    network = network_of(problem)
    references, bounds = network.bounds()
    rng = np.random.default_rng(seed)
    for _ in range(5):
        values = np.array([rng.integers(len(own)) for own in network.letters], int)
        codes = network.codes(values)
        assert network.values(codes).tolist() == values.tolist()
        told = network.base + network.cost(values) / network.steps
        assert abs(told - energy(problem.model, codes)[0]) <= network.rounding + 1e-5
        apart = ((references >= 0) & (references != values)).sum(axis=1)
        kept = (bounds[:, 0] <= apart) & (apart <= bounds[:, 1])
        assert kept.all() == (problem.broken(codes) is None)


@solved
@settings(max_examples=12, deadline=None)
@given(seeds, st.integers(0, 3), st.booleans())
def test_the_proven_best_is_that_of_brute_force(seed, n_bounds, some_pairs):
    problem = problem_of(seed, n_bounds=n_bounds, some_pairs=some_pairs)
    lowest = naive.lowest(*as_twins_have_it(problem))
    proof = prove(problem, None, 60)
    assert proof.complete
    if lowest is None:
        assert proof.codes is None
        return
    assert problem.broken(proof.codes) is None
    assert energy(problem.model, proof.codes)[0] == pytest.approx(lowest, abs=1e-4)
    assert lowest - 1e-4 <= proof.bound + 2 * proof.rounding
    assert proof.bound <= lowest + 1e-5


@solved
def test_nothing_is_better_than_the_best():
    problem = problem_of(3, n_bounds=0)
    best = prove(problem, None, 60).codes
    proof = prove(problem, best, 60)
    assert proof.complete
    assert proof.codes is None
    assert proof.bound == pytest.approx(energy(problem.model, best)[0], abs=1e-4)


@solved
def test_a_poor_start_is_not_taken_for_the_best():
    problem = problem_of(3, n_bounds=0)
    best = prove(problem, None, 60).codes
    poor = best.copy()
    site = problem.free[0]
    others = np.flatnonzero(problem.allowed[site])
    poor[site] = others[others != best[site]][0]
    proof = prove(problem, poor, 60)
    assert proof.complete
    assert proof.codes.tolist() == best.tolist()


@solved
def test_forbidden_pairs_as_other_programs_write_them_keep_the_digits():
    model = random_model(5, 4, RNA)
    fields = model.fields.copy()
    fields[1, 2] = -1e9
    problem = Problem(replace(model, fields=fields), np.ones(fields.shape, bool))
    start = prove(problem, None, 60).codes
    network = network_of(problem, float(energy(problem.model, start)[0]))
    assert network.rounding < 1e-5
    lowest = naive.lowest(*as_twins_have_it(problem))
    assert energy(problem.model, start)[0] == pytest.approx(lowest, abs=0.1)


@solved
def test_a_search_out_of_time_gives_a_true_bound():
    model = random_model(1, 40, scale=1.0)
    problem = Problem(model, np.ones(model.fields.shape, bool))
    best = annealing.anneal(problem)
    proof = prove(problem, best, 4)
    assert not proof.complete
    assert np.isfinite(proof.bound)
    assert proof.bound < energy(model, best)[0]


@solved
def test_a_solver_that_fails_is_told(monkeypatch, tmp_path):
    program = tmp_path / "broken.py"
    program.write_text("import sys; sys.exit(3)")
    monkeypatch.setattr(exact, "PROGRAM", program)
    with pytest.warns(UserWarning, match="toulbar2 ended with status 3"):
        proof = prove(problem_of(3, n_bounds=0), None, 60)
    assert not proof.complete
    assert np.isneginf(proof.bound)


@solved
def test_a_solver_that_hangs_is_ended(monkeypatch, tmp_path):
    program = tmp_path / "hanging.py"
    program.write_text(
        "import signal, time\n"
        "signal.signal(signal.SIGVTALRM, signal.SIG_IGN)\n"
        "time.sleep(600)\n"
    )
    monkeypatch.setattr(exact, "PROGRAM", program)
    monkeypatch.setattr(exact, "GRACE", 0.4)
    proof = prove(problem_of(3, n_bounds=0), None, 0.5)
    assert not proof.complete
    assert np.isneginf(proof.bound)
