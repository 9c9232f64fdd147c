"""Lists of designs: the best, the best apart from it, and what is said of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pottsfold.alphabet import RNA
from pottsfold.design import annealing, exact
from pottsfold.design.designs import design_sequences
from pottsfold.design.problem import Problem, design_problem
from pottsfold.errors import UsageError
from pottsfold.model import energy
from tests.design.test_exact import as_twins_have_it, problem_of, solved
from tests.naive import design as naive
from tests.strategies import random_model, seeds


@solved
@settings(max_examples=8, deadline=None)
@given(seeds, st.integers(0, 2), st.integers(1, 4))
def test_a_list_is_that_of_brute_force(seed, n_bounds, apart):
    problem = problem_of(seed, n_bounds=n_bounds)
    due = naive.diverse(*as_twins_have_it(problem), 3, apart)
    if not due:
        with pytest.raises(UsageError, match="no sequence obeys all rules"):
            design_sequences(problem, 3, min_distance=apart)
        return
    designs = design_sequences(problem, 3, min_distance=apart)
    assert [one.energy for one in designs.found] == pytest.approx(due, abs=1e-4)
    assert all(one.proven and one.gap == 0 for one in designs.found)
    assert designs.exhausted == (len(due) < 3)
    for k, one in enumerate(designs.found):
        assert problem.broken(one.codes) is None
        for other in designs.found[:k]:
            assert (one.codes != other.codes).sum() >= apart


@pytest.mark.parametrize("budget", [0, 1, 3])
def test_annealing_finds_the_best_of_a_budget(budget):
    model = random_model(4, 5, RNA)
    problem = design_problem(model, max_mutations=budget)
    best = annealing.anneal(problem)
    assert problem.broken(best) is None
    lowest = naive.lowest(*as_twins_have_it(problem))
    assert energy(model, best)[0] == pytest.approx(lowest, abs=1e-5)


def test_without_the_solver_nothing_is_proven(monkeypatch):
    monkeypatch.setattr(exact, "can_prove", lambda: False)
    said = []
    designs = design_sequences(problem_of(1, n_bounds=0), 2, announce=said.append)
    assert said[0].startswith("proofs need toulbar2: pip install 'pottsfold[design]'")
    assert [one.proven for one in designs.found] == [False, False]
    assert np.isinf([one.gap for one in designs.found]).all()


@solved
def test_a_proof_that_does_not_fit_is_left_out(monkeypatch):
    monkeypatch.setattr(exact, "available_memory", lambda: 1000)
    said = []
    designs = design_sequences(problem_of(1, n_bounds=0), announce=said.append)
    assert "GiB of memory" in said[0]
    assert "free fewer positions; without it small mutation budgets" in said[0]
    assert not designs.found[0].proven


@solved
def test_an_interrupt_gives_the_best_so_far_unproven(monkeypatch):
    def interrupted(problem, best, seconds):
        return exact.Proof(None, -12.0, False, 0.0, interrupted=True)

    monkeypatch.setattr(exact, "prove", interrupted)
    designs = design_sequences(problem_of(1, n_bounds=0), 5)
    assert designs.interrupted
    (only,) = designs.found
    assert not only.proven
    assert only.gap == pytest.approx(max(0, only.energy + 12))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"number": 0}, "`number=0`: at least 1"),
        ({"seed": -1}, "`seed=-1`: at least 0"),
        ({"time_limit": 0.0}, "`time_limit=0.0`: a number of seconds above 0"),
        ({"min_distance": 6}, "`min_distance=6`: a number from 1 to 5"),
    ],
)
def test_numbers_out_of_range_are_refused(settings, said):
    with pytest.raises(UsageError, match=said):
        design_sequences(problem_of(1), **settings)


def test_gaps_are_not_drawn_unless_allowed():
    model = random_model(2, 5, RNA)
    assert not design_problem(model).allowed[:, 0].any()
    everything = np.ones(model.fields.shape, bool)
    assert Problem(model, everything).allowed[:, 0].all()
