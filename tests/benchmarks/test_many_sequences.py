"""The benchmark of a million sequences runs, on fewer."""

from __future__ import annotations

import numpy as np
import pytest

from pottsfold.inference.independent import fit_independent
from tests.benchmarks import many_sequences


def test_sequences_are_mutated_copies_of_natural_ones():
    source = many_sequences.ancestors()[:, :30]
    family = many_sequences.grown(source, 500)
    assert np.array_equal(family.codes, many_sequences.grown(source, 500).codes)
    shared = [(source == row).sum(axis=1).max() / 30 for row in family.codes]
    assert min(shared) > 0.4
    assert 0.7 < np.mean(shared) < 0.95


def test_the_loss_without_couplings_is_that_of_frequencies():
    family = many_sequences.grown(many_sequences.ancestors()[:, :5], 400)
    model = fit_independent(family, lambda_h=1e-6).model
    codes = family.codes[family.codes.min(axis=1) > 0]
    shares = [np.bincount(c, minlength=21)[1:] for c in family.codes.T]
    expected = -np.mean(
        [np.log(s[c - 1] / s.sum()) for s, c in zip(shares, codes.T, strict=True)]
    )
    found = many_sequences.held_out_loss(model, codes)
    assert found == pytest.approx(expected, rel=1e-3)


def test_the_benchmark_runs(capsys):
    pytest.importorskip("torch")
    many_sequences.compare(600, 8, 32, 300, "cpu", 1)
    told = capsys.readouterr().out
    assert told.count("held-out loss") == 3
    assert "above the optimum" in told
