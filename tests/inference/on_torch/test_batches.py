"""Batches drawn by weight, and sequences that judge a fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pottsfold.alignment import reweight
from pottsfold.alignment.clusters import relatives
from pottsfold.errors import UsageError
from tests.strategies import random_alignment

torch = pytest.importorskip("torch")

from pottsfold.inference.on_torch.batches import (  # noqa: E402
    Batches,
    drawn,
    n_letters,
    parted,
)
from pottsfold.inference.on_torch.devices import Device  # noqa: E402
from tests.alignment.test_weights import related  # noqa: E402

CPU = Device("cpu")
WEIGHTS = np.array([1.0, 0.5, 0.25, 0.25, 0.05, 1.0, 0.7])


def is_fair(counts: np.ndarray, weights: np.ndarray, draws: int) -> bool:
    """Whether rows come as often as their weights say, within five errors."""
    expected = draws * weights / weights.max()
    errors = np.sqrt(draws * 0.25)
    return bool((np.abs(counts - expected) < 5 * errors).all())


def test_rows_are_drawn_as_often_as_they_weigh():
    counts = np.zeros(len(WEIGHTS))
    for seed in range(2000):
        rows = drawn(WEIGHTS, np.random.default_rng(seed))
        assert len(set(rows.tolist())) == len(rows)
        assert {0, 5} <= set(rows.tolist())
        assert len(rows) in (3, 4)
        counts[rows] += 1
    assert is_fair(counts, WEIGHTS, 2000)


def test_even_draws_would_be_found_out():
    counts = np.zeros(len(WEIGHTS))
    for seed in range(2000):
        counts[drawn(np.ones(len(WEIGHTS)), np.random.default_rng(seed))] += 1
    assert not is_fair(counts, WEIGHTS, 2000)


@pytest.fixture
def family():
    alignment = random_alignment(np.random.default_rng(0), 400, 20)
    codes = related(0, 400, 20, alignment.alphabet.size)
    return reweight(replace(alignment, codes=codes, weights=None), 0.6)


def test_no_relative_of_a_judge_is_fitted(family):
    parts = parted(family, 0, 1)
    assert not parts.fitted[parts.judges].any()
    near = relatives(family.codes, parts.judges, 0.6)
    assert np.array_equal(near, ~parts.fitted)
    assert 0 < parts.fitted.sum() < 400 - len(parts.judges)
    assert len(set(parts.judges.tolist())) == len(parts.judges)


def test_the_focus_and_its_relatives_are_fitted(family):
    for seed in range(10):
        parts = parted(replace(family, focus=3), seed, 1)
        assert parts.fitted[3]
    of_focus = relatives(family.codes, np.array([3]), 0.6)
    assert not of_focus[parts.judges].any()


def test_too_few_sequences_to_hold_out_are_refused(family):
    few = reweight(family.select(sequences=np.arange(400) < 12, note=""))
    with pytest.raises(UsageError, match="`batch`: too few relatives to hold some out"):
        parted(few, 0, 1)


def test_passes_draw_whole_batches_and_differ(family):
    fitted = np.arange(400) < 300
    batches = Batches(family, fitted, "missing", 16, 5, CPU)
    passes = [list(batches.of_pass(number)) for number in (0, 0, 1)]
    assert len(passes[0]) in (batches.per_pass, batches.per_pass + 1)
    for batch in passes[0]:
        assert len(batch) == 16
        assert (batch.weights == 1).all()
    first, again, other = (torch.cat([b.codes for b in p]) for p in passes)
    assert torch.equal(first, again)
    assert not torch.equal(first, other[: len(first)])
    seen = {tuple(row.tolist()) for row in first}
    letters = family.codes[:300].astype(int) - 1
    letters[letters < 0] = 20
    assert seen <= {tuple(row) for row in letters.tolist()}


def test_all_sequences_come_once_with_their_weights(family):
    batches = Batches(family, np.ones(400, bool), "missing", 16, 0, CPU)
    found = list(batches.all(150))
    assert [len(batch) for batch in found] == [150, 150, 100]
    weights = torch.cat([batch.weights for batch in found]).numpy()
    np.testing.assert_allclose(weights, family.sequence_weights, rtol=1e-6)
    letters = sum(n_letters(batch, 20) for batch in found)
    present = ((family.codes > 0) & (family.codes < 21)).sum(axis=1)
    assert letters == pytest.approx((present * family.sequence_weights).sum())
