"""Sequences in a file mapped into memory."""

from __future__ import annotations

import json
import mmap
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pottsfold.alignment import Alignment, reweight
from pottsfold.alignment import stream as stream_room
from pottsfold.alignment.stream import streamed
from pottsfold.errors import UsageError
from tests.strategies import random_alignment


@pytest.fixture
def family() -> Alignment:
    return reweight(random_alignment(np.random.default_rng(0), 50, 13))


def test_codes_are_those_of_the_alignment_and_stay_in_the_file(
    family: Alignment, tmp_path: Path
):
    mapped = streamed(family, tmp_path / "codes")
    assert np.array_equal(mapped.codes, family.codes)
    owner: object = mapped.codes
    while isinstance(owner, np.ndarray):
        owner = owner.base
    assert isinstance(owner, mmap.mmap)
    assert not mapped.codes.flags.writeable
    assert np.array_equal(mapped.sequence_weights, family.sequence_weights)
    assert mapped.names == family.names


def test_pieces_and_whole_make_the_same_file(
    family: Alignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    streamed(family, tmp_path / "whole")
    monkeypatch.setattr(stream_room, "PIECE", 30)
    streamed(family, tmp_path / "pieces")
    whole = (tmp_path / "whole").read_bytes()
    assert (tmp_path / "pieces").read_bytes() == whole
    # As safetensors has it: a length, a header, the bytes.
    length = int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8 : 8 + length])
    assert header["codes"]["shape"] == [50, 13]
    assert whole[8 + length :] == family.codes.tobytes()


def test_a_file_is_written_once_and_used_again(family: Alignment, tmp_path: Path):
    streamed(family, tmp_path / "codes")
    before = (tmp_path / "codes").stat()
    assert np.array_equal(streamed(family, tmp_path / "codes").codes, family.codes)
    assert (tmp_path / "codes").stat().st_mtime_ns == before.st_mtime_ns


def refused(alignment: Alignment, path: Path, why: str) -> None:
    with pytest.raises(UsageError, match=re.escape(f"`stream={path}`: {why}")):
        streamed(alignment, path)


def test_a_file_of_another_alignment_is_refused(family: Alignment, tmp_path: Path):
    streamed(family, tmp_path / "codes")
    codes = family.codes.copy()
    codes[7, 3] = (codes[7, 3] + 1) % family.alphabet.size
    why = "it holds the sequences of another alignment"
    refused(replace(family, codes=codes), tmp_path / "codes", why)
    fewer = family.select(sequences=np.arange(50) < 49, note="")
    refused(fewer, tmp_path / "codes", why)


def test_a_damaged_or_cut_file_is_refused(family: Alignment, tmp_path: Path):
    path = tmp_path / "codes"
    streamed(family, path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    refused(family, path, "it is damaged")
    path.write_bytes(whole[:-1])
    refused(family, path, "it is damaged")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b">a\nACDE\n",
        (3).to_bytes(8, "little") + b"[1]",
        (2).to_bytes(8, "little") + b"{}",
        (2**40).to_bytes(8, "little"),
        (20).to_bytes(8, "little") + b'{"__metadata__": {} }',
    ],
)
def test_other_files_are_refused(family: Alignment, tmp_path: Path, content: bytes):
    path = tmp_path / "other"
    path.write_bytes(content)
    refused(family, path, "it is no file of sequences that was written here")
    assert path.read_bytes() == content


def test_a_folder_is_refused(family: Alignment, tmp_path: Path):
    refused(family, tmp_path, "cannot be read")
