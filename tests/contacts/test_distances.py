"""Distances within and between chains."""

from __future__ import annotations

import time

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.contacts import kernels, minimal_distances
from pottsfold.contacts.distances import oligomer_distances
from tests.naive import contacts as naive
from tests.strategies import seeds

compiled = pytest.mark.skipif(
    bool(numba.config.DISABLE_JIT), reason="takes minutes without machine code"
)


def made_chain(rng: np.random.Generator, length: int, missing: float = 0.3) -> list:
    return [
        None
        if rng.random() < missing
        else rng.normal(0, 9, (rng.integers(1, 6), 3)).round(3)
        for _ in range(length)
    ]


@given(seeds, st.integers(1, 9))
def test_distances_equal_their_formula(seed, length):
    rng = np.random.default_rng(seed)
    atoms = [rng.normal(0, 9, (rng.integers(1, 6), 3)).round(3) for _ in range(length)]
    absent = rng.random(length) < 0.3
    distances = minimal_distances(
        tuple(None if gone else a for a, gone in zip(atoms, absent, strict=True))
    )
    assert np.array_equal(distances, distances.T, equal_nan=True)
    for i in range(length):
        for j in range(length):
            if absent[i] or absent[j]:
                assert np.isnan(distances[i, j])
            else:
                expected = naive.distance(atoms[i].tolist(), atoms[j].tolist())
                assert distances[i, j] == pytest.approx(expected, abs=1e-8)


def test_eight_angstrom_exactly_is_not_below_eight():
    # In floating point 8.7 - 0.7 is a little less than 8.
    near, far = np.array([[0.7, 0, 0]]), np.array([[8.7, 0, 0]])
    assert 8.7 - 0.7 < 8
    assert minimal_distances((near, far))[0, 1] == 8


@compiled
def test_chain_of_five_hundred_residues_takes_less_than_a_second():
    rng = np.random.default_rng(3)
    places = np.cumsum(rng.normal(0, 2, (500, 1, 3)), axis=0)
    atoms = tuple(places + rng.normal(0, 2, (500, 8, 3)))
    start = time.process_time()
    assert minimal_distances(atoms).shape == (500, 500)
    assert time.process_time() - start < 1


@given(seeds, st.integers(1, 6), st.integers(2, 4))
def test_oligomer_takes_the_nearest_of_all_chains(seed, length, n_chains):
    rng = np.random.default_rng(seed)
    chains = [made_chain(rng, length) for _ in range(n_chains)]
    found = oligomer_distances(chains, chains)
    assert np.array_equal(found.nearest, found.anchors, equal_nan=True)
    for i in range(length):
        for j in range(length):
            within, between = naive.oligomer_distances(chains, i, j)
            for value, expected in (
                (found.intra[i, j], within),
                (found.inter[i, j], between),
                (found.nearest[i, j], within if i == j else min(within, between)),
            ):
                if expected == np.inf:
                    assert np.isnan(value)
                else:
                    assert value == pytest.approx(expected, abs=1e-8)
            a, b = found.partners[i, j]
            if between < np.inf:
                assert a != b
                apart = naive.distance(chains[a][i].tolist(), chains[b][j].tolist())
                assert apart == pytest.approx(between, abs=1e-8)
            else:
                assert (a, b) == (-1, -1)


def test_single_chain_has_no_distances_between_chains():
    chain = made_chain(np.random.default_rng(1), 4, missing=0)
    found = oligomer_distances([chain], [chain])
    assert found.inter is None
    assert found.partners is None
    assert np.array_equal(found.nearest, minimal_distances(chain))


@pytest.mark.parametrize("machine_code", [True, False])
def test_kernel_lowers_what_is_there(machine_code):
    function = kernels.lower_to_nearest
    if not machine_code:
        function = getattr(function, "py_func", function)
    atoms = np.array([[0.0, 0, 0], [3, 0, 0]])
    squares = np.array([[4.0, np.inf]])
    function(atoms, np.array([0, 2]), atoms, np.array([0, 1, 2]), squares)
    assert squares.tolist() == [[0.0, 0.0]]
    squares = np.array([[-1.0]])
    function(atoms, np.array([0, 2]), atoms + 50, np.array([0, 2]), squares)
    assert squares.tolist() == [[-1.0]]


@compiled
def test_dimer_of_five_hundred_residues_takes_less_than_a_second():
    rng = np.random.default_rng(3)
    chains = []
    for _ in range(2):
        places = np.cumsum(rng.normal(0, 2, (500, 1, 3)), axis=0)
        chains.append(list(places + rng.normal(0, 2, (500, 8, 3))))
    oligomer_distances([chain[:2] for chain in chains], chains)
    start = time.process_time()
    oligomer_distances(chains, [[atoms[:1] for atoms in chain] for chain in chains])
    assert time.process_time() - start < 1
