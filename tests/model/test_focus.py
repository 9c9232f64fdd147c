"""Focus sequences given to models that came without them."""

from dataclasses import replace

import numpy as np
import pytest

from pottsfold.alphabet import PROTEIN, RNA
from pottsfold.errors import UsageError
from pottsfold.model.focus import renumbered, with_focus
from tests.strategies import random_model

MODEL = replace(random_model(0, 6, PROTEIN, focus=False), focus=None)


def numbers(model):
    return model.numbering.positions.tolist()


def test_a_typed_sequence_counts_from_one_or_from_first():
    model, said = with_focus(MODEL, "ACDEFG")
    assert (model.focus_sequence, model.focus_name) == ("ACDEFG", "focus")
    assert numbers(model) == [1, 2, 3, 4, 5, 6]
    assert said.startswith("focus focus: 6 residues, numbered 1 to 6")
    assert numbers(with_focus(MODEL, "ACDEFG", 100)[0])[0] == 100


@pytest.mark.parametrize(
    ("text", "letters", "positions"),
    [
        (">X_Y/20-25 more words\nACD\nEFG\n", "ACDEFG", [20, 21, 22, 23, 24, 25]),
        (
            ">X/20-28\nACmmD--E.lFG\n>Y\nACmmD--E.lFG\n",
            "ACDEFG",
            [20, 21, 24, 25, 27, 28],
        ),
        (">X\nacdefg\n", "ACDEFG", [1, 2, 3, 4, 5, 6]),
        ("ACDEFG\nACDEFG\n", "ACDEFG", [1, 2, 3, 4, 5, 6]),
        (
            "# STOCKHOLM 1.0\nX/7-12 ACDEFG\nY ACDEFG\n//\n",
            "ACDEFG",
            [7, 8, 9, 10, 11, 12],
        ),
    ],
)
def test_the_first_sequence_of_a_file_is_taken(tmp_path, text, letters, positions):
    path = tmp_path / "file"
    path.write_text(text)
    model, _ = with_focus(MODEL, str(path))
    assert model.focus_sequence == letters
    assert numbers(model) == positions


@pytest.mark.parametrize(
    ("letters", "first"), [("--DEFG", 18), ("A-.ekDE-F", 20), ("ACD---", 20)]
)
def test_gaps_of_an_aligned_sequence_are_sites_too(tmp_path, letters, first):
    path = tmp_path / "file"
    path.write_text(f">X/20-99\n{letters}\n")
    model, said = with_focus(MODEL, str(path))
    aligned = "".join(c for c in letters if c.isupper() or c == "-")
    assert model.focus_sequence == aligned
    assert numbers(model) == list(range(first, first + 6))
    assert "gaps, which are numbered too" in said


def test_parameters_stay():
    model, _ = with_focus(MODEL, "ACDEFG")
    np.testing.assert_array_equal(model.couplings, MODEL.couplings)
    assert model.neff == MODEL.neff


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ACDEF", "5 residues, 5 of them upper case, 5 columns, and the model has 6"),
        ("nowhere/file.fasta", "neither a file that is there nor a sequence"),
        ("BBBBBB", "neither a file"),
        ("A" * 5000, "the model has 6 sites"),
    ],
)
def test_what_does_not_fit_is_refused(text, message):
    with pytest.raises(UsageError, match=message):
        with_focus(MODEL, text)


def test_an_unrelated_sequence_is_doubted():
    fields = np.zeros((6, 21), np.float32)
    fields[np.arange(6), PROTEIN.encode("ACDEFG")] = 3
    model = replace(MODEL, fields=fields, couplings=np.zeros_like(MODEL.couplings))
    assert "right sequence" not in with_focus(model, "ACDEFG")[1]
    assert "right sequence" in with_focus(model, "GFEDCA")[1]


def test_renumbering_keeps_the_steps_between_sites():
    model, _ = with_focus(MODEL, "ACDEFG")
    gapped = replace(model, numbering=model.numbering.__class__([3, 4, 8, 9, 10, 11]))
    assert numbers(renumbered(gapped, 1)) == [1, 2, 6, 7, 8, 9]
    with pytest.raises(UsageError, match="not a residue number"):
        renumbered(model, 10**12)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (">ss_pred\nHHHHHH\n>X/7-12\nACDEFG\n", "left out 1 rows of annotation"),
        (">X/7-12\n~~ACDEFG~~\n", "4 signs read as gaps (~ 4)"),
        (">X/7-12\nACDEFG*\n", "took the stop (*) off the end of 1 sequences"),
        (">P1;X/7-12\nprotein\nACDEFG*\n", "focus X/7-12: 6 residues"),
        (">X/7-12\n1 ACDEFG 6\n", "left out numbers beside the letters of 1 rows"),
        (">X/7-12\n??ACDEFG\n", "read as gaps, since its name promises 6 residues"),
    ],
)
def test_what_is_no_residue_is_not_counted_and_told(tmp_path, text, told):
    path = tmp_path / "file"
    path.write_text(text)
    model, said = with_focus(MODEL, str(path))
    assert model.focus_sequence == "ACDEFG"
    assert numbers(model) == [7, 8, 9, 10, 11, 12]
    assert told in said


def test_a_typed_sequence_may_end_with_a_stop():
    model, said = with_focus(MODEL, "ACD EFG*")
    assert model.focus_sequence == "ACDEFG"
    assert said.startswith("took the stop (*) off the end of 1 sequences; focus")


def test_t_of_a_focus_is_u_in_rna():
    rna = replace(random_model(0, 6, RNA, focus=False), focus=None)
    model, said = with_focus(rna, "ACGTTU")
    assert model.focus_sequence == "ACGUUU"
    assert said.startswith("2 T read as U; ")
