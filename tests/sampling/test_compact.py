"""The compact form of a target: what is rounded, what is kept, and what is sampled."""

import dataclasses
import math

import numpy as np
import pytest

from pottsfold.alphabet import PROTEIN, RNA, Alphabet
from pottsfold.model import energy, zero_sum
from pottsfold.sampling import Gibbs, Metropolis, Sampler, Target, start_chains
from pottsfold.sampling.kernels import COLUMNS, quantize
from pottsfold.sampling.table import MAX_STEP, finest_scale, table_bytes
from pottsfold.simd.tables import short_width
from pottsfold.threads import Workers
from tests.families import planted_truth
from tests.naive import sampling as naive
from tests.sampling.test_sampler import (
    SURE,
    TINY,
    letters_of_twin,
    statistic,
    step,
)
from tests.strategies import random_model

WIDE = Alphabet("-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop")


def by_pair(table):
    """A view (L, J, q, W) of the rows of a table of all pairs."""
    return table.rows.reshape(len(table.offsets) - 1, -1, *table.rows.shape[1:])


def rounded(target):
    """The model that a compact target samples, from its table."""
    size, length = target.letters.shape[1], len(target.letters)
    rows = by_pair(target.table)[:, :length, :, :size].astype(np.float32)
    fields = target.fields[:, :size].copy()
    fields[~target.letters] = 0
    return dataclasses.replace(
        zero_sum(target.model),
        fields=fields * np.float32(target.table.unit),
        couplings=rows.transpose(0, 1, 3, 2) * np.float32(target.table.unit),
    )


def coarse(model, scale):
    """A compact target whose steps are too coarse."""
    target = Target(model, compact=True)
    couplings = zero_sum(model).couplings
    size, length = model.alphabet.size, model.length
    rows = np.zeros_like(target.table.rows)
    table = dataclasses.replace(target.table, rows=rows, unit=1 / scale)
    rows.flags.writeable = True
    by_pair(table)[:, :length, :, :size] = np.rint(
        scale * couplings.transpose(0, 1, 3, 2)
    )
    fields = target.fields * np.float32(target.table.unit * scale)
    for name, value in (("table", table), ("fields", fields)):
        object.__setattr__(target, name, value)
    return target


@pytest.mark.parametrize(("letters", "width"), [(3, 8), (5, 8), (21, 24)])
@pytest.mark.parametrize("scale", [1.0, 64.0, 4096.0])
def test_quantize_equals_its_naive_twin(letters, width, scale):
    length = COLUMNS + 3
    rng = np.random.default_rng(letters)
    table = np.zeros((2, length, letters, width), np.float32)
    # Multiples of 1/128 fall on halves often.
    whole = rng.integers(-900, 900, (2, length, letters, letters))
    table[..., :letters] = whole / 128
    table[1, 4, 1, 0] = 9.5
    compact = np.full((2, length + 5, letters, short_width(letters)), 3, np.int16)
    largest = quantize(table, scale, compact, (0,) * width)
    expected, bound = naive.quantize(table.tolist(), scale, COLUMNS)
    np.testing.assert_array_equal(compact[:, :length, :, :width], expected)
    assert largest == bound
    assert (compact[:, length:] == 3).all()


@pytest.mark.parametrize("alphabet", [TINY, RNA, PROTEIN, WIDE])
@pytest.mark.parametrize("scale", [0.02, 0.1, 0.5])
@pytest.mark.parametrize("length", [3, 70])
def test_no_sum_can_leave_its_range(alphabet, scale, length):
    if length > 3 and alphabet is WIDE:
        length = 20
    model = random_model(0, length, alphabet, scale=scale)
    target = Target(model, compact=True)
    assert target.table.rows.dtype == np.int16
    size = np.abs(by_pair(target.table).astype(np.int64)).max(axis=2)
    largest = max(
        size[:, start : start + COLUMNS].sum(axis=1).max()
        for start in range(0, length, COLUMNS)
    )
    assert largest <= 32767
    # Fineness is not given away.
    assert 4 * largest > 32767 or target.table.unit == 2.0**-15
    assert math.log2(target.table.unit).is_integer()


def test_tables_are_refreshed_site_by_site_from_float32_ones():
    model = zero_sum(random_model(3, 20, scale=0.2))
    plain, target = Target(model), Target(model, compact=True)
    rows, expected = by_pair(plain.table), by_pair(target.table)
    scale, lanes, found = 1 / target.table.unit, plain.table.lanes, 0 * expected
    bounds = [
        quantize(rows[k : k + 5], scale, found[k : k + 5], lanes)
        for k in range(0, 20, 5)
    ]
    np.testing.assert_array_equal(found, expected)
    assert 8192 < max(bounds) <= 32767
    # Couplings that have grown are told from the bound.
    grown = quantize(rows * 9, scale, found, lanes)
    assert grown == pytest.approx(9 * max(bounds), rel=0.01)


def test_finest_scale_leaves_room_for_rounding():
    for largest in (0.4, 1.0, 7.3, 7.99, 8.0, 31.9, 500.0):
        scale = finest_scale(largest)
        assert largest * scale + COLUMNS / 2 <= 32767
        assert 2 * largest * scale + COLUMNS / 2 > 32767


def test_rounding_is_alike_for_both_sites_and_within_half_a_step():
    model = random_model(5, 9, gaps="missing")
    target = Target(model, compact=True)
    found, exact = rounded(target), zero_sum(model)
    np.testing.assert_array_equal(
        found.couplings, found.couplings.transpose(1, 0, 3, 2)
    )
    error = np.abs(found.couplings - exact.couplings)
    assert 0 < error.max() <= target.table.unit / 2
    allowed = target.letters
    np.testing.assert_array_equal(found.fields[allowed], exact.fields[allowed])


def test_steps_that_would_be_too_coarse_keep_float32():
    model = random_model(0, 70, scale=30.0)
    target = Target(model, compact=True)
    assert target.table.rows.dtype == np.float32
    assert target.table.unit == 1
    np.testing.assert_array_equal(target.table.rows, Target(model).table.rows)
    assert Target(random_model(0, 70), compact=True).table.unit <= MAX_STEP


def test_table_bytes():
    for alphabet in (TINY, PROTEIN, WIDE):
        model = random_model(0, 9, alphabet)
        for compact in (False, True):
            rows = Target(model, compact=compact).table.rows
            assert table_bytes(model, compact=compact) == rows.nbytes


@pytest.mark.parametrize("gaps", ["state", "missing"])
@pytest.mark.parametrize(
    ("alphabet", "length"), [(PROTEIN, 7), (RNA, 9), (TINY, 4), (WIDE, 5), (TINY, 70)]
)
@pytest.mark.parametrize("move", [Gibbs(), Metropolis()], ids=["gibbs", "metropolis"])
def test_sweep_draws_the_letters_of_the_naive_twin(move, gaps, alphabet, length):
    model = random_model(3, length, alphabet, gaps=gaps, scale=0.3)
    free, allowed = np.ones(length, bool), np.ones((length, alphabet.size), bool)
    free[2], allowed[1, 2], allowed[3, 3:] = False, False, False
    target = Target(model, free, allowed, compact=True)
    exact = rounded(target)
    chains = start_chains(target, 12, seed=5)
    moved = step(Sampler(target, np.array([0.8]), move), chains)
    choices = [np.flatnonzero(row).tolist() for row in target.letters]
    twin = {Gibbs(): naive.gibbs_sweep, Metropolis(): naive.metropolis_sweep}[move]
    same = letters_of_twin(twin, exact, target, chains, moved, choices)
    assert same > 6
    gained = moved.energies - chains.energies
    expected = energy(exact, moved.codes) - energy(exact, chains.codes)
    np.testing.assert_allclose(gained, expected, atol=1e-4)


def test_most_draws_are_those_of_float32_and_energies_keep_near_the_model():
    model = random_model(7, 70, scale=0.1)
    chains = start_chains(Target(model), 200, seed=1)
    plain, compact = (
        step(Sampler(Target(model, compact=c), np.array([1.0])), chains)
        for c in (False, True)
    )
    # One letter that differs moves all fields after it.
    assert (plain.codes == compact.codes).mean() > 0.95
    # Each of L (L - 1) / 2 couplings is off by a uniform half step at most.
    unit, pairs = Target(model, compact=True).table.unit, 70 * 69 / 2
    for sweeps in (1, 40):
        moved = step(
            Sampler(Target(model, compact=True), np.array([1.0])), chains, sweeps
        )
        error = moved.energies - energy(model, moved.codes)
        # Two sequences, the first and the last, are off.
        spread = unit * math.sqrt(2 * pairs / 12)
        assert 0.5 * spread < error.std() < 1.5 * spread


CASES = {
    "gibbs": (Gibbs(), [1.0]),
    "metropolis": (Metropolis(), [1.0]),
    "tempering": (Gibbs(), [1.0, 1.5, 2.5]),
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
    target = Target(model, free, allowed, compact=True)
    choices = [np.flatnonzero(row).tolist() for row in target.letters]
    if conditional:
        choices[1] = [int(model.require_focus()[1])]
    sampler = Sampler(target, np.array(temperatures), move)
    chains = start_chains(target, 20000 * len(temperatures), seed=1)
    drawn = sampler.wanted(step(sampler, chains, 60)).codes
    assert statistic(model, drawn, choices, temperatures[0]) > SURE


@pytest.mark.statistical
def test_the_judge_finds_coarse_steps_out():
    model = random_model(11, 4, TINY, scale=0.7)
    choices = [list(range(4))] * 4
    for scale, wrong in ((512.0, False), (2.0, True)):
        target = coarse(model, scale)
        chains = start_chains(target, 20000, seed=1)
        drawn = step(Sampler(target, np.array([1.0])), chains, 60).codes
        p = statistic(model, drawn, choices, 1.0)
        assert p < 1e-6 if wrong else p > SURE


def means(target, seed):
    """Energy, letters and neighbouring pairs of chains that have settled."""
    chains = start_chains(target, 2000, seed=seed)
    codes = step(Sampler(target, np.array([1.0])), chains, 60).codes
    size = target.letters.shape[1]
    one = np.eye(size)[codes]
    pairs = np.einsum("nia,nib->niab", one[:, :-4], one[:, 4:])
    return np.hstack(
        [
            energy(target.model, codes)[:, np.newaxis],
            one.reshape(len(codes), -1),
            pairs.reshape(len(codes), -1),
        ]
    )


def scores(x, y):
    """Differences of means in standard errors, of quantities that vary."""
    error = np.sqrt(x.var(axis=0) / len(x) + y.var(axis=0) / len(y))
    some = (x.sum(axis=0) + y.sum(axis=0)) > 20
    some[0] = True
    return ((x.mean(axis=0) - y.mean(axis=0)) / np.maximum(error, 1e-12))[some]


@pytest.mark.statistical
def test_bias_on_the_planted_family_stays_under_sampling_noise():
    model = planted_truth(np.ones(planted_truth().length, np.uint8))
    plain = means(Target(model), 1)
    z = scores(plain, means(Target(model, compact=True), 2))
    assert abs(z[0]) < 4
    assert 0.9 < z.std() < 1.1
    assert np.abs(z).max() < 6
    # The same judge must find coarse steps out.
    z = scores(plain, means(coarse(model, 0.5), 2))
    assert np.abs(z).max() > 8


@pytest.mark.parametrize("temperatures", [[1.0], [1.0, 1.3, 1.7]])
def test_threads_change_nothing(temperatures):
    model = random_model(0, 70, scale=0.1)
    sampler = Sampler(Target(model, compact=True), np.array(temperatures))
    chains = start_chains(sampler.target, 7 * len(temperatures), seed=9)
    runs = [step(sampler, chains, 3, threads) for threads in (1, 2, 3)]
    for other in runs[1:]:
        np.testing.assert_array_equal(other.codes, runs[0].codes)
        np.testing.assert_array_equal(other.energies, runs[0].energies)
        np.testing.assert_array_equal(other.states, runs[0].states)


@pytest.mark.parametrize("compact", [False, True])
def test_more_chains_than_are_held_at_once(compact):
    model = random_model(0, 6, RNA)
    target = Target(model, compact=compact)
    sampler = Sampler(target, np.array([1.0]))
    chains = start_chains(target, 2500, seed=3)
    with Workers(1) as workers:
        whole, _ = sampler.step(chains, 2, workers)
    with Workers(3) as workers:
        parts, _ = sampler.step(chains, 2, workers)
    np.testing.assert_array_equal(whole.codes, parts.codes)
    np.testing.assert_array_equal(whole.energies, parts.energies)
    assert (whole.codes[2048:] != chains.codes[2048:]).any()
