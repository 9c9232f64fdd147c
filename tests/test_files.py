from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import stat
from pathlib import Path

import pytest

from pottsfold.errors import OutputError
from pottsfold.files import (
    PIECE,
    DamagedFile,
    check_writable,
    compression_of,
    sha256_of,
    unpack,
    written_whole,
)


def test_a_file_is_written_and_nothing_is_left_beside(tmp_path: Path):
    target = tmp_path / "table.csv"
    with written_whole(target) as beside:
        assert beside.parent == tmp_path
        assert beside.suffix == ".csv"
        beside.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"
    assert os.listdir(tmp_path) == ["table.csv"]


@pytest.mark.parametrize("fault", [RuntimeError, KeyboardInterrupt, OSError])
def test_a_broken_write_leaves_the_old_file(tmp_path: Path, fault: type[BaseException]):
    target = tmp_path / "table.csv"
    target.write_text("old")

    def write_half() -> None:
        with written_whole(target) as beside:
            beside.write_text("half")
            raise fault

    with pytest.raises(OutputError if fault is OSError else fault):
        write_half()
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["table.csv"]


def test_a_full_disk_is_told_in_one_line(tmp_path: Path):
    target = tmp_path / "table.csv"

    def write() -> None:
        with written_whole(target):
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputError) as caught:
        write()
    assert str(caught.value) == (
        f"{target}: cannot be written (No space left on device)"
    )


def test_permissions_are_those_of_a_new_file(tmp_path: Path):
    (tmp_path / "plain").touch()
    with written_whole(tmp_path / "whole") as beside:
        beside.touch()
    modes = {
        stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "whole")
    }
    assert len(modes) == 1


def test_a_missing_folder_is_refused_before_any_work(tmp_path: Path):
    target = tmp_path / "none" / "table.csv"
    with pytest.raises(OutputError) as caught:
        check_writable(target)
    assert str(caught.value) == (
        f"{target}: folder {target.parent} does not exist; make it first"
    )


def test_a_folder_is_no_file(tmp_path: Path):
    with pytest.raises(OutputError) as caught:
        check_writable(tmp_path)
    assert str(caught.value) == f"{tmp_path}: is a folder; name a file"


def test_a_folder_that_cannot_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def refuse(**_: object) -> tuple[int, str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    target = tmp_path / "table.csv"
    with pytest.raises(OutputError) as caught:
        check_writable(target)
    assert str(caught.value) == (
        f"{target}: cannot write in folder {tmp_path} (Permission denied); "
        "choose another folder"
    )


def test_a_check_leaves_nothing_behind(tmp_path: Path):
    assert check_writable(str(tmp_path / "model.potts")) == tmp_path / "model.potts"
    assert os.listdir(tmp_path) == []


def test_sha256_of_a_file(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"abc" * 100_000)
    expected = hashlib.sha256(b"abc" * 100_000).hexdigest()
    assert sha256_of(tmp_path / "a") == expected


def test_a_link_is_followed(tmp_path: Path):
    target = tmp_path / "there.csv"
    target.write_text("old")
    link = tmp_path / "link.csv"
    link.symlink_to(target)
    with written_whole(link) as beside:
        beside.write_text("new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_pipe_is_refused_and_stays(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OutputError, match="is no plain file"):
        check_writable(pipe)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_data_are_unpacked_no_further_than_the_limit(pack):
    data = pack(bytes(3 * PIECE))
    compression = compression_of(data)
    assert compression is not None
    assert unpack(io.BytesIO(data), compression) == bytes(3 * PIECE)
    assert len(unpack(io.BytesIO(data), compression, 3 * PIECE)) == 3 * PIECE
    assert len(unpack(io.BytesIO(data), compression, PIECE)) == 2 * PIECE
    for limit in (None, 3 * PIECE):
        with pytest.raises(DamagedFile, match=rf"the {compression} data"):
            unpack(io.BytesIO(data[: len(data) // 2]), compression, limit)
    assert compression_of(b">plain") is None
