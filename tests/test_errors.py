from __future__ import annotations

from pathlib import Path

import pytest

from pottsfold.alignment import read_alignment
from pottsfold.errors import (
    MESSAGE,
    QUOTED,
    WORD,
    AlignmentError,
    MutationError,
    PottsfoldError,
    UsageError,
    nearest,
    shortened,
    shown,
)

LONG = "x" * 10**6


def test_short_texts_are_shown_as_they_are():
    assert shown("sp|P1|NAME/1-5 \u00e9") == "sp|P1|NAME/1-5 \u00e9"
    assert shown(12) == "12"


def test_long_texts_are_shown_by_their_ends():
    text = "begin" + LONG + "end"
    assert len(shown(text)) == QUOTED
    assert shown(text).startswith("begin")
    assert shown(text).endswith("end")


def test_what_cannot_be_seen_is_not_printed():
    assert shown("a\x1b[31mb\nc\udc96") == "a?[31mb?c?"


def test_paths_are_kept_whole():
    path = "/folder" * 60 + "/family.a3m"
    assert shortened(f"{path}: no such file") == f"{path}: no such file"


@pytest.mark.parametrize(
    "error",
    [
        PottsfoldError(LONG),
        PottsfoldError("two words " * 10**5),
        AlignmentError("wrong", path="file", line=1, record=LONG),
        MutationError(LONG, "bad_notation", "wrong"),
        UsageError("wrong", parameter="focus", value=LONG),
        UsageError("wrong", parameter="focus", value="two words " * 10**5),
    ],
)
def test_messages_stay_short(error: PottsfoldError):
    assert len(str(error)) <= MESSAGE + 10
    assert max(map(len, str(error).split())) <= WORD + 20


def test_a_long_value_still_names_its_parameter():
    error = UsageError("wrong", parameter="focus", value="two words " * 10**5)
    assert error.parameters == ("focus",)


def test_names_that_are_offered_are_short():
    assert len(nearest("xxx", [LONG, LONG + "y"])) < 200


def test_a_name_of_a_million_letters_is_told_in_short(tmp_path: Path):
    path = tmp_path / "family.fasta"
    rows = f">{LONG}/5-9\nMKAY?\n>{LONG}/5-9\nMKAYX\n>ss_pred{LONG}\nHHHHH\n"
    path.write_text(rows)
    family = read_alignment(path, focus=f"{LONG}/5-9")
    assert family.names[0] == f"{LONG}/5-9"
    assert len(family.history) >= 5
    assert max(map(len, family.history)) < 300
    for focus in ("x", LONG):
        with pytest.raises(AlignmentError) as caught:
            read_alignment(path, focus="y" + focus)
        assert len(str(caught.value)) < 1000
