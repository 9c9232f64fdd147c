"""Text files in blocks of whole rows or records."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np

from pottsfold.errors import TableError
from pottsfold.files import marked_encoding
from pottsfold.lazy import lazy_module

if TYPE_CHECKING:
    from pottsfold.mutations.library.files import kernels
else:
    kernels = lazy_module("pottsfold.mutations.library.files.kernels")

BLOCK_BYTES = 1 << 18
MAX_ROW_LENGTH = 64 << 20
LINE_END = b"\n"
COMMENT = re.compile(rb"^#.*$", re.MULTILINE)
LEADING = re.compile(rb"(?:[ \t\r]*\n|#[^\n]*\n)*(?:#[^\n]*\Z)?")
BYTE_ORDER_MARK = codecs.BOM_UTF8


class Block(NamedTuple):
    """A part of a library that can be made a table without the others.

    Parameters
    ----------
    content : bytes or pyarrow RecordBatch
        Whole rows.
    line : int
        Line of the file that it begins with, from 1.
    position : int
        How far the file has been read, in units of its ``size``.
    """

    content: Any
    line: int
    position: int


class Bytes:
    """A file's bytes, decompressed, with errors that name it.

    Parameters
    ----------
    name : str
        A file; gz, xz, zstd and bz2 are known by their content.

    Raises
    ------
    TableError
        If it cannot be opened.
    """

    def __init__(self, name: str) -> None:
        from xopen import xopen

        self.name = name
        try:
            self.raw: BinaryIO = open(name, "rb")
        except FileNotFoundError:
            raise TableError(name, "no such file") from None
        except IsADirectoryError:
            raise TableError(name, "is a folder; name a file") from None
        except OSError as error:
            raise _unreadable(name, error) from error
        self._decoder: codecs.IncrementalDecoder | None = None
        self._line_ends: tuple[bytes, bytes] | None = None
        self.size = self.raw.seek(0, 2) if self.raw.seekable() else 0
        if self.size:
            self.raw.seek(0)
        try:
            self.handle = xopen(self.raw, "rb", threads=0)
        except Exception as error:  # each compression library has errors of its own
            raise _unreadable(name, error) from error

    def read(self, count: int) -> bytes:
        """Return at most ``count`` bytes, none at the end; -1 for all.

        More of a file of text as :meth:`transcode` says.
        """
        try:
            data: bytes = self.handle.read(count)
            while self._decoder is not None:
                text = self._decoder.decode(data, final=not data)
                if text or not data:
                    data = text.encode()
                    break
                data = self.handle.read(count)
        except Exception as error:  # as above
            raise _unreadable(self.name, error) from error
        return data if self._line_ends is None else data.replace(*self._line_ends)

    def transcode(self, start: bytes) -> bytes:
        """Return the file's first bytes in UTF-8, and all others from now on.

        UTF-16 and UTF-32 are known by their byte-order mark; others stay as they are.
        Where all lines end with a carriage return, as on Macintoshes once, they end
        with a line feed.
        """
        encoding = marked_encoding(start)
        if encoding is not None:
            self._decoder = codecs.getincrementaldecoder(encoding)()
            try:
                start = self._decoder.decode(start).encode()
            except UnicodeError as error:
                raise _unreadable(self.name, error) from error
        if b"\r" in start and LINE_END not in start:
            self._line_ends = b"\r", LINE_END
            start = start.replace(*self._line_ends)
        return start

    def position(self) -> int:
        """Return how many bytes of the file, compressed as it is, have been read."""
        return self.raw.tell() if self.size else 0

    def close(self) -> None:
        """Close the file."""
        self.handle.close()
        self.raw.close()


def blocks(
    source: Bytes,
    start: bytes,
    cut: Callable[[bytes], int],
    line: int = 1,
    delimiter: str | None = None,
) -> Iterator[Block]:
    """Yield the rest of a file in blocks, comments blanked and encoded in UTF-8.

    Parameters
    ----------
    source : Bytes
        Read up to and with ``start``.
    start : bytes
        What of it belongs to the first block.
    cut : callable
        Returns where the last whole row of some bytes ends, 0 for nowhere.
    line : int
        The line that ``start`` begins with.
    delimiter : str, optional
        Of csv or tsv.

    Raises
    ------
    TableError
        If the file cannot be read, a row does not end, or there is a NUL byte.
    """
    rest = start
    while True:
        data = source.read(BLOCK_BYTES)
        if b"\0" in data:
            check_undamaged(source.name, data, line + rest.count(LINE_END))
        rest = without_comments(rest + data, final=not data, delimiter=delimiter)
        end = cut(rest) if data else len(rest)
        if not data and b'"' in rest and delimiter is not None:
            # A line end that stands in quotes ends no row.
            begun = cut(rest + b"\n")
            if begun <= len(rest):
                raise TableError(
                    source.name,
                    f"line {line + rest.count(LINE_END, 0, begun)} begins a row with a "
                    "quote that is never closed; close it or leave it out",
                )
        if end:
            yield Block(in_utf8(rest[:end]), line, source.position())
            line += rest.count(LINE_END, 0, end)
            rest = rest[end:]
        elif len(rest) > MAX_ROW_LENGTH:
            raise TableError(
                source.name,
                f"line {line} begins a row of more than {MAX_ROW_LENGTH >> 20} MiB; "
                "is a quote not closed?",
            )
        if not data:
            return


def check_undamaged(name: str, data: bytes, line: int) -> None:
    """Refuse text with a NUL byte; ``line`` is the one that it begins in."""
    at = data.find(b"\0")
    if at >= 0:
        raise TableError(
            name,
            f"line {line + data.count(LINE_END, 0, at)} holds a NUL byte: the file is "
            "damaged; copy it anew",
        )


def row_cut(delimiter: str) -> Callable[[bytes], int]:
    """Return the ``cut`` of csv or tsv."""

    def cut(data: bytes) -> int:
        if b'"' not in data:
            return data.rfind(b"\n") + 1
        return int(kernels.end_of_rows(np.frombuffer(data, np.uint8), ord(delimiter)))

    return cut


def record_cut(data: bytes) -> int:
    """Return where the last record of some FASTA begins."""
    return data.rfind(b"\n>") + 1


def without_comments(
    data: bytes, *, final: bool = False, delimiter: str | None = None
) -> bytes:
    """Return text with its lines that begin with ``#`` made blank.

    Their line ends stay, and so the line numbers of messages. The last line waits
    until it is whole, or ``final``. With the ``delimiter`` of csv or tsv a ``#`` inside
    quotes is a cell's.
    """
    if data.startswith(b"#") or b"\n#" in data:
        end = len(data) if final else data.rfind(b"\n") + 1
        if delimiter is not None and b'"' in data:
            rows = np.frombuffer(data, np.uint8)[:end]
            kept = np.empty(end, np.bool_)
            kernels.outside_comments(rows, ord(delimiter), kept)
            return rows[kept].tobytes() + data[end:]
        return COMMENT.sub(b"", data[:end]) + data[end:]
    return data


def without_leading_comments(data: bytes, *, final: bool = False) -> bytes:
    """Return text with the comments above its first row made blank."""
    above = leading_comments(data)
    return without_comments(above, final=final) + data[len(above) :]


def leading_comments(data: bytes) -> bytes:
    """Return the comments and blank lines that a text begins with."""
    found = LEADING.match(data)
    return found[0] if found else b""


def in_utf8(data: bytes) -> bytes:
    """Return text in UTF-8; what is not UTF-8 is taken for Latin-1."""
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError:
            return data.decode("latin-1").encode()
    return data


def _unreadable(name: str, error: Exception) -> TableError:
    said = (str(error).strip() or type(error).__name__).splitlines()[0]
    return TableError(name, f"cannot be read ({said}); copy it anew")
