"""Agreement tables: classes, their numbers, the ceiling, and the words for them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from pottsfold.mutations import mutant_effects, place_library
from pottsfold.mutations.assays import (
    agreement_lines,
    agreement_table,
    depth_classes,
    measurements,
    ndcg,
    spearman,
    top_recall,
)
from pottsfold.mutations.epistasis.measured_epistasis import measured_epistasis
from tests.mutations.assays import made

MODEL = made.small_model()
MUTANTS = [*made.singles(MODEL), *made.doubles(MODEL, 300), *made.triples(MODEL, 40)]
COLUMNS = ["n_mutations", "score", "n", "spearman", "low", "high", "auc", "ndcg"]


def judged(library, seed=0):
    mutants = place_library(MODEL, library)
    found = measurements(library, mutants)
    pairs = measured_epistasis(MODEL, mutants, found.row_scores)
    effects = mutant_effects(MODEL, mutants)
    table = agreement_table(found, effects, pairs, seed=seed)
    return table, found, effects


def cell(table, n_mutations, score):
    chosen = (table["n_mutations"] == n_mutations) & (table["score"] == score)
    (row,) = table[chosen].to_dict("records")
    return row


def test_every_class_and_score_has_a_row_and_the_doubles_a_ceiling():
    table, found, _ = judged(made.library(MODEL, MUTANTS, noise=0.5))
    assert list(table) == [*COLUMNS, "top_recall"]
    scores = ["log_odds", "additive", "independent", "adjusted"]
    assert table["score"].tolist() == [
        *scores,
        *scores,
        "measured_singles",
        *scores,
        *scores,
    ]
    sizes = table.groupby("n_mutations")["n"].first().to_dict()
    assert sizes == {"1": 228, "2": 300, "3+": 40, "all": 568}
    assert len(found) == 568


def test_the_numbers_are_those_of_the_metrics_on_the_class():
    library = made.library(MODEL, MUTANTS, noise=0.5)
    table, _, effects = judged(library)
    doubles = np.arange(228, 528)
    scores = library["score"].to_numpy()
    predicted = effects.log_odds[doubles]
    row = cell(table, "2", "log_odds")
    assert row["spearman"] == spearman(scores[doubles], predicted)
    assert row["ndcg"] == ndcg(scores[doubles], predicted)
    assert row["top_recall"] == top_recall(scores[doubles], predicted)
    fit = scores > np.median(scores)
    assert row["auc"] == pytest.approx(roc_auc_score(fit[doubles], predicted))
    assert row["low"] < row["spearman"] < row["high"]


def test_the_right_model_is_perfect_and_the_turned_one_perfectly_wrong():
    library = made.library(MODEL, MUTANTS)
    for sign in (1, -1):
        table, _, _ = judged(library.assign(score=sign * library["score"]))
        for name in ("1", "2", "3+", "all"):
            assert cell(table, name, "log_odds")["spearman"] == pytest.approx(sign)


def test_the_ceiling_is_the_sum_of_the_measured_singles():
    # Additive truth: the ceiling is perfect although the model is not.
    library = made.library(MODEL, MUTANTS)
    mutants = place_library(MODEL, library)
    library["score"] = mutant_effects(MODEL, mutants).additive
    table, _, _ = judged(library)
    row = cell(table, "2", "measured_singles")
    assert row["n"] == 300
    assert row["spearman"] == pytest.approx(1)
    assert row["auc"] == 1
    assert cell(table, "2", "log_odds")["spearman"] < 0.999


def test_partly_covered_mutants_have_a_class_of_their_own():
    partial = [f"{single}:A900W" for single in made.singles(MODEL)[:20]]
    library = pd.DataFrame({"mutant": [*MUTANTS, *partial]})
    library["score"] = np.random.default_rng(0).normal(size=len(library))
    table, found, _ = judged(library)
    assert cell(table, "partial", "log_odds")["n"] == 20
    assert cell(table, "all", "log_odds")["n"] == len(MUTANTS)
    classes = depth_classes(found)
    assert not set(classes["partial"]) & set(classes["all"])


def test_small_classes_are_counted_and_not_judged():
    table, _, _ = judged(made.library(MODEL, MUTANTS[:235]))
    row = cell(table, "2", "log_odds")
    assert row["n"] == 7
    assert np.isnan([row["spearman"], row["low"], row["auc"], row["ndcg"]]).all()
    assert "not defined" in agreement_lines(table)[2]


def test_no_class_depends_on_the_presence_of_another():
    library = made.library(MODEL, MUTANTS, noise=0.5)
    everything, _, _ = judged(library)
    doubles, _, _ = judged(library.iloc[228:])
    keys = ["spearman", "low", "high"]
    one = cell(everything, "3+", "log_odds")
    other = cell(doubles, "3+", "log_odds")
    assert [one[k] for k in keys] == [other[k] for k in keys]
    assert cell(judged(library, seed=1)[0], "3+", "log_odds")["low"] != one["low"]


def test_a_model_without_letter_frequencies_has_no_independent_numbers():
    model = replace(MODEL, frequencies=None)
    library = made.library(MODEL, MUTANTS, noise=0.5)
    mutants = place_library(model, library)
    table = agreement_table(
        measurements(library, mutants), mutant_effects(model, mutants)
    )
    assert np.isnan(cell(table, "1", "independent")["spearman"])
    assert cell(table, "1", "log_odds")["spearman"] > 0
    assert "not defined" in agreement_lines(table)[1]


def test_the_words_hold_the_numbers():
    table, _, _ = judged(made.library(MODEL, MUTANTS, noise=0.5))
    lines = agreement_lines(table)
    row = cell(table, "1", "log_odds")
    assert lines[1].startswith("1 mutation         228  ")
    assert f"{row['spearman']:.3f} ({row['low']:.3f} to {row['high']:.3f})" in lines[1]
    assert "sum of the two measured singles ranks 300 doubles" in lines[-1]
    assert max(map(len, lines)) <= 120


def test_columns_of_negative_numbers_stay_apart():
    table, _, _ = judged(made.library(MODEL, MUTANTS, noise=0.5))
    numbers = ["spearman", "low", "high"]
    table[numbers] = -table[numbers].abs()
    lines = agreement_lines(table)
    assert all(line.count(") -") == 3 for line in lines[1:-1])
    starts = [line.index("-0") for line in lines[1:-1]]
    assert len({*starts}) == 1
