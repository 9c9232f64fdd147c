"""Scans: every single substitution once, with its frequency and conservation."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.alphabet import PROTEIN
from pottsfold.mutations import conservation, scan_table, score_table
from tests.naive import mutations as naive
from tests.strategies import models, random_model, seeds

COLUMNS = [
    "mutant",
    "position",
    "wild_type",
    "substitution",
    "log_odds",
    "independent",
    "frequency",
    "conservation",
    "occupancy",
    "adjusted",
]


@given(models())
def test_a_scan_holds_each_substitution_once_and_scores_it_as_a_library(model):
    if model.focus is None:
        model = replace(model, focus=np.ones(model.length, np.uint8))
    scan = scan_table(model)
    assert list(scan) == COLUMNS
    assert len(scan) == model.length * (model.alphabet.size - 2)
    assert scan["mutant"].is_unique
    assert not scan["substitution"].eq("-").any()
    assert (scan["substitution"] != scan["wild_type"]).all()
    scored = score_table(model, scan[["mutant"]])
    assert (scored["status"] == "ok").all()
    for name in ("log_odds", "independent", "adjusted"):
        pd.testing.assert_series_equal(scan[name], scored[name])


def test_frequency_is_the_new_letters_at_the_site():
    model = random_model(1, 4, gaps="missing", first=7)
    row = scan_table(model).iloc[30]
    column = model.numbering.column(row["position"])
    letter = PROTEIN.letters.index(row["substitution"])
    assert row["frequency"] == model.frequencies[column, letter]
    assert row["wild_type"] == PROTEIN.letters[model.focus[column]]
    assert row["conservation"] == conservation(model.frequencies)[column]


@given(seed=seeds, size=st.integers(3, 21))
def test_conservation_equals_the_naive_twin(seed, size):
    frequencies = np.random.default_rng(seed).dirichlet(np.full(size, 0.3), 5)
    expected = [naive.conservation(row) for row in frequencies]
    np.testing.assert_allclose(conservation(frequencies), expected, atol=1e-9)


def test_conservation_runs_from_0_to_1_and_leaves_gaps_out():
    flat, single, gapped, empty = np.zeros((4, 21))
    flat[1:] = 0.05
    single[3] = 1
    gapped[[0, 3]] = 0.9, 0.1
    empty[0] = 1
    values = conservation(np.stack([flat, single, gapped, empty]))
    assert values[:3] == pytest.approx([0, 1, 1])
    assert np.isnan(values[3])


def test_sites_whose_focus_letter_the_model_lacks_are_left_out():
    model = random_model(1, 4, gaps="missing")
    focus = model.focus.copy()
    focus[[1, 2]] = 0, PROTEIN.unknown
    assert set(scan_table(replace(model, focus=focus))["position"]) == {1, 4}


def test_without_frequencies_what_needs_them_is_missing():
    scan = scan_table(replace(random_model(1, 3), frequencies=None, neff=0.0))
    assert scan[["independent", "frequency", "conservation"]].isna().all(axis=None)
    assert scan["log_odds"].notna().all()
