"""Headers, comments and blocks as programs and people write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pottsfold.alignment import read_alignment
from pottsfold.errors import AlignmentError
from tests.alignment.writers import write

ROWS = ("MKAYIAKQRW", "MKAYVAKQKW", "MRAYIAKERW")


def decoded(family) -> tuple[str, ...]:
    return tuple(family.alphabet.decode(row) for row in family.codes)


def refused(path: Path) -> AlignmentError:
    with pytest.raises(AlignmentError) as caught:
        read_alignment(path)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    "text",
    [
        ">P1;Q/21-30\nsome protein\n{0}*\n>P1;B\n\n{1}*\n>F1;C\nmore\n{2}*\n",
        ">P1;Q/21-30\nsome protein\nMKAYI\nAKQRW\n*\n>P1;B\nb\n{1}*\n>P1;C\n*\n{2}*\n",
        "C; A sample\n\n> p1; Q/21-30\nstructureX:5fd1:1 :A:106 :A::: 1.9:\n{0}*\n"
        "C;Accession: X\n>P1;B\nsequence:b::::::::\n{1}*\n\n>P1;C\nx\n{2}*\n",
    ],
)
def test_pir_is_read(tmp_path: Path, text: str):
    family = read_alignment(write(tmp_path, text.format(*ROWS)))
    assert decoded(family) == ROWS
    assert family.names == ("Q/21-30", "B", "C")
    assert family.numbering.positions.tolist() == list(range(21, 31))
    assert family.source.format == "pir"


def test_chain_breaks_of_pir_are_no_residues(tmp_path: Path):
    text = ">P1;Q\nx\nMKAYI/AKQRW*\n>P1;B\nx\nMKAYV/AKQKW*\n"
    assert decoded(read_alignment(write(tmp_path, text))) == ROWS[:2]


def test_a_record_of_pir_that_is_cut_off_is_named(tmp_path: Path):
    text = f">P1;Q\nx\n{ROWS[0]}*\n>P1;B\nx\n{ROWS[1]}\n"
    error = refused(write(tmp_path, text))
    assert (error.line, error.record) == (4, "B")
    assert "a record of PIR needs a line of free text, and rows" in str(error)


def test_descriptions_of_pir_without_stars_are_not_taken_for_inserts(tmp_path: Path):
    text = f">P1;Q\nfirst protein\n{ROWS[0]}\n>P1;B\nother\n{ROWS[1]}\n"
    assert "headers of PIR" in str(refused(write(tmp_path, text)))


def test_fasta_with_names_of_pir_is_fasta(tmp_path: Path):
    family = read_alignment(write(tmp_path, f">P1;Q\n{ROWS[0]}\n>P1;B\n{ROWS[1]}\n"))
    assert decoded(family) == ROWS[:2]
    assert family.names == ("P1;Q", "P1;B")


def test_a_header_that_is_not_pir_among_pir_is_refused(tmp_path: Path):
    text = f">P1;Q\nx\n{ROWS[0]}*\n>B\n{ROWS[1]}*\n"
    assert refused(write(tmp_path, text)).line == 4


@pytest.mark.parametrize(
    "text",
    [
        "; made up\n; more\n>q\n{0}\n>b\n{1}\n>c\n{2}\n",
        "\n;\n>q\n; of q\n{0}\n>b\n{1}\n;end\n>c\n{2}\n",
        "#A3M#\n>q\n{0}\n#\n>b\n{1}\n>c\n{2}\n",
        " >q\n  {0}\n >b\n  {1}\n\t>c\n{2}\n",
        "\ufeff>q\n{0}\n\ufeff>b\n{1}\n\ufeff>c\n{2}\n",
        ">q\r\r\n{0}\r\r\n>b\r\r\n{1}\r\r\n>c\r\r\n{2}\r\r\n",
    ],
    ids=["; first", "; inside", "#", "blanks before", "byte-order marks", "CRCRLF"],
)
def test_comments_and_blanks_do_not_matter(tmp_path: Path, text: str):
    family = read_alignment(write(tmp_path, text.format(*ROWS)))
    assert decoded(family) == ROWS
    assert family.names == ("q", "b", "c")


def test_a_stanford_file_is_no_alignment(tmp_path: Path):
    assert "unknown format" in str(refused(write(tmp_path, "; c\nNAME\nMKAY1\n")))


def test_a_missing_line_end_is_named(tmp_path: Path):
    error = refused(write(tmp_path, ">a\nMKAY>b\nMKAV\n>c\nMKAV\n"))
    assert (error.line, error.record) == (1, "a")
    assert "'>' among its letters" in str(error)


@pytest.mark.parametrize(
    ("text", "line"), [(">a\n>b\nMKAY\n>c\nMKAV\n", 1), (">a\nMKAY\n>b\nMKAV\n>c", 5)]
)
def test_a_header_without_letters_is_named(tmp_path: Path, text: str, line: int):
    error = refused(write(tmp_path, text))
    assert error.line == line
    assert "no letters under its header" in str(error)


HEADS = [
    "CLUSTAL W (1.83) multiple sequence alignment",
    "CLUSTAL FORMAT for T-COFFEE Version_1.37 [http://x], CPU=0.00 sec, Len=10",
    "CLUSTAL format alignment by MAFFT L-INS-i (v7.490)",
    "MUSCLE (3.8) multiple sequence alignment",
    "PROBCONS version 1.12 multiple sequence alignment",
    "Kalign (3.4.0) multiple sequence alignment",
    "MSAPROBS version 0.9.7 multiple sequence alignment",
    "T-COFFEE multiple sequence alignment",
]
BLOCKS = {
    "plain": "q   MKAYI\nb   MKAYV\n    **** \n\nq   AKQRW\nb   AKQKW\n    *** *\n",
    "counts": "q   MKAYI 5\nb   MKAYV 5\n\nq   AKQRW 10\nb   AKQKW 10\n",
    "counts behind blanks that do not break": "q\xa0MKAYI\xa05\nb\xa0MKAYV\xa05\n\n"
    "q\xa0AKQRW\xa010\nb\xa0AKQKW\xa010\n",
    "descriptions": "q the first one OS=No    MKAYI\nb second OS=None         MKAYV\n\n"
    "q the first one OS=No    AKQRW\nb second OS=None         AKQKW\n",
    "both": "q the first one 12   MKAYI 5\nb the second    3    MKAYV 5\n\n"
    "q the first one 12   AKQRW 10\nb the second    3    AKQKW 10\n",
    "tabs": "q some words\tMKAYI\nb others\tMKAYV\n\n"
    "q some words\tAKQRW\nb others\tAKQKW\n",
}


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("margin", ["", "  "])
def test_clustal_of_many_programs_is_read(
    tmp_path: Path, head: str, block: str, margin: str
):
    text = f"{head}\n\n\n{BLOCKS[block]}\n"
    text = "".join(margin + line for line in text.splitlines(keepends=True))
    family = read_alignment(write(tmp_path, text))
    assert decoded(family) == ROWS[:2]
    assert family.names == ("q", "b")


def test_names_that_share_their_first_word_are_kept_whole(tmp_path: Path):
    text = f"CLUSTAL W\n\nHomo sapiens   {ROWS[0]}\nHomo erectus   {ROWS[1]}\n"
    family = read_alignment(write(tmp_path, text))
    assert family.names == ("Homo sapiens", "Homo erectus")
    assert decoded(family) == ROWS[:2]


def test_rows_in_pieces_are_not_taken_for_names_with_blanks(tmp_path: Path):
    text = "CLUSTAL W\n\nq   MKAYIAKQRW MKAYI\nb   MKAYVAKQKW MKAYI\n"
    error = refused(write(tmp_path, text))
    assert error.line == 3
    assert "blanks in its name or in its row" in str(error)


CLUSTAL = f"CLUSTAL W\n\na {ROWS[0]}\nb {ROWS[1]}\n\n"
STOCKHOLM = f"# STOCKHOLM 1.0\n#=GF ID one\na {ROWS[0]}\nb {ROWS[1]}\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (CLUSTAL * 2, 6),
        (STOCKHOLM * 2 + "//\n", 5),
        ((STOCKHOLM + "//\n") * 2, 8),
        ((STOCKHOLM + "//\n\n").replace("a ", "x ") + STOCKHOLM + "//\n", 9),
    ],
)
def test_a_second_alignment_is_named_by_its_line(tmp_path: Path, text: str, line: int):
    error = refused(write(tmp_path, text))
    assert error.line == line
    assert "a second alignment begins here" in str(error)


@pytest.mark.parametrize(
    "text",
    [
        "# Stockholm 1.0\na {0}\nb {1}\n//\n",
        "#STOCKHOLM 1.0\na {0}\nb {1}\n//\n\n",
        " # STOCKHOLM 1.0\n #=GF ID x\n a {0}\n b {1}\n #=GC RF xxxxxxxxxx\n //\n",
        "#=GF ID x\na {0}\nb {1}\n//\n",
        "# STOCKHOLM 1.0\na MKAYI\nb MKAYV\n#=GC RF xxxxx\n\na AKQRW\nb AKQKW\n//\n",
    ],
)
def test_oddities_of_stockholm_are_read(tmp_path: Path, text: str):
    family = read_alignment(write(tmp_path, text.format(*ROWS)))
    assert decoded(family) == ROWS[:2]
    assert family.names == ("a", "b")
