"""Samplers against their naive twins and against enumeration."""

import numpy as np
import pytest
from scipy.stats import chi2

from pottsfold.alphabet import PROTEIN, RNA, Alphabet
from pottsfold.errors import UsageError
from pottsfold.model import energy
from pottsfold.sampling import (
    Gibbs,
    Metropolis,
    Sampler,
    Target,
    Tempering,
    anneal,
    start_chains,
)
from pottsfold.threads import Workers
from tests.naive import sampling as naive
from tests.strategies import random_model

TINY = Alphabet("-ABC")
SURE = 1e-3


def step(sampler, chains, sweeps=1, threads=1):
    with Workers(threads) as workers:
        return sampler.step(chains, sweeps, workers)[0]


def letters_of_twin(twin, model, target, chains, moved, choices):
    """Hold one sweep at T = 0.8 to its twin; return how many chains were comparable."""
    same = 0
    for n in range(len(chains)):
        state = chains.states[n].tolist()
        x, nearest = twin(
            chains.codes[n].tolist(),
            state,
            model.fields,
            model.couplings,
            0.8,
            target.sites,
            choices,
        )
        # A draw that falls on an edge is decided by the last bits of float32.
        if nearest > 1e-5:
            assert moved.codes[n].tolist() == x
            same += 1
        assert moved.states[n].tolist() == state
    return same


@pytest.mark.parametrize("move", [Gibbs(), Metropolis()], ids=["gibbs", "metropolis"])
@pytest.mark.parametrize("gaps", ["state", "missing"])
@pytest.mark.parametrize(("alphabet", "length"), [(PROTEIN, 7), (RNA, 9), (TINY, 4)])
def test_sweep_draws_the_letters_of_the_naive_twin(move, gaps, alphabet, length):
    model = random_model(3, length, alphabet, gaps=gaps)
    free, allowed = np.ones(length, bool), np.ones((length, alphabet.size), bool)
    free[2], allowed[1, 2], allowed[3, 3:] = False, False, False
    target = Target(model, free, allowed)
    sampler = Sampler(target, np.array([0.8]), move)
    chains = start_chains(target, 20, seed=5)
    twin = {Gibbs(): naive.gibbs_sweep, Metropolis(): naive.metropolis_sweep}[move]
    choices = [np.flatnonzero(row).tolist() for row in target.letters]
    moved = step(sampler, chains)
    same = letters_of_twin(twin, model, target, chains, moved, choices)
    assert same > 10
    np.testing.assert_allclose(moved.energies, energy(model, moved.codes), atol=1e-4)


def statistic(model, codes, choices, temperature):
    """P-value of chi-square against enumeration, cells of about 10 and more."""
    sequences, exact = naive.conditioned(
        model.fields, model.couplings, temperature, choices
    )
    place = {x: k for k, x in enumerate(sequences)}
    counts = np.bincount(
        [place[tuple(x)] for x in codes.tolist()], minlength=len(exact)
    )
    expected = len(codes) * np.array(exact)
    order = np.argsort(expected)
    cells = np.minimum(np.cumsum(expected[order]) // 10, 1e9).astype(int)
    _, cells = np.unique(cells, return_inverse=True)
    counts, expected = (np.bincount(cells, v[order]) for v in (counts, expected))
    # The last cell may hold little: it joins the one before.
    value = ((counts - expected) ** 2 / np.maximum(expected, 5)).sum()
    return chi2.sf(value, len(expected) - 1)


CASES = {
    "gibbs": (Gibbs(), [1.0]),
    "metropolis": (Metropolis(), [1.0]),
    "cold gibbs": (Gibbs(), [0.6]),
    "tempering": (Gibbs(), [1.0, 1.5, 2.5]),
    "tempered metropolis": (Metropolis(), [0.7, 1.2]),
}


@pytest.mark.statistical
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("gaps", ["state", "missing"])
def test_law_of_the_chains_is_the_enumerated_one(case, conditional, gaps):
    move, temperatures = CASES[case]
    model = random_model(11, 4, TINY, gaps=gaps, scale=0.7)
    free, allowed = np.ones(4, bool), np.ones((4, 4), bool)
    if conditional:
        free[1], allowed[0, 2], allowed[3, 3] = False, False, False
    target = Target(model, free, allowed)
    choices = [np.flatnonzero(row).tolist() for row in target.letters]
    if conditional:
        choices[1] = [int(model.require_focus()[1])]
    sampler = Sampler(target, np.array(temperatures), move)
    chains = start_chains(target, 20000 * len(temperatures), seed=1)
    drawn = sampler.wanted(step(sampler, chains, 60)).codes
    assert statistic(model, drawn, choices, temperatures[0]) > SURE
    # The same judge must find a wrong temperature out.
    assert statistic(model, drawn, choices, 1.1 * temperatures[0]) < 1e-6


@pytest.mark.statistical
def test_hot_rungs_have_their_own_law():
    model = random_model(2, 4, TINY)
    target = Target(model)
    sampler = Sampler(target, np.array([1.0]), Tempering(rungs=3))
    moved = step(sampler, start_chains(target, 60000, seed=4), 30)
    choices = [np.flatnonzero(row).tolist() for row in target.letters]
    for r, temperature in enumerate(sampler.temperatures):
        assert statistic(model, moved.codes[r::3], choices, temperature) > SURE


@pytest.mark.parametrize("move", [Gibbs(), Metropolis()], ids=["gibbs", "metropolis"])
@pytest.mark.parametrize("temperatures", [[1.0], [1.0, 1.3, 1.7]])
def test_threads_change_nothing(move, temperatures):
    model = random_model(0, 13, PROTEIN, gaps="missing")
    sampler = Sampler(Target(model), np.array(temperatures), move)
    chains = start_chains(sampler.target, 7 * len(temperatures), seed=9)
    runs = [step(sampler, chains, 5, threads) for threads in (1, 2, 3)]
    for other in runs[1:]:
        np.testing.assert_array_equal(other.codes, runs[0].codes)
        np.testing.assert_array_equal(other.energies, runs[0].energies)
        np.testing.assert_array_equal(other.states, runs[0].states)


def test_a_chain_does_not_depend_on_its_neighbours():
    model = random_model(0, 9)
    sampler = Sampler(Target(model), np.array([1.0]))
    start = start_chains(sampler.target, 12, seed=2)
    given = {"sequences": start.codes[:5]}
    few = step(sampler, start_chains(sampler.target, 5, seed=2, **given), 4)
    np.testing.assert_array_equal(few.codes, step(sampler, start, 4).codes[:5])


def test_steps_leave_their_argument_alone():
    sampler = Sampler(Target(random_model(0, 6)), np.array([1.0]))
    chains = start_chains(sampler.target, 4, seed=0)
    before = chains.codes.copy(), chains.energies.copy(), chains.states.copy()
    step(sampler, chains, 3)
    for array, kept in zip(
        (chains.codes, chains.energies, chains.states), before, strict=True
    ):
        np.testing.assert_array_equal(array, kept)


def test_low_temperature_goes_downhill_and_forbidden_letters_never_come():
    model = random_model(1, 20, PROTEIN, gaps="missing", scale=0.3)
    allowed = np.ones((20, 21), bool)
    allowed[:, 5:12] = False
    target = Target(model, allowed=allowed)
    chains = start_chains(target, 50, seed=0)
    with Workers(1) as workers:
        cold = anneal(target, chains, np.geomspace(3, 0.01, 60), workers)
    assert cold.energies.max() < chains.energies.min()
    assert target.letters[np.arange(20), cold.codes].all()
    np.testing.assert_allclose(cold.energies, energy(model, cold.codes), atol=1e-3)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_temperature_must_be_positive(temperature):
    with pytest.raises(UsageError, match="`temperature="):
        Sampler(Target(random_model(0)), np.array([temperature]))


def test_conditions_must_leave_something():
    model = random_model(0, 5, RNA, first=11)
    allowed = np.ones((5, 5), bool)
    allowed[3] = False
    with pytest.raises(UsageError, match="forbidden at position 14"):
        Target(model, allowed=allowed)
    with pytest.raises(UsageError, match="nothing is left"):
        Target(model, np.zeros(5, bool))
