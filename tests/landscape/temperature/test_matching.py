"""The matched temperature, where the answer is known."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from pottsfold.alignment import Alignment, Numbering
from pottsfold.alphabet import RNA
from pottsfold.errors import UsageError
from pottsfold.inference import (
    Regularization,
    fit_independent,
    fit_pseudolikelihood,
)
from pottsfold.landscape.temperature import match_temperature
from pottsfold.landscape.temperature.criteria import (
    natural_values,
    recorded,
    sampled_values,
)
from pottsfold.model import energy
from pottsfold.sampling.chains import start_chains
from pottsfold.sampling.mixing import run_stretch
from pottsfold.sampling.sampler import Sampler
from pottsfold.sampling.target import Target
from pottsfold.threads import Workers
from tests.naive import matching as naive
from tests.strategies import SMALL, random_alignment, random_model


def family(codes, alphabet=RNA, weights=None):
    return Alignment(
        alphabet=alphabet,
        codes=np.ascontiguousarray(codes, np.uint8),
        names=tuple(f"s{k}" for k in range(len(codes))),
        numbering=Numbering.sequential(codes.shape[1]),
        weights=weights,
    )


def every_sequence(model):
    letters = range(model.states.start, model.states.stop)
    rows = np.array(list(itertools.product(letters, repeat=model.length)), np.uint8)
    return rows, energy(model, rows)


def drawn_exactly(model, temperature, n, seed=0):
    """Sequences drawn from the enumerated distribution."""
    rows, energies = every_sequence(model)
    p = np.exp(-(energies - energies.min()) / temperature)
    return rows[np.random.default_rng(seed).choice(len(rows), n, p=p / p.sum())]


def match(model, natural, threads=1, **options):
    with Workers(threads) as workers:
        return match_temperature(model, natural, workers=workers, **options)


@pytest.fixture(scope="module")
def model():
    return random_model(5, 5, RNA, scale=0.6)


def records_at(model, natural, temperature, *, chains=30, sweeps=40):
    target = Target(model)
    sampler = Sampler(target, np.array([temperature]))
    with Workers(1) as workers:
        start = start_chains(target, chains, 0)
        found = run_stretch(sampler, start, workers, sweeps, chains, lambda _: None)
        return recorded(
            natural,
            temperature,
            found.codes,
            found.energies,
            found.chains,
            workers,
        )


@pytest.mark.parametrize("gaps", ["state", "missing"])
def test_natural_and_sampled_values_are_the_naive_ones(gaps):
    model = random_model(1, 6, SMALL, gaps=gaps)
    weights = np.random.default_rng(0).uniform(0.2, 1, 25)
    alignment = replace(
        random_alignment(2, 25, 6, SMALL, gap=0.3, unknown=0.1), weights=weights
    )
    natural = natural_values(model, alignment, 0)
    unknown = SMALL.unknown
    absent = (unknown,) if gaps == "state" else (0, unknown)
    rows = alignment.codes.tolist()
    h, J = model.fields, model.couplings
    assert natural.energy == pytest.approx(
        naive.mean_energy(rows, weights, h, J, absent), abs=1e-5
    )
    assert natural.identity == pytest.approx(naive.mean_identity(rows, weights))
    records = records_at(model, natural, 1.0, chains=3, sweeps=2)
    found = sampled_values(records, natural, 1.0)
    samples = records.codes.reshape(-1, 6).tolist()
    gapped = naive.with_the_gaps_of(samples, rows, absent)
    each = np.repeat(weights, len(samples))
    assert found.energy == pytest.approx(
        naive.mean_energy(gapped, each, h, J, absent), abs=1e-4
    )
    # Pairs of different chains, with the gaps of two different natural sequences.
    total = norm = 0.0
    n = len(samples)
    for a, b in itertools.permutations(range(25), 2):
        for x, y in itertools.product(range(n), repeat=2):
            if x // 2 != y // 2:
                w = weights[a] * weights[b]
                total += w * naive.identity(gapped[a * n + x], gapped[b * n + y])
                norm += w
    assert found.identity == pytest.approx(total / norm)


def test_records_weighted_anew_tell_a_nearby_temperature(model):
    natural = natural_values(model, family(drawn_exactly(model, 1, 100)), 0)
    records = records_at(model, natural, 1.0, chains=200, sweeps=100)
    rows, energies = every_sequence(model)
    for temperature in (0.9, 1.0, 1.1):
        value = sampled_values(records, natural, temperature)
        exact = [
            naive.expectation(rows, energies, energies, t)
            for t in (temperature * 0.999, temperature, temperature * 1.001)
        ]
        assert abs(value.energy - exact[1]) < 4 * value.energy_error
        slope = (exact[2] - exact[0]) / 0.002
        assert value.energy_slope == pytest.approx(slope, rel=0.05)
        assert 0.5 < value.share <= 1
    # Without weighting anew, the hotter records would be far off.
    plain = sampled_values(records, natural, 1.0)
    assert abs(plain.energy - exact[1]) > 4 * plain.energy_error


@pytest.mark.statistical
@pytest.mark.parametrize("truth", [0.7, 1.3])
def test_sequences_drawn_at_a_temperature_are_matched_to_it(model, truth):
    natural = family(drawn_exactly(model, truth, 4000))
    found = match(model, natural)
    for end in (found.by_energy, found.by_identity):
        assert abs(end.temperature - truth) < 4 * end.error
        assert end.error < 0.1 * truth
        # The same judge must find a wrong temperature out.
        assert abs(end.temperature - (2 - truth)) > 4 * end.error
    assert found.agree
    assert found.mixed
    assert "which agree; chains mixed there" in found.verdict
    rows, energies = every_sequence(model)
    exact = naive.expectation(rows, energies, energies, found.temperature)
    assert abs(exact - found.sampled.energy) < 4 * found.sampled.energy_error
    assert abs(exact - natural_mean(model, natural)) < 0.3


def natural_mean(model, natural):
    return energy(model, natural.codes).mean()


@pytest.mark.statistical
def test_energies_that_a_fit_has_lowered_are_not_believed():
    """Sequences of T = 1: few fitted to have low energies, unseen ones have not."""
    truth = random_model(3, 20, RNA, scale=0.2)
    target = Target(replace(truth, fields=5 * truth.fields))
    with Workers(1) as workers:
        start = start_chains(target, 400, 1)
        drawn, _ = Sampler(target, np.array([1.0])).step(start, 60, workers)
    seen, unseen = family(drawn.codes[:200]), family(drawn.codes[200:])
    strengths = Regularization(0.1, 10.0)
    fitted = fit_pseudolikelihood(
        seen, gaps="state", regularization=strengths, threads=1
    ).model
    found = match(fitted, seen, chains=60)
    assert not found.agree
    assert found.by_energy.temperature < 0.9
    assert found.temperature == pytest.approx(found.by_identity.temperature, rel=1e-3)
    assert found.temperature == pytest.approx(1, abs=0.1)
    assert "DISAGREE" in found.verdict
    assert "below those of samples" in found.verdict
    other = match(fitted, unseen, chains=60)
    assert other.agree
    assert other.temperature == pytest.approx(1, abs=0.1)


@pytest.mark.statistical
def test_an_independent_model_matches_its_own_family_at_one():
    natural = family(drawn_exactly(random_model(2, 6, RNA, scale=0.8), 1, 3000))
    found = match(fit_independent(natural, gaps="state").model, natural)
    assert found.agree
    assert found.temperature == pytest.approx(1, abs=4 * found.by_identity.error)
    assert found.by_identity.error < 0.05


def test_threads_change_nothing_and_seeds_do(model):
    natural = family(drawn_exactly(model, 0.8, 500))
    first, second = (
        match(model, natural, threads, seed=1, chains=30) for threads in (1, 2)
    )
    assert (first.by_energy, first.by_identity) == (
        second.by_energy,
        second.by_identity,
    )
    assert first.verdict == second.verdict
    assert match(model, natural, seed=2, chains=30).by_energy != first.by_energy


def test_unmixed_chains_are_told():
    strength = 0.6
    model = random_model(0, 12, SMALL, scale=0.01)
    couplings = np.zeros_like(model.couplings)
    for i, j in itertools.permutations(range(12), 2):
        couplings[i, j, 1, 1] = couplings[i, j, 2, 2] = strength
    wells = replace(model, couplings=couplings)
    # Both wells, a letter in ten changed: what the chains show when cold.
    rng = np.random.default_rng(0)
    codes = np.repeat(rng.integers(1, 3, (500, 1)), 12, axis=1)
    codes[rng.random(codes.shape) < 0.02] = 0
    found = match(wells, family(codes, SMALL), chains=60)
    assert not found.mixed
    assert "chains there: NOT mixed" in found.verdict


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        ("hot", "above 3 only"),
        ("cold", "below 0.2 only"),
        ("few", "9 sequences to match: 10 are needed"),
        ("wide", "6 columns of rna letters, the model 5"),
    ],
)
def test_what_cannot_be_matched_is_refused(model, codes, words):
    rows, energies = every_sequence(model)
    order = np.argsort(energies)
    given = {
        "hot": rows[order[-50:]],
        "cold": np.repeat(rows[order[:1]], 50, axis=0),
        "few": rows[:9],
        "wide": np.ones((20, 6), np.uint8),
    }
    with pytest.raises(UsageError, match=words):
        match(model, family(given[codes]), chains=20)


def test_settings_out_of_range(model):
    natural = family(drawn_exactly(model, 1, 50))
    with pytest.raises(UsageError, match="`chains=3`"):
        match(model, natural, chains=3)
    with pytest.raises(UsageError, match="`seed=-1`"):
        match(model, natural, seed=-1)
