from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from pottsfold.alignment import (
    Alignment,
    kernels,
    pair_frequencies,
    reweight,
    site_frequencies,
    site_occupancy,
)
from pottsfold.alignment.frequencies import Gaps, first_state
from tests.naive import alignment as naive
from tests.strategies import (
    SMALL,
    alignments,
    gap_treatments,
    random_alignment,
    random_codes,
    seeds,
)


@given(alignments(), gap_treatments)
def test_site_frequencies_equal_the_naive_ones(family: Alignment, gaps: Gaps):
    family = reweight(family, 0.6, threads=1)
    expected = naive.site_frequencies(
        family.codes.tolist(),
        family.sequence_weights.tolist(),
        family.alphabet.size,
        first_state(gaps),
    )
    assert np.allclose(site_frequencies(family, gaps=gaps), expected, atol=1e-14)


@given(alignments(max_sequences=12, max_length=4), gap_treatments)
def test_pair_frequencies_equal_the_naive_ones(family: Alignment, gaps: Gaps):
    family = reweight(family, 0.6, threads=1)
    found = pair_frequencies(family, gaps=gaps, threads=1)
    for i in range(family.length):
        for j in range(family.length):
            if i != j:
                expected = naive.pair_frequency(
                    family.codes.tolist(),
                    family.sequence_weights.tolist(),
                    i,
                    j,
                    family.alphabet.size,
                    first_state(gaps),
                )
                assert np.allclose(found[i, j], expected, atol=1e-14)


@given(alignments(max_length=5), gap_treatments)
def test_frequencies_sum_to_one_and_pairs_are_symmetric(family: Alignment, gaps: Gaps):
    sites = site_frequencies(family, gaps=gaps)
    pairs = pair_frequencies(family, gaps=gaps, threads=1)
    assert np.allclose(sites.sum(axis=1), 1, atol=1e-12)
    assert np.allclose(pairs.sum(axis=(2, 3)), 1, atol=1e-12)
    assert np.array_equal(pairs, pairs.transpose(1, 0, 3, 2))
    for i in range(family.length):
        assert np.array_equal(pairs[i, i], np.diag(sites[i]))
    if gaps == "missing":
        assert not sites[:, 0].any()
        assert not pairs[:, :, 0].any()


@given(seeds)
def test_pairs_have_the_sites_as_margins_when_nothing_is_missing(seed: int):
    family = reweight(random_alignment(seed, 15, 4, gap=0.2, unknown=0), 0.6)
    pairs = pair_frequencies(family, gaps="state", threads=1)
    sites = site_frequencies(family, gaps="state")
    for j in range(family.length):
        assert np.allclose(pairs[:, j].sum(axis=2), sites, atol=1e-12)


def test_unknown_letters_are_left_out():
    family = random_alignment(5, 30, 6, unknown=0)
    spoilt = family.codes.copy()
    spoilt[10:, 2] = family.alphabet.unknown
    found = site_frequencies(replace(family, codes=spoilt))
    shorter = replace(
        family, codes=family.codes[:10], names=family.names[:10], weights=None
    )
    assert np.allclose(found[2], site_frequencies(shorter)[2])


def test_weights_count():
    family = replace(
        random_alignment(0, 2, 2, SMALL, gap=0, unknown=0),
        codes=np.array([[1, 1], [2, 1]], np.uint8),
        weights=np.array([0.25, 0.75]),
    )
    assert site_frequencies(family)[0].tolist() == [0, 0.25, 0.75]
    assert pair_frequencies(family)[0, 1, 2, 1] == 0.75


def test_a_site_or_pair_that_nothing_covers_is_flat():
    codes = np.array([[0, 1, 0], [0, 0, 1]], np.uint8)
    family = replace(random_alignment(0, 2, 3, SMALL), codes=codes)
    assert site_frequencies(family, gaps="missing")[0].tolist() == [0, 0.5, 0.5]
    pairs = pair_frequencies(family, gaps="missing")
    assert pairs[1, 2].tolist() == [[0, 0, 0], [0, 0.25, 0.25], [0, 0.25, 0.25]]


def test_pair_frequencies_are_the_same_for_any_number_of_threads():
    family = reweight(random_alignment(2, 80, 12), 0.6)
    one = pair_frequencies(family, threads=1)
    assert np.array_equal(one, pair_frequencies(family, threads=3))


def test_kernel_and_its_python_source_agree():
    codes, weights = random_codes(4, 20, 5, unknown=0.1), np.linspace(0.1, 1, 20)
    compiled, source = np.empty((2, 5, 22, 22))
    kernels.count_pairs(codes, weights, 1, compiled)
    python = getattr(kernels.count_pairs, "py_func", kernels.count_pairs)
    python(codes, weights, 1, source)
    assert np.array_equal(compiled, source)


@pytest.mark.parametrize(("gaps", "first"), [("state", 0), ("missing", 1)])
def test_first_state_is_the_gap_or_the_letter_after_it(gaps: Gaps, first: int):
    assert first_state(gaps) == first


@given(seeds)
def test_occupancy_is_what_gaps_leave(seed):
    family = random_alignment(np.random.default_rng(seed), 15, 6, gap=0.4)
    weights = np.random.default_rng(seed).uniform(0.1, 1, 15)
    family = replace(family, weights=weights)
    for column, share in zip(family.codes.T, site_occupancy(family), strict=True):
        known = column < family.alphabet.size
        letters = known & (column > 0)
        if known.any():
            assert share == pytest.approx(weights[letters].sum() / weights[known].sum())
