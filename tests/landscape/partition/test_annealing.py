"""Partition functions against enumeration, naive twins and one another."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logsumexp

from pottsfold.alphabet import PROTEIN, RNA, Alphabet
from pottsfold.errors import UsageError
from pottsfold.landscape.partition import (
    Landscape,
    annealing,
    estimate_log_partition,
    exact_log_partition,
    integrate_log_partition,
    kernels,
    path,
)
from pottsfold.landscape.partition.annealed_model import landscape_of
from pottsfold.model import energy, zero_sum
from pottsfold.sampling import Target
from pottsfold.threads import Workers
from tests.naive import partition as naive
from tests.sampling.test_mixing import two_wells
from tests.strategies import SMALL, random_codes, random_model

TINY = Alphabet("-ABC")
CASES = {
    "protein pair": (PROTEIN, 2, "state", 1.0),
    "protein triple, gaps missing": (PROTEIN, 3, "missing", 0.8),
    "rna": (RNA, 6, "state", 0.4),
    "rna, gaps missing": (RNA, 7, "missing", 0.5),
    "two letters": (SMALL, 9, "missing", 0.5),
    "strong": (TINY, 6, "state", 1.2),
}


def case(name, seed=3):
    alphabet, length, gaps, scale = CASES[name]
    return random_model(seed, length, alphabet, gaps=gaps, scale=scale)


def estimate(model, threads=1, **options):
    with Workers(threads) as workers:
        return estimate_log_partition(model, workers=workers, **options)


def letters_of(target):
    return [np.flatnonzero(row).tolist() for row in target.letters]


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("alphabet", [PROTEIN, RNA, SMALL])
def test_energies_from_the_table_are_the_naive_ones(alphabet, compiled):
    model = random_model(1, 7, alphabet)
    target = Target(model)
    codes = random_codes(2, 9, 7, alphabet)
    padded, found = target.padded(codes), np.empty(9)
    couplings, fields = (
        (k if compiled else k.py_func)
        for k in (kernels.sum_couplings, kernels.sum_fields)
    )
    couplings(padded, *target.table.arrays, found)
    expected = [naive.coupling_energy(x, model.couplings) for x in codes]
    np.testing.assert_allclose(found, expected, atol=1e-9)
    wide = target.fields.astype(np.float64)
    fields(padded, wide, found)
    expected = [-sum(float(model.fields[i, a]) for i, a in enumerate(x)) for x in codes]
    np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize("temperature", [1.0, 1.7])
@pytest.mark.parametrize("gaps", ["state", "missing"])
def test_chains_and_weights_are_those_of_the_naive_twin(gaps, temperature):
    model = random_model(5, 6, RNA, gaps=gaps)
    allowed = np.ones((6, 5), bool)
    allowed[2, 3] = False
    target = Target(model, allowed=allowed)
    frequencies = np.random.default_rng(0).dirichlet(np.ones(5), 6)
    way = path.path_from(landscape_of(target), temperature, frequencies)
    letters = letters_of(target)
    h, couplings = model.fields, model.couplings
    start = naive.log_profile(frequencies, letters)
    for row, expected in zip(way.start, start, strict=True):
        np.testing.assert_allclose(
            row[list(expected)], list(expected.values()), atol=1e-6
        )
    walkers = path.departing(way, 30, 4, 0)
    schedule = np.array([0, 0.1, 0.35, 0.7, 1.0])
    with Workers(1) as workers:
        run = annealing.annealed_run(way, walkers, schedule, 0, workers)
    same = 0
    for n in range(30):
        x, log_weight, nearest = naive.annealed_weight(
            walkers.codes[n, :6].tolist(),
            walkers.states[n].tolist(),
            start,
            h,
            couplings,
            temperature,
            schedule.tolist(),
            letters,
        )
        # A draw that falls on an edge is decided by the last bits of float32.
        if nearest > 1e-5:
            assert run.log_weights[n] == pytest.approx(log_weight, abs=1e-4)
            end = energy(model, np.array(x, np.uint8))[0] / temperature
            assert run.energies[n] == pytest.approx(end, abs=1e-4)
            same += 1
    assert same > 20


def test_energies_carried_along_do_not_drift():
    target = Target(random_model(8, 20, scale=0.3))
    way = path.path_from(landscape_of(target), 1.0, np.full((20, 21), 1 / 21))
    walkers = path.departing(way, 10, 0, 0)
    points = np.linspace(0, 1, 65)[1:].tolist()
    with Workers(1) as workers:
        _, start, end = path.walk(way, walkers, points, workers)
        for k, b in enumerate(points):
            walkers, _, _ = path.walk(way, walkers, [b], workers)
            np.testing.assert_allclose(start[k], walkers.start, atol=1e-9)
            np.testing.assert_allclose(end[k], walkers.end, atol=1e-3)


def test_first_letters_do_not_depend_on_the_number_of_chains():
    way = path.path_from(
        landscape_of(Target(random_model(0, 3, RNA))), 1.0, np.full((3, 5), 0.2)
    )
    few, many = (path.departing(way, n, 7, 2) for n in (5, path.BLOCK + 5))
    np.testing.assert_array_equal(few.codes, many.codes[:5])
    np.testing.assert_array_equal(few.states, many.states[:5])
    assert (many.codes[:5] != many.codes[path.BLOCK :]).any()
    assert (path.departing(way, 5, 7, 3).codes != few.codes).any()


def test_chains_depart_from_the_independent_sites():
    target = Target(random_model(2, 3, TINY, gaps="missing", scale=1.5))
    way = path.path_from(landscape_of(target), 1.0, np.full((3, 4), 0.25))
    codes = path.departing(way, 50_000, 1, 0).codes[:, :3]
    for i in range(3):
        found = np.bincount(codes[:, i], minlength=4) / len(codes)
        expected = np.where(target.letters[i], np.exp(way.start[i, :4]), 0)
        assert expected.sum() == pytest.approx(1)
        np.testing.assert_allclose(found, expected, atol=0.01)


@pytest.mark.statistical
@pytest.mark.parametrize("temperature", [1.0, 0.7])
@pytest.mark.parametrize("compact", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_annealing_finds_the_exact_value(name, compact, temperature):
    model = case(name)
    exact = exact_log_partition(model, temperature=temperature)
    target = Target(model, compact=compact)
    assert (target.table.unit < 1) == compact
    found = estimate(target, temperature=temperature, seed=2)
    assert found.reliable
    assert found.error < annealing.ACCURACY
    assert abs(found.value - exact.value) < 4 * found.error
    assert abs(found.mean_energy - exact.mean_energy) < 4 * found.mean_energy_error
    assert abs(found.entropy - exact.entropy) < 4 * found.entropy_error


@pytest.mark.statistical
@pytest.mark.parametrize(("name", "steps"), [("strong", 15), ("rna, gaps missing", 4)])
def test_errors_are_those_of_many_seeds(name, steps):
    model = case(name)
    exact = exact_log_partition(model)
    runs = [estimate(model, chains=300, steps=steps, seed=seed) for seed in range(40)]
    errors = np.array([run.error for run in runs])
    assert 0.01 < errors.mean() < 0.2
    scores = {
        "log Z": (np.array([run.value for run in runs]) - exact.value) / errors,
        "energy": [
            (run.mean_energy - exact.mean_energy) / run.mean_energy_error
            for run in runs
        ],
        "entropy": [(run.entropy - exact.entropy) / run.entropy_error for run in runs],
    }
    for quantity, z in scores.items():
        # 40 standard normal numbers: mean within 3.2 errors, chi-square of 0.1 %.
        assert abs(np.mean(z)) < 0.5, quantity
        assert 0.45 < np.mean(np.square(z)) < 1.8, quantity
    # The same judge must find a wrong sign out, and an unweighted mean.
    for wrong in (
        [-logsumexp(-run.log_weights) + np.log(300) for run in runs],
        [run.log_weights.mean() for run in runs],
    ):
        z = (np.array(wrong) - exact.value) / errors
        assert abs(np.mean(z)) > 1 or np.mean(np.square(z)) > 3


def test_too_few_steps_from_a_wrong_start_are_found_out():
    model = two_wells(0.6, 20)
    exact = estimate(model, steps=2000, chains=500)
    hasty = estimate(model, steps=1, chains=500)
    assert exact.reliable
    assert exact.verdict.startswith("reliable: 500 weights count as")
    assert abs(hasty.value - exact.value) > 10 * exact.error
    assert not hasty.reliable
    assert hasty.verdict.startswith("NOT reliable: 500 weights count as")
    # Inverse weights, which other programs take, would not tell.
    inverse = np.exp(hasty.log_weights.min() - hasty.log_weights)
    assert hasty.effective_size < 25 < inverse.sum() ** 2 / (inverse**2).sum()


def test_steps_are_doubled_until_the_error_is_small():
    model = two_wells(0.5)
    told = []
    found = estimate(model, chains=100, accuracy=0.04, announce=told.append)
    assert found.error <= 0.04
    assert len(told) == len(found.trials) - 1
    assert found.steps == found.trials[1].steps * 2 ** (len(told) - 1)
    assert f"{found.steps} steps from independent sites" in told[-1]
    assert "wanted" not in found.verdict
    short = replace(found, accuracy=1e-3)
    assert "above the 0.001 wanted after the most steps" in short.verdict
    given = estimate(model, chains=100, steps=7)
    assert (given.steps, given.chains, len(given.trials)) == (7, 100, 2)


def test_a_jump_between_runs_is_told():
    found = estimate(case("rna"), chains=100, steps=50)
    before = replace(found.trials[0], value=found.value + 1)
    moved = replace(found, trials=(before, *found.trials[1:]))
    assert "standard errors when steps were added" in moved.verdict
    assert moved.verdict.startswith("NOT reliable")
    assert not moved.reliable


def test_what_a_compact_table_rounds_is_made_up_for():
    model = random_model(3, 12, scale=0.4)
    target = Target(model, compact=True)
    way = path.path_from(landscape_of(target), 0.9, np.full((12, 21), 1 / 21))
    walkers = path.departing(way, 200, 0, 0)
    above = path.rounding(way, walkers)
    codes = walkers.codes[:, :12]
    np.testing.assert_allclose(walkers.end + above, energy(model, codes) / 0.9)
    # The gauge is another, the same for all; the rest is of the order of a step.
    shift = (energy(model, codes) - energy(zero_sum(model), codes)) / 0.9
    assert abs(shift.mean()) > 0.1
    assert 0 < np.abs(above - shift).max() < 66 * target.table.unit
    plain = estimate(Target(model), chains=300, seed=1)
    found = estimate(target, chains=300, seed=2)
    assert abs(found.value - plain.value) < 4 * np.hypot(found.error, plain.error)


def test_table_and_fields_are_enough():
    model = random_model(3, 10, RNA, gaps="missing", scale=0.4)
    target = Target(model)
    options = {"chains": 200, "steps": 40, "seed": 3}
    found = estimate(Landscape(target.table, target.fields), **options)
    expected = estimate(target, **options)
    np.testing.assert_allclose(found.log_weights, expected.log_weights, atol=1e-9)
    assert found.length == 10
    # Rounded couplings without their model are another model's, in another gauge.
    compact = Target(model, compact=True)
    other = estimate(Landscape(compact.table, compact.fields), **options)
    shift = exact_log_partition(zero_sum(model)).value
    assert abs(other.value - shift) < 4 * other.error + 0.05
    assert abs(other.value - expected.value) > 0.2


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_nothing(threads):
    model = random_model(0, 13, PROTEIN, gaps="missing", scale=0.3)
    options = {"chains": 50, "steps": 30, "seed": 6}
    one, other = estimate(model, **options), estimate(model, threads, **options)
    np.testing.assert_array_equal(other.log_weights, one.log_weights)
    assert (other.value, other.mean_energy) == (one.value, one.mean_energy)
    assert other.trials == one.trials
    another = estimate(model, **{**options, "seed": 7})
    assert (another.log_weights != one.log_weights).all()


def test_an_independent_model_is_exact():
    model = random_model(4, 40, PROTEIN, scale=1.0)
    model = replace(model, couplings=np.zeros_like(model.couplings))
    expected = logsumexp(model.fields.astype(float), axis=1).sum()
    with Workers(1) as workers:
        integrated = integrate_log_partition(model, chains=20, workers=workers)
    annealed = estimate(model, chains=20)
    for found in (annealed, integrated):
        assert found.value == pytest.approx(expected, abs=1e-5)
        assert found.error < 1e-5
    assert np.ptp(annealed.log_weights) < 1e-4
    assert annealed.effective_size == pytest.approx(20)
    assert annealed.reliable


@pytest.mark.parametrize(("variance", "steps"), [(0.1, 100), (4, 595), (100, 6400)])
def test_steps_are_as_many_as_the_accuracy_takes(variance, steps):
    log_weights = np.sqrt(variance) * np.tile([-1.0, 1.0], 50)
    pilot = annealing.Run(log_weights, np.ones(50), np.ones(100))
    assert annealing.steps_for(0.02, 1000, pilot) == steps


def test_points_are_dense_where_energies_vary():
    spreads = np.array([1.0, 1.0, 9.0, 9.0])
    points = annealing.schedule_of(spreads, 80)
    assert (points[0], points[-1], len(points)) == (0, 1, 81)
    assert (np.diff(points) > 0).all()
    assert (points < 0.5).sum() == pytest.approx(20, abs=2)
    flat = annealing.schedule_of(np.zeros(4), 8)
    np.testing.assert_allclose(flat, np.linspace(0, 1, 9))


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"chains": 1}, "`chains=1`"),
        ({"steps": 0}, "`steps=0`"),
        ({"seed": -1}, "`seed=-1`"),
        ({"accuracy": 0.0}, "`accuracy=0.0`"),
        ({"temperature": 0.0}, "`temperature=0`"),
        ({"temperature": float("nan")}, "`temperature=nan`"),
    ],
)
def test_numbers_out_of_range(options, complaint):
    with pytest.raises(UsageError, match=complaint):
        estimate(random_model(0, 3, RNA), **options)


def test_fixed_positions_are_refused():
    model = random_model(0, 4, RNA)
    target = Target(model, np.array([True, False, True, True]))
    with pytest.raises(UsageError, match="over free positions"):
        estimate(target)
    with pytest.raises(UsageError, match="over free positions"):
        exact_log_partition(target)
