"""Library files: what is read, kept as it stands, or refused in one line."""

import gzip

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from pottsfold.errors import TableError
from pottsfold.mutations import mutant_column, read_library


def written(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "mutant,score\nA1T,0.10\nWT,\n"),
        ("a.csv", "\ufeffmutant,score\r\nA1T,0.10\r\nWT,\r\n"),
        ("a.tsv", "mutant\tscore\nA1T\t0.10\nWT\t\n"),
        ("a.txt", "mutant\tscore\nA1T\t0.10\nWT\t"),
        ("a.csv", "# made by hand\n#\nmutant,score\n# more\nA1T,0.10\n\nWT,\n"),
        ("a.csv", "mutant,score\rA1T,0.10\rWT,\r"),
        ("a.csv.gz", gzip.compress(b"mutant,score\nA1T,0.10\nWT,\n", mtime=0)),
        ("gz_by_content.csv", gzip.compress(b"mutant,score\nA1T,0.10\nWT,\n", mtime=0)),
    ],
)
def test_text_tables_are_read_cell_by_cell_as_they_stand(tmp_path, name, content):
    table = read_library(written(tmp_path / name, content))
    assert table.to_dict("list") == {"mutant": ["A1T", "WT"], "score": ["0.10", ""]}


def test_quoted_cells_may_hold_commas_line_ends_and_latin_letters(tmp_path):
    text = 'mutant,"a, b"\n"A1T,G2D","one\ntwo"\nNA,\u00b5\n'
    table = read_library(written(tmp_path / "a.csv", text.encode("latin-1")))
    assert table["mutant"].tolist() == ["A1T,G2D", "NA"]
    assert table["a, b"].tolist() == ["one\ntwo", "\u00b5"]


def test_parquet_keeps_its_types(tmp_path):
    frame = pd.DataFrame({"mutant": ["A1T"], "score": [0.1], "n": [3]}, index=[5])
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_parquet(tmp_path / "named_otherwise.csv")
    for name in ("a.parquet", "named_otherwise.csv"):
        table = read_library(tmp_path / name)
        pd.testing.assert_frame_equal(table, frame.reset_index(drop=True))


def test_fasta_gives_names_and_sequences(tmp_path):
    path = written(
        tmp_path / "a.csv", "# designs\n\n>one the first\nACDE\nFG\n>two\nACDEWW\n"
    )
    table = read_library(path)
    assert table["name"].tolist() == ["one the first", "two"]
    assert table["mutated_sequence"].tolist() == ["ACDEFG", "ACDEWW"]
    assert mutant_column(table) == "mutated_sequence"


def test_mutants_are_preferred_to_sequences(tmp_path):
    path = written(tmp_path / "a.csv", "mutated_sequence,mutant\nACDE,A1T\n")
    assert mutant_column(read_library(path)) == "mutant"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "the file is empty"),
        ("  \n", "the file is empty"),
        ("mutant,score\n", "no row below the header"),
        ("# nothing but this\n", "not a table"),
        ("mutans,score\nA1T,1\n", "no column mutant among mutans, score; nearest"),
        ("mutant,score\nA1T,1\nA1T,G2D,1\n", "line 3 has 3 cells where the header"),
        ("# c\n\nmutant,score\nA1T,1\nA1T\n", "line 5 has 1 cells where the header"),
        ("mutant,mutant\nA1T,A1T\n", "column mutant comes twice"),
        (b"PAR1 and no more", "damaged Parquet"),
        (b"PK\x03\x04 a workbook", "a binary file"),
        (b"\x1f\x8b\x08 cut off", "cannot be read"),
        (b"mutant\0", "a binary file"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(tmp_path, content, complaint):
    path = written(tmp_path / "library.csv", content)
    with pytest.raises(TableError, match=complaint) as caught:
        read_library(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_no_file_and_a_folder_are_told_apart(tmp_path):
    with pytest.raises(TableError, match="no such file"):
        read_library(tmp_path / "absent.csv")
    with pytest.raises(TableError, match="is a folder"):
        read_library(tmp_path)


def test_lines_may_end_with_carriage_returns_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("pottsfold.mutations.library.files.blocks.BLOCK_BYTES", 40)
    records = [f">s{k}\rACDEF\rGHIKL\r" for k in range(30)]
    table = read_library(written(tmp_path / "a.fasta", "".join(records)))
    assert table["name"].tolist() == [f"s{k}" for k in range(30)]
    assert table["mutated_sequence"].eq("ACDEFGHIKL").all()


def test_parquet_texts_that_are_no_utf8_are_refused(tmp_path):
    latin = pa.array([b"A1T", b"\xffA1T"], pa.binary())
    texts = pa.Array.from_buffers(pa.string(), 2, latin.buffers())
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"mutant": texts}), path)
    with pytest.raises(TableError, match=r"damaged Parquet after row 0 \(.*UTF8"):
        read_library(path)
