"""Chains of masked models: they visit partners alone, and sample the dense model."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given

from pottsfold.alphabet import PROTEIN, RNA
from pottsfold.landscape.partition import (
    estimate_log_partition,
    exact_log_partition,
    kernels,
)
from pottsfold.model import energy, zero_sum
from pottsfold.sampling import Gibbs, Metropolis, Sampler, Target, start_chains
from pottsfold.sampling.table import table_bytes
from pottsfold.threads import Workers
from tests.naive import sampling as naive
from tests.sampling.test_compact import rounded
from tests.sampling.test_sampler import (
    SURE,
    TINY,
    letters_of_twin,
    statistic,
    step,
)
from tests.strategies import (
    masked,
    masked_models,
    random_codes,
    random_model,
    seeds,
    with_zeros,
)

both = pytest.mark.parametrize("compact", [False, True])
moves = pytest.mark.parametrize("move", [Gibbs(), Metropolis()], ids=lambda m: type(m))


def wheel(length, **settings):
    """A site with all others as partners, a ring of the rest, and a lonely site."""
    hub = [(0, j) for j in range(1, length - 1)]
    ring = [(j, j + 1) for j in range(1, length - 2)]
    return masked(random_model(8, length, **settings), hub + ring)


@both
@given(model=masked_models(alphabet=RNA))
def test_places_hold_the_partners_couplings_and_zeros(compact, model):
    target = Target(model, compact=compact)
    table, step_of = target.table, 8 if compact else 4
    seen = zero_sum(model) if compact else model
    for i in range(model.length):
        places = slice(table.offsets[i], table.offsets[i + 1])
        rows, partners = table.rows[places] * table.unit, table.partners[places]
        assert len(rows) % step_of == 0 < len(rows)
        expected = model.graph.partners[model.graph.of_site(i)]
        n = len(expected)
        np.testing.assert_array_equal(partners[:n], expected)
        assert (partners[n:] == i).all()
        assert not rows[n:].any()
        for row, j in zip(rows, expected, strict=False):
            found, block = row[:, : RNA.size], seen.block(i, int(j)).T
            np.testing.assert_allclose(found, block, atol=table.unit * compact)
    assert table_bytes(model, compact=compact) == table.rows.nbytes


@both
@moves
@pytest.mark.parametrize("gaps", ["state", "missing"])
@pytest.mark.parametrize(("alphabet", "length"), [(PROTEIN, 7), (RNA, 9), (TINY, 80)])
def test_sweep_draws_the_letters_of_the_naive_twin(
    move, compact, gaps, alphabet, length
):
    model = wheel(length, alphabet=alphabet, gaps=gaps, scale=0.3)
    free, allowed = np.ones(length, bool), np.ones((length, alphabet.size), bool)
    free[2], allowed[1, 2], allowed[3, 3:] = False, False, False
    target = Target(model, free, allowed, compact=compact)
    dense = Target(with_zeros(model), free, allowed, compact=compact)
    exact = rounded(dense) if compact else dense.model
    assert target.table.unit == dense.table.unit
    chains = start_chains(target, 12, seed=5)
    moved = step(Sampler(target, np.array([0.8]), move), chains)
    choices = [np.flatnonzero(row).tolist() for row in target.letters]
    twin = {Gibbs(): naive.gibbs_sweep, Metropolis(): naive.metropolis_sweep}[move]
    same = letters_of_twin(twin, exact, target, chains, moved, choices)
    assert same > 6
    gained = moved.energies - chains.energies
    expected = energy(exact, moved.codes) - energy(exact, chains.codes)
    np.testing.assert_allclose(gained, expected, atol=2e-4)


@moves
def test_samples_are_those_of_the_dense_model(move):
    """Sums of int16 are exact, so that the order of partners does not matter."""
    model = wheel(60, scale=0.2)
    drawn = []
    for each in (model, with_zeros(model), random_model(8, 60, scale=0.2)):
        target = Target(each, compact=True)
        chains = start_chains(target, 50, seed=2)
        drawn.append(step(Sampler(target, np.array([1.0]), move), chains, 5).codes)
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert (drawn[0] != drawn[2]).any()


@both
@given(model=masked_models(alphabet=RNA), seed=seeds)
def test_energies_from_the_table_are_the_models(compact, model, seed):
    target = Target(model, compact=compact)
    codes = random_codes(seed, 9, model.length, RNA)
    found = np.empty(9)
    kernels.sum_couplings(target.padded(codes), *target.table.arrays, found)
    seen = zero_sum(model) if compact else model
    bare = dataclasses.replace(seen, fields=np.zeros_like(model.fields))
    rounding = target.table.unit * model.graph.n_pairs * compact
    expected = energy(bare, codes)
    np.testing.assert_allclose(
        found * target.table.unit, expected, atol=1e-5 + rounding
    )


@pytest.mark.statistical
@both
@moves
def test_law_of_the_chains_is_the_enumerated_one(move, compact):
    model = masked(random_model(11, 4, TINY, scale=0.7), [(0, 2), (2, 3)])
    choices = [list(range(TINY.size))] * 4
    target = Target(model, compact=compact)
    chains = start_chains(target, 20000, seed=1)
    drawn = step(Sampler(target, np.array([1.0]), move), chains, 60).codes
    assert statistic(with_zeros(model), drawn, choices, 1.0) > SURE
    # The same judge must miss a pair.
    other = masked(with_zeros(model), [(0, 2)])
    assert statistic(with_zeros(other), drawn, choices, 1.0) < 1e-6


@pytest.mark.statistical
def test_log_z_of_a_masked_model_is_the_exact_one():
    model = masked(random_model(6, 7, RNA, scale=0.6), [(0, 3), (1, 4), (3, 4)])
    with Workers(1) as workers:
        found = estimate_log_partition(model, chains=1000, workers=workers)
    assert found.value == pytest.approx(exact_log_partition(model).value, abs=0.05)
    dense = exact_log_partition(random_model(6, 7, RNA, scale=0.6)).value
    assert abs(found.value - dense) > 0.5


@both
def test_threads_and_blocks_change_nothing(compact):
    model = wheel(30, scale=0.2)
    sampler = Sampler(Target(model, compact=compact), np.array([1.0]))
    chains = start_chains(sampler.target, 2100, seed=3)
    runs = [step(sampler, chains, 2, threads) for threads in (1, 3)]
    np.testing.assert_array_equal(runs[0].codes, runs[1].codes)
    np.testing.assert_array_equal(runs[0].energies, runs[1].energies)
    assert (runs[0].codes[2048:] != chains.codes[2048:]).any()
