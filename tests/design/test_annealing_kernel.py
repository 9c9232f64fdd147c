"""The annealing kernel against its twin, move by move."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.alphabet import RNA
from pottsfold.design import kernels
from pottsfold.sampling.chains import random_states
from tests.naive import design as naive
from tests.strategies import masked, random_model, seeds, with_zeros

TEMPERATURES = np.array([1.0, 0.3])


@st.composite
def searches(draw):
    """A model, its dense twin, allowed letters, and bounds that may be out of reach."""
    rng = np.random.default_rng(draw(seeds))
    length = draw(st.integers(2, 6))
    model = random_model(rng, length, RNA)
    if draw(st.booleans()):
        pairs = [(i, j) for i in range(length) for j in range(i)]
        model = masked(model, draw(st.lists(st.sampled_from(pairs), unique=True)))
    allowed = rng.random((length, RNA.size)) < 0.7
    allowed[np.arange(length), rng.integers(0, RNA.size, length)] = True
    bounds = []
    for _ in range(draw(st.integers(0, 3))):
        least, most = np.sort(rng.integers(0, length + 1, 2))
        # The unknown letter too.
        reference = rng.integers(0, RNA.size + 1, length).astype(np.uint8)
        bounds.append((reference, int(least), int(most)))
    return model, allowed, bounds, rng


def run(model, allowed, bounds, codes, states):
    graph = model.graph
    references = np.array([row for row, *_ in bounds], np.uint8)
    return kernels.anneal(
        codes,
        states,
        TEMPERATURES,
        allowed,
        model.fields,
        graph.offsets,
        graph.partners,
        model.blocks,
        references.reshape(-1, model.length),
        np.array([pair for _, *pair in bounds], np.int64).reshape(-1, 2),
    )


def start(rng, allowed):
    return np.array([[rng.choice(np.flatnonzero(row)) for row in allowed]], np.uint8)


@given(searches())
def test_annealing_takes_the_way_of_its_twin(search):
    model, allowed, bounds, rng = search
    codes = start(rng, allowed)
    states = random_states(3, 0, 1)
    dense = model if model.graph.is_complete else with_zeros(model)
    state = [int(word) for word in states[0]]
    letters = [np.flatnonzero(row).tolist() for row in allowed]
    best = naive.anneal(
        codes[0], state, TEMPERATURES, letters, bounds, model.fields, dense.couplings
    )
    found = run(model, allowed, bounds, codes, states)
    # Where the states agree all words were asked for alike.
    assert states[0].tolist() == state
    assert found[0] == (best is not None)
    if best is not None:
        assert codes[0].tolist() == best


def test_annealing_to_a_wrong_model_differs():
    rng = np.random.default_rng(0)
    model, other = random_model(1, 8, RNA), random_model(2, 8, RNA)
    allowed = np.ones((8, RNA.size), bool)
    first = start(rng, allowed)
    second = first.copy()
    run(model, allowed, [], first, random_states(3, 0, 1))
    run(other, allowed, [], second, random_states(3, 0, 1))
    assert (first != second).any()


@pytest.mark.parametrize("least", [0, 2])
def test_a_start_that_breaks_the_bounds_is_led_inside(least):
    model = random_model(1, 12)
    allowed = np.ones((12, 21), bool)
    codes = np.repeat((model.focus[None] + 1) % 21, 4, axis=0).astype(np.uint8)
    bounds = [(model.focus, least, 2)]
    assert run(model, allowed, bounds, codes, random_states(0, 0, 4)).all()
    apart = (codes != model.focus).sum(axis=1)
    assert ((apart >= least) & (apart <= 2)).all()
