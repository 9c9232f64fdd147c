"""Measured libraries made ready: columns, numbers, replicates, coverage."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from pottsfold.errors import TableError, UsageError
from pottsfold.mutations import mutant_effects, place_library, place_texts
from pottsfold.mutations.assays import agreement_table, measurements
from pottsfold.mutations.assays.assay_table import distinct_mutants, find_score_column
from tests.mutations.assays import made
from tests.strategies import seeds

MODEL = made.small_model()
SINGLES = made.singles(MODEL)[:30]


def measured(table, **options):
    return measurements(table, place_library(MODEL, table), **options)


def table_of(mutants, scores, **others):
    return pd.DataFrame({"mutant": mutants, "score": scores, **others})


@given(seed=seeds)
def test_replicates_are_found_in_any_order_of_writing_and_averaged(seed):
    rng = np.random.default_rng(seed)
    names = [*SINGLES[:12], *made.doubles(MODEL, 12), *made.triples(MODEL, 12)]
    chosen = [names[k] for k in rng.choice(len(names), 80)]
    shuffled = [":".join(rng.permutation(name.split(":"))) for name in chosen]
    scores = rng.normal(size=80)
    found = measured(table_of(shuffled, scores))
    first = {}
    for row, name in enumerate(chosen):
        first.setdefault(name, row)
    assert found.rows.tolist() == list(first.values())
    expected = [
        np.mean([s for n, s in zip(chosen, scores, strict=True) if n == name])
        for name in first
    ]
    np.testing.assert_allclose(found.scores, expected)
    assert found.depths.tolist() == [1 + name.count(":") for name in first]
    assert any(f"{80 - len(first)} rows repeat a mutant" in n for n in found.notes)


def test_no_mutants_are_no_groups():
    first, which = distinct_mutants(place_texts(MODEL, ["WT"]), np.array([], int))
    assert first.size == which.size == 0


def test_the_score_column_is_found_or_named():
    scores = np.arange(30.0)
    table = pd.DataFrame({"mutant": SINGLES, "DMS_score": scores})
    assert measured(table).column == "DMS_score"
    assert measured(table.assign(score=scores)).column == "score"
    assert measured(table.assign(other=scores), score_column="other").column == "other"


@pytest.mark.parametrize(
    ("column", "complaint"),
    [
        (None, "no column score nor DMS_score among mutant, fitness_score; nearest: "),
        ("fitnes", "no column fitnes among mutant, fitness_score; nearest: fitness_sc"),
    ],
)
def test_an_absent_column_is_told_with_those_there_are(column, complaint):
    table = pd.DataFrame({"mutant": SINGLES, "fitness_score": 1.0})
    with pytest.raises(UsageError, match=complaint) as error:
        find_score_column(table, column)
    assert "with `score_column`" in str(error.value)


def test_cells_without_a_number_are_counted_and_the_first_is_named():
    cells = [str(k) for k in range(30)]
    cells[3], cells[5], cells[7] = "high", "", "inf"
    found = measured(table_of(SINGLES, cells))
    assert len(found) == 27
    assert "3 rows hold no number" in found.notes[1]
    assert "row 4 below the header: 'high'" in found.notes[1]
    assert np.isnan(found.row_scores[[3, 5, 7]]).all()


def test_lower_is_fitter_turns_the_sign():
    table = table_of(SINGLES, np.arange(30.0))
    up, down = measured(table), measured(table, lower_is_fitter=True)
    np.testing.assert_array_equal(up.scores, -down.scores)
    assert up.fit.sum() == down.fit.sum() == 15
    assert not (up.fit & down.fit).any()


def test_fitness_comes_from_the_librarys_own_column_if_there_is_one():
    own = [1, *[0] * 29]
    found = measured(table_of(SINGLES, np.arange(30.0), DMS_score_bin=own))
    assert found.fit.tolist() == [True, *[False] * 29]
    assert "counted as functional: those with DMS_score_bin 1" in found.notes[0]


def test_wild_type_and_unscorable_rows_are_left_out_and_partial_ones_kept_apart():
    outside = [f"{SINGLES[0]}:A900W", f"{SINGLES[0]}:A901W", "WT", "nonsense"]
    table = table_of([*SINGLES, *outside], np.arange(34.0))
    found = measured(table)
    assert found.partial.tolist() == [False] * 30 + [True] * 2
    assert found.depths.tolist() == [1] * 30 + [2] * 2
    notes = " ".join(found.notes)
    assert "1 measured rows cannot be scored" in notes
    assert "1 rows are the wild type" in notes
    assert "2 mutants lie partly outside the model" in notes
    # The median is that of the mutants covered whole.
    assert found.fit.tolist() == [False] * 15 + [True] * 17


@pytest.mark.parametrize(
    ("mutants", "scores", "complaint"),
    [
        (SINGLES, 0.5, "all 30 measured scores are equal .0.5."),
        (SINGLES, "n/a", "holds no number in any of 30 rows"),
        (SINGLES[:9], range(9), "only 9 of 9 rows are distinct measured mutants"),
        (SINGLES[:1] * 20, range(20), "only 1 of 20 rows"),
        (["A900W"] * 20, range(20), "not scorable: 20 outside_model"),
    ],
)
def test_libraries_with_nothing_to_rank_are_refused(mutants, scores, complaint):
    with pytest.raises(UsageError, match=complaint):
        measured(table_of(mutants, scores))


def test_rows_without_a_label_are_left_out_of_the_auc():
    scores = np.arange(30.0)
    table = table_of(SINGLES, scores)
    effects = mutant_effects(MODEL, place_library(MODEL, table))
    labels = np.where(scores > 12, "True", "False").astype(object)
    labels[[3, 20]] = ""
    found = measured(table.assign(DMS_score_bin=labels))
    assert found.labelled.sum() == 28
    assert any("2 of them have no DMS_score_bin and are left" in n for n in found.notes)
    assert any("with DMS_score_bin True" in note for note in found.notes)
    kept = np.delete(np.arange(30), [3, 20])
    alone = measured(
        table.iloc[kept].assign(DMS_score_bin=(scores[kept] > 12).astype(int))
    )
    part = mutant_effects(MODEL, place_library(MODEL, table.iloc[kept]))
    np.testing.assert_array_equal(
        agreement_table(found, effects)["auc"], agreement_table(alone, part)["auc"]
    )


def test_columns_may_differ_by_case_and_blanks():
    table = table_of(SINGLES, np.arange(30.0)).rename(columns={"score": "DMS_Score "})
    found = measured(table.assign(dms_score_BIN=["no", "yes"] * 15))
    assert found.column == "DMS_Score "
    assert found.fit.sum() == 15


def test_what_is_converted_is_told():
    table = table_of([f"B:{name}" for name in SINGLES], [f"{k},25" for k in range(30)])
    found = measured(table)
    assert found.scores.tolist() == [k + 0.25 for k in range(30)]
    assert found.conversions == (
        "column score: commas are decimal points, 0,25 is 0.25",
        "30 mutants name chain B, taken for the model's own protein",
    )
    assert {*found.conversions} <= {*found.notes}
    table["mutant"] = [*table["mutant"][:-1], f"C:{SINGLES[-1]}"]
    with pytest.raises(TableError, match=r"name chain B \(29 mutants\), chain C \(1 m"):
        measured(table)
