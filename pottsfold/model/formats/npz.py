"""NumPy's archives, ``.npz``: a zip of arrays, read without pickle and within bounds.

A member is unpacked piece by piece, and no further than its size that the archive
states, which :func:`~pottsfold.model.formats.content.allowance` bounds.
"""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import ModelFormatError
from pottsfold.model.formats import npy
from pottsfold.model.formats.content import Content, allowance

if TYPE_CHECKING:
    from zipfile import ZipFile

MAGIC = b"PK\x03\x04"
PIECE = 2**20
TORCH = "data.pkl"
ENDING = ".npy"
WORDS = {"U": "text", "b1": "bool", "i": "int", "f": "float"}
WORDS |= {kind: np.dtype(kind).name for kind in ("i4", "i8", "f4", "f8")}
# The first date that a zip can say: the same model makes the same bytes.
NO_DATE = (1980, 1, 1, 0, 0, 0)


class _Bytes(io.RawIOBase):
    """A content as the file that zipfile reads, a piece at a time."""

    def __init__(self, content: Content) -> None:
        self._content, self._at = content, 0

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._content)}
        self._at = max(start[whence] + offset, 0)
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        size = len(self._content) if size is None or size < 0 else size
        wanted = min(size, max(len(self._content) - self._at, 0))
        if wanted > PIECE:  # a list of members that no such archive has
            raise ValueError("too much at once")
        self._at += wanted
        return self._content.data[self._at - wanted : self._at]


@dataclass(frozen=True)
class Arrays:
    """The arrays of an open archive.

    Parameters
    ----------
    content : Content
        The file.
    archive : ZipFile
        The same, open.
    """

    content: Content
    archive: ZipFile

    def __contains__(self, name: str) -> bool:
        return name + ENDING in self.archive.NameToInfo

    def array(self, name: str, *kinds: str) -> NDArray[Any]:
        """Return an array of one of some types, ``U`` for text.

        Raises
        ------
        ModelFormatError
            If it is not there, or of another type.
        """
        member = self._member(name)
        if not npy.is_array(member):
            raise member.bad("not a NumPy array")
        header = npy.header_of(member)
        if header.kind not in kinds and header.kind[0] not in kinds:
            due = " or ".join(WORDS[kind] for kind in kinds)
            raise member.bad(f"an array of {header.dtype.name}, where {due} is due")
        return npy.numbers_of(member, header)

    def number(self, name: str) -> float | None:
        """Return a single number, None where there is none of that name."""
        if name not in self:
            return None
        value = self.array(name, "b1", "i", "f")
        return value.item() if value.shape == () else None

    def text(self, name: str) -> str:
        """Return a single text; what cannot be printed is ``?``."""
        value = self.array(name, "U")
        if value.shape:
            raise self._named(name).bad("a list, where a text is due")
        if not value.itemsize:
            return ""
        codes = value.reshape(1).view(f"{value.dtype.byteorder}u4")
        letters = (chr(code) if code < 0x110000 else "?" for code in codes if code)
        return "".join(each if each.isprintable() else "?" for each in letters)

    def _named(self, name: str, data: bytes = b"") -> Content:
        return Content(f"{self.content.path}: {name}", data, self.content.stored)

    def _member(self, name: str) -> Content:
        from zipfile import ZIP_DEFLATED, ZIP_STORED

        named = self._named(name)
        if name not in self:
            raise named.bad("no such array in the archive")
        about = self.archive.getinfo(name + ENDING)
        if about.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise named.bad("packed in a way that NumPy does not use")
        if about.file_size > allowance(self.content.stored):
            raise named.bad(
                f"{about.file_size} bytes, too many for a file of "
                f"{self.content.stored} bytes"
            )
        data = bytearray()
        with self.archive.open(about) as handle:
            while part := handle.read(PIECE):
                data += part
        return self._named(name, bytes(data))


@contextlib.contextmanager
def opened(content: Content) -> Iterator[Arrays]:
    """Open an archive.

    Raises
    ------
    ModelFormatError
        If it is damaged; in the block too.
    """
    from zipfile import BadZipFile, ZipFile

    try:
        with ZipFile(_Bytes(content)) as archive:
            yield Arrays(content, archive)
    # All that zipfile raises for damaged archives.
    except (
        BadZipFile,
        EOFError,
        NotImplementedError,
        OverflowError,
        RuntimeError,
        ValueError,
        struct.error,
        zlib.error,
    ) as error:
        raise content.bad(
            "cut off or damaged: not a whole archive of arrays; fetch it again"
        ) from error


def names_in(content: Content) -> frozenset[str]:
    """Return the names of members; none for a file that is no archive or damaged."""
    if content.data[: len(MAGIC)] != MAGIC:
        return frozenset()
    with contextlib.suppress(ModelFormatError), opened(content) as arrays:
        return frozenset(arrays.archive.NameToInfo)
    return frozenset()


def holds(content: Content, *names: str) -> bool:
    """Tell whether a file is an archive that has some arrays."""
    return {name + ENDING for name in names} <= names_in(content)


class _Onwards:
    """A file that zipfile cannot go back in, as it cannot in a compressed one."""

    def __init__(self, handle: BinaryIO) -> None:
        self.write, self.flush = handle.write, handle.flush


class Writer:
    """Writes arrays to an archive, one after another.

    Parameters
    ----------
    handle : file
        Open for writing bytes.
    """

    def __init__(self, handle: BinaryIO) -> None:
        from zipfile import ZipFile

        onwards: Any = _Onwards(handle)
        self._archive = ZipFile(onwards, "w")

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def add(self, name: str, value: NDArray[Any] | float | str) -> None:
        """Write one array, number or text."""
        array = np.asarray(value)
        self.add_parts(name, array.shape, array.dtype, iter([array]))

    def add_parts(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        parts: Iterator[NDArray[Any]],
    ) -> None:
        """Write one array whose rows come in parts."""
        from zipfile import ZipInfo

        about = ZipInfo(name + ENDING, NO_DATE)
        with self._archive.open(about, "w", force_zip64=True) as handle:
            np.lib.format.write_array_header_1_0(
                handle,
                {
                    "shape": shape,
                    "fortran_order": False,
                    "descr": np.lib.format.dtype_to_descr(dtype),
                },
            )
            for part in parts:
                handle.write(np.ascontiguousarray(part, dtype).tobytes())
