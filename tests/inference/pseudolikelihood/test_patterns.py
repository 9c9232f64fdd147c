"""Columns taken together give the sums that columns by themselves give."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.inference.pseudolikelihood import kernels, patterns
from pottsfold.inference.pseudolikelihood.patterns import find_patterns
from pottsfold.simd.arrays import aligned_zeros
from tests.strategies import seeds


def letters_of(found, n_rows):
    """The letters that every sequence's patterns stand for, read off the trees."""
    letters = {}
    for g, base in enumerate(found.bases):
        for n in range(n_rows):
            node = base + found.of_sequences[g, n]
            while node > 0:
                letters[int(found.columns[node]), n] = int(found.letters[node])
                node = found.parents[node]
    return letters


def drawn(seed, length, n_rows, n_letters, spread):
    rng = np.random.default_rng(seed)
    founders = rng.integers(0, n_letters, (length, 3))
    rows = founders[:, rng.integers(0, 3, n_rows)]
    new = rng.random((length, n_rows)) < spread
    rows[new] = rng.integers(0, n_letters, new.sum())
    return rows.astype(np.uint8)


cases = given(
    seeds,
    st.integers(1, 12),
    st.integers(1, 60),
    st.sampled_from((3, 6, 22)),
    st.sampled_from((0.0, 0.1, 1.0)),
)


@cases
def test_every_letter_of_every_sequence_is_in_one_pattern(seed, length, n, q, spread):
    by_column = drawn(seed, length, n, q, spread)
    found = find_patterns(by_column, q)
    assert len(found.bases) % patterns.TOGETHER == 0
    letters = letters_of(found, n)
    assert len(letters) == length * n
    for (column, row), letter in letters.items():
        assert by_column[column, row] == letter


@cases
def test_sums_over_patterns_are_sums_over_columns(seed, length, n, q, spread):
    by_column = drawn(seed, length, n, q, spread)
    found = find_patterns(by_column, q)
    lanes = (0,) * 8
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(length, q, 8)).astype(np.float32)
    rows = aligned_zeros((found.n_nodes, 8), np.float32)
    logits = aligned_zeros((n, 8), np.float32)
    nodes = (found.parents, found.columns, found.letters)
    kernels.sum_patterns(table, *nodes, rows, lanes)
    kernels.sum_logits(found.of_sequences, found.bases, rows, 7, logits, lanes)
    expected = table[np.arange(length)[:, np.newaxis], by_column].sum(axis=0)
    np.testing.assert_allclose(logits, expected, atol=1e-4)

    residuals = rng.normal(size=(n, 8)).astype(np.float32)
    slopes = np.full_like(table, np.nan)
    kernels.sum_slopes(found.of_sequences, found.bases, residuals, 7, rows, lanes)
    kernels.part_patterns(rows, *nodes, slopes, lanes)
    expected = np.zeros_like(table)
    for j in range(length):
        np.add.at(expected[j], by_column[j], residuals)
    np.testing.assert_allclose(slopes, expected, atol=1e-4)


def test_repetition_saves_rows(monkeypatch):
    alike = drawn(0, 40, 500, 22, 0.02)
    unlike = drawn(0, 40, 500, 22, 1.0)
    used = [(find_patterns(x, 22).bases > 0).sum() for x in (alike, unlike)]
    assert used[0] < used[1] / 2


@pytest.mark.parametrize("most", [22, 64])
def test_no_group_has_more_patterns_than_allowed(monkeypatch, most):
    monkeypatch.setattr(patterns, "MAX_PATTERNS", most)
    found = find_patterns(drawn(1, 30, 400, 22, 0.1), 22)
    assert found.of_sequences.max() < most
