"""Near pairs found by segments of columns are those that comparing all pairs finds."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pottsfold.alignment import Alignment, identity_weights, kernels, segments
from tests.alignment.test_weights import plain_weights, related
from tests.naive import alignment as naive
from tests.strategies import alignments, seeds

BLOCK = kernels.BLOCK


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Take segments for few sequences too; the list gets their number at each use."""
    used: list[int] = []
    written = segments.segment_keys

    def noted(
        codes: NDArray[np.uint8],
        rows: NDArray[np.int64],
        frequencies: NDArray[np.float64],
        n_segments: int,
    ) -> NDArray[np.uint16]:
        used.append(n_segments)
        return written(codes, rows, frequencies, n_segments)

    monkeypatch.setattr(segments, "MANY", 0)
    monkeypatch.setattr(segments, "PER_LETTER", 0)
    monkeypatch.setattr(segments, "PER_PAIR", 0)
    monkeypatch.setattr(segments, "segment_keys", noted)
    return used


def needed_segments(length: int, identity: float) -> int:
    return length - math.ceil(identity * length - 1e-9) + 1


@given(alignments(), st.sampled_from(("0.2", "0.5", "0.8", "0.9", "1.0")))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_weights_equal_the_naive_ones(
    always: list[int], family: Alignment, identity: str
):
    weights = identity_weights(family.codes, float(identity), threads=1)
    assert weights.tolist() == naive.weights(family.codes.tolist(), identity)
    assert always[-1] == needed_segments(family.length, float(identity))


@given(
    st.integers(1, 2 * 64 + 2),
    st.sampled_from((2, 3, 21, 33, 256)),
    st.sampled_from((0.3, 0.5, 0.8, 0.95, 1.0)),
    st.integers(1, 3 * BLOCK),
    seeds,
)
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_shape_and_number_of_letters(
    always: list[int],
    length: int,
    n_letters: int,
    identity: float,
    n_rows: int,
    seed: int,
):
    codes = related(seed, n_rows, length, n_letters)
    weights = identity_weights(codes, identity, threads=1)
    assert np.array_equal(weights, plain_weights(codes, identity))
    assert always


@pytest.mark.parametrize("threads", [1, 3])
def test_equal_sequences_and_buckets_of_many_blocks(always: list[int], threads: int):
    # Two letters: most sequences share most segments, in buckets of several blocks.
    distinct = related(3, 9 * BLOCK, 30, 2)
    codes = np.random.default_rng(3).permutation(np.repeat(distinct, 2, axis=0))
    weights = identity_weights(codes, 0.8, threads=threads)
    assert np.array_equal(weights, plain_weights(codes, 0.8))
    assert always == [7]


def test_numbers_that_coincide_change_nothing(
    always: list[int], monkeypatch: pytest.MonkeyPatch
):
    written = segments.segment_keys

    def coarse(*arguments: object) -> NDArray[np.uint16]:
        return written(*arguments) % 5  # type: ignore[arg-type]

    monkeypatch.setattr(segments, "segment_keys", coarse)
    codes = related(4, 3 * BLOCK + 7, 40)
    assert np.array_equal(identity_weights(codes, 0.8), plain_weights(codes, 0.8))
    assert always


def test_one_segment_too_few_loses_neighbours(
    always: list[int], monkeypatch: pytest.MonkeyPatch
):
    written = segments.segment_keys

    def too_few(
        codes: NDArray[np.uint8],
        rows: NDArray[np.int64],
        frequencies: NDArray[np.float64],
        n_segments: int,
    ) -> NDArray[np.uint16]:
        return written(codes, rows, frequencies, n_segments)[:, :-1].copy()

    monkeypatch.setattr(segments, "segment_keys", too_few)
    codes = related(5, 4 * BLOCK, 10)
    found, right = identity_weights(codes, 0.8), plain_weights(codes, 0.8)
    assert (found >= right).all()
    assert (found > right).any()


@pytest.mark.parametrize("n_segments", [1, 3, 21, 100])
def test_segments_take_every_column_once_and_part_alike(n_segments: int):
    frequencies = np.random.default_rng(0).dirichlet(np.full(21, 0.3), 100)
    columns, starts = segments._segments(frequencies, n_segments)
    assert sorted(columns.tolist()) == list(range(100))
    assert starts[0] == 0
    assert starts[-1] == 100
    parts = -np.log(np.square(frequencies).sum(axis=1))
    sums = [parts[columns[a:b]].sum() for a, b in pairwise(starts)]
    assert max(sums) - min(sums) <= parts.max()


def test_few_sequences_and_tight_families_are_compared_pair_by_pair(
    monkeypatch: pytest.MonkeyPatch,
):
    flat = np.full((40, 20), 0.05)
    varied = np.random.default_rng(0).integers(0, 20, (2000, 40)).astype(np.uint8)
    rows = np.arange(len(varied))
    assert segments.keys_that_pay(varied, rows, flat, 8) is None
    monkeypatch.setattr(segments, "MANY", 0)
    assert segments.keys_that_pay(varied, rows, flat, 8) is None
    monkeypatch.setattr(segments, "PER_LETTER", 0)
    assert segments.keys_that_pay(varied, rows, flat, 8) is not None
    tight = varied[:1].repeat(2000, axis=0)
    assert segments.keys_that_pay(tight, rows, flat, 8) is None
    # Were all columns allowed to differ, no segment would have to be shared.
    assert segments.keys_that_pay(varied, rows, flat, 40) is None


def test_the_kernels_do_what_their_source_says(
    always: list[int], monkeypatch: pytest.MonkeyPatch
):
    codes = related(6, BLOCK + 2, 20)
    compiled = identity_weights(codes, 0.8, threads=1)
    for name in (
        "pack",
        "next_near",
        "add_fine",
        "add_neighbours",
        "write_keys",
        "take_keys",
        "leave_out_met",
        "count_in_segment",
    ):
        function = getattr(kernels, name)
        monkeypatch.setattr(kernels, name, getattr(function, "py_func", function))
    with np.errstate(over="ignore"):  # products overflow, which is meant
        assert np.array_equal(identity_weights(codes, 0.8, threads=1), compiled)
