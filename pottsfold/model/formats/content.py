"""The bytes of an untrusted model file, and how much memory it may ask for.

A plain file is mapped, not read. A compressed one is unpacked in pieces, and no
further than ``allowance`` of its stored size: a small file cannot fill the memory.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path

from pottsfold.errors import ModelFormatError
from pottsfold.files import DamagedFile, compression_of, unpack

SMALL = 256 * 2**20
GROWTH = 64


@dataclass(frozen=True)
class Content:
    """What stands in a file, unpacked.

    Parameters
    ----------
    path : str
        The file.
    data : bytes or mmap
        Its bytes.
    stored : int
        Size of the file itself, in bytes.
    """

    path: str
    data: bytes | mmap.mmap
    stored: int

    def __len__(self) -> int:
        return len(self.data)

    def bad(self, message: str) -> ModelFormatError:
        """Return the error that says what is wrong with the file."""
        return ModelFormatError(self.path, message)


def allowance(stored: int) -> int:
    """Return the most bytes that a file of ``stored`` bytes may be unpacked to.

    256 MiB, or 64 times the file where that is more: real models unpack to less
    than 20 times their size, a file that is all zeros to a thousand times.
    """
    return max(SMALL, GROWTH * stored)


def open_content(path: str | Path) -> Content:
    """Map a file, or unpack it where it is compressed (gz, xz, zstd, bz2).

    Raises
    ------
    ModelFormatError
        If it cannot be read, is empty, damaged, or unpacks to too much.
    """
    name = str(path)
    if Path(path).exists() and not Path(path).is_file():
        raise ModelFormatError(name, "not a plain file; name a model file")
    try:
        with open(path, "rb") as handle:
            size = handle.seek(0, 2)
            if not size:
                raise ModelFormatError(name, "the file is empty")
            data = mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise ModelFormatError(name, "no such file") from None
    except OSError as error:
        raise ModelFormatError(name, f"cannot be read ({error.strerror})") from error
    compression = compression_of(data)
    if compression is None:
        return Content(name, data, size)
    return Content(name, _unpacked(name, compression, size), size)


def check_model_size(content: Content, length: int, size: int) -> None:
    """Refuse a model of L sites and q letters that is too large for its file.

    Only a file that leaves couplings out, or a compressed one, can ask for that.
    """
    due = 4 * (length * size) ** 2
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
