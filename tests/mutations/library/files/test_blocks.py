"""Text files in blocks: nothing is lost, doubled or cut, wherever blocks end."""

import csv
import gzip
import io

import numpy as np
import pytest
from Bio.SeqIO.FastaIO import SimpleFastaParser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pottsfold.errors import TableError
from pottsfold.mutations import read_library
from pottsfold.mutations.library.files import blocks, kernels, opening

cells = st.text('ab"#>,;\n\u00b5 ', max_size=6)


def plain(compiled):
    return getattr(compiled, "py_func", compiled)


def rows_of(text):
    return list(csv.reader(io.StringIO(text, newline=""), lineterminator="\n"))


@pytest.fixture
def in_blocks_of(monkeypatch):
    def choose(size):
        for module in (blocks, opening):
            monkeypatch.setattr(module, "BLOCK_BYTES", size)

    return choose


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=6), st.integers(0, 80))
def test_a_cut_leaves_whole_rows_on_both_sides(rows, cut):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([["x", *row] for row in rows])
    text = out.getvalue()
    data = text.encode("latin-1")[:cut]
    for kernel in (kernels.end_of_rows, plain(kernels.end_of_rows)):
        end = kernel(np.frombuffer(data, np.uint8), ord(","))
        before, after = text[:end], text[end:]
        assert rows_of(before) + rows_of(after) == rows_of(text)
        # No later line end of these bytes would have done.
        for k in range(end + 1, len(data) + 1):
            if data[k - 1 : k] == b"\n":
                assert rows_of(text[:k]) + rows_of(text[k:]) != rows_of(text)


@given(
    st.lists(
        st.tuples(st.text("ab >#\t", max_size=5), st.text("ACd-*. \n\r", max_size=12)),
        min_size=1,
        max_size=5,
    ),
    st.booleans(),
)
def test_records_are_those_of_biopython(records, ended):
    text = "".join(f">{name}\n{letters}\n" for name, letters in records)
    text = text if ended else text.rstrip("\n") + ""
    expected = [
        (name, "".join(sequence.split()))
        for name, sequence in SimpleFastaParser(io.StringIO(text, newline="\n"))
    ]
    data = np.frombuffer(text.encode(), np.uint8)
    for kernel in (kernels.split_records, plain(kernels.split_records)):
        texts = np.empty((2, len(data)), np.uint8)
        ends = np.zeros((2, len(expected) + 1), np.int64)
        kernel(data, texts[0], ends[0], texts[1], ends[1])
        found = [
            tuple(
                t[e[k] : e[k + 1]].tobytes().decode()
                for t, e in zip(texts, ends, strict=True)
            )
            for k in range(len(expected))
        ]
        assert found == expected


TABLE = (
    '# one, "two\n#\nmutant,note\nA1T,#1\n# \'aside"\n\nC2D,"a\n\nb"""\n'
    "E3F,\u00b5\r\n#last"
)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 16, 1000])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_tables_are_the_same_whatever_the_blocks(
    size, encoding, tmp_path, in_blocks_of
):
    in_blocks_of(max(size, 3))
    path = tmp_path / "a.csv"
    path.write_bytes(TABLE.encode(encoding))
    table = read_library(path)
    assert table.to_dict("list") == {
        "mutant": ["A1T", "C2D", "E3F"],
        "note": ["#1", 'a\n\nb"', "\u00b5"],
    }


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_fasta_is_the_same_whatever_the_blocks(size, tmp_path, in_blocks_of):
    in_blocks_of(size)
    path = tmp_path / "a.fa"
    path.write_text("\n# c\n>one >1\nAC\nDE\n#>no\n>two\n\n>three\nW W\n")
    table = read_library(path)
    assert table["name"].tolist() == ["one >1", "two", "three"]
    assert table["mutated_sequence"].tolist() == ["ACDE", "", "WW"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(st.just("A1T"), cells), min_size=1, max_size=8),
    size=st.integers(1, 40),
)
def test_any_table_is_read_back_whatever_the_blocks(rows, size, tmp_path, in_blocks_of):
    in_blocks_of(size)
    path = tmp_path / "a.csv"
    with open(path, "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerows([("mutant", "note"), *rows])
    text = path.read_text(encoding="utf-8")
    if "\n#" in text or "\r" in text:
        return
    assert list(map(tuple, read_library(path).to_numpy().tolist())) == rows


@pytest.mark.parametrize("size", [4, 1000])
def test_the_line_at_fault_is_named_whatever_the_blocks(size, tmp_path, in_blocks_of):
    in_blocks_of(size)
    path = tmp_path / "a.csv"
    path.write_text('# c\nmutant,note\nA1T,"x\ny"\n\nA1T,b\nA1T\nA1T,c\n')
    with pytest.raises(TableError, match="line 7 has 1 cells where the header has 2"):
        read_library(path)


def test_a_quote_that_is_never_closed_is_found(tmp_path, in_blocks_of, monkeypatch):
    in_blocks_of(16)
    monkeypatch.setattr(blocks, "MAX_ROW_LENGTH", 100)
    path = tmp_path / "a.csv"
    path.write_text('mutant,note\nA1T,x\nA1T,"y\n' + "A1T,z\n" * 100)
    with pytest.raises(TableError, match=r"line 3 begins a row.*not closed"):
        read_library(path)


def test_a_truncated_gzip_is_named(tmp_path, in_blocks_of):
    in_blocks_of(64)
    path = tmp_path / "a.csv.gz"
    rng = np.random.default_rng(0)
    text = "mutant\n" + "".join(f"A{k}T\n" for k in rng.integers(1, 10**6, 500))
    path.write_bytes(gzip.compress(text.encode())[:-200])
    with pytest.raises(TableError, match=r"a.csv.gz: cannot be read \(.*copy it anew"):
        read_library(path)


@pytest.mark.parametrize("size", [1, 3, 7, 1 << 18])
def test_a_cell_may_have_a_line_like_a_comment(tmp_path, monkeypatch, size):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", size)
    path = tmp_path / "a.csv"
    path.write_text(
        '# "c\n\n#d\nmutant,note\nA1C,"one\n#two ""\n#"\n# it\'s "no" row\nA1D,x\n#'
    )
    found = read_library(path).to_numpy().tolist()
    assert found == [["A1C", 'one\n#two "\n#'], ["A1D", "x"]]
