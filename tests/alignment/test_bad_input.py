"""Every bad file is refused in one line: where, what, and the way out."""

from __future__ import annotations

import gzip
import os
import threading
from pathlib import Path

import pytest

from pottsfold.alignment import read_alignment
from pottsfold.alphabet import Alphabet
from pottsfold.errors import AlignmentError
from tests.alignment.writers import COMPRESSORS, as_text, fasta, write

READ = "FASTA, A2M, A3M, PIR, Stockholm, Clustal and PSICOV .aln are read"


def refusal(path: Path, **options) -> AlignmentError:
    with pytest.raises(AlignmentError) as caught:
        read_alignment(path, **options)
    assert "\n" not in str(caught.value)
    assert caught.value.path == str(path)
    return caught.value


def message(path: Path, **options) -> str:
    """Return what is said after the path."""
    text = str(refusal(path, **options))
    assert text.startswith(f"{path}:")
    return text.removeprefix(f"{path}:").strip()


def test_missing_file(tmp_path: Path):
    assert message(tmp_path / "none.fasta") == "no such file"


def test_folder(tmp_path: Path):
    assert message(tmp_path) == "is a folder; name a file"


def test_empty_file(tmp_path: Path):
    assert message(write(tmp_path, b"")) == "the file is empty"


@pytest.mark.parametrize(
    "data",
    [
        *(b"\n \n\t\n", b"\0\0", gzip.compress(b"\n", mtime=0)),
        *(b"\xef\xbb\xbf", b"\xef\xbb\xbf\n \n", b"\xff\xfe", b"\xff\xfe\0\0"),
    ],
)
def test_blank_file(tmp_path: Path, data: bytes):
    assert message(write(tmp_path, data)) == "nothing in it"


def test_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    path = write(tmp_path, ">a\nACDE\n")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert message(path) == "cannot be read (Permission denied)"


def test_one_sequence(tmp_path: Path):
    error = refusal(write(tmp_path, ">a\nACDEF\n"))
    assert error.record == "a"
    assert str(error).endswith(
        "record 'a': only one sequence in it; a family needs many"
    )


@pytest.mark.parametrize("text", ["# STOCKHOLM 1.0\n#=GF ID x\n//\n", "CLUSTAL W\n"])
def test_no_sequence(tmp_path: Path, text: str):
    assert message(write(tmp_path, text)) == "no sequence in it"


def test_empty_sequences(tmp_path: Path):
    assert message(write(tmp_path, ">a\n>b\n")) == "its sequences are empty"


def test_binary_file(tmp_path: Path):
    expected = f"a binary file, not an alignment; {READ}"
    assert message(write(tmp_path, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")) == expected
    assert message(write(tmp_path, b">a\nAC\0DE\n>b\nACDEF\n")) == expected


def test_cut_off_utf_16(tmp_path: Path):
    path = write(tmp_path, as_text("fasta").encode("utf-16")[:-1])
    assert message(path) == "text in UTF-16, damaged or cut off; save it as UTF-8"


@pytest.mark.parametrize(
    ("text", "line", "begins"),
    [
        ("<!DOCTYPE html>\n", 1, "<!DOCTYPE html>"),
        ("\n\n12 345\n", 3, "12 345"),
        ("LOCUS       AB000001   1000 bp    DNA     linear   BCT 01-JAN-2000\n", 1, ""),
    ],
)
def test_unknown_format(tmp_path: Path, text: str, line: int, begins: str):
    begins = begins or "LOCUS       AB000001   1000 bp    DNA   ..."
    assert message(write(tmp_path, text)) == (
        f"{line}: unknown format, begins with {begins!r}; {READ}"
    )


@pytest.mark.parametrize("compression", ["gz", "xz", "zst", "bz2"])
def test_truncated_compressed_file(tmp_path: Path, compression: str):
    data = COMPRESSORS[f".{compression}"](as_text("fasta").encode())
    path = write(tmp_path, data[: len(data) // 2])
    assert message(path) == (
        f"the {compression} data end too soon (cut off?); fetch it again"
    )


@pytest.mark.parametrize("compression", ["gz", "xz", "zst", "bz2"])
def test_damaged_compressed_file(tmp_path: Path, compression: str):
    data = bytearray(COMPRESSORS[f".{compression}"](as_text("fasta").encode()))
    # The head of a block: Zstandard notices changed letters only with a checksum.
    for k in range(9, 40):
        data[k] ^= 0xFF
    text = message(write(tmp_path, bytes(data)))
    assert text.startswith(f"the {compression} data ")
    assert text.endswith("; fetch it again")


def test_wrong_checksum_of_gz(tmp_path: Path):
    data = bytearray(gzip.compress(as_text("fasta").encode()))
    data[-8] ^= 1
    assert message(write(tmp_path, bytes(data))).startswith("the gz data are damaged (")


def test_ragged_fasta(tmp_path: Path):
    rows = ["ACDEFGHIKL", "ACDEFGHIKL", "ACDEFGHIK", "ACDEFGHIKL"]
    error = refusal(write(tmp_path, fasta(("a", "b", "c", "d"), rows, width=6)))
    assert (error.line, error.record) == (7, "c")
    assert str(error).endswith(
        ":7: record 'c': 9 columns where 3 of 4 sequences have 10; "
        "align it or take it out"
    )


def test_ragged_a3m(tmp_path: Path):
    rows = ["ACDEF", "ACkkDEF", "ACDwE", "A-DEFyyy", "ACDEF"]
    error = refusal(write(tmp_path, fasta(("a", "b", "c", "d", "e"), rows)))
    assert (error.line, error.record) == (5, "c")
    assert "4 columns where 4 of 5 sequences have 5" in str(error)


def test_ragged_a2m_is_blamed_on_its_odd_row(tmp_path: Path):
    rows = ["AC.DEF", "ACkDEF", "AC.DE", "ACgDEF"]
    error = refusal(write(tmp_path, fasta(("a", "b", "c", "d"), rows)))
    assert (error.line, error.record) == (5, "c")


def test_ragged_lower_case_fasta(tmp_path: Path):
    error = refusal(write(tmp_path, fasta(("a", "b", "c"), ["acde", "acd", "acde"])))
    assert (error.line, error.record) == (3, "b")
    assert "3 columns where 2 of 3 sequences have 4" in str(error)


def test_ragged_psicov(tmp_path: Path):
    error = refusal(write(tmp_path, "# comment\nACDEF\nACDEW\n\nACDE\n"))
    assert (error.line, error.record) == (5, "sequence_3")


def test_ragged_stockholm(tmp_path: Path):
    text = "# STOCKHOLM 1.0\n\na ACDE\nb ACDE\nc ACDE\n\na FG\nb F\nc FG\n//\n"
    error = refusal(write(tmp_path, text))
    assert (error.line, error.record) == (4, "b")
    assert "5 columns where 2 of 3 sequences have 6" in str(error)


def test_ragged_clustal(tmp_path: Path):
    text = "CLUSTAL W\n\na ACDE\nb ACDE\nc ACDE\n  **\n\na FG\nc FG\n"
    error = refusal(write(tmp_path, text))
    assert (error.line, error.record) == (4, "b")
    assert "4 columns where 2 of 3 sequences have 6" in str(error)


def test_sequences_that_are_not_aligned(tmp_path: Path):
    rows = ["ACDEFG", "ACDEF", "ACDE", "ACDEFGHI"]
    assert message(write(tmp_path, fasta(("a", "b", "c", "d"), rows))) == (
        "4 sequences of 4 lengths, 4 to 8 letters: not aligned; align them first"
    )


def test_ragged_pipe_is_told_with_its_line(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    text = fasta(("a", "b", "c"), ["ACDE", "ACD", "ACDE"])
    writer = threading.Thread(target=pipe.write_text, args=(text,))
    writer.start()
    error = refusal(pipe)
    writer.join()
    assert (error.line, error.record) == (3, "b")


def test_stockholm_without_its_end(tmp_path: Path):
    text = as_text("stockholm").removesuffix("//\n")
    assert message(write(tmp_path, text)) == (
        "does not end with '//' (cut off?); fetch it again, or add that line"
    )


def test_two_alignments_in_one_stockholm_file(tmp_path: Path):
    text = "# STOCKHOLM 1.0\na ACDE\nb ACDE\n//\n"
    assert message(write(tmp_path, text * 2)) == (
        "6: a second alignment begins here; keep one in the file"
    )


def test_duplicate_names_in_one_block(tmp_path: Path):
    text = "# STOCKHOLM 1.0\na ACDE\nb ACDE\na ACDE\n//\n"
    assert message(write(tmp_path, text)) == (
        "4: record 'a': stands twice in one block; give every sequence a name of its "
        "own, and put a blank line between blocks"
    )


@pytest.mark.parametrize("head", ["# STOCKHOLM 1.0\n", "CLUSTAL W\n"])
def test_a_row_that_is_none(tmp_path: Path, head: str):
    path = write(tmp_path, head + "a ACDE\nb this is prose\n//\n")
    assert message(path) == "3: 'b this is prose' is not a name and a row of letters"


def test_psicov_row_that_is_none(tmp_path: Path):
    path = write(tmp_path, "ACDEF\nACDEF\nAC EF\n")
    assert message(path) == f"3: 'AC EF' is not a row of letters and gaps; {READ}"


def test_mostly_unknown_letters(tmp_path: Path):
    path = write(tmp_path, fasta(("a", "b"), ["XXXXXA", "XXXXBA"]))
    assert message(path, alphabet=Alphabet("-AC", "custom")) == (
        "10 of 12 letters are outside the custom alphabet -AC (X 9, B 1); "
        "name another with `alphabet`"
    )


def test_focus_without_upper_case_letters(tmp_path: Path):
    path = write(tmp_path, fasta(("a", "b", "c"), ["acdeF", "ACDEF", "ACDEF"]))
    assert message(path, columns="upper") == (
        "record 'a': 1 match columns where 2 are needed; its upper-case letters "
        "decide: choose another `focus`"
    )


def test_no_match_columns(tmp_path: Path):
    path = write(tmp_path, fasta(("a", "b"), ["A", "A"]))
    assert message(path, focus=None) == "1 match columns where 2 are needed"
