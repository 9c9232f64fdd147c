"""Natural sequences at a model's sites, with the focus sequence and without."""

from __future__ import annotations

import pytest

from pottsfold.errors import AlignmentError
from pottsfold.model.sites import natural_sequences
from pottsfold.sampling.conditions import read_sequences
from tests.strategies import random_model

MODEL = random_model(1, 5, first=11)
FOCUS = MODEL.focus_sequence
NOTE = "no focus sequence; its 5 columns are taken for sites"


def write(path, *records):
    path.write_text("".join(f">{name}\n{row}\n" for name, row in records))
    return path


def test_a_family_is_read_at_the_columns_of_its_focus(tmp_path):
    rows = [("FOCUS", f"{FOCUS[:2]}--{FOCUS[2:]}"), ("x", "ACWWDEF"), ("y", "ACWWDEY")]
    path = write(tmp_path / "a.fasta", *rows)
    family = natural_sequences(MODEL, path)
    assert family.numbering == MODEL.numbering
    assert MODEL.alphabet.decode(family.codes[1]) == "ACDEF"
    assert family.identity == 0.8
    assert NOTE not in family.history


def test_held_out_sequences_are_taken_column_by_column_and_it_is_told(tmp_path):
    path = write(tmp_path / "a.fasta", ("x", "ACDEF"), ("y", "ACDEY"))
    for model in (MODEL, random_model(1, 5, first=11, focus=False)):
        family = natural_sequences(model, path)
        assert family.focus is None
        assert family.numbering == model.numbering
        assert family.history[-1] == NOTE


def test_another_sequence_by_the_name_of_the_focus_is_refused(tmp_path):
    other = "C" + FOCUS[1:] if FOCUS[0] != "C" else "D" + FOCUS[1:]
    path = write(tmp_path / "a.fasta", ("FOCUS", other), ("y", "ACDEY"))
    with pytest.raises(AlignmentError, match="is not the model's"):
        natural_sequences(MODEL, path)


def test_other_numbers_of_columns_are_refused(tmp_path):
    path = write(tmp_path / "a.fasta", ("x", "ACDE"), ("y", "ACDY"))
    with pytest.raises(AlignmentError, match="alignment the model was fitted to"):
        natural_sequences(MODEL, path)
    with pytest.raises(AlignmentError, match="4 columns for a model of 5 sites"):
        natural_sequences(random_model(1, 5, focus=False), path)


def test_starts_are_a_family_at_the_sites_or_rows_of_as_many_letters(tmp_path):
    # Two columns that are no sites: the numbers tell which they are.
    rows = [("someone/9-15", f"WW{FOCUS}"), ("x", "WWACDEF")]
    codes, notes = read_sequences(write(tmp_path / "a.fasta", *rows), MODEL)
    assert [MODEL.alphabet.decode(row) for row in codes] == [FOCUS, "ACDEF"]
    assert notes[0].startswith("focus someone/9-15 (row 1)")
    codes, notes = read_sequences(write(tmp_path / "b.fasta", ("x", "AcCDE.F")), MODEL)
    assert MODEL.alphabet.decode(codes[0]) == "ACDEF"
    assert notes == ("left out 1 lower-case letters",)
    with pytest.raises(AlignmentError, match=r":3: record 'y': 4 letters, and the"):
        read_sequences(
            write(tmp_path / "c.fasta", ("x", "ACDEF"), ("y", "ACDE")), MODEL
        )
