"""Graphs of pairs: every pair once from either of its sites."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.errors import UsageError
from pottsfold.model import PairGraph


@st.composite
def graphs(draw):
    length = draw(st.integers(2, 8))
    pairs = [(i, j) for i in range(length) for j in range(length) if i != j]
    return length, draw(st.lists(st.sampled_from(pairs)))


@given(graphs())
def test_a_graph_has_every_pair_from_both_sites(case):
    length, pairs = case
    graph = PairGraph.of_pairs(length, np.array(pairs, int))
    wanted = sorted({(min(p), max(p)) for p in pairs})
    assert [tuple(p) for p in graph.pairs.tolist()] == wanted
    assert graph.n_pairs == len(wanted)
    assert not graph.is_complete
    for i in range(length):
        partners = graph.partners[graph.of_site(i)].tolist()
        assert partners == sorted({sum(p) - i for p in wanted if i in p})
        assert graph.later[i] - graph.offsets[i] == sum(j < i for j in partners)
        assert graph.starts[i] == sum(p[0] < i for p in wanted)
    assert graph.starts[length] == len(wanted)
    sites = np.arange(length)
    places = graph.places(sites[:, np.newaxis], sites)
    for i in range(length):
        for j in range(length):
            place = places[i, j]
            if place < 0:
                assert (min(i, j), max(i, j)) not in wanted
            else:
                assert (graph.sites[place], graph.partners[place]) == (i, j)
                assert graph.mirrors[place] == places[j, i]


def test_the_complete_graph_has_the_order_of_a_dense_array():
    graph = PairGraph.complete(4)
    assert graph.is_complete
    assert graph.n_pairs == 6
    assert graph.pairs.tolist() == [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]
    sites = np.arange(4)
    np.testing.assert_array_equal(
        graph.places(sites[:, np.newaxis], sites), np.arange(16).reshape(4, 4)
    )
    assert graph.later.tolist() == [1, 6, 11, 16]
    assert graph.starts.tolist() == [0, 3, 5, 6, 6]


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([[0, 4]], "site 4; there are 0 to 3"),
        ([[1, 2], [-1, 2]], "site -1; there are"),
        ([[2, 2]], "site 2 is paired with itself"),
    ],
)
def test_what_is_no_pair_is_refused(pairs, message):
    with pytest.raises(UsageError, match=message):
        PairGraph.of_pairs(4, np.array(pairs))
