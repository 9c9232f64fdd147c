"""Branch and bound within a budget against brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.alphabet import RNA
from pottsfold.design import few_changes
from pottsfold.design.few_changes import gains_with_partners, search_few_changes
from pottsfold.design.problem import Distance, Problem
from pottsfold.model import energy
from tests.design.test_exact import as_twins_have_it
from tests.naive import design as naive
from tests.strategies import masked, random_model, seeds


def budgeted(seed, most, n_others=0, length=6, some_pairs=False):
    """A problem with a budget, and distances from other sequences."""
    rng = np.random.default_rng(seed)
    model = random_model(rng, length, RNA)
    if some_pairs:
        pairs = [(i, j) for i in range(length) for j in range(i)]
        model = masked(model, [pair for pair in pairs if rng.random() < 0.5])
    allowed = rng.random((length, RNA.size)) < 0.6
    allowed[np.arange(length), model.focus] = True
    distances = [Distance(model.focus, int(rng.integers(0, most + 1)), most)]
    for _ in range(n_others):
        reference = model.focus.copy()
        site = rng.integers(length)
        reference[site] = rng.integers(0, RNA.size)
        distances.append(Distance(reference, int(rng.integers(0, 3)), length))
    distances = [
        each for each in distances if (allowed.sum(axis=1) > 1).sum() >= each.least
    ]
    return Problem(model, allowed, tuple(distances))


@given(seeds, st.integers(0, 5), st.integers(0, 2), st.booleans())
def test_the_best_within_a_budget_is_that_of_brute_force(seed, most, n, some_pairs):
    problem = budgeted(seed, most, n, some_pairs=some_pairs)
    if few_changes.budget_of(problem) is None:
        return
    lowest = naive.lowest(*as_twins_have_it(problem))
    found = search_few_changes(problem, None, 60)
    assert found.complete
    assert (found.codes is None) == (lowest is None)
    if lowest is not None:
        assert problem.broken(found.codes) is None
        assert energy(problem.model, found.codes)[0] == pytest.approx(lowest, abs=1e-5)


@given(seeds, st.integers(1, 4))
def test_nothing_is_found_beyond_the_best(seed, most):
    problem = budgeted(seed, most)
    best = search_few_changes(problem, None, 60).codes
    if best is None:
        return
    again = search_few_changes(problem, best, 60)
    assert again.complete
    assert again.codes is None


@given(seeds, st.integers(1, 4), st.booleans())
def test_what_partners_add_is_bounded(seed, most, some_pairs):
    problem = budgeted(seed, most, some_pairs=some_pairs)
    *_, J = as_twins_have_it(problem)
    x = problem.model.focus
    gains = gains_with_partners(problem, x, most)
    for i in problem.free:
        for a in np.flatnonzero(problem.allowed[i]):
            adds = []
            for j in range(len(x)):
                pairs = [
                    float(J[i][j][a][b])
                    - float(J[i][j][a][x[j]])
                    - float(J[i][j][x[i]][b])
                    + float(J[i][j][x[i]][x[j]])
                    for b in np.flatnonzero(problem.allowed[j])
                ]
                adds.append(max(0.0, *pairs) if j != i else 0.0)
            adds.sort(reverse=True)
            for t in range(most):
                assert gains[t, i, a] == pytest.approx(sum(adds[:t]), abs=1e-5)


def test_a_bound_that_is_too_low_misses_the_best(monkeypatch):
    def nothing(problem, wild_type, most):
        return -10 + 0 * gains_with_partners(problem, wild_type, most)

    missed = 0
    monkeypatch.setattr(few_changes, "gains_with_partners", nothing)
    for seed in range(20):
        problem = budgeted(seed, 3)
        lowest = naive.lowest(*as_twins_have_it(problem))
        found = search_few_changes(problem, None, 60).codes
        if lowest is not None:
            missed += found is None or energy(problem.model, found)[0] > lowest + 1e-3
    assert missed


@given(seeds, st.integers(2, 4), st.sampled_from([3, 30]))
def test_long_searches_are_split_and_lose_nothing(seed, most, limit):
    problem = budgeted(seed, most, length=5)
    lowest = naive.lowest(*as_twins_have_it(problem))
    with pytest.MonkeyPatch.context() as patch:
        # Above the changes of a last step, which is not split.
        patch.setattr(few_changes, "LIMIT", max(limit, problem.allowed.sum()))
        found = search_few_changes(problem, None, 60)
    assert found.complete
    if lowest is not None:
        assert energy(problem.model, found.codes)[0] == pytest.approx(lowest, abs=1e-5)
        assert found.bound == pytest.approx(lowest, abs=1e-4)


@given(seeds, st.integers(2, 4))
def test_a_search_out_of_time_gives_a_true_bound(seed, most):
    problem = budgeted(seed, most, length=6)
    lowest = naive.lowest(*as_twins_have_it(problem))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(few_changes, "LIMIT", 2)
        found = search_few_changes(problem, None, 0.0)
    if lowest is not None:
        assert found.bound <= lowest + 1e-5
        if found.codes is None:
            assert not found.complete
