"""Bytes of alignment files: compressed, padded, in other encodings, joined."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from pottsfold.alignment import read_alignment, stored
from pottsfold.errors import AlignmentError
from tests.alignment.writers import COMPRESSORS, NAMES, as_text, write

TEXT = as_text("fasta")


def refused(path: Path) -> AlignmentError:
    with pytest.raises(AlignmentError) as caught:
        read_alignment(path)
    return caught.value


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_encodings_do_not_matter(tmp_path: Path, encoding: str):
    family = read_alignment(write(tmp_path, TEXT.encode(encoding)))
    assert family.names == NAMES


def test_utf_32_of_high_bytes_first_is_read(tmp_path: Path):
    data = b"\0\0\xfe\xff" + TEXT.encode("utf-32-be")
    assert read_alignment(write(tmp_path, data)).names == NAMES


def test_utf_16_of_high_bytes_first_is_read(tmp_path: Path):
    data = b"\xfe\xff" + TEXT.encode("utf-16-be")
    assert read_alignment(write(tmp_path, data)).names == NAMES


@pytest.mark.parametrize("end", [b"\0", b"\0\0\n", b"\x1a", b"\x1a\r\n", b"\n\0\n\0\n"])
def test_what_pads_the_end_is_no_part_of_it(tmp_path: Path, end: bytes):
    family = read_alignment(write(tmp_path, TEXT.encode() + end))
    assert (family.n_sequences, family.length) == (12, 77)


@pytest.mark.parametrize("rows", [1, 2000], ids=["first", "behind 8 kB"])
@pytest.mark.parametrize(
    "between", ["\n\0>102 second\n", "\0\n#4\t1\n>102\n", "\0\0>102\n"]
)
def test_a_second_alignment_behind_a_nul_is_named(
    tmp_path: Path, rows: int, between: str
):
    first = ">101\nMKAY" + "\n>h\nMKAV" * rows
    error = refused(write(tmp_path, first + between + "GSTP\n>h2\nGSTA\n\0"))
    assert "a second alignment begins here" in str(error)
    assert error.record == "102"
    lines = 2 * rows + 2
    assert error.line in (lines, lines + 1)


@pytest.mark.parametrize(
    "data",
    [
        b"\x7fELF\x02\x01\x01" + bytes(64),
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        bytes(range(256)),
        b">a\nMK\0AY\n>b\nMKAV\n",
        b">a\nMK\x07AY\n>b\nMKAV\n",
        b">a\nMKAY\n>b\nMKAV\n" * 3000 + b"\x02\x03",
    ],
)
def test_binary_data_are_refused(tmp_path: Path, data: bytes):
    assert "a binary file, not an alignment" in str(refused(write(tmp_path, data)))


def test_control_a_joins_descriptions(tmp_path: Path):
    text = ">q/3-6\x01r one\nMKAY\n>h a\x01b two\nMKAV\n"
    family = read_alignment(write(tmp_path, text))
    assert family.names == ("q/3-6", "h")
    text = "# STOCKHOLM 1.0\n#=GS q DE one\x01two\nq MKAY\nh MKAV\n//\n"
    assert read_alignment(write(tmp_path, text)).names == ("q", "h")


def test_archives_are_refused_by_name(tmp_path: Path):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        info = tarfile.TarInfo("family.fasta")
        info.size = len(TEXT)
        archive.addfile(info, io.BytesIO(TEXT.encode()))
    path = write(tmp_path, buffer.getvalue())
    assert str(refused(path)) == f"{path}: a tar archive; unpack it first"
    path = write(tmp_path, b"PK\x03\x04" + bytes(30))
    assert str(refused(path)) == f"{path}: a zip archive; unpack it first"
    path = write(tmp_path, gzip.compress(gzip.compress(TEXT.encode())))
    assert str(refused(path)) == f"{path}: compressed twice; unpack it once"


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".xz", ".zst"])
def test_members_one_after_the_other_are_one_file(tmp_path: Path, ending: str):
    half = TEXT.index(">", len(TEXT) // 2)
    members = (TEXT[:half].encode(), TEXT[half:].encode())
    data = b"".join(map(COMPRESSORS[ending], members))
    assert read_alignment(write(tmp_path, data)).names == NAMES


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".xz", ".zst"])
def test_a_small_file_that_grows_past_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
):
    monkeypatch.setattr(stored, "available_memory", lambda: 10 * 2**20)
    path = write(tmp_path, COMPRESSORS[ending](b">a\n" + b"A" * 2**25))
    message = str(refused(path))
    assert message.startswith(f"{path}: unpacks to more than 0.0 GiB, too much to be ")
    # Honest families are read with that memory.
    assert read_alignment(write(tmp_path, COMPRESSORS[ending](TEXT.encode())))


def test_a_plain_file_larger_than_the_memory_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(stored, "available_memory", lambda: 2**30)
    path = tmp_path / "sparse"
    with open(path, "wb") as handle:
        handle.truncate(3 * 2**30)
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail("was read"))
    assert str(refused(path)).startswith(f"{path}: is 3.0 GiB large, too much to be ")


def test_an_endless_file_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stored, "available_memory", lambda: 2**24)
    assert "/dev/zero: is larger than 0.0 GiB" in str(refused(Path("/dev/zero")))


def test_memory_that_runs_out_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("pottsfold.alignment.sources.stored_text", fail)
    error = refused(write(tmp_path, TEXT))
    assert "too large for the memory there is" in str(error)
