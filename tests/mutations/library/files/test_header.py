"""Tables as other programs write them: separators, headers, encodings, quotes."""

import gzip

import pandas as pd
import pytest

from pottsfold.errors import TableError
from pottsfold.mutations import mutant_column, read_library
from pottsfold.mutations.library.files import blocks, opening
from pottsfold.mutations.library.files.header import find_column, separator_of


def read(path, content, column=None, encoding="utf-8"):
    path.write_bytes(
        content if isinstance(content, bytes) else content.encode(encoding)
    )
    notes = []
    table = read_library(path, column, announce=notes.append)
    return table.to_dict("list"), notes


TWO = {"mutant": ["A5T,G7D", "WT"], "score": ["0.1", ""]}


@pytest.mark.parametrize(
    "content",
    [
        "mutant;score\nA5T,G7D;0.1\nWT;\n",
        "# comma, separated\nmutant;score\r\nA5T,G7D;0.1\r\nWT;\r\n",
        "mutant|score\nA5T,G7D|0.1\nWT|\n",
        "mutant\tscore\nA5T,G7D\t0.1\nWT\t\n",
        '"mutant";"score"\n"A5T,G7D";"0.1"\n"WT";""\n',
        'mutant,score\n"A5T,G7D",0.1\nWT,\n',
        "sep=;\nmutant;score\nA5T,G7D;0.1\nWT;\n",
        '"sep=;"\r\n\r\nmutant;score\r\nA5T,G7D;0.1\r\nWT;\r\n',
        "sep=\t\nmutant\tscore\nA5T,G7D\t0.1\nWT\t\n",
        "\n \t\nmutant;score\nA5T,G7D;0.1\nWT;\n",
    ],
)
def test_the_separator_is_told_from_the_header(tmp_path, content):
    assert read(tmp_path / "a.csv", content) == (TWO, [])


@pytest.mark.parametrize(
    ("header", "wanted", "separator"),
    [
        ("mutant,score", None, ","),
        ("mutant;a,b", None, ";"),
        # As before there were semicolons: what names a column of mutants counts.
        ("mutant,a;b;c", None, ","),
        ("variant,a;b;c", "variant", ","),
        ("Mutant;x,mutant", None, ","),
        ("mutant,x\ty", None, ","),
        ("variant;score", None, ";"),
        ("a|b|c;d", None, "|"),
        ("a,b|c", None, ","),
        ("a,b\tc", None, "\t"),
        ("mutant", None, ","),
    ],
)
def test_a_separator_parts_the_column_of_mutants_from_others(header, wanted, separator):
    assert separator_of(header, wanted) == separator


@pytest.mark.parametrize(
    "name", ["Mutant", "MUTANT", " mutant", "Mutant ", '" Mutant"']
)
def test_a_header_may_differ_by_case_and_blanks(tmp_path, name):
    table, _ = read(tmp_path / "a.csv", f"{name},n\nA5T,1\n")
    column = mutant_column(pd.DataFrame(table))
    # As it stands in the file, but for blanks before the whole line.
    assert column == name.lstrip().strip('"')
    assert table == {column: ["A5T"], "n": ["1"]}


def test_the_exact_name_is_preferred_and_likes_are_not_guessed():
    assert find_column(["MUTANT", "mutants", "hgvs_pro"], None) == "mutants"
    assert find_column(["Hgvs_Pro", "MUTANT"], None) == "MUTANT"
    assert find_column(["Mutant", "MUTANT"], None) is None
    assert find_column(["Mutant", "mutant"], "MUTANT") is None
    assert find_column(["Score "], "score") == "Score "
    assert find_column(["Score"], "score", alike=False) is None


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("#mutant\tscore\nA5T,G7D\t0.1\nWT\t\n", 1),
        ("# mutant;score\nA5T,G7D;0.1\nWT;\n", 1),
        ("##format 1\n# made, by hand\n#Mutant\tscore\n\nA5T,G7D\t0.1\nWT\t\n", 3),
        ("\ufeff#mutant\tscore\n# units: a.u.\nA5T,G7D\t0.1\nWT\t\n", 1),
    ],
)
def test_a_header_behind_a_hash_is_one_and_that_is_told(tmp_path, content, line):
    table, notes = read(tmp_path / "a.tsv", content)
    assert [*table.values()] == [*TWO.values()]
    assert [name.casefold() for name in table] == ["mutant", "score"]
    assert notes == [f"line {line} is taken for the header, without its #"]


@pytest.mark.parametrize(
    ("content", "column"),
    [
        ("# mutant, score\nmutant,score\nA5T,1\n", None),
        ("# mutant, score\nvariant,score\nA5T,1\n", "variant"),
    ],
)
def test_a_comment_above_a_header_stays_one(tmp_path, content, column):
    table, notes = read(tmp_path / "a.csv", content, column)
    assert (table["score"], notes) == (["1"], [])


def test_a_comment_of_another_width_is_no_header(tmp_path):
    with pytest.raises(TableError, match="the first line holds data: put a header"):
        read(tmp_path / "a.csv", "# mutant, score, by hand\nA5T,1\n")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("size", [1, 3, 1 << 18])
@pytest.mark.parametrize("packed", [False, True])
def test_a_byte_order_mark_tells_the_encoding(
    tmp_path, encoding, size, packed, monkeypatch
):
    for module in (blocks, opening):
        monkeypatch.setattr(module, "BLOCK_BYTES", size)
    mark = "" if encoding in ("utf-16", "utf-32") else "\ufeff"
    text = mark + "# \u00b5\r\nmutant\tscore\r\nA5T\t\u00b5\U0001f600\r\nWT\t\r\n"
    data = text.encode(encoding)
    path = tmp_path / "a.txt"
    table, _ = read(path, gzip.compress(data) if packed else data)
    assert table == {"mutant": ["A5T", "WT"], "score": ["\u00b5\U0001f600", ""]}
    fasta, _ = read(path, f"{mark}>one\nACDE\n".encode(encoding))
    assert fasta == {"name": ["one"], "mutated_sequence": ["ACDE"]}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("mutant,n\n".encode("utf-16-le"), "UTF-16 without a byte-order mark"),
        ("mutant,n\n".encode("utf-16-be"), "UTF-16 without a byte-order mark"),
        ("mutant,n\nA5T,1\n".encode("utf-16")[:-1], r"cannot be read \(.*trunc"),
        (b"PK\x03\x04" + b"\0" * 9 + b"xl/workbook.xml", "an Excel workbook; save"),
        (b"PK\x03\x04" + b"\0" * 9 + b"opendocument", "a spreadsheet; unpack it or"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook; save its sheet"),
        (b"\x89HDF\r\n\x1a\n\0\0", "a binary file; csv"),
        (b"mutant,n\nA5T,1\nK2\0R,2\n", "line 3 holds a NUL byte"),
        (b"# c\nmut\0ant,n\nA5T,1\n", "line 2 holds a NUL byte"),
        (b"mutant,n\n" + b"A5T,1\n" * 9000 + b"\0\n", "line 9002 holds a NUL byte"),
        (b">a\nAC\n>b\nA\0C\n", "line 4 holds a NUL byte"),
        ("x" * 300_000, r"no column mutant among x{80}\.\.\.; name"),
        ('mutant,n\nA5T,"' + "K2R\n" * 50_000 + '"\n', "line 2 opens a quote that ta"),
        ("mutant,,n,\nA5T,,1,\nA5T,1\n", "line 3 has 2 cells where the header has 4"),
        ("mutant score\nA5T 1\n", "by tabs or commas, not by blanks"),
        ("A5T\nK2R\n", "the first line holds data: put a header above it"),
        ('"mutant" "score"\n"1" "A5T" 1\n', "by tabs or commas, not by blanks"),
    ],
)
def test_what_no_table_is_is_said_with_the_way_out(tmp_path, content, complaint):
    with pytest.raises(TableError, match=complaint) as caught:
        read(tmp_path / "a.csv", content)
    assert str(caught.value).startswith(str(tmp_path / "a.csv"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("size", [8, 1 << 18])
@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        # Never closed.
        (["A5T,x", 'K2R,"y', "V3I,z"], "line 4 begins a row with a quote that is nev"),
        (["A5T,x", "K2R,y", '"V3I,z'], "line 5 begins a row with a quote that is nev"),
        # Closed rows later, by one that opens another cell.
        (["A5T,x", 'K2R,"y', "V3I,z", 'L4M,"w"'], "line 4 opens a quote that takes in"),
        (["A5T,x", 'K2R,"y', 'V3I,"z"'], "line 4 opens a quote that takes in a row"),
        (["A5T,x", 'K2R,"y', "V3I,z", 'L4M,w"'], "line 4 opens a quote that takes in"),
    ],
)
def test_a_quote_that_takes_in_rows_is_told(
    tmp_path, monkeypatch, rows, complaint, size, separator
):
    for module in (blocks, opening):
        monkeypatch.setattr(module, "BLOCK_BYTES", size)
    text = "\n".join(["# c", "mutant,n", *rows, ""]).replace(",", separator)
    with pytest.raises(TableError, match=complaint):
        read(tmp_path / "a.csv", text)


def test_a_quote_that_takes_in_sequences_is_told(tmp_path):
    sequence = "MKVLATGDERWQNHPSICFYKLGAMKVLA"
    rows = f'note,seq,n\n"a,{sequence},1\nb,{sequence},2\n"c",{sequence},3\n'
    with pytest.raises(TableError, match="line 2 opens a quote that takes in a row"):
        read(tmp_path / "a.csv", rows, "seq")


def test_a_cell_of_several_lines_is_no_row_of_its_own(tmp_path):
    table, _ = read(
        tmp_path / "a.csv",
        'mutant,note\nA5T,"see\nK2R\nabove, twice"\nK2R,"\n""x"" "\n',
    )
    assert table["note"] == ["see\nK2R\nabove, twice", '\n"x" ']


def test_a_first_column_without_a_name_may_hold_row_numbers(tmp_path):
    frame = pd.DataFrame({"mutant": ["A5T"], "score": [1]})
    frame.to_csv(tmp_path / "made.tsv", sep="\t")
    table, notes = read(tmp_path / "a.tsv", (tmp_path / "made.tsv").read_text())
    assert table == {"": ["0"], "mutant": ["A5T"], "score": ["1"]}
    assert notes == []


@pytest.mark.parametrize("index", [["mutant"], ["segment", "mutant"]])
def test_an_index_of_pandas_is_a_column_if_it_has_a_name(tmp_path, index):
    frame = pd.DataFrame({"mutant": ["A5T"], "segment": ["A"], "score": [0.5]})
    frame.set_index(index).to_parquet(tmp_path / "a.parquet")
    table = read_library(tmp_path / "a.parquet")
    assert table[["mutant", "score"]].to_dict("list") == {
        "mutant": ["A5T"],
        "score": [0.5],
    }
    frame.index = [7]
    frame.to_parquet(tmp_path / "b.parquet")
    assert list(read_library(tmp_path / "b.parquet")) == list(frame)


@pytest.mark.parametrize(
    "note", [b"{", b"", b"[]", b"\xff", b'{"index_columns": 5}', b'{"columns": [1]}']
)
def test_what_pandas_noted_is_not_needed(tmp_path, note):
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.table({"mutant": ["A5T"], "n": [1]})
    table = table.replace_schema_metadata({b"pandas": note})
    parquet.write_table(table, tmp_path / "a.parquet")
    assert read_library(tmp_path / "a.parquet").to_dict("list") == {
        "mutant": ["A5T"],
        "n": [1],
    }
