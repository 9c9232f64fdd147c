"""The bytes of an untrusted model file, and how much memory it may ask for.

A plain file is read where a reader asks, piece by piece, since one of a large model
takes gigabytes; it is not mapped, for pages of a mapping that is cut meanwhile end the
program. What was read is of one file: :func:`open_content` refuses one that changed. A
compressed file is unpacked in pieces, and no further than ``allowance`` of its stored
size: a small file cannot fill the memory.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pottsfold.errors import ModelFormatError
from pottsfold.files import DamagedFile, compression_of, unpack
from pottsfold.model.potts import model_bytes

SMALL = 256 * 2**20
GROWTH = 64
# Bytes that are kept at hand for readers that ask for few at a time.
WINDOW = 2**18
AGAIN = "changed while it was read; read it again"


class StoredBytes:
    """The bytes of an open file, sliced and searched like ``bytes``.

    Parameters
    ----------
    handle : FileIO
        The file, unbuffered.
    path : str
        Its name, for errors.
    size : int
        Its size; a shorter one later is an error.
    """

    def __init__(self, handle: FileIO, path: str, size: int) -> None:
        self._handle, self._path, self._size = handle, path, size
        self._window, self._start = b"", 0

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(self._size)
        if stop - start > WINDOW:
            return self.array(np.uint8, stop - start, start).tobytes()
        if start < self._start or stop > self._start + len(self._window):
            count = min(WINDOW, self._size - start)
            self._window = self.array(np.uint8, count, start).tobytes()
            self._start = start
        return self._window[start - self._start : max(stop, start) - self._start]

    def find(self, wanted: bytes) -> int:
        """Return the first place of some bytes, -1 if there is none."""
        for start in range(0, self._size, WINDOW - len(wanted) + 1):
            found = self[start : start + WINDOW].find(wanted)
            if found >= 0:
                return start + found
        return -1

    def array(self, dtype: DTypeLike, count: int, at: int) -> NDArray[Any]:
        """Return ``count`` numbers from byte ``at`` on, shape (count,)."""
        array = np.empty(count, dtype)
        raw = array.view(np.uint8).data
        self._handle.seek(at)
        # A system reads no more than 2 GiB at once.
        while raw and (read := self._handle.readinto(raw)):
            raw = raw[read:]
        if raw:
            raise ModelFormatError(self._path, AGAIN)
        return array


@dataclass(frozen=True)
class Content:
    """What stands in a file, unpacked.

    Parameters
    ----------
    path : str
        The file.
    data : bytes or StoredBytes
        Its bytes.
    stored : int
        Size of the file itself, in bytes.
    """

    path: str
    data: bytes | StoredBytes
    stored: int

    def __len__(self) -> int:
        return len(self.data)

    def array(self, dtype: DTypeLike, count: int, at: int) -> NDArray[Any]:
        """Return ``count`` numbers from byte ``at`` on, shape (count,)."""
        if isinstance(self.data, StoredBytes):
            return self.data.array(dtype, count, at)
        return np.frombuffer(self.data, dtype, count, at)

    def bad(self, message: str) -> ModelFormatError:
        """Return the error that says what is wrong with the file."""
        return ModelFormatError(self.path, message)


def allowance(stored: int) -> int:
    """Return the most bytes that a file of ``stored`` bytes may be unpacked to.

    256 MiB, or 64 times the file where that is more: real models unpack to less
    than 20 times their size, a file that is all zeros to a thousand times.
    """
    return max(SMALL, GROWTH * stored)


@contextlib.contextmanager
def open_content(path: str | Path) -> Iterator[Content]:
    """Open a file, and unpack it where it is compressed (gz, xz, zstd, bz2).

    Raises
    ------
    ModelFormatError
        If it cannot be read, is empty, damaged, or unpacks to too much; at the end of
        the block, if it is no longer what was opened.
    """
    name = str(path)
    if Path(path).exists() and not Path(path).is_file():
        raise ModelFormatError(name, "not a plain file; name a model file")
    try:
        with open(path, "rb", buffering=0) as handle:
            before = _stamp(os.fstat(handle.fileno()))
            size = handle.seek(0, 2)
            if not size:
                raise ModelFormatError(name, "the file is empty")
            data: bytes | StoredBytes = StoredBytes(handle, name, size)
            compression = compression_of(data[:16])
            if compression is not None:
                data = _unpacked(name, compression, size)
            try:
                yield Content(name, data, size)
            finally:
                # What a reader found wrong may have come of it.
                if _stamp(os.stat(path)) != before:
                    raise ModelFormatError(name, AGAIN)
    except FileNotFoundError:
        raise ModelFormatError(name, "no such file") from None
    except OSError as error:
        raise ModelFormatError(name, f"cannot be read ({error.strerror})") from error


def _stamp(about: os.stat_result) -> tuple[int, ...]:
    """Return what changes when a file is rewritten, or another takes its place."""
    return about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns


def check_model_size(
    content: Content, length: int, size: int, n_pairs: int | None = None
) -> None:
    """Refuse a model of L sites and q letters that is too large for its file.

    With couplings of all pairs, or of so many. Only a file that leaves couplings out,
    or a compressed one, can ask for that.
    """
    due = model_bytes(length, size, n_pairs)
    if due > allowance(content.stored):
        raise content.bad(
            f"its {length} sites of {size} letters would take {due / 2**30:.1f} GiB, "
            f"too much for a file of {content.stored} bytes"
        )


def _unpacked(name: str, compression: str, stored: int) -> bytes:
    limit = allowance(stored)
    try:
        result = unpack(name, compression, limit)
    except DamagedFile as error:
        raise ModelFormatError(name, f"{error}; fetch it again") from error
    if len(result) > limit:
        raise ModelFormatError(
            name,
            f"unpacks to more than {limit // 2**20} MiB, {GROWTH} times its size; "
            "unpack it yourself if you trust it",
        )
    if not result:
        raise ModelFormatError(name, "nothing in it")
    return result
