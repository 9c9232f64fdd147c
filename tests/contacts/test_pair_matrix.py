"""Couplings of one pair, letter by letter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from pottsfold.contacts import coupling_norms, pair_matrix
from pottsfold.errors import UsageError
from tests.strategies import models, random_model


@given(models())
def test_matrix_is_zero_sum_and_has_the_norm_of_the_map(model):
    first, last = (int(model.numbering.positions[k]) for k in (0, -1))
    matrix = pair_matrix(model, first, last)
    assert matrix.shape == (model.n_states,) * 2
    np.testing.assert_allclose(matrix.sum(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(matrix.sum(axis=1), 0, atol=1e-5)
    letters = matrix.drop(index="-", columns="-", errors="ignore")
    norm = np.sqrt((letters.to_numpy() ** 2).sum())
    assert norm == pytest.approx(coupling_norms(model)[0, -1], rel=1e-5, abs=1e-7)
    np.testing.assert_allclose(pair_matrix(model, last, first), matrix.T, atol=1e-12)


def test_rows_are_letters_of_the_first_residue():
    model = random_model(1, length=3, first=7)
    matrix = pair_matrix(model, 7, 9)
    block = model.couplings[0, 2].astype(float)
    expected = block - block.mean(0) - block.mean(1)[:, np.newaxis] + block.mean()
    assert matrix.loc["A", "W"] == pytest.approx(
        expected[model.alphabet.letters.index("A"), model.alphabet.letters.index("W")]
    )
    assert (matrix.index.name[1:], matrix.columns.name[1:]) == ("7", "9")


def test_numbers_outside_the_model_are_refused():
    model = random_model(1, length=3, first=7)
    with pytest.raises(UsageError, match="6 is no site of the model; it has 3 between"):
        pair_matrix(model, 6, 9)
    with pytest.raises(UsageError, match="7 is given twice"):
        pair_matrix(model, 7, 7)
