"""What is a residue, what a gap, and what neither: never counted wrongly, and told."""

from __future__ import annotations

from pathlib import Path

import pytest

from pottsfold.alignment import Alignment, read_alignment
from pottsfold.alphabet import DNA, RNA, Alphabet
from pottsfold.errors import AlignmentError
from tests.alignment.writers import fasta, write

OTHERS = ["MKAYVAKQKW", "MRAYIAKERW", "MRSYLAKERF"]


def family_of(
    folder: Path, focus: str | bytes, others: list[str] = OTHERS, name: str = "q", **how
) -> Alignment:
    rows = fasta(("a", "b", "c"), others).encode()
    head = focus if isinstance(focus, bytes) else focus.encode()
    path = write(folder, b">" + name.encode() + b"\n" + head + b"\n" + rows)
    return read_alignment(path, **how)


def rows(family: Alignment) -> list[str]:
    return [family.alphabet.decode(row) for row in family.codes]


def numbers(family: Alignment) -> list[int]:
    return family.numbering.positions.tolist()


@pytest.mark.parametrize(
    "gap",
    [*"~_/:", *"\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d\xad"],
    ids=lambda gap: f"U+{ord(gap):04X}",
)
def test_dashes_of_every_kind_are_gaps(tmp_path: Path, gap: str):
    family = family_of(tmp_path, f"{gap}{gap}AYIA{gap}QR{gap}", name="q/5-10")
    assert rows(family) == ["AYIAQR", "AYVAQK", "AYIAER", "SYLAER"]
    assert numbers(family) == [5, 6, 7, 8, 9, 10]
    assert not any("promises" in note for note in family.history)
    if gap != "\uff0d":  # a hyphen of full width is a hyphen
        assert family.history[0].startswith("4 signs read as gaps (")


def test_dashes_in_the_encoding_of_windows_are_gaps(tmp_path: Path):
    family = family_of(tmp_path, b"\x96\x97AYIA\xadQR\x96")
    assert rows(family)[0] == "AYIAQR"
    assert family.history[0] == "4 signs read as gaps (\u2013 2, \u2014 1, ? 1)"


@pytest.mark.parametrize("blank", [" ", "\t", "\xa0", "\u2009", "\u200b", "\ufeff"])
def test_blanks_count_for_nothing(tmp_path: Path, blank: str):
    family = family_of(tmp_path, f"MKAYI{blank}AKQRW{blank}")
    assert rows(family)[0] == "MKAYIAKQRW"


def test_letters_of_full_width_are_letters(tmp_path: Path):
    assert rows(family_of(tmp_path, "\uff2dKAYIAKQRW"))[0] == "MKAYIAKQRW"


@pytest.mark.parametrize(
    "focus",
    ["1 MKAYI AKQRW 10", "1MKAYI\n6AKQRW", "MKAYI 5\nAKQRW 10", "1\tMKAYI 6 AKQRW"],
)
def test_numbers_beside_the_letters_are_left_out(tmp_path: Path, focus: str):
    family = family_of(tmp_path, focus)
    assert rows(family)[0] == "MKAYIAKQRW"
    assert family.history[0] == "left out numbers beside the letters of 1 rows"


def test_a_digit_among_letters_is_an_unknown_residue(tmp_path: Path):
    family = family_of(tmp_path, "MK4YIAKQRW")
    assert rows(family)[0] == "MK?YIAKQRW"
    assert (
        "1 signs of the focus row are no letters (4 1): counted as unknown residues"
    ) in family.history


def test_the_range_of_a_name_tells_whether_a_question_mark_is_a_residue(
    tmp_path: Path,
):
    gaps = family_of(tmp_path, "??AYIA?QR?", name="q/5-10")
    assert rows(gaps)[0] == "AYIAQR"
    assert numbers(gaps) == [5, 6, 7, 8, 9, 10]
    assert gaps.history[0] == (
        "4 signs of the focus row are no letters (? 4): read as gaps, since its name "
        "promises 6 residues"
    )
    residues = family_of(tmp_path, "??AYIA?QR?", name="q/5-14")
    assert rows(residues)[0] == "??AYIA?QR?"
    assert numbers(residues) == list(range(5, 15))
    assert residues.history[0].endswith("(? 4): counted as unknown residues")


def test_unknown_letters_are_residues_whatever_the_name_says(tmp_path: Path):
    family = family_of(tmp_path, "XXAYIAXQRB", name="q/5-10")
    assert numbers(family) == list(range(5, 15))
    assert any("promises 6 residues and the row has 10" in n for n in family.history)


@pytest.mark.parametrize(
    ("focus", "others"),
    [
        ("MKAYIAKQRW*", [f"{OTHERS[0]}*", f"{OTHERS[1]}*", f"{OTHERS[2]}-"]),
        ("MKAYIAKQRW*", [f"{OTHERS[0]}*", f"{OTHERS[1]}*", f"{OTHERS[2]}*"]),
        ("MKAYIAKQRW*", OTHERS),
        ("MKAYIAKQRW", [f"{OTHERS[0]}*", *OTHERS[1:]]),
        ("MKAYIAKQRW*", [f"{OTHERS[0]}*", "MRAYIsAKERW*", f"{OTHERS[2]}-"]),
        ("MKAYIAKQRW*-", [f"{OTHERS[0]}-*", f"{OTHERS[1]}AC", f"{OTHERS[2]}A-"]),
    ],
    ids=["aligned", "all", "one longer", "another's", "A3M", "before the others' end"],
)
def test_a_stop_at_the_end_is_taken_off(tmp_path: Path, focus: str, others: list[str]):
    family = family_of(tmp_path, focus, others)
    assert rows(family) == ["MKAYIAKQRW", *OTHERS]
    assert numbers(family) == list(range(1, 11))
    stops = sum("*" in row for row in [focus, *others])
    assert f"took the stop (*) off the end of {stops} sequences" in family.history


def test_a_stop_makes_no_column_without_a_focus(tmp_path: Path):
    text = fasta(("q", "a", "b"), [f"{row}*" for row in OTHERS])
    family = read_alignment(write(tmp_path, text), focus=None)
    assert rows(family) == OTHERS


def test_a_stop_inside_is_an_unknown_residue(tmp_path: Path):
    family = family_of(tmp_path, "MK*YIAKQRW")
    assert rows(family)[0] == "MK?YIAKQRW"
    assert any("counted as unknown residues" in note for note in family.history)


def test_letters_of_the_alphabet_are_letters_whatever_they_mean_elsewhere(
    tmp_path: Path,
):
    alphabet = Alphabet("-01~*?/#")
    path = write(tmp_path, ">a\n01~*\n?/0*\n>b\n#1~*\n1/0*\n")
    family = read_alignment(path, alphabet=alphabet)
    assert rows(family) == ["01~*?/0*", "#1~*1/0*"]


def test_rows_of_digits_alone_ask_for_an_alphabet(tmp_path: Path):
    with pytest.raises(AlignmentError, match=r"name them with `alphabet`$"):
        read_alignment(write(tmp_path, ">a\n0110\n>b\n0101\n"))


@pytest.mark.parametrize(
    ("mostly", "own", "other"), [(RNA, "U", "T"), (DNA, "T", "U")], ids=["RNA", "DNA"]
)
@pytest.mark.parametrize("named", [True, False])
def test_t_and_u_are_one_letter(
    tmp_path: Path, mostly: Alphabet, own: str, other: str, named: bool
):
    focus = f"ACG{other}{other.lower()}GCAA{other}"
    others = [f"ACG{own}{own}GCAA{own}"] * 3
    family = family_of(
        tmp_path, focus, others, columns="all", alphabet=mostly if named else None
    )
    assert family.alphabet == mostly
    assert rows(family) == others + others[:1]
    assert f"3 {other} read as {own}" in family.history


ANNOTATION = (
    "ss_dssp sa_dssp aa_dssp ss_pred aa_pred ss_conf ss_psipred sa_pred ss_pred_2 "
    "SS_cons Consensus q_consensus Consensus_aa: Consensus_ss:"
).split()


@pytest.mark.parametrize("name", ANNOTATION)
def test_annotation_is_no_sequence(tmp_path: Path, name: str):
    text = f">{name} of some program\nCHHHHHHHTC\n" + fasta(
        ("q/21-30", "b"), OTHERS[:2]
    )
    family = read_alignment(write(tmp_path, text))
    assert family.names == ("q/21-30", "b")
    assert family.focus == 0
    assert numbers(family) == list(range(21, 31))
    assert family.history[0] == f"left out 1 rows of annotation ({name})"


def test_rows_of_digits_are_annotation(tmp_path: Path):
    text = ">confidence\n-987789987\n>q\nMKAYIAKQRW\n>b\nMKAYVAKQKW\n"
    assert read_alignment(write(tmp_path, text)).names == ("q", "b")


@pytest.mark.parametrize(
    "name", ["ss_1", "aa_seq", "SSB_ECOLI", "ss_predator", "consensus_like", "conf"]
)
def test_sequences_of_like_names_are_kept(tmp_path: Path, name: str):
    path = write(tmp_path, fasta((name, "b"), OTHERS[:2]))
    assert read_alignment(path).names == (name, "b")


def test_a_consensus_asked_for_is_kept(tmp_path: Path):
    path = write(tmp_path, fasta(("q_consensus", "b"), OTHERS[:2]))
    assert read_alignment(path, focus="q_consensus").names == ("q_consensus", "b")


def test_annotation_alone_is_refused(tmp_path: Path):
    with pytest.raises(AlignmentError, match="only rows of digits or annotation"):
        read_alignment(write(tmp_path, ">ss_pred\nCCHH\n>ss_conf\n9999\n"))


def test_a_focus_all_in_lower_case_is_read(tmp_path: Path):
    family = family_of(tmp_path, "mk-yiakqrw")
    assert rows(family)[0] == "MKYIAKQRW"
