"""Boltzmann learning: each step against its twin, the fit against planted models."""

import itertools
import json
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

from pottsfold.alignment import Alignment, Numbering
from pottsfold.alphabet import RNA, Alphabet
from pottsfold.errors import NotConverged, UsageError
from pottsfold.inference import checkpoint
from pottsfold.inference.boltzmann import fit_boltzmann
from pottsfold.inference.boltzmann.learner import DAMPING, Learner, first_state_of
from pottsfold.inference.boltzmann.modes import (
    FLOOR,
    MAX_MODES,
    MIN_VARIANCE,
    leading_modes,
)
from pottsfold.inference.boltzmann.plan import rounds
from pottsfold.inference.boltzmann.statistics import family_statistics
from pottsfold.inference.boltzmann.validation import evaluate_samples
from pottsfold.model import energy, zero_sum
from pottsfold.sampling import Sampler, Target, start_chains
from pottsfold.threads import Workers
from tests.naive import boltzmann as naive
from tests.naive import sampling as naive_sampling
from tests.strategies import random_model

TINY = Alphabet("-ABC")


def family_of(codes, alphabet=TINY, weights=None):
    return Alignment(
        alphabet=alphabet,
        codes=np.ascontiguousarray(codes, np.uint8),
        names=tuple(f"s{k}" for k in range(len(codes))),
        numbering=Numbering.sequential(codes.shape[1]),
        focus=0,
        weights=weights,
    )


def drawn(model, n, seed=0, sweeps=200):
    """n sequences of a model from as many chains."""
    sampler = Sampler(Target(model), np.array([1.0]))
    with Workers(1) as workers:
        chains, _ = sampler.step(start_chains(sampler.target, n, seed), sweeps, workers)
    return chains.codes


def gapped_family(seed=0, n=60, length=5):
    """Sequences with blocks of gaps, so that there is a collective mode."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(1, 4, (n, length))
    codes[rng.random(n) < 0.3] = 0
    codes[0, 1] = TINY.unknown
    codes[:, 4] = np.where(rng.random(n) < 0.8, codes[:, 3], codes[:, 4])
    return family_of(codes, weights=rng.uniform(0.2, 1, n))


@pytest.mark.parametrize("gaps", ["state", "missing"])
def test_statistics_equal_the_naive_twin(gaps):
    family = gapped_family()
    states = range(0 if gaps == "state" else 1, 4)
    f, c = naive.statistics(family.codes, family.sequence_weights, states)
    with Workers(1) as workers:
        found = family_statistics(family, gaps, workers)
    share = 1 / family.neff
    expected = np.zeros_like(f)
    expected[:, list(states)] = (1 - share) * f[:, list(states)] + share / len(states)
    np.testing.assert_allclose(found.profile[:, :4], expected, atol=1e-12)
    assert not found.profile[:, 4:].any()
    pairs = list(itertools.combinations(range(family.length), 2))
    for pair, (i, j) in enumerate(pairs):
        np.testing.assert_allclose(
            found.correlations[pair, :, :4], c[i, j].T, atol=1e-7
        )
    assert len(pairs) == len(found.correlations)


@pytest.mark.parametrize("gaps", ["state", "missing"])
def test_a_step_equals_the_dense_formulas(gaps, monkeypatch):
    monkeypatch.setattr("pottsfold.inference.boltzmann.modes.MIN_VARIANCE", 1.2)
    family = gapped_family(n=200)
    with Workers(1) as workers:
        statistics = family_statistics(family, gaps, workers)
        modes = leading_modes(statistics)
        learner = Learner(statistics, modes, 0.02, workers)
        state = first_state_of(statistics, 300, seed=2)
        for rate in (0.5, 0.3):
            before = parameters(learner, state)
            learner.move_chains(state, 1)
            learner.step(state, rate)
        after = parameters(learner, state)
    f = statistics.profile[:, :4]
    c = np.zeros((5, 5, 4, 4))
    for pair, (i, j) in enumerate(itertools.combinations(range(5), 2)):
        c[i, j] = statistics.correlations[pair, :, :4].T
        c[j, i] = c[i, j].T
    vectors, values = naive.modes(f, c, 1.2, MAX_MODES, FLOOR)
    assert vectors.shape[1] == len(modes.gains) >= 2
    chains = state.codes[:, :5]
    expected = naive.step(
        f, c, chains, *before, vectors, values, 0.3, 0.02, DAMPING, FLOOR
    )
    for name, found, wanted in zip("hJ", after, expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=2e-5, err_msg=name)
    assert np.abs(after[1] - before[1]).max() > 1e-3
    # Without the modes the step is another one.
    plain = naive.step(
        f, c, chains, *before, vectors, np.ones_like(values), 0.3, 0.02, DAMPING, FLOOR
    )
    assert np.abs(after[1] - plain[1]).max() > 1e-3


def parameters(learner, state):
    """Fields, zero where none is modelled, and couplings of a state, (L, L, q, q)."""
    size, length = learner.statistics.size, learner.statistics.length
    fields = np.where(learner.statistics.profile > 0, learner.fields(state), 0)
    couplings = state.table[:, :length, :, :size].transpose(0, 1, 3, 2)
    return fields[:, :size].astype(float), couplings.astype(float)


def test_couplings_stay_the_same_from_both_sides():
    family = gapped_family(n=200)
    with Workers(2) as workers:
        statistics = family_statistics(family, "state", workers)
        learner = Learner(statistics, leading_modes(statistics), 0.02, workers)
        state = first_state_of(statistics, 100, seed=2)
        for _ in range(5):
            learner.gradient(state)
        couplings = parameters(learner, state)[1]
    assert np.array_equal(couplings, couplings.transpose(1, 0, 3, 2))
    assert couplings.any()


def test_modes_find_gaps_that_come_together_and_nothing_in_noise():
    rng = np.random.default_rng(0)
    codes = rng.integers(1, RNA.size, (3000, 30))
    with Workers(1) as workers:
        none = leading_modes(family_statistics(family_of(codes, RNA), "state", workers))
        codes[rng.random(3000) < 0.3, :20] = 0
        some = leading_modes(family_statistics(family_of(codes, RNA), "state", workers))
    assert not len(none.gains)
    variances = 1 / (1 - some.gains)
    assert variances.max() > 4 * MIN_VARIANCE
    gaps = np.abs(some.vectors[:, variances.argmax(), 0])
    assert gaps[:20].min() > 5 * gaps[20:].max()


def test_modes_are_the_same_bits_each_time():
    """Of families so small that all directions are searched, too."""
    with Workers(1) as workers:
        statistics = family_statistics(gapped_family(n=300), "state", workers)
    found = [leading_modes(statistics).vectors.tobytes() for _ in range(8)]
    assert len(set(found)) == 1


def test_gradient_vanishes_at_the_truth_and_not_beside_it():
    """Chains of the true model against its exact moments: nothing left to do."""
    model = random_model(5, 4, TINY, scale=0.5)
    sequences, shares = naive_sampling.conditioned(
        model.fields, model.couplings, 1.0, [range(4)] * 4
    )
    family = family_of(np.array(sequences), weights=np.array(shares) * 1e6)
    with Workers(1) as workers:
        statistics = family_statistics(family, "state", workers)
        learner = Learner(statistics, leading_modes(statistics), 1e-9, workers)
        moved = {}
        for name, factor in (("truth", 1.0), ("beside", 0.7)):
            state = first_state_of(statistics, 40_000, seed=1)
            put(learner, state, model.fields, factor * model.couplings)
            learner.move_chains(state, 30)
            before = parameters(learner, state)[1]
            learner.step(state, 1.0)
            moved[name] = np.abs(parameters(learner, state)[1] - before).mean()
    assert moved["truth"] < 0.03
    assert moved["beside"] > 3 * moved["truth"]


def put(learner, state, fields, couplings):
    """Give a state the parameters of a model."""
    size, length = learner.statistics.size, learner.statistics.length
    state.table[:, :length, :, :size] = couplings.transpose(0, 1, 3, 2)
    f = learner.statistics.profile[:, :size]
    influence = np.einsum("ijab,jb->ia", couplings, f)
    state.centred[:, :size] = fields + influence


def recovered(model, truth):
    """Pearson of zero-sum couplings of pairs."""
    upper = np.triu_indices(truth.length, 1)
    rows = [zero_sum(each).couplings[upper].ravel() for each in (model, truth)]
    return np.corrcoef(*rows)[0, 1]


def test_a_planted_model_is_recovered():
    truth = random_model(3, 12, TINY, scale=0.4)
    family = family_of(drawn(truth, 60_000))
    fit = fit_boltzmann(
        family, lambda_j=1e-5, target=0.99, max_iterations=200, chains=20_000
    )
    assert recovered(fit.model, truth) > 0.99
    other = random_model(4, 12, TINY, scale=0.4)
    assert recovered(fit.model, other) < 0.5
    assert fit.report.method == "boltzmann"
    assert fit.report.quality["pearson"] > 0.99
    assert fit.report.quality["slope"] == pytest.approx(1, abs=0.05)


def test_a_planted_model_without_gaps_is_recovered_from_gapped_sequences():
    truth = random_model(3, 8, TINY, gaps="missing", scale=0.5)
    codes = drawn(truth, 40_000).copy()
    codes[np.random.default_rng(0).random(codes.shape) < 0.1] = 0
    fit = fit_boltzmann(
        family_of(codes), gaps="missing", lambda_j=1e-5, target=0.99, max_iterations=100
    )
    assert recovered(fit.model, truth) > 0.98
    assert fit.model.gaps == "missing"
    assert not fit.model.fields[:, 0].any()


def small_fit(family, **settings):
    given = {"chains": 500, "max_iterations": 60, "lambda_j": 0.01, **settings}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConverged)
        return fit_boltzmann(family, **given)


@pytest.fixture(scope="module")
def family():
    return family_of(drawn(random_model(1, 10, RNA, scale=0.4), 2000), RNA)


def test_same_seed_same_model_for_any_number_of_threads(family):
    one, three = (small_fit(family, threads=n) for n in (1, 3))
    other = small_fit(family, seed=1)
    assert np.array_equal(one.model.couplings, three.model.couplings)
    assert np.array_equal(one.model.fields, three.model.fields)
    assert one.report.quality == three.report.quality
    assert not np.array_equal(one.model.couplings, other.model.couplings)


def test_new_chains_are_not_flattered_by_memory(family):
    """A model fitted to few chains' noise looks good on them and not on new ones."""
    with Workers(1) as workers:
        fit = small_fit(family, chains=20, lambda_j=1e-4)
        good = small_fit(family, chains=5000)
        poor = evaluate_samples(fit.model, family, seed=0, workers=workers)
        well = evaluate_samples(good.model, family, seed=0, workers=workers)
    assert well.pearson > poor.pearson
    assert well.ceiling > 0.98
    assert well.natural_energy == pytest.approx(
        np.average(energy(good.model, family.codes), weights=family.sequence_weights)
    )


def test_unmixed_chains_are_never_called_converged(family, monkeypatch):
    monkeypatch.setattr("pottsfold.sampling.mixing.MAX_RHAT", 0.9)
    with pytest.warns(NotConverged, match="NOT mixed"):
        fit = fit_boltzmann(family, chains=500, target=0.5)
    assert not fit.report.converged
    monkeypatch.undo()
    assert fit_boltzmann(family, chains=5000, target=0.5).report.converged


def test_a_target_out_of_reach_is_said(family):
    with pytest.warns(NotConverged, match=r"below the target 0\.9999"):
        fit = fit_boltzmann(family, chains=200, target=0.9999, max_iterations=30)
    assert fit.report.n_evaluations == 30


def test_rounds_double():
    assert rounds(400) == [25, 50, 100, 200, 400]
    assert rounds(60) == [25, 50, 60]
    assert rounds(10) == [10]


BAD = [
    ({"lambda_j": 0.0}, "`lambda_j=0.0`"),
    ({"target": 1.0}, "`target=1`"),
    ({"chains": 0}, "`chains=0`"),
    ({"max_iterations": 0}, "`max_iterations=0`"),
    ({"seed": -1}, "`seed=-1`"),
    ({"resume": True}, "`checkpoint`"),
]


@pytest.mark.parametrize(("setting", "message"), BAD)
def test_bad_settings_are_refused(family, setting, message):
    with pytest.raises(UsageError, match=message):
        fit_boltzmann(family, **setting)


class Stopped(Exception):
    pass


def stopping_at(gradients):
    def progress(made, _doing):
        if made == gradients:
            raise Stopped

    return progress


@pytest.mark.parametrize("stop", [10, 30, 50, 55])
def test_a_run_that_is_stopped_goes_on_to_the_same_model(
    family, tmp_path, monkeypatch, stop
):
    monkeypatch.setattr(checkpoint, "EVERY", 0.0)
    whole = small_fit(family, target=0.9999)
    file = tmp_path / "run.checkpoint"
    with pytest.raises(Stopped):
        small_fit(family, target=0.9999, checkpoint=file, progress=stopping_at(stop))
    told = []
    resumed = small_fit(
        family, target=0.9999, checkpoint=file, resume=True, announce=told.append
    )
    assert any("resumed" in line for line in told)
    assert np.array_equal(whole.model.couplings, resumed.model.couplings)
    assert np.array_equal(whole.model.fields, resumed.model.fields)
    assert whole.report.quality == resumed.report.quality


KILLED = """
import sys, numpy as np
from pathlib import Path
sys.path.insert(0, {root!r})
from pottsfold.alphabet import RNA
from pottsfold.inference import checkpoint
from pottsfold.inference.boltzmann import fit_boltzmann
from tests.inference.boltzmann.test_fit import family_of
checkpoint.EVERY = 0.0
family = family_of(np.load({codes!r}), RNA)
fit_boltzmann(family, chains=500, max_iterations=4000, lambda_j=0.01, target=0.9999,
              checkpoint=Path({file!r}))
"""


def test_a_killed_process_goes_on_to_the_same_model(family, tmp_path):
    root = str(Path(__file__).parents[3])
    codes, file = tmp_path / "codes.npy", tmp_path / "run.checkpoint"
    np.save(codes, family.codes)
    program = KILLED.format(root=root, codes=str(codes), file=str(file))
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", program])
    deadline = time.monotonic() + 60
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    with np.load(file) as archive:
        made = json.loads(archive["about"].tobytes())["gradients"]
    resumed, whole = (
        small_fit(family, target=0.9999, max_iterations=made + 20, **more)
        for more in ({"checkpoint": file, "resume": True}, {})
    )
    assert 0 < made < 4000
    assert np.array_equal(whole.model.couplings, resumed.model.couplings)


def test_a_checkpoint_of_something_else_is_refused(family, tmp_path):
    file = tmp_path / "run.checkpoint"
    small_fit(family, max_iterations=3, checkpoint=file)
    with pytest.raises(UsageError, match="exists already"):
        small_fit(family, checkpoint=file)
    with pytest.raises(UsageError, match="no checkpoint"):
        small_fit(family, checkpoint=tmp_path / "other", resume=True)
    with pytest.raises(UsageError, match=r"lambda_j 0\.01, this run has 0\.02"):
        small_fit(family, checkpoint=file, resume=True, lambda_j=0.02)
    codes = family.codes.copy()
    codes[0, 0] = (codes[0, 0] + 1) % 5
    other = family_of(codes, RNA)
    hashes = [checkpoint.alignment_hash(each)[:12] for each in (family, other)]
    with pytest.raises(UsageError, match=f"alignment {hashes[0]}.*{hashes[1]}"):
        small_fit(other, checkpoint=file, resume=True)


@pytest.mark.parametrize("spoil", ["cut", "text", "shape"])
def test_a_damaged_checkpoint_is_refused(family, tmp_path, spoil):
    file = tmp_path / "run.checkpoint"
    small_fit(family, max_iterations=3, checkpoint=file)
    if spoil == "cut":
        file.write_bytes(file.read_bytes()[:-100])
    elif spoil == "text":
        file.write_text("nonsense")
    else:
        with np.load(file) as archive:
            arrays = dict(archive)
        arrays["table"] = arrays["table"][:2]
        with open(file, "wb") as handle:
            np.savez(handle, **arrays)
    with pytest.raises(UsageError, match="damaged"):
        small_fit(family, checkpoint=file, resume=True)
