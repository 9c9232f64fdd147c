"""Sequences left out of Boltzmann learning: their likelihood, and what follows."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from pottsfold import memory
from pottsfold.alignment import clustered_folds, identity_weights, reweight
from pottsfold.errors import MemoryShort, NotConverged, UsageError
from pottsfold.inference import checkpoint
from pottsfold.inference.boltzmann import (
    fit_boltzmann,
    likelihood,
    penalty,
    validation,
)
from pottsfold.inference.boltzmann.early_stopping import EarlyStopping
from pottsfold.inference.boltzmann.likelihood import HeldOut, Likelihood, part
from pottsfold.inference.boltzmann.penalty import (
    BoltzmannPenaltySelection,
    cross_validate_boltzmann_penalty,
)
from pottsfold.inference.boltzmann.plan import boltzmann_bytes
from pottsfold.inference.cross_validation import PenaltyPoint, strongest_within_error
from pottsfold.threads import Workers
from tests.inference.boltzmann.test_fit import (
    TINY,
    Stopped,
    drawn,
    family_of,
    stopping_at,
)
from tests.naive.model import distribution
from tests.strategies import random_model

SMALL = {"chains": 500, "lambda_j": 1e-4, "target": 0.9999}
RESUMED = {"held_out": 0.2, "max_iterations": 160, "lambda_j": 0.03}


def fitted(family, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConverged)
        return fit_boltzmann(family, **{**SMALL, **settings})


def planted(n, length=10, seed=3, scale=0.5, gaps="state"):
    truth = random_model(seed, length, TINY, scale=scale, gaps=gaps, focus=False)
    return replace(family_of(drawn(truth, n, sweeps=50)), focus=None)


@pytest.fixture(scope="module")
def family():
    return planted(200)


@pytest.fixture(scope="module", autouse=True)
def short_looks():
    """Fresh chains are not what is tested here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(validation, "COUNTED", 2000)
        patch.setattr(validation, "BURN_IN", 20)
        yield


@pytest.fixture(scope="module")
def unbroken(family, short_looks):
    return fitted(family, **RESUMED)


def judged(model, codes, seed=0, threads=1):
    parted = HeldOut(family_of(codes), codes, np.linspace(0.2, 1, len(codes)), 0, 0.5)
    with Workers(threads) as workers:
        return parted.likelihood(model, seed=seed, workers=workers)


@pytest.mark.parametrize("gaps", ["state", "missing"])
def test_the_likelihood_is_the_exact_one_within_its_error(gaps):
    model = random_model(1, 5, TINY, gaps=gaps, scale=0.7)
    codes = drawn(model, 60)
    first = 1 if gaps == "missing" else 0
    exact = dict(
        zip(*distribution(model.fields, model.couplings, range(first, 4)), strict=True)
    )
    logs = np.log([exact[tuple(x)] for x in codes.tolist()])
    found = judged(model, codes)
    assert found.reliable
    assert 0 < found.partition_error < 0.06
    np.testing.assert_allclose(found.values, logs, atol=4 * found.partition_error)
    weights = np.linspace(0.2, 1, 60)
    assert found.mean == pytest.approx(
        np.average(logs, weights=weights), abs=4 * found.partition_error
    )
    # Another model is told apart, and a like one better than by the errors of both.
    other = judged(replace(model, couplings=-model.couplings), codes)
    assert np.abs(other.values - logs).max() > 10 * other.partition_error
    excess, error = found.above(other)
    assert excess > 4 * error
    like = judged(replace(model, couplings=np.float32(0.9) * model.couplings), codes)
    assert found.above(like)[1] < np.hypot(found.error, like.error) / 2


def test_the_parts_are_the_family_and_relatives_stay_together(family):
    family = reweight(replace(family, focus=7))
    folds, identity = clustered_folds(family, 5, 4)
    parted = part(family, 0.2, "state", 4, 1)
    rows = [tuple(x) for x in family.codes.tolist()]
    out = [tuple(x) for x in parted.codes.tolist()]
    kept = [tuple(x) for x in parted.fitted.codes.tolist()]
    assert sorted(out + kept) == sorted(rows)
    assert out in [
        [tuple(x) for x in family.codes[folds == fold].tolist()] for fold in range(5)
    ]
    assert parted.identity == identity
    assert parted.weights.sum() == pytest.approx(family.neff / 5, rel=0.4)
    assert parted.fitted.focus_codes.tolist() == family.codes[7].tolist()
    np.testing.assert_array_equal(
        parted.fitted.sequence_weights, identity_weights(parted.fitted.codes)
    )
    half = part(family, 0.5, "state", 4, 1)
    assert half.weights.sum() == pytest.approx(family.neff / 2, rel=0.4)


def test_the_focus_is_never_left_out(family):
    for row in range(0, 200, 20):
        parted = part(replace(family, focus=row), 0.5, "state", 0, 1)
        assert parted.fitted.focus_codes.tolist() == family.codes[row].tolist()


def test_sequences_without_a_likelihood_are_counted():
    family = planted(300, gaps="missing")
    codes = family.codes.copy()
    codes[::3, 2] = 0
    codes[1::3, 4] = TINY.unknown
    gapped = replace(family, codes=codes)
    parted = part(gapped, 0.3, "missing", 0, 1)
    out = len(parted.codes) + parted.incomplete
    assert len(parted.codes) == pytest.approx(out / 3, rel=0.3)
    assert parted.codes.min() > 0
    assert parted.codes.max() < TINY.size
    assert f"{parted.incomplete} more lack a letter" in parted.sentence
    as_letters = part(gapped, 0.3, "state", 0, 1)
    assert len(as_letters.codes) > 1.5 * len(parted.codes)
    few = replace(family, codes=np.where(family.codes == 2, 0, family.codes))
    with pytest.raises(UsageError, match=r"complete sequences held out.*`gaps=state`"):
        part(few, 0.3, "missing", 0, 1)


@pytest.mark.parametrize("share", [0.01, 0.6, -1.0, float("nan")])
def test_a_share_out_of_range_is_refused(family, share):
    with pytest.raises(UsageError, match="`held_out="):
        fit_boltzmann(family, held_out=share)


def test_overfitting_ends_the_learning_and_the_best_round_is_the_result(family):
    told = []
    few = fitted(family, held_out=0.2, max_iterations=400, announce=told.append)
    quality = few.report.quality
    best = quality["held_out_gradients"]
    assert best < few.report.n_evaluations < 400
    # The result is what the best round alone would have been.
    shorter = fitted(family, held_out=0.2, max_iterations=best)
    np.testing.assert_array_equal(few.model.couplings, shorter.model.couplings)
    np.testing.assert_array_equal(few.model.fields, shorter.model.fields)
    assert few.report.n_sequences + quality["held_out_sequences"] == 200
    assert few.model.neff == few.report.neff
    rounds = [line for line in told if "held-out log-likelihood" in line]
    assert f"{quality['held_out_log_likelihood']:.2f}" in rounds[0]
    assert f"(independent model {quality['held_out_profile']:.2f})" in rounds[0]
    assert f"since {best} gradients" in rounds[-1]


def test_plenty_of_sequences_are_learned_to_the_end():
    many = fitted(planted(8000), held_out=0.2, max_iterations=200, chains=2000)
    quality = many.report.quality
    assert many.report.n_evaluations == 200
    assert quality["held_out_gradients"] >= 100
    gain = quality["held_out_log_likelihood"] - quality["held_out_profile"]
    assert gain > 10 * quality["held_out_error"]


def test_the_model_does_not_depend_on_threads(family):
    one, two = (
        fitted(family, held_out=0.2, max_iterations=60, threads=n) for n in (1, 2)
    )
    np.testing.assert_array_equal(one.model.couplings, two.model.couplings)
    assert one.report.quality == two.report.quality


@pytest.mark.parametrize("stop", [10, 50, 55, 130])
def test_a_stopped_run_goes_on_to_the_same_model(
    family, unbroken, tmp_path, monkeypatch, stop
):
    monkeypatch.setattr(checkpoint, "EVERY", 0.0)
    file = tmp_path / "run.checkpoint"
    with pytest.raises(Stopped):
        fitted(family, **RESUMED, checkpoint=file, progress=stopping_at(stop))
    resumed = fitted(family, **RESUMED, checkpoint=file, resume=True)
    np.testing.assert_array_equal(unbroken.model.couplings, resumed.model.couplings)
    np.testing.assert_array_equal(unbroken.model.fields, resumed.model.fields)
    assert unbroken.report.quality == resumed.report.quality
    assert unbroken.report.stopped_because == resumed.report.stopped_because


def test_an_ended_run_resumed_ends_the_same(family, tmp_path):
    file = tmp_path / "run.checkpoint"
    settings = {"held_out": 0.2, "max_iterations": 400, "checkpoint": file}
    ended = fitted(family, **settings)
    again = fitted(family, **settings, resume=True)
    assert ended.report.quality["held_out_gradients"] < ended.report.n_evaluations < 400
    assert ended.report.n_evaluations == again.report.n_evaluations
    assert ended.report.quality == again.report.quality
    np.testing.assert_array_equal(ended.model.couplings, again.model.couplings)


def test_another_share_cannot_be_resumed_nor_fewer_gradients(family, tmp_path):
    file = tmp_path / "run.checkpoint"
    fitted(family, held_out=0.2, max_iterations=10, checkpoint=file)
    for share in (None, 0.3):
        with pytest.raises(UsageError, match=f"held_out 0.2, this run has {share}"):
            fitted(family, held_out=share, checkpoint=file, resume=True)
    with pytest.raises(UsageError, match="has alignment"):
        # The focus is never held out: another one makes other parts.
        fitted(replace(family, focus=3), held_out=0.2, checkpoint=file, resume=True)
    with pytest.raises(UsageError, match=r"`max_iterations=5`.*10 gradients"):
        fitted(family, held_out=0.2, max_iterations=5, checkpoint=file, resume=True)


def likely(mean, partition_error=0.1, reliable=True):
    values = mean + np.array([-1.0, 0.0, 1.0])
    return Likelihood(values, np.ones(3), partition_error, reliable, -9.0)


class Round:
    """What is kept of a state."""

    def __init__(self, gradients):
        self.gradients = gradients
        self.mean_couplings = np.full((1, 4, 8), gradients, np.float32)
        self.mean_centred = np.full((2, 8), gradients, np.float64)


def test_a_round_is_the_best_until_a_better_and_a_clear_fall_is_the_end(family):
    parted = HeldOut(family, family.codes[:3], np.ones(3), 0, 0.5)
    empty = Round(0)
    best = EarlyStopping(parted, empty.mean_couplings, empty.mean_centred, np.zeros(3))
    assert not best.judge(Round(50), likely(-5.0, reliable=False))
    assert best.gradients == 0
    assert not best.judge(Round(100), likely(-6.0))
    assert not best.judge(Round(200), likely(-5.0))
    # sqrt(2) 0.1 is the error of the difference: all sequences fell alike.
    assert not best.judge(Round(400), likely(-5.14))
    assert not best.judge(Round(400), likely(-7.0, reliable=False))
    assert (best.gradients, best.likelihood.mean) == (200, -5.0)
    assert best.judge(Round(400), likely(-5.15))
    assert (best.couplings == 200).all()
    assert (best.centred == 200).all()
    assert not best.judge(Round(400), likely(-4.99))
    assert best.gradients == 400


def points(*rows):
    return tuple(PenaltyPoint(k, -mean, *rest) for k, mean, *rest in rows)


def test_the_strongest_within_an_error_of_the_best_is_taken():
    curve = points(
        (0.032, -9, 0.5, True), (0.016, -8.2, 0.3, True), (8e-3, -8, 0, True)
    )
    assert strongest_within_error(curve) == 0.016
    curve = points(
        (0.032, -9, 0.5, True), (0.016, -8.4, 0.3, True), (8e-3, -8, 0, True)
    )
    assert strongest_within_error(curve) == 8e-3
    # What cannot be trusted is too likely.
    curve = points((0.032, -9, 0, True), (0.016, -1.0, 0.0, False))
    assert strongest_within_error(curve) == 0.032
    curve = points((0.032, -9, 0, False))
    assert strongest_within_error(curve) == 0.032
    doubtful = BoltzmannPenaltySelection(0.032, curve, 40, 0.5, -9.5, 3).lines()
    assert "3 with a letter missing" in doubtful[0]
    assert "chosen  log Z not reliable" in doubtful[3]


@pytest.fixture
def short_path(monkeypatch):
    monkeypatch.setattr(penalty, "PENALTIES", (0.064, 0.016, 0.004))
    monkeypatch.setattr(penalty, "CHAINS", 1000)
    monkeypatch.setattr(likelihood, "CHAINS", 100)


def test_shuffled_columns_call_for_strong_penalties_and_planted_ones_do_not(short_path):
    family = planted(1500)
    choice = cross_validate_boltzmann_penalty(family)
    assert choice.penalty < penalty.PENALTIES[0]
    assert max(-p.loss for p in choice.curve) > choice.profile + 0.5
    rng = np.random.default_rng(0)
    shuffled = replace(family, codes=rng.permuted(family.codes, axis=0))
    nothing = cross_validate_boltzmann_penalty(shuffled)
    assert nothing.penalty == penalty.PENALTIES[0]
    assert max(-p.loss for p in nothing.curve) < nothing.profile + 0.05


def test_the_choice_is_told_and_does_not_depend_on_threads(family, short_path):
    made, told = [], []
    one = cross_validate_boltzmann_penalty(
        family, threads=1, progress=lambda *n: made.append(n), announce=told.append
    )
    assert one == cross_validate_boltzmann_penalty(family, threads=2)
    assert one != cross_validate_boltzmann_penalty(family, seed=1)
    assert one.n_sequences == 200
    assert one.penalty in [point.penalty for point in one.curve]
    assert sum("chosen" in line for line in one.lines()) == 1
    assert "independent model" in one.lines()[-1]
    gradients = 5 * (50 + 25 * (len(one.curve) - 1))
    last = one.curve[-1].penalty
    assert made[-1] == (gradients, f"lambda_j {last:g}, fold 5 of 5")
    assert told[0].startswith("plan: lambda_j by held-out likelihood, 15 models")


def test_the_choice_is_refused_where_memory_or_sequences_are_short(family, monkeypatch):
    with pytest.raises(UsageError, match="set `lambda_j`"):
        cross_validate_boltzmann_penalty(planted(60))
    monkeypatch.setattr(memory, "available_memory", lambda: 1000)
    with pytest.raises(MemoryShort, match="set `lambda_j`"):
        cross_validate_boltzmann_penalty(family)


def test_the_best_round_is_counted_in_memory():
    without = boltzmann_bytes(100, 21, 1000, 500, 2)
    assert boltzmann_bytes(100, 21, 1000, 500, 2, held_out=True) > without
