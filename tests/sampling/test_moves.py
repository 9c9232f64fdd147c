"""Moves are values, and the program offers every one of them."""

from dataclasses import dataclass, fields
from typing import get_args

import numpy as np
import pytest

from pottsfold.commands.sample import Algorithm
from pottsfold.errors import UsageError
from pottsfold.sampling import (
    MOVES,
    Gibbs,
    Metropolis,
    Move,
    Sampler,
    Target,
    Tempering,
    start_chains,
)
from pottsfold.threads import Workers
from tests.strategies import random_model

ONE = np.array([1.0])


def step(sampler, chains, sweeps):
    with Workers(1) as workers:
        return sampler.step(chains, sweeps, workers)


@pytest.mark.parametrize("move", ["gibbs", "wolff", None, Gibbs, np.exp])
def test_what_is_no_move_is_refused(move):
    with pytest.raises(UsageError, match=r"`move=.*a move is needed"):
        Sampler(Target(random_model(0)), ONE, move)


def test_algorithms_of_the_program_are_the_moves():
    assert get_args(Algorithm) == tuple(MOVES)


@pytest.mark.parametrize("name", MOVES)
def test_moves_are_frozen_values(name):
    move = MOVES[name]()
    assert move == MOVES[name]()
    assert hash(move) == hash(MOVES[name]())
    for each in fields(move):
        with pytest.raises(AttributeError):
            setattr(move, each.name, None)
    assert Sampler(Target(random_model(0)), ONE, move).move is move


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"rungs": 1}, "`rungs=1`: at least 2"),
        ({"hottest": 1.0}, "`hottest=1`: a ratio above 1"),
        ({"hottest": float("nan")}, "`hottest=nan`"),
        ({"hottest": float("inf")}, "`hottest=inf`"),
        ({"move": "gibbs"}, "`move='gibbs'`: a move at one temperature"),
        ({"move": Tempering()}, "a move at one temperature"),
    ],
)
def test_settings_of_tempering_are_checked(settings, words):
    with pytest.raises(UsageError) as caught:
        Tempering(**settings)
    assert words in str(caught.value)


@pytest.mark.parametrize("move", [Gibbs(), Metropolis()])
def test_tempering_makes_the_ladder(move):
    """One temperature and Tempering are the ladder given, to the last bit."""
    target = Target(random_model(0, 9))
    tempering = Sampler(target, np.array([0.5]), Tempering(4, 3.0, move))
    ladder = np.geomspace(0.5, 1.5, 4)
    np.testing.assert_array_equal(tempering.temperatures, ladder)
    chains = start_chains(target, 5, seed=1, rungs=tempering.rungs)
    one, info = step(tempering, chains, 4)
    other, same = step(Sampler(target, ladder, move), chains, 4)
    np.testing.assert_array_equal(one.codes, other.codes)
    np.testing.assert_array_equal(one.states, other.states)
    np.testing.assert_array_equal(info.swaps, same.swaps)
    with pytest.raises(UsageError, match="it makes the ladder"):
        Sampler(target, ladder, Tempering())


@pytest.mark.parametrize("temperature", [0.0, float("nan"), 8e5])
def test_ladders_keep_to_the_range_of_temperatures(temperature):
    with pytest.raises(UsageError, match="`temperature="):
        Sampler(Target(random_model(0)), np.array([temperature]), Tempering())


@dataclass(frozen=True)
class Repeated(Move):
    """A move of someone else's: more sweeps of another one."""

    times: int = 2

    def stepper(self, target):
        once = Gibbs().stepper(target)
        return lambda x, e, s, scales, sweeps: once(
            x, e, s, scales, self.times * sweeps
        )


def test_a_move_of_ones_own_is_taken():
    target = Target(random_model(0, 9))
    chains = start_chains(target, 6, seed=0)
    one, _ = step(Sampler(target, ONE, Repeated(3)), chains, 2)
    other, _ = step(Sampler(target, ONE), chains, 6)
    np.testing.assert_array_equal(one.codes, other.codes)
