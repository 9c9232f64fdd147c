"""Predicted epistasis beside that of a measured library."""

from itertools import combinations

import numpy as np
import pytest

from pottsfold.mutations import mutant_effects, place_texts, scan_table
from pottsfold.mutations.epistasis import measured_table
from pottsfold.mutations.epistasis.measured_epistasis import measured_epistasis
from tests.strategies import random_model


@pytest.fixture(scope="module")
def model():
    return random_model(0, 6, gaps="missing", first=40)


def library(model):
    """All of ten single mutants, the doubles of nine of them, and the wild type."""
    singles = scan_table(model)["mutant"].iloc[::11].tolist()
    doubles = [
        f"{second}:{first}"
        for first, second in combinations(singles[:9], 2)
        if first[1:-1] != second[1:-1]
    ]
    return ["WT", *singles, *doubles]


def test_an_assay_that_measures_log_odds_agrees(model):
    mutants = place_texts(model, library(model))
    scores = mutant_effects(model, mutants).log_odds
    table = measured_table(model, measured_epistasis(model, mutants, scores), 10**6)
    assert len(table) == (mutants.counts == 2).sum()
    assert table["epistasis"].abs().is_monotonic_decreasing
    for predicted, measured in (
        ("log_odds_1", "measured_1"),
        ("log_odds_2", "measured_2"),
        ("log_odds_12", "measured_12"),
        ("epistasis", "measured_epistasis"),
    ):
        np.testing.assert_allclose(table[predicted], table[measured], atol=1e-6)
    assert np.isfinite(table["corrected_epistasis"]).all()


def test_the_first_rows_are_those_of_all_and_doubles_need_both_singles(model):
    texts = library(model)
    scores = np.random.default_rng(0).normal(size=len(texts))
    without = texts[1]
    scores[1] = np.nan
    mutants = place_texts(model, texts)
    measured = measured_epistasis(model, mutants, scores)
    everything = measured_table(model, measured, 10**6)
    assert not everything[["mutant_1", "mutant_2"]].isin([without]).any(axis=None)
    some = measured_table(model, measured, 4)
    assert some.equals(everything.head(4))
