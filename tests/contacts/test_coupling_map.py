"""Norms, the average product correction, and the table of pairs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pottsfold.alignment import Numbering
from pottsfold.contacts import (
    CouplingMap,
    average_product_correction,
    coupling_map,
    coupling_norms,
    ranked_pairs,
)
from pottsfold.model import PottsModel, zero_sum
from tests.naive import contacts as naive
from tests.strategies import masked_models, models, random_model, seeds, with_zeros

COLUMNS = ["i", "j", "aa_i", "aa_j", "score", "raw_score", "rank"]


def in_another_gauge(model: PottsModel, seed: int) -> PottsModel:
    """Add u_ij(a) + v_ij(b) to every block of couplings."""
    rng = np.random.default_rng(seed)
    couplings = model.couplings.copy()
    states = model.states
    for i in range(model.length):
        for j in range(i + 1, model.length):
            u = rng.normal(size=(model.n_states, 1)).astype(np.float32)
            v = rng.normal(size=(1, model.n_states)).astype(np.float32)
            couplings[i, j, states, states] += u + v
            couplings[j, i] = couplings[i, j].T
    return replace(model, couplings=couplings)


@given(models())
@settings(max_examples=40)
def test_norms_and_scores_equal_their_formulas(model):
    norms = naive.norms(model.couplings.tolist(), model.states.start)
    np.testing.assert_allclose(coupling_norms(model), norms, rtol=1e-5, atol=1e-7)
    if np.any(norms):
        np.testing.assert_allclose(
            coupling_map(model).scores, naive.apc(norms), rtol=1e-4, atol=1e-5
        )


@given(models(), seeds)
@settings(max_examples=40)
def test_scores_are_the_same_in_every_gauge(model, seed):
    expected = coupling_map(model)
    for other in (in_another_gauge(model, seed), zero_sum(model)):
        found = coupling_map(other)
        np.testing.assert_allclose(found.norms, expected.norms, atol=2e-5)
        np.testing.assert_allclose(found.scores, expected.scores, atol=2e-5)


def test_gap_is_centred_with_the_others_but_not_counted():
    model = random_model(1, length=3, gaps="state")
    with_gap = np.zeros_like(model.couplings)
    with_gap[0, 1, 0, 0] = with_gap[1, 0, 0, 0] = 4.0
    norms = coupling_norms(replace(model, couplings=with_gap))
    # Centring moves 4 / 21^2 to each of the 400 blocks without the gap.
    assert norms[0, 1] == pytest.approx(20 * 4 / 21**2, rel=1e-6)
    assert norms[0, 2] == 0


@given(seeds, st.integers(2, 12), st.floats(0.01, 100))
def test_correction_is_symmetric_and_linear_in_scale(seed, length, scale):
    half = np.triu(np.random.default_rng(seed).random((length, length)), 1)
    norms = half + half.T
    corrected = average_product_correction(norms)
    assert np.array_equal(corrected, corrected.T)
    assert not np.diagonal(corrected).any()
    np.testing.assert_allclose(
        average_product_correction(scale * norms), scale * corrected, atol=1e-9 * scale
    )


def test_correction_ignores_the_diagonal_and_keeps_its_input():
    norms = np.array([[9.0, 3, 3], [3, 9, 6], [3, 6, 9]])
    before = norms.copy()
    corrected = average_product_correction(norms)
    assert np.array_equal(norms, before)
    np.testing.assert_allclose(corrected, naive.apc(norms.tolist()))


@given(masked_models())
@settings(max_examples=40)
def test_a_masked_model_has_scores_of_its_own_pairs(model):
    dense = with_zeros(model)
    norms = naive.norms(dense.couplings.tolist(), model.states.start)
    coupled = np.zeros((model.length, model.length), bool)
    coupled[model.graph.sites, model.graph.partners] = True
    found = coupling_map(model)
    np.testing.assert_allclose(found.norms, norms, rtol=1e-5, atol=1e-7)
    if np.any(norms):
        expected = naive.apc(norms, coupled)
        np.testing.assert_allclose(found.scores, expected, rtol=1e-4, atol=1e-5)
    pairs = ranked_pairs(found)
    assert sorted(zip(pairs["i"] - 1, pairs["j"] - 1, strict=True)) == sorted(
        map(tuple, model.graph.pairs.tolist())
    )
    plain = coupling_map(model, "frobenius").scores
    assert np.array_equal(np.isnan(plain), np.isnan(found.scores))
    assert not np.diagonal(plain).any()


def test_correction_of_nothing_is_nothing():
    assert not average_product_correction(np.zeros((4, 4))).any()


def small_map() -> CouplingMap:
    scores = np.array([[0, 1, 5, 2], [1, 0, 2, 4], [5, 2, 0, 3], [2, 4, 3, 0.0]])
    return CouplingMap(scores + 1, scores, Numbering(np.array([7, 8, 12, 13])), "ACDE")


def test_table_counts_positions_and_puts_the_strongest_first():
    table = ranked_pairs(small_map())
    assert list(table) == COLUMNS
    assert table["score"].tolist() == [5, 4, 3, 2, 2, 1]
    assert table["rank"].tolist() == [1, 2, 3, 4, 5, 6]
    assert table.iloc[0, :6].tolist() == [7, 12, "A", "D", 5, 6]
    # Equal scores keep the order of i, then of j.
    assert table.loc[3:4, ["i", "j"]].to_numpy().tolist() == [[7, 13], [8, 12]]
    assert (table["i"] < table["j"]).all()


def test_separation_counts_residue_numbers_not_sites():
    table = ranked_pairs(small_map(), separation=5)
    assert table[["i", "j"]].to_numpy().tolist() == [[7, 12], [8, 13], [7, 13]]


def test_table_with_distances_leaves_missing_residues_empty(tmp_path):
    distances = np.full((4, 4), 7.999)
    distances[2] = distances[:, 2] = np.nan
    distances[1, 3] = distances[3, 1] = 8.0
    table = ranked_pairs(small_map(), distances=distances)
    assert list(table) == [*COLUMNS, "distance", "contact"]
    table.to_csv(tmp_path / "table.csv", index=False)
    rows = (tmp_path / "table.csv").read_text().splitlines()
    assert rows[1] == "7,12,A,D,5.0,6.0,1,,"
    assert rows[2] == "8,13,C,E,4.0,5.0,2,8.0,False"
    assert rows[4] == "7,13,A,E,2.0,3.0,4,7.999,True"


def test_letters_are_dashes_without_a_focus():
    table = ranked_pairs(coupling_map(random_model(2, length=4, focus=False)))
    assert set(table["aa_i"]) == set(table["aa_j"]) == {"-"}


def test_map_is_read_only_and_checked():
    made = small_map()
    with pytest.raises(ValueError, match="read-only"):
        made.scores[0, 1] = 0
    with pytest.raises(ValueError, match="norms are"):
        CouplingMap(made.norms[:2], made.scores, made.numbering, "ACDE")
    with pytest.raises(ValueError, match="3 letters for 4 sites"):
        CouplingMap(made.norms, made.scores, made.numbering, "ACD")
