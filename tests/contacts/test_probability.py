"""Probabilities of contacts from coupling scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.contacts.probability import contact_probabilities, pair_terms
from tests.naive import contacts as naive


def random_scores(rng, length, scale=0.1):
    scores = rng.gumbel(0, scale, (length, length))
    return (scores + scores.T) / 2


@given(st.integers(0, 2**32), st.integers(8, 40), st.floats(1, 1e4))
def test_probabilities_equal_the_naive_ones(seed, length, neff):
    scores = random_scores(np.random.default_rng(seed), length)
    expected = naive.contact_probabilities(scores.tolist(), neff)
    found = contact_probabilities(scores, neff)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@given(st.integers(0, 2**32), st.floats(1e-3, 1e3), st.floats(-5, 5))
def test_the_scale_and_origin_of_scores_do_not_matter(seed, scale, origin):
    scores = random_scores(np.random.default_rng(seed), 20)
    np.testing.assert_allclose(
        contact_probabilities(scale * scores + origin, 300),
        contact_probabilities(scores, 300),
        rtol=1e-6,
    )


@pytest.mark.parametrize("neff", [15.0, 300.0, 30_000.0])
def test_a_higher_score_is_never_less_likely(neff):
    length = 60
    scores = random_scores(np.random.default_rng(1), length)
    found = contact_probabilities(scores, neff)
    i, j = np.triu_indices(length, 24)
    order = np.argsort(scores[i, j])
    assert (np.diff(found[i, j][order]) >= 0).all()
    assert found[i, j].max() > found[i, j].min()


def test_more_sequences_make_a_strong_score_surer():
    scores = random_scores(np.random.default_rng(1), 40)
    scores[3, 30] = scores[30, 3] = 2.0
    few, many = (contact_probabilities(scores, neff)[3, 30] for neff in (40, 4000))
    assert 0.5 < few < many


@pytest.mark.parametrize(
    ("scores", "neff"),
    [(np.zeros((20, 20)), 100.0), (np.eye(6), 100.0), (np.eye(20), 0.0)],
    ids=["no spread", "too short", "unknown number of sequences"],
)
def test_nothing_is_made_up_where_there_is_nothing_to_tell_by(scores, neff):
    assert pair_terms(scores, neff) is None
    assert np.isnan(contact_probabilities(scores, neff)).all()
