from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pottsfold.alignment import Alignment, identity_weights, kernels, reweight
from pottsfold.alignment import weights as weights_room
from pottsfold.errors import UsageError
from tests.naive import alignment as naive
from tests.strategies import alignments, seeds

BLOCK = kernels.BLOCK
IDENTITIES = ("0.01", "0.2", "0.3", "0.5", "0.55", "0.62", "0.7", "0.8", "0.9", "1.0")


def related(
    seed: int, n_rows: int, length: int, n_letters: int = 21
) -> NDArray[np.uint8]:
    """Return rows that are 0 to 40 % away from one of seven, in no order."""
    rng = np.random.default_rng(seed)
    ancestors = rng.integers(0, n_letters, (7, length))
    codes = ancestors[rng.integers(0, 7, n_rows)]
    changed = rng.random(codes.shape) < 0.4 * rng.random((n_rows, 1))
    codes[changed] = rng.integers(0, n_letters, changed.sum())
    return codes.astype(np.uint8)


def plain_weights(codes: NDArray[np.uint8], identity: float) -> NDArray[np.float64]:
    """Return the weights by the formula, one row against all."""
    needed = math.ceil(identity * codes.shape[1] - 1e-9)
    return np.array([1 / ((codes == row).sum(axis=1) >= needed).sum() for row in codes])


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
    codes = related(1, 6 * BLOCK, 15)
    one = identity_weights(codes, 0.8, threads=1)
    assert len(np.unique(one)) > 10
    for threads in (2, 5):
        assert np.array_equal(identity_weights(codes, 0.8, threads=threads), one)


def test_gaps_match_gaps_and_unknown_letters_match_unknown_letters():
    codes = np.array([[0, 0, 0, 21, 1], [0, 0, 0, 21, 2]], np.uint8)
    assert identity_weights(codes, 0.8).tolist() == [0.5, 0.5]


@pytest.mark.parametrize("n_rows", [BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 3])
def test_rows_of_several_blocks_equal_the_naive_ones(n_rows: int):
    codes = related(n_rows, n_rows, 9)
    weights = identity_weights(codes, 0.7, threads=1)
    assert weights.tolist() == naive.weights(codes.tolist(), "0.7")


@pytest.mark.parametrize("span", [1, 2, 3])
def test_blocks_and_tasks_do_not_change_the_counts(
    monkeypatch: pytest.MonkeyPatch, span: int
):
    codes = related(span, 7 * BLOCK, 70)
    expected = plain_weights(codes, 0.8)
    assert np.array_equal(identity_weights(codes, 0.8, threads=1), expected)
    monkeypatch.setattr(weights_room, "SPAN", span)
    monkeypatch.setattr(weights_room, "MIN_BLOCKS_PER_TASK", span)
    assert np.array_equal(identity_weights(codes, 0.8, threads=1), expected)


@given(
    st.integers(1, 3 * 64 + 2),
    st.sampled_from((2, 3, 21, 32, 33, 65, 256)),
    st.sampled_from((0.05, 0.3, 0.5, 0.8, 0.95, 1.0)),
    seeds,
)
@settings(max_examples=50)
def test_any_length_and_number_of_letters(
    length: int, n_letters: int, identity: float, seed: int
):
    codes = related(seed, 60, length, n_letters)
    weights = identity_weights(codes, identity, threads=1)
    assert np.array_equal(weights, plain_weights(codes, identity))


@pytest.mark.parametrize("length", [300, 70_000])
def test_counts_of_columns_outgrow_small_integers(length: int):
    codes = np.random.default_rng(0).integers(0, 21, (3, length)).astype(np.uint8)
    codes[1] = codes[0]
    codes[1, : length // 5] ^= 1
    codes[2] = codes[0]
    codes[2, : length // 5 + 1] ^= 1
    assert identity_weights(codes, 0.8).tolist() == [1 / 2, 1 / 3, 1 / 2]


@pytest.mark.parametrize("n_letters", [2, 4, 5, 21, 32, 33, 64, 65, 128, 129, 256])
def test_no_two_letters_are_taken_for_one(n_letters: int):
    codes = np.repeat(np.arange(n_letters, dtype=np.uint8)[:, None], 3, axis=1)
    assert (identity_weights(codes, 0.1) == 1).all()


@pytest.mark.parametrize("n_letters", [4, 21])
@pytest.mark.parametrize("length", [63, 64, 65, 130])
def test_any_column_can_be_the_one_that_decides(length: int, n_letters: int):
    # Unrelated rows settle which columns come first, and part the two into blocks.
    rng = np.random.default_rng(length)
    codes = rng.integers(0, n_letters, (2 * BLOCK, length)).astype(np.uint8)
    needed = -(-4 * length // 5)
    for column in range(length):
        others = np.delete(np.arange(length), column)
        apart = rng.choice(others, length - needed, replace=False)
        codes[1] = codes[0]
        codes[1, apart] = (codes[0, apart] + 1) % n_letters
        assert identity_weights(codes, 0.8, threads=1)[:2].tolist() == [0.5, 0.5]
        codes[1, column] = (codes[0, column] + 1) % n_letters
        assert identity_weights(codes, 0.8, threads=1)[:2].tolist() == [1, 1]


@pytest.mark.parametrize("seed", range(40))
def test_the_last_difference_may_be_in_the_least_varied_column(seed: int):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (2 * BLOCK, 2 * 64 + 6)).astype(np.uint8)
    codes[:, 128:] = 0
    codes[1] = codes[0]
    apart = rng.choice(128, 26, replace=False)
    codes[1, apart] = (codes[0, apart] + 1) % 4
    assert identity_weights(codes, 0.8, threads=1)[:2].tolist() == [0.5, 0.5]
    codes[1, 133] = 1
    assert identity_weights(codes, 0.8, threads=1)[:2].tolist() == [1, 1]


@pytest.mark.parametrize("alike", [False, True])
def test_equal_sequences_count_each_in_their_place(
    monkeypatch: pytest.MonkeyPatch, alike: bool
):
    if alike:  # equal rows may then stand apart: slower, but right
        monkeypatch.setattr(
            weights_room, "_fingerprints", lambda codes: np.zeros(len(codes), np.uint64)
        )
    rng = np.random.default_rng(5)
    distinct = related(5, 40, 70)
    codes = rng.permutation(np.repeat(distinct, rng.integers(1, 9, 40), axis=0))
    assert np.array_equal(identity_weights(codes, 0.8), plain_weights(codes, 0.8))


def test_a_read_only_or_strided_array_is_left_alone():
    codes = related(2, 50, 30)
    expected = identity_weights(codes, 0.7)
    codes.flags.writeable = False
    assert np.array_equal(identity_weights(codes, 0.7), expected)
    backwards = np.ascontiguousarray(codes[:, ::-1])[:, ::-1]
    assert np.array_equal(identity_weights(backwards, 0.7), expected)


@pytest.mark.parametrize("n_letters", [21, 65])
def test_the_kernels_do_what_their_source_says(
    monkeypatch: pytest.MonkeyPatch, n_letters: int
):
    codes = related(4, BLOCK + 2, 70, n_letters)
    compiled = identity_weights(codes, 0.8, threads=1)
    # The product in popcount overflows, which is meant, but not in Python.
    for name in ("pack", "next_near", "add_fine", "add_neighbours", "count_neighbours"):
        function = getattr(kernels, name)
        monkeypatch.setattr(kernels, name, getattr(function, "py_func", function))
    assert np.array_equal(identity_weights(codes, 0.8, threads=1), compiled)


@given(st.integers(0, 2**64 - 1))
def test_popcount_counts_the_ones(word: int):
    assert kernels.popcount(np.uint64(word)) == word.bit_count()


@pytest.mark.parametrize("identity", [0, -0.1, 1.01, float("nan")])
def test_identity_out_of_range_is_refused(identity: float):
    with pytest.raises(UsageError, match=r"`identity=.*`: above 0 and at most 1"):
        identity_weights(np.ones((2, 2), np.uint8), identity)
