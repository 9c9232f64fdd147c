"""Clusters of relatives, and folds made of them."""

import math
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.alignment import clustered_folds, reweight
from pottsfold.alignment import clusters as clusters_room
from pottsfold.alignment.clusters import clusters, relatives
from tests.naive import alignment as naive
from tests.strategies import random_alignment


@given(
    st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 70), st.floats(0.05, 1)
)
def test_clusters_equal_the_naive_ones(seed, n_sequences, length, identity):
    rng = np.random.default_rng(seed)
    # Few letters, so that some pairs are near.
    codes = rng.integers(0, 3, (n_sequences, length)).astype(np.uint8)
    order = rng.permutation(n_sequences)
    expected = naive.clusters(codes.tolist(), identity, order.tolist())
    assert clusters(codes, identity, order).tolist() == expected


@pytest.fixture
def family():
    rng = np.random.default_rng(5)
    return reweight(random_alignment(rng, 300, 24))


def test_no_relative_of_a_founder_is_in_another_fold(family):
    folds, identity = clustered_folds(family, 5, seed=1)
    order = np.random.default_rng(1).permutation(300)
    labels = clusters(family.codes, identity, order)
    assert set(folds) == set(range(5))
    for cluster in range(labels.max() + 1):
        assert len(set(folds[labels == cluster])) == 1


def test_folds_are_of_like_weight(family):
    folds, _ = clustered_folds(family, 5, seed=1)
    shares = np.bincount(folds, family.sequence_weights) / family.neff
    assert shares.max() < 0.3
    assert shares.min() > 0.1


def test_one_large_cluster_calls_for_nearer_relatives():
    rng = np.random.default_rng(2)
    parent = rng.integers(1, 21, 40)
    codes = np.tile(parent, (200, 1))
    changed = rng.random(codes.shape) < 0.25
    codes[changed] = rng.integers(1, 21, changed.sum())
    family = random_alignment(rng, 200, 40)
    family = type(family)(
        family.alphabet, codes.astype(np.uint8), family.names, family.numbering
    )
    assert clustered_folds(family, 4, seed=0)[1] > 0.5


@pytest.mark.parametrize("bad", [-1, 5])
def test_an_order_of_other_sequences_is_refused(bad):
    codes = np.zeros((5, 4), np.uint8)
    with pytest.raises(ValueError, match="these 5 sequences"):
        clusters(codes, 0.8, np.array([0, bad]))


@given(
    st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 70), st.floats(0.05, 1)
)
def test_relatives_are_those_identical_enough_to_one_chosen(
    seed, n_sequences, length, identity
):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 3, (n_sequences, length)).astype(np.uint8)
    chosen = rng.choice(n_sequences, rng.integers(1, n_sequences + 1), replace=False)
    needed = math.ceil(identity * length - 1e-9)
    expected = [
        any(
            sum(a == b for a, b in zip(row, codes[k], strict=True)) >= needed
            for k in chosen
        )
        for row in codes
    ]
    codes.flags.writeable = False
    for threads, at_once in ((1, 8192), (2, 7)):
        with patch.object(clusters_room, "ROWS_AT_ONCE", at_once):
            found = relatives(codes, chosen, identity, threads=threads)
        assert found.tolist() == expected
