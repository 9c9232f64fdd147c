from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pottsfold.alignment import Alignment, read_alignment
from pottsfold.alphabet import DNA, PROTEIN, RNA, Alphabet
from pottsfold.errors import AlignmentError
from tests.alignment.writers import (
    COMPRESSORS,
    FORMATS,
    N_MATCH,
    NAMES,
    a2m_rows,
    as_text,
    fasta,
    match_only,
    write,
)

MISLEADING = {
    "fasta": "family.sto",
    "a2m": "family.aln",
    "a3m": "family.clustal",
    "stockholm": "family.fasta",
    "clustal": "family.a3m",
    "psicov": "family.fasta.gz",
}


def expected(focus: int | None) -> np.ndarray:
    rows = np.array([PROTEIN.encode(match_only(row)) for row in a2m_rows()])
    return rows if focus is None else rows[:, rows[focus] > 0]


@pytest.mark.parametrize("focus", [0, 3, None])
@pytest.mark.parametrize("compression", COMPRESSORS)
@pytest.mark.parametrize("format_name", FORMATS)
def test_every_format_and_compression_gives_the_same_codes(
    tmp_path: Path, format_name: str, compression: str, focus: int | None
):
    data = COMPRESSORS[compression](as_text(format_name).encode())
    path = write(tmp_path, data, MISLEADING[format_name])
    family = read_alignment(path, focus=focus)
    assert np.array_equal(family.codes, expected(focus))
    assert family.alphabet == PROTEIN
    assert family.focus == focus
    assert family.source.format == format_name
    assert family.source.path == str(path)
    assert family.source.sha256 == hashlib.sha256(data).hexdigest()
    if format_name != "psicov":
        assert family.names == NAMES
    assert (family.sequence_weights == 1).all()


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text.replace("\n", "\r\n").encode(), id="CRLF"),
        pytest.param(lambda text: text.replace("\n", "\r").encode(), id="CR"),
        pytest.param(lambda text: text.encode("utf-8-sig"), id="byte-order mark"),
        pytest.param(lambda text: text.rstrip("\n").encode(), id="no last newline"),
        pytest.param(lambda text: b"\n\n" + text.encode(), id="blank lines first"),
        pytest.param(lambda text: text.encode() + b"\0", id="trailing NUL"),
        pytest.param(lambda text: text.encode() + b"\n \n", id="blank lines last"),
    ],
)
def test_habits_of_editors_and_programs_do_not_matter(
    tmp_path: Path, format_name: str, change
):
    path = write(tmp_path, change(as_text(format_name)))
    family = read_alignment(path)
    assert np.array_equal(family.codes, expected(0))
    if format_name != "psicov":
        assert family.names == NAMES


def test_latin_1_in_a_header_does_not_matter(tmp_path: Path):
    text = as_text("fasta").encode().replace(b"species", b"esp\xe8ce")
    assert read_alignment(write(tmp_path, text)).names == NAMES


def test_colabfold_comment_line_is_passed_over(tmp_path: Path):
    path = write(tmp_path, "#78\t1\n" + as_text("a3m"))
    assert np.array_equal(read_alignment(path).codes, expected(0))


def test_psicov_comments_are_passed_over(tmp_path: Path):
    path = write(tmp_path, "# querystart=5\n" + as_text("psicov"))
    assert np.array_equal(read_alignment(path).codes, expected(0))


@pytest.mark.parametrize("focus", [0, None])
def test_lower_case_only_is_read_as_upper_case(tmp_path: Path, focus: int | None):
    path = write(tmp_path, as_text("fasta").lower())
    family = read_alignment(path, focus=focus)
    assert np.array_equal(family.codes, expected(focus))
    assert "every letter is lower case: read as upper case" in family.history


def test_dot_is_a_gap_in_a_match_column(tmp_path: Path):
    path = write(tmp_path, as_text("psicov").replace("-", "."))
    assert np.array_equal(read_alignment(path).codes, expected(0))


def test_blanks_and_tabs_inside_rows_do_not_matter(tmp_path: Path):
    text = fasta(("a", "b", "c"), ["ACDEF GHIKL", "ACDEF\tGHIKL", "ACDEFGHIKL "])
    family = read_alignment(write(tmp_path, text))
    assert (family.codes == family.codes[0]).all()
    assert family.length == 10


def test_a3m_whose_rows_have_one_length_by_chance(tmp_path: Path):
    text = fasta(("a", "b", "c"), ["ACkDEF", "ACDgEF", "A-DEFw"])
    family = read_alignment(write(tmp_path, text))
    assert family.source.format == "a3m"
    assert [PROTEIN.decode(row) for row in family.codes] == ["ACDEF", "ACDEF", "A-DEF"]
    assert family.numbering.positions.tolist() == [1, 2, 4, 5, 6]


def test_masked_fasta_is_no_a3m(tmp_path: Path):
    # Lower case that marks low complexity leaves rows of several lengths.
    text = fasta(("a", "b", "c"), ["ACDEFG", "ACdeFG", "AC-EFG"])
    family = read_alignment(write(tmp_path, text))
    assert family.source.format == "fasta"
    assert PROTEIN.decode(family.codes[1]) == "ACDEFG"


def test_unknown_letters_are_missing_data_and_reported(tmp_path: Path):
    rows = [match_only(row) for row in a2m_rows()]
    rows[1] = "XBZ*" + rows[1][4:]
    rows[2] = "x" + rows[2][1:]
    family = read_alignment(write(tmp_path, fasta(NAMES, rows)))
    assert (family.codes == PROTEIN.unknown).sum() == 5
    assert (family.codes[1, :4] == PROTEIN.unknown).all()
    note = family.history[-1]
    assert note.startswith("5 letters outside the alphabet (")
    assert note.endswith("in 2 sequences: taken as missing data")
    for part in ("X 1", "B 1", "Z 1", "* 1", "x 1"):
        assert part in note


def test_duplicate_names_are_kept(tmp_path: Path):
    text = fasta(("a", "b", "b"), ["ACDEFW", "ACDEFY", "ACDEFV"])
    family = read_alignment(write(tmp_path, text), focus="b")
    assert family.names == ("a", "b", "b")
    assert family.focus == 1
    assert "2 sequences are named b: the first is the focus" in family.history


def test_nameless_records_get_a_name(tmp_path: Path):
    family = read_alignment(write(tmp_path, ">\nACDEF\n> \nACDEW\n"))
    assert family.names == ("record_1", "record_2")


def test_stockholm_with_tabs_and_without_marks(tmp_path: Path):
    text = "# STOCKHOLM 1.0\na\tACDEF\nb\tACDEW\n//\n"
    assert read_alignment(write(tmp_path, text)).codes.shape == (2, 5)


def test_clustal_without_counts_and_with_empty_marks(tmp_path: Path):
    text = (
        "MUSCLE (3.8) multiple sequence alignment\n\na ACDEF\nb ACDEW\n\na KL\nb KM\n"
    )
    family = read_alignment(write(tmp_path, text))
    assert PROTEIN.decode(family.codes[1]) == "ACDEWKM"


@pytest.mark.parametrize(
    ("rows", "alphabet"),
    [
        (["ACGUACGU", "ACGU-CGA"], RNA),
        (["ACGTACGT", "ACGT-CGN"], DNA),
        (["acgtacgt", "acgt-cga"], DNA),
        (["ACGUACGT", "ACGULVIW"], PROTEIN),
        (["ACGAACGA", "ACGA-CGA"], DNA),
    ],
)
def test_alphabet_is_guessed(tmp_path: Path, rows: list[str], alphabet: Alphabet):
    family = read_alignment(write(tmp_path, fasta(("a", "b"), rows)))
    assert family.alphabet == alphabet
    assert f"alphabet {alphabet.name}, guessed from the letters" in family.history


def test_custom_alphabet(tmp_path: Path):
    path = write(tmp_path, fasta(("a", "b"), ["0110", "01-1"]))
    family = read_alignment(path, alphabet=Alphabet("-01"))
    assert family.codes.tolist() == [[1, 2, 2, 1], [1, 2, 0, 2]]


def test_named_alphabet_is_not_guessed(tmp_path: Path):
    path = write(tmp_path, fasta(("a", "b"), ["ACGA", "ACGG"]))
    family = read_alignment(path, alphabet=PROTEIN)
    assert family.alphabet == PROTEIN
    assert not any("guessed" in note for note in family.history)


def test_a_pipe_is_read(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text(as_text("a2m")))
    writer.start()
    assert read_alignment(pipe).n_sequences == 12
    writer.join()


line = st.text(st.sampled_from("ACDefx-.*> /#\t19\0\xe9"), max_size=12)
heads = st.sampled_from(
    [">a", "# STOCKHOLM 1.0", "CLUSTAL W", "MUSCLE", "#3\t1", "ACDE", "\ufeff>a/1-3"]
)
texts = st.builds(
    lambda head, lines: "\n".join([head, *lines]).encode(),
    heads,
    st.lists(line | heads | st.sampled_from(["//", ">b", "a ACDE", "b ACDF", ""])),
)


def outcome(path: Path, focus: str | int | None) -> Alignment | str:
    """Read a file; where that is refused, return the one line that says why."""
    try:
        return read_alignment(path, focus=focus)
    except AlignmentError as error:
        message = str(error)
    assert "\n" not in message
    assert message.startswith(str(path))
    return message


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=200) | texts, st.sampled_from(list(COMPRESSORS)))
def test_any_bytes_give_an_alignment_or_one_line_of_explanation(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, compression: str
):
    path = write(tmp_path_factory.getbasetemp(), COMPRESSORS[compression](data))
    for focus in (0, None, "a"):
        family = outcome(path, focus)
        if isinstance(family, Alignment):
            assert family.n_sequences >= 2
            assert family.length >= 2


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from(FORMATS), st.sampled_from(list(COMPRESSORS)))
def test_damaged_files_give_an_alignment_or_one_line_of_explanation(
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
    format_name: str,
    compression: str,
):
    stored = bytearray(COMPRESSORS[compression](as_text(format_name).encode()))
    for _ in range(data.draw(st.integers(0, 3))):
        stored[data.draw(st.integers(0, len(stored) - 1))] = data.draw(
            st.integers(0, 255)
        )
    stored = stored[: data.draw(st.integers(0, len(stored)))]
    path = write(tmp_path_factory.getbasetemp(), bytes(stored))
    family = outcome(path, 0)
    if isinstance(family, Alignment):
        assert family.length <= 2 * N_MATCH
