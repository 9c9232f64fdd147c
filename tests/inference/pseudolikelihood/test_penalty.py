"""Penalties chosen by leaving relatives out."""

from dataclasses import replace

import numpy as np
import pytest

from pottsfold import memory
from pottsfold.alignment import reweight
from pottsfold.errors import MemoryShort, UsageError
from pottsfold.inference import (
    Regularization,
    cross_validate_penalties,
    fit_pseudolikelihood,
)
from pottsfold.inference.cross_validation import PenaltyPoint, strongest_within_error
from pottsfold.inference.pseudolikelihood.held_out import HeldOutLoss
from pottsfold.inference.pseudolikelihood.penalty import curve_of
from pottsfold.threads import Workers
from tests.naive import inference as naive
from tests.strategies import random_alignment


@pytest.fixture(scope="module")
def family():
    return reweight(random_alignment(np.random.default_rng(3), 60, 6))


def part(family, rows):
    return replace(
        family,
        codes=family.codes[rows],
        names=tuple(np.array(family.names)[rows]),
        weights=family.sequence_weights[rows],
        focus=None,
    )


@pytest.mark.parametrize("gaps", ["missing", "state"])
def test_the_held_out_loss_is_that_of_the_fit_to_the_rest(family, gaps):
    rows = np.arange(60) % 4 == 0
    fitted, predicted = part(family, ~rows), part(family, rows)
    strengths = Regularization(0.5, 2.0)
    with Workers(2) as workers:
        held_out = HeldOutLoss(fitted, predicted, gaps, strengths.fields)
        # The fit before must not show: it only is where the next one starts.
        held_out.losses(20.0, workers)
        losses = held_out.losses(strengths.couplings, workers)
    model = fit_pseudolikelihood(
        fitted, gaps=gaps, regularization=strengths, tolerance=1e-7
    ).model
    states = range(1 if gaps == "missing" else 0, 21)
    terms = [
        naive.site_term(
            predicted.codes.tolist(),
            predicted.sequence_weights.tolist(),
            i,
            model.fields.tolist(),
            model.couplings.tolist(),
            states,
        )
        for i in range(family.length)
    ]
    letters = np.isin(predicted.codes, list(states)).sum(axis=1)
    assert held_out.weights == pytest.approx(letters * predicted.sequence_weights)
    assert losses.shape == (15,)
    assert losses.sum() == pytest.approx(sum(terms), rel=2e-3)


def test_the_choice_does_not_depend_on_threads_and_is_on_the_curve(family):
    told = []
    one = cross_validate_penalties(
        family, threads=1, progress=lambda *n: told.append(n)
    )
    two = cross_validate_penalties(family, threads=2)
    assert one == two
    assert one.penalty in [point.penalty for point in one.curve]
    assert told == [(k, 8) for k in range(1, len(told) + 1)]
    assert len(told) == 2 * len(one.curve)
    assert sum("chosen" in line for line in one.lines()) == 1


def test_letters_that_say_nothing_of_one_another_call_for_strong_couplings():
    rng = np.random.default_rng(0)
    family = random_alignment(rng, 400, 8, focus=False)
    # Every column shuffled by itself: no pair is left that could be predicted.
    codes = rng.permuted(family.codes, axis=0)
    shuffled = reweight(replace(family, codes=codes))
    default = 0.01 * 19 * 7
    assert cross_validate_penalties(shuffled).penalty.couplings == pytest.approx(
        30 * default
    )
    copies = np.repeat(codes[:, :4], 2, axis=1)
    bound = reweight(replace(family, codes=copies))
    assert cross_validate_penalties(bound).penalty.couplings < 30 * default


def curve(*points):
    return [PenaltyPoint(Regularization(1, k), *p) for k, p in points]


def test_the_strongest_within_an_error_of_the_least_is_taken():
    points = curve((30, (1.6, 0.05)), (10, (1.51, 0.02)), (3, (1.5, 0.0)))
    assert strongest_within_error(points).couplings == 10
    points = curve((30, (1.6, 0.05)), (10, (1.53, 0.02)), (3, (1.5, 0.0)))
    assert strongest_within_error(points).couplings == 3


def test_errors_are_of_clusters_and_of_differences():
    path = [Regularization(1, 30), Regularization(1, 3)]
    weights = np.array([1.0, 3.0, 2.0])
    better, worse = np.array([2.0, 5.0, 4.0]), np.array([3.0, 5.0, 6.0])
    strong, weak = curve_of(path, np.array([worse, better]), weights)
    assert (strong.loss, weak.loss) == (14 / 6, 11 / 6)
    assert weak.excess_error == 0
    # Excesses 1, 0, 2, half a nat a letter: 0.5, -1.5 and 1 away from their shares.
    assert strong.excess_error == pytest.approx(np.sqrt(1.5 * 3.5) / 6)


def test_a_path_ends_once_the_loss_has_risen():
    rng = np.random.default_rng(0)
    codes = np.repeat(random_alignment(rng, 400, 4, focus=False).codes, 2, axis=1)
    bound = random_alignment(rng, 400, 8, focus=False)
    found = cross_validate_penalties(reweight(replace(bound, codes=codes)))
    default = 0.01 * 19 * 7
    tried = [p.penalty.couplings / default for p in found.curve]
    assert 30 not in np.round(tried, 6)
    assert found.penalty.fields == 10.0
    assert found.penalty.couplings == pytest.approx(default)
    assert found.left_out == 2
    assert found.lines()[0].startswith(
        f"penalties by cross-validation: {found.n_sequences} sequences in 2 of 5 folds"
    )
    assert 140 <= found.n_sequences <= 180


def test_the_plan_is_told_and_refused_where_memory_is_short(family, monkeypatch):
    told = []
    cross_validate_penalties(family, announce=told.append)
    assert told[0].startswith("plan: 4 to 8 fits to four fifths of 60 sequences")
    monkeypatch.setattr(memory, "available_memory", lambda: 1000)
    with pytest.raises(MemoryShort, match="set `lambda_h` and `lambda_j`"):
        cross_validate_penalties(family)


def test_too_few_sequences_are_refused():
    family = random_alignment(np.random.default_rng(1), 19, 5)
    with pytest.raises(UsageError, match="19 sequences are too few"):
        cross_validate_penalties(family)
