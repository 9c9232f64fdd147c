from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.alignment import Alignment, identity_weights, kernels, reweight
from pottsfold.errors import UsageError
from tests.naive import alignment as naive
from tests.strategies import alignments, random_codes, seeds

# With NUMBA_DISABLE_JIT=1 a kernel is its own Python source.
SOURCE = getattr(kernels.count_neighbours, "py_func", kernels.count_neighbours)
IDENTITIES = ("0.01", "0.2", "0.3", "0.5", "0.55", "0.62", "0.7", "0.8", "0.9", "1.0")


@given(alignments(), st.sampled_from(IDENTITIES))
def test_weights_equal_the_naive_ones(family: Alignment, identity: str):
    weights = identity_weights(family.codes, float(identity), threads=1)
    assert weights.tolist() == naive.weights(family.codes.tolist(), identity)


@given(alignments(), st.sampled_from(IDENTITIES))
def test_weights_are_in_0_1_and_sum_to_neff(family: Alignment, identity: str):
    weighted = reweight(family, float(identity), threads=1)
    weights = weighted.sequence_weights
    assert (weights > 0).all()
    assert (weights <= 1).all()
    assert weighted.neff == weights.sum() <= family.n_sequences + 1e-9
    assert weighted.identity == float(identity)
    assert np.array_equal(weighted.codes, family.codes)


INTEGRAL = [
    (hundredths, length)
    for length in (20, 25, 50, 100)
    for hundredths in range(1, 101)
    if hundredths * length % 100 == 0
]


@pytest.mark.parametrize(("hundredths", "length"), INTEGRAL)
def test_identity_is_inclusive_at_every_integral_threshold(
    hundredths: int, length: int
):
    needed = hundredths * length // 100
    base = np.ones(length, np.uint8)
    just, short = base.copy(), base.copy()
    just[needed:] = 2
    short[needed - 1 :] = 3
    # A strict > would give the first pair weights of one.
    threshold = hundredths / 100
    assert identity_weights(np.array([base, just]), threshold).tolist() == [0.5, 0.5]
    assert identity_weights(np.array([base, short]), threshold).tolist() == [1, 1]


def test_threshold_survives_rounding_of_the_product():
    assert 0.55 * 100 > 55
    base, other = np.ones((2, 100), np.uint8)
    other[55:] = 2
    assert identity_weights(np.array([base, other]), 0.55).tolist() == [0.5, 0.5]


@given(seeds, alignments())
def test_weights_do_not_depend_on_the_order_of_columns(seed: int, family: Alignment):
    columns = np.random.default_rng(seed).permutation(family.length)
    assert np.array_equal(
        identity_weights(family.codes[:, columns], 0.6, threads=1),
        identity_weights(family.codes, 0.6, threads=1),
    )


@given(seeds, alignments())
def test_weights_move_with_their_sequences(seed: int, family: Alignment):
    order = np.random.default_rng(seed).permutation(family.n_sequences)
    assert np.array_equal(
        identity_weights(family.codes[order], 0.6, threads=1),
        identity_weights(family.codes, 0.6, threads=1)[order],
    )


@given(alignments(max_sequences=12))
def test_doubling_every_sequence_halves_every_weight(family: Alignment):
    doubled = identity_weights(np.repeat(family.codes, 2, axis=0), 0.8, threads=1)
    single = identity_weights(family.codes, 0.8, threads=1)
    assert np.array_equal(doubled, np.repeat(single / 2, 2))


def test_weights_are_the_same_for_any_number_of_threads():
    codes = random_codes(1, 200, 15, gap=0.6)
    one = identity_weights(codes, 0.5, threads=1)
    assert one.min() < 1
    for threads in (2, 5):
        assert np.array_equal(identity_weights(codes, 0.5, threads=threads), one)


def test_gaps_match_gaps_and_unknown_letters_match_unknown_letters():
    codes = np.array([[0, 0, 0, 21, 1], [0, 0, 0, 21, 2]], np.uint8)
    assert identity_weights(codes, 0.8).tolist() == [0.5, 0.5]


def test_blocks_of_the_kernel_do_not_change_the_counts():
    codes = random_codes(3, 41, 9, gap=0.7)
    by_column = np.ascontiguousarray(codes.T)
    expected = naive.neighbours(codes.tolist(), "0.5")
    for block in (1, 7, 41, 100):
        for count in (kernels.count_neighbours, SOURCE):
            found = np.zeros(41, np.int64)
            count(by_column, 5, 0, 41, block, found)
            assert found.tolist() == expected


@pytest.mark.parametrize("identity", [0, -0.1, 1.01, float("nan")])
def test_identity_out_of_range_is_refused(identity: float):
    with pytest.raises(UsageError, match=r"--identity .*above 0 and at most 1"):
        identity_weights(np.ones((2, 2), np.uint8), identity)
