"""Probabilities of contacts from coupling scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.alignment import Alignment, Numbering, reweight
from pottsfold.alphabet import PROTEIN
from pottsfold.contacts import coupling_map, probability
from pottsfold.contacts.probability import (
    contact_probabilities,
    pair_terms,
    share_above_noise,
)
from pottsfold.inference import fit_pseudolikelihood
from tests.naive import contacts as naive

LENGTH = 40
# Enough sequences; their number decides nothing else.
NEFF = 1000.0
FAR = np.triu_indices(LENGTH, 6)
CONTACTS = [(k, 38 - k) for k in range(14)]
CONTACT_ROWS, CONTACT_COLUMNS = np.transpose(CONTACTS)


def random_scores(rng, length, scale=0.1):
    scores = rng.gumbel(0, scale, (length, length))
    return (scores + scores.T) / 2


def letters_of(rng, n_sequences, concentration, occupancy=1.0):
    """Codes of independent columns, each of letter frequencies of its own."""
    chances = rng.dirichlet(np.full(20, concentration), LENGTH)
    codes = np.column_stack(
        [rng.choice(np.arange(1, 21), n_sequences, p=each) for each in chances]
    )
    codes[rng.random(codes.shape) > occupancy] = 0
    return codes.astype(np.uint8)


def scores_of(codes):
    names = tuple(f"s{k}" for k in range(len(codes)))
    numbering = Numbering.sequential(codes.shape[1])
    alignment = reweight(Alignment(PROTEIN, codes, names, numbering))
    return coupling_map(fit_pseudolikelihood(alignment, threads=1).model).scores


def coupled(rng, codes, pairs):
    """Give each later site of the pairs a letter that the earlier one decides."""
    for i, j in pairs:
        follows = rng.random(len(codes)) < 0.5
        codes[follows, j] = rng.permutation(np.arange(21))[codes[follows, i]]
    return codes


@pytest.fixture(scope="module")
def noise():
    """Scores of 2,000 sequences of independent columns."""
    return scores_of(letters_of(np.random.default_rng(3), 2000, 0.3))


@pytest.fixture(scope="module")
def planted():
    """Scores of 1,000 sequences in which 14 pairs of columns covary."""
    rng = np.random.default_rng(4)
    return scores_of(coupled(rng, letters_of(rng, 1000, 0.3), CONTACTS))


def test_independent_columns_give_nothing(noise):
    assert share_above_noise(noise, NEFF) == 0
    assert contact_probabilities(noise, NEFF)[FAR].max() < 0.45


def test_scores_judged_beside_one_another_alone_would_call_noise(noise, monkeypatch):
    monkeypatch.setattr(probability, "_share_above_noise", lambda *_: 0.9)
    assert (contact_probabilities(noise, NEFF)[FAR] > 0.5).sum() > 10


@pytest.mark.parametrize(
    ("n_sequences", "concentration", "occupancy"),
    [(30, 0.3, 1.0), (300, 0.03, 1.0), (300, 0.3, 0.5), (3000, 3.0, 1.0)],
    ids=["few sequences", "conserved", "gaps", "many sequences"],
)
def test_where_nothing_stands_out_probability_goes_by_separation_alone(
    n_sequences, concentration, occupancy
):
    rng = np.random.default_rng(5)
    codes = letters_of(rng, n_sequences, concentration, occupancy)
    found = contact_probabilities(scores_of(codes), NEFF)
    for offset in (3, 6, 12, 39):
        assert np.ptp(np.diagonal(found, offset)) == 0
    assert found[FAR].max() < 0.45


def test_columns_that_covary_are_called(planted):
    assert share_above_noise(planted, NEFF) > 0.75
    found = contact_probabilities(planted, NEFF)
    assert found[CONTACT_ROWS, CONTACT_COLUMNS].min() > 0.99
    found[CONTACT_ROWS, CONTACT_COLUMNS] = 0
    assert found[FAR].max() < 0.75
    assert found[FAR].mean() < 0.3


def test_a_single_strong_pair_is_called():
    rng = np.random.default_rng(6)
    scores = scores_of(coupled(rng, letters_of(rng, 1000, 0.3), CONTACTS[:1]))
    assert 0 < share_above_noise(scores, NEFF) < 0.5
    assert contact_probabilities(scores, NEFF)[CONTACTS[0]] > 0.9


def test_shuffled_columns_give_nothing(planted):
    rng = np.random.default_rng(4)
    codes = coupled(rng, letters_of(rng, 1000, 0.3), CONTACTS)
    assert share_above_noise(planted, NEFF) > 0
    assert share_above_noise(scores_of(rng.permuted(codes, axis=0)), NEFF) == 0


@pytest.mark.parametrize("n_sequences", [2, 3, 5, 10, 20])
def test_a_handful_of_sequences_tells_nothing(n_sequences):
    scores = scores_of(letters_of(np.random.default_rng(8), n_sequences, 3.0))
    assert contact_probabilities(scores, float(n_sequences))[FAR].max() < 0.45


def test_an_unknown_number_of_sequences_is_taken_for_enough(planted):
    unknown, known = (contact_probabilities(planted, neff) for neff in (0.0, NEFF))
    np.testing.assert_array_equal(unknown, known)


@given(st.integers(0, 2**32), st.integers(8, 40))
def test_probabilities_equal_the_naive_ones(seed, length):
    scores = random_scores(np.random.default_rng(seed), length)
    scores[0, 7] = scores[7, 0] = 2.0
    share = share_above_noise(scores, NEFF)
    assert share == pytest.approx(naive.share_above_noise(scores.tolist()), abs=1e-9)
    expected = naive.contact_probabilities(scores.tolist())
    np.testing.assert_allclose(contact_probabilities(scores, NEFF), expected, rtol=1e-9)


@given(st.integers(0, 2**32), st.floats(1e-3, 1e3), st.floats(-5, 5))
def test_the_scale_and_origin_of_scores_do_not_matter(seed, scale, origin):
    scores = random_scores(np.random.default_rng(seed), 20)
    scores[0, 7] = scores[7, 0] = 2.0
    np.testing.assert_allclose(
        contact_probabilities(scale * scores + origin, NEFF),
        contact_probabilities(scores, NEFF),
        rtol=1e-6,
    )


def test_a_higher_score_is_never_less_likely(planted):
    found = contact_probabilities(planted, NEFF)
    i, j = np.triu_indices(LENGTH, 24)
    order = np.argsort(planted[i, j])
    assert (np.diff(found[i, j][order]) >= 0).all()
    assert found[i, j].max() > found[i, j].min()


def test_the_more_pairs_stand_out_the_surer_each_is(planted):
    scores = random_scores(np.random.default_rng(1), LENGTH)
    chances = []
    for count in (1, 5, 14):
        for i, j in CONTACTS[:count]:
            scores[i, j] = scores[j, i] = 2.0
        chances.append(contact_probabilities(scores, NEFF)[CONTACTS[0]])
    assert 0.4 < chances[0] < chances[1] < chances[2]


@pytest.mark.parametrize(
    "scores", [np.zeros((20, 20)), np.eye(6)], ids=["no spread", "too short"]
)
def test_nothing_is_made_up_where_there_is_nothing_to_tell_by(scores):
    assert pair_terms(scores, NEFF) is None
    assert share_above_noise(scores, NEFF) is None
    assert np.isnan(contact_probabilities(scores, NEFF)).all()


def test_sites_without_spread_are_left_to_the_others():
    scores = random_scores(np.random.default_rng(1), LENGTH)
    scores[:8] = scores[:, :8] = np.median(scores)
    assert np.isfinite(contact_probabilities(scores, NEFF)[FAR]).all()
