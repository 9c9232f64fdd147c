from __future__ import annotations

from pathlib import Path

import pytest

from pottsfold.alignment import Numbering, read_alignment
from pottsfold.alphabet import PROTEIN
from pottsfold.errors import AlignmentError, UsageError
from tests.alignment.writers import FORMATS, as_text, fasta, write

ROWS = ["ACDEF", "ACDEW", "ACDEY", "ACDKF"]


def file_of(folder: Path, *names: str, rows: list[str] = ROWS) -> Path:
    return write(folder, fasta(names, rows[: len(names)]))


def test_focus_is_found_by_its_whole_name(tmp_path: Path):
    path = file_of(tmp_path, "P1/1-5", "P2/4-8", "P2/14-18")
    assert read_alignment(path, focus="P2/14-18").focus == 2


def test_focus_is_found_without_its_range(tmp_path: Path):
    path = file_of(tmp_path, "P1/1-5", "P2/4-8", "P22/4-8")
    family = read_alignment(path, focus="P2")
    assert family.focus == 1
    assert family.numbering.positions.tolist() == [4, 5, 6, 7, 8]


def test_an_exact_name_wins_over_one_with_a_range(tmp_path: Path):
    path = file_of(tmp_path, "P2/4-8", "P2", "P3")
    assert read_alignment(path, focus="P2").focus == 1


def test_focus_is_found_by_its_row(tmp_path: Path):
    assert read_alignment(file_of(tmp_path, "a", "b", "c"), focus=2).focus == 2


def test_ambiguous_focus_is_refused_with_the_choices(tmp_path: Path):
    path = file_of(tmp_path, "P1/1-5", "P2/4-8", "P2/14-18")
    with pytest.raises(AlignmentError) as caught:
        read_alignment(path, focus="P2")
    assert str(caught.value) == (
        f"{path}: focus 'P2' may be any of P2/14-18, P2/4-8; give the whole name"
    )


def test_wrong_focus_is_refused_with_the_nearest_names(tmp_path: Path):
    path = file_of(tmp_path, "DYR_ECOLI/1-5", "DYR_ECO57/1-5", "UNLIKE")
    with pytest.raises(AlignmentError) as caught:
        read_alignment(path, focus="DYR_ECOL")
    assert str(caught.value) == (
        f"{path}: no sequence named 'DYR_ECOL' among 3; "
        "nearest: DYR_ECOLI/1-5, DYR_ECO57/1-5"
    )


@pytest.mark.parametrize("row", [-1, 3])
def test_a_row_that_is_not_there_is_refused(tmp_path: Path, row: int):
    path = file_of(tmp_path, "a", "b", "c")
    with pytest.raises(AlignmentError) as caught:
        read_alignment(path, focus=row)
    assert (
        str(caught.value) == f"{path}: no row {row} among 3 sequences, counted from 0"
    )


def decoded(family) -> list[str]:
    return [PROTEIN.decode(row) for row in family.codes]


def test_where_the_focus_has_gaps_its_lower_case_letters_are_inserts(tmp_path: Path):
    path = file_of(tmp_path, "P1", "P2", "P3", rows=["AC-dEF.", "ACDeW-k", "--DEY.."])
    family = read_alignment(path)
    assert decoded(family) == ["ACEF", "ACW-", "--Y-"]
    assert family.history[0] == (
        "focus P1 (row 1): kept the 4 columns where it has an upper-case letter, "
        "of 6 match columns; 1 of its letters are lower case, left out "
        "(`columns=all` takes them)"
    )
    assert decoded(read_alignment(path, columns="all")) == ["ACDEF", "ACEW-", "--EY-"]


def test_where_the_focus_has_every_column_each_is_a_site(tmp_path: Path):
    path = file_of(tmp_path, "P1/5-9", "P2", "P3", rows=["ACdEF", "AC.W-", "--eY-"])
    family = read_alignment(path)
    assert decoded(family) == ["ACDEF", "AC-W-", "--EY-"]
    assert family.numbering.positions.tolist() == [5, 6, 7, 8, 9]
    assert family.history[0] == (
        "focus P1/5-9 (row 1): kept the 4 columns where it has an upper-case letter, "
        "of 4 match columns, and 1 where it has a lower-case one "
        "(`columns=upper` leaves these out)"
    )
    family = read_alignment(path, columns="upper")
    assert decoded(family) == ["ACEF", "ACW-", "--Y-"]
    assert family.numbering.positions.tolist() == [5, 6, 8, 9]


@pytest.mark.parametrize("format_name", ["a2m", "a3m", "stockholm"])
def test_inserts_of_the_focus_count_in_its_numbers(tmp_path: Path, format_name: str):
    family = read_alignment(write(tmp_path, as_text(format_name)))
    # Residues 21 and 22 are an insert after ten match columns, the gap has no number.
    assert family.numbering.positions.tolist() == [*range(11, 21), *range(23, 90)]
    assert "positions numbered from 11 (its name)" in family.history
    assert not any("promises" in note for note in family.history)


@pytest.mark.parametrize("format_name", ["fasta", "clustal"])
def test_a_range_that_does_not_fit_the_residues_is_told(
    tmp_path: Path, format_name: str
):
    family = read_alignment(write(tmp_path, as_text(format_name)))
    assert family.numbering == Numbering.sequential(77, 11)
    assert (
        "the focus name promises 79 residues and the row has 77: numbers count from "
        "11 all the same; `first` says otherwise"
    ) in family.history


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("first", [-3, 0, 500])
def test_first_wins_over_the_name(tmp_path: Path, format_name: str, first: int):
    family = read_alignment(write(tmp_path, as_text(format_name)), first=first)
    assert family.numbering.positions[0] == first
    assert f"positions numbered from {first} (as asked)" in family.history
    assert not any("promises" in note for note in family.history)


def test_numbers_begin_at_one_without_a_range(tmp_path: Path):
    family = read_alignment(file_of(tmp_path, "a", "b"))
    assert family.numbering == Numbering.sequential(5)
    assert "positions numbered from 1 (its name has no /start-end)" in family.history


def test_a_range_that_runs_backwards_is_told(tmp_path: Path):
    family = read_alignment(file_of(tmp_path, "AB1.1/905-901", "b"))
    assert family.numbering == Numbering.sequential(5)
    assert "positions numbered from 1 (its /start-end runs backwards)" in family.history


def test_a_range_may_be_written_with_a_dash(tmp_path: Path):
    family = read_alignment(file_of(tmp_path, "P1/21\u201325", "b"))
    assert family.numbering == Numbering.sequential(5, 21)


def test_an_absurd_range_is_no_range(tmp_path: Path):
    name = f"P/{10**30}-{10**30 + 4}"
    assert read_alignment(file_of(tmp_path, name, "b")).numbering.positions[0] == 1


def test_an_absurd_first_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match=r"^`first=1000000000000`: not a residue"):
        read_alignment(file_of(tmp_path, "a", "b"), first=10**12)


def test_without_focus_columns_are_numbered_from_first(tmp_path: Path):
    path = write(tmp_path, as_text("a2m"))
    assert read_alignment(path, focus=None).numbering == Numbering.sequential(78)
    assert read_alignment(path, focus=None, first=7).numbering.positions[0] == 7


def test_unknown_letters_of_the_focus_keep_their_columns(tmp_path: Path):
    family = read_alignment(
        file_of(tmp_path, "a", "b", "c", rows=["AXDEF", "ACDEF", "ACDEW"])
    )
    assert family.codes[0].tolist() == [1, PROTEIN.unknown, 3, 4, 5]
