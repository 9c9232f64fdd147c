"""Sparse Boltzmann learning: choices against their twins, fits of planted models."""

import itertools
import warnings

import numpy as np
import pytest

from pottsfold.alignment import Alignment, Numbering
from pottsfold.alphabet import Alphabet
from pottsfold.errors import NotConverged, UsageError
from pottsfold.inference import checkpoint
from pottsfold.inference.boltzmann.learner import DAMPING, Learner, first_state_of
from pottsfold.inference.boltzmann.modes import FLOOR, MAX_MODES, leading_modes
from pottsfold.inference.boltzmann.sparse import selection
from pottsfold.inference.boltzmann.sparse.fit import fit_sparse
from pottsfold.inference.boltzmann.sparse.schedule import (
    BETWEEN,
    CYCLE,
    DENSE,
    ROUND,
    SETTLING,
    Schedule,
)
from pottsfold.inference.boltzmann.sparse.selection import (
    gains_of,
    modelled_elements,
    strengths_of,
    strongest,
)
from pottsfold.inference.boltzmann.statistics import family_statistics
from pottsfold.model import PottsModel
from pottsfold.sampling import Sampler, Target, start_chains
from pottsfold.threads import Workers
from tests.inference.boltzmann.test_fit import Stopped, parameters, stopping_at
from tests.naive import boltzmann as naive_dense
from tests.naive import sparse_boltzmann as naive

TINY = Alphabet("-ABC")
LENGTH = 12
# i, j, a, b of the planted couplings, one a pair.
PLANTED = {(0, 5, 1, 2), (1, 8, 3, 3), (2, 3, 0, 1), (4, 11, 2, 0), (6, 9, 1, 1)}
STRENGTH = 1.5
TOTAL = LENGTH * (LENGTH - 1) // 2 * TINY.size**2


def family_of(codes, weights=None):
    return Alignment(
        alphabet=TINY,
        codes=np.ascontiguousarray(codes, np.uint8),
        names=tuple(f"s{k}" for k in range(len(codes))),
        numbering=Numbering.sequential(codes.shape[1]),
        focus=0,
        weights=weights,
    )


def planted_model(strength=STRENGTH):
    couplings = np.zeros((LENGTH, LENGTH, TINY.size, TINY.size), np.float32)
    for i, j, a, b in PLANTED:
        couplings[i, j, a, b] = couplings[j, i, b, a] = strength
    fields = np.random.default_rng(0).normal(0, 0.3, (LENGTH, TINY.size))
    return PottsModel(
        TINY, fields.astype(np.float32), couplings, Numbering.sequential(LENGTH)
    )


def drawn(model, n, seed=0, sweeps=50):
    """n sequences of a model from as many chains."""
    sampler = Sampler(Target(model), np.array([1.0]))
    with Workers(1) as workers:
        chains, _ = sampler.step(start_chains(sampler.target, n, seed), sweeps, workers)
    return family_of(chains.codes)


@pytest.fixture(scope="module")
def planted():
    return drawn(planted_model(), 10_000)


@pytest.fixture(scope="module")
def uncoupled():
    return drawn(planted_model(0.0), 10_000)


def gapped_family(seed=0, n=150, length=5):
    """Sequences with gaps that come together, so that there is a collective mode."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(1, 4, (n, length))
    codes[rng.random(n) < 0.3] = 0
    codes[:, 4] = np.where(rng.random(n) < 0.8, codes[:, 3], codes[:, 4])
    return family_of(codes, rng.uniform(0.2, 1, n))


def square(once, length):
    """(P, q, W) at [pair, b, a] as (L, L, q, q) at [i, j, a, b], both triangles."""
    q = once.shape[1]
    whole = np.zeros((length, length, q, q), once.dtype)
    for pair, (i, j) in enumerate(itertools.combinations(range(length), 2)):
        whole[i, j], whole[j, i] = once[pair, :, :q].T, once[pair, :, :q]
    return whole


def places(mask, length=LENGTH):
    """The active elements, as in PLANTED."""
    whole = np.nonzero(square(mask, length))
    return {
        tuple(map(int, place))
        for place in zip(*whole, strict=True)
        if place[0] < place[1]
    }


@pytest.mark.parametrize("gaps", ["state", "missing"])
def test_gains_and_strengths_equal_their_twins(gaps):
    family, rng = gapped_family(), np.random.default_rng(1)
    with Workers(2) as workers:
        statistics = family_statistics(family, gaps, workers)
        state = first_state_of(statistics, 300, seed=2)
        # Half of the chains as like one another as the family is.
        state.codes[:150, :5] = np.maximum(family.codes, statistics.first)
        modelled = modelled_elements(statistics)
        state.mask = modelled & (rng.random(modelled.shape) < 0.3)
        gains, pearson = gains_of(state, statistics, workers)
    state.mean_couplings[...] = rng.normal(size=state.mean_couplings.shape)
    strengths = strengths_of(state, statistics)
    assert np.count_nonzero(strengths >= 0) == np.count_nonzero(state.mask)
    strengths = square(strengths, 5)
    f, c = statistics.profile[:, :4], square(statistics.correlations, 5)
    mask, chains = square(state.mask, 5), state.codes[:, :5]
    off = naive.gains(f, c, chains, mask, selection.DAMPING)
    on = naive.strengths(f, square(state.mean_couplings, 5), mask)
    assert len(off) + len(on) == np.count_nonzero(modelled) > len(on) > 0
    assert np.count_nonzero(gains >= 0) == len(off)
    found = square(gains, 5)
    for place, value in off.items():
        assert found[place] == pytest.approx(value, rel=1e-5, abs=1e-9)
    for place, value in on.items():
        assert strengths[place] == pytest.approx(value, rel=1e-5)
    assert pearson == pytest.approx(naive.pearson(f, c, chains), abs=1e-6)


def test_few_chains_show_the_same_correlation_as_many(planted):
    shown = {}
    with Workers(1) as workers:
        statistics = family_statistics(planted, "state", workers)
        for n in (2000, 20_000):
            state = first_state_of(statistics, n, seed=0)
            state.codes[:, :LENGTH] = drawn(planted_model(1.0), n, 1, 20).codes
            state.mask = np.zeros(statistics.correlations.shape, np.bool_)
            shown[n] = gains_of(state, statistics, workers)[1]
    assert shown[2000] == pytest.approx(shown[20_000], abs=0.03)
    assert 0.9 < shown[20_000] < 1


def test_gain_and_strength_are_divergences_to_second_order():
    f, g = np.array([0.5, 0.2, 0.3]), np.array([0.1, 0.6, 0.3])
    for a, b in itertools.product(range(3), repeat=2):
        v = f[a] * (1 - f[a]) * g[b] * (1 - g[b])
        weak = naive.centred_element(f, g, a, b, 0.02)
        independent = np.outer(weak.sum(1), weak.sum(0))
        fitted = naive.best_fit_of_one_element(weak, a, b)
        gained = naive.divergence(weak, independent) - naive.divergence(weak, fitted)
        difference = (weak - independent)[a, b]
        assert gained == pytest.approx(difference**2 / (2 * v), rel=0.05)
        # With the fields held as they are it would be another number.
        alone = difference**2 / (2 * f[a] * g[b] * (1 - f[a] * g[b]))
        assert gained != pytest.approx(alone, rel=0.05)
        given = naive.divergence(weak, np.outer(f, g))
        assert given == pytest.approx(0.02**2 * v / 2, rel=0.05)


@pytest.mark.parametrize("count", [0, 1, 3, 7, 12, 50])
def test_the_strongest_are_those_of_a_sort(count):
    rng = np.random.default_rng(count)
    values = rng.integers(-1, 4, (3, 2, 2)).astype(np.float32)
    chosen = strongest(values, count)
    expected = naive.strongest(values.ravel().tolist(), count)
    assert set(np.flatnonzero(chosen)) == expected
    assert len(expected) <= count


def masked_state(learner, seed=3):
    state = first_state_of(learner.statistics, 300, seed=2)
    rng = np.random.default_rng(seed)
    modelled = modelled_elements(learner.statistics)
    state.mask = modelled & (rng.random(modelled.shape) < 0.4)
    return state


@pytest.mark.parametrize("gaps", ["state", "missing"])
def test_a_masked_step_equals_the_dense_formulas(gaps, monkeypatch):
    monkeypatch.setattr("pottsfold.inference.boltzmann.modes.MIN_VARIANCE", 1.2)
    with Workers(1) as workers:
        statistics = family_statistics(gapped_family(n=200), gaps, workers)
        modes = leading_modes(statistics)
        learner = Learner(statistics, modes, 0.02, workers)
        state = masked_state(learner)
        for rate in (0.5, 0.3):
            before = parameters(learner, state)
            learner.move_chains(state, 1)
            learner.step(state, rate)
        after = parameters(learner, state)
    f, c = statistics.profile[:, :4], square(statistics.correlations, 5)
    mask, chains = square(state.mask, 5), state.codes[:, :5]
    vectors, values = naive_dense.modes(f, c, 1.2, MAX_MODES, FLOOR)
    assert len(values) >= 2
    rest = (vectors, values, 0.3, 0.02, DAMPING, FLOOR)
    expected = naive.masked_step(f, c, chains, *before, mask, *rest)
    for found, wanted in zip(after, expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=2e-5)
    assert after[1][mask].any()
    assert not after[1][~mask].any()
    # What is off would move what is on, were the mask put on the step alone.
    whole = naive_dense.step(f, c, chains, *before, *rest)[1] * mask
    assert np.abs(after[1] - whole).max() > 1e-3


def first_gains(family):
    with Workers(1) as workers:
        statistics = family_statistics(family, "state", workers)
        state = first_state_of(statistics, 10_000, seed=0)
        state.mask = np.zeros(statistics.correlations.shape, np.bool_)
        return gains_of(state, statistics, workers)[0]


def test_planted_couplings_gain_most_and_noise_gains_as_much_as_noise_may(
    planted, uncoupled
):
    gains = first_gains(planted)
    assert places(strongest(gains, len(PLANTED))) == PLANTED
    # Twice a gain times the sequences is at most chi-square where there is nothing:
    # the largest of so many exceeds 2 log(total) hardly. Chains are as many again.
    bound = 2 * 2 * np.log(TOTAL)
    found = np.sort(2 * planted.neff * gains.ravel())
    assert found[-len(PLANTED)] > 5 * bound
    assert (2 * uncoupled.neff * first_gains(uncoupled)).max() < bound


def sparse(family, **settings):
    given = {"chains": 2000, "lambda_j": 1e-4, **settings}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConverged)
        return fit_sparse(family, **given)


def nonzero(model):
    return {
        tuple(map(int, place))
        for place in zip(*np.nonzero(model.couplings), strict=True)
        if place[0] < place[1]
    }


def test_activation_finds_what_was_planted_and_little_else(planted):
    fit = sparse(planted, target=0.9)
    quality = fit.report.quality
    assert fit.report.converged
    assert nonzero(fit.model) >= PLANTED
    assert len(nonzero(fit.model)) == quality["couplings"] <= 4 * len(PLANTED)
    assert quality["density"] == pytest.approx(quality["couplings"] / TOTAL, abs=1e-4)
    assert quality["pearson"] >= 0.9


def test_activation_without_couplings_to_find_does_not_converge(uncoupled):
    with pytest.warns(NotConverged, match=r"the target is 0\.95"):
        fit = fit_sparse(uncoupled, density=0.02, chains=2000, max_iterations=100)
    assert fit.report.quality["pearson"] < 0.7
    assert fit.report.quality["couplings"] == round(0.02 * TOTAL)
    assert not fit.report.converged


def test_decimation_keeps_what_was_planted_to_the_last(planted):
    fit = sparse(planted, form="decimation", density=len(PLANTED) / TOTAL, target=0.9)
    assert nonzero(fit.model) == PLANTED
    assert fit.report.quality["couplings"] == len(PLANTED)
    for place in PLANTED:
        assert fit.model.couplings[place] == pytest.approx(STRENGTH, rel=0.25)
    assert fit.report.converged
    half = sparse(planted, form="decimation", density=0.5)
    assert nonzero(half.model) > PLANTED
    assert len(nonzero(half.model)) == TOTAL // 2


@pytest.mark.parametrize("gaps", ["state", "missing"])
def test_density_counts_modelled_letters(gaps):
    fit = sparse(
        gapped_family(n=400), gaps=gaps, form="decimation", density=0.25, chains=200
    )
    letters = 4 if gaps == "state" else 3
    assert fit.report.quality["couplings"] == round(0.25 * 10 * letters**2)
    if gaps == "missing":
        assert not fit.model.couplings[:, :, 0].any()


def test_rounds_end_at_the_density():
    up = Schedule("activation", 10_000, 0.01)
    down = Schedule("decimation", 10_000, 0.1)
    assert [up.wanted(k * BETWEEN) for k in range(5)] == [35, 70, 100, 100, 100]
    assert up.end == CYCLE
    assert Schedule("activation", 10_000, 0.02).end == 2 * CYCLE
    counts = [down.wanted(DENSE + k * ROUND) for k in range(-1, 5)]
    assert counts == [10_000, 5000, 2500, 1250, 1000, 1000]
    assert down.end == DENSE + 3 * ROUND + SETTLING
    chosen = [[k for k in range(200) if each.chooses(k)] for each in (up, down)]
    assert chosen[0][:5] == [0, 5, 10, 15, 40]
    assert chosen[1] == [50, 60, 70, 80]
    assert Schedule("activation", 10_000, None).end is None


FORMS = [
    {"form": "activation", "density": 0.1, "max_iterations": 34},
    {"form": "decimation", "density": 0.2, "max_iterations": 110},
]


@pytest.mark.parametrize("form", FORMS)
def test_same_seed_same_model_for_any_number_of_threads(planted, form):
    settings = {"chains": 200, "target": 0.9999, **form}
    one, three = (sparse(planted, threads=n, **settings) for n in (1, 3))
    other = sparse(planted, seed=1, **settings)
    assert np.array_equal(one.model.couplings, three.model.couplings)
    assert np.array_equal(one.model.fields, three.model.fields)
    assert one.report.quality == three.report.quality
    assert not np.array_equal(one.model.couplings, other.model.couplings)


@pytest.mark.parametrize(
    ("form", "stop"),
    [(FORMS[0], 3), (FORMS[0], 20), (FORMS[0], 33), (FORMS[1], 50), (FORMS[1], 66)],
)
def test_a_run_that_is_stopped_goes_on_to_the_same_model(
    planted, tmp_path, monkeypatch, form, stop
):
    monkeypatch.setattr(checkpoint, "EVERY", 0.0)
    settings = {"chains": 200, "target": 0.97, **form}
    whole = sparse(planted, **settings)
    assert whole.report.n_evaluations > stop
    file = tmp_path / "run.checkpoint"
    with pytest.raises(Stopped):
        sparse(planted, checkpoint=file, progress=stopping_at(stop), **settings)
    told = []
    resumed = sparse(
        planted, checkpoint=file, resume=True, announce=told.append, **settings
    )
    assert any(line.startswith("resumed after") for line in told)
    assert np.array_equal(whole.model.couplings, resumed.model.couplings)
    assert np.array_equal(whole.model.fields, resumed.model.fields)
    assert whole.report.quality == resumed.report.quality


def test_a_checkpoint_of_another_form_is_refused(planted, tmp_path):
    file = tmp_path / "run.checkpoint"
    sparse(planted, checkpoint=file, chains=50, max_iterations=3)
    with pytest.raises(UsageError, match="density"):
        sparse(planted, checkpoint=file, resume=True, chains=50, density=0.1)
    down = {"form": "decimation", "density": 0.5}
    with pytest.raises(UsageError, match="sparse activation, this run has decimation"):
        sparse(planted, checkpoint=file, resume=True, chains=50, **down)


BAD = [
    ({"form": "decimation"}, "`density`"),
    ({"density": 0.0}, "`density=0`"),
    ({"density": 1.0}, "`density=1`"),
    (
        {"form": "decimation", "density": 0.1, "max_iterations": 30},
        r"`max_iterations=30`: .* takes 110",
    ),
    ({"lambda_j": 0.0}, "`lambda_j=0.0`"),
    ({"resume": True}, "`checkpoint`"),
]


@pytest.mark.parametrize(("setting", "message"), BAD)
def test_bad_settings_are_refused(planted, setting, message):
    with pytest.raises(UsageError, match=message):
        fit_sparse(planted, **setting)
