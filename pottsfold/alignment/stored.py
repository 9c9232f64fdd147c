"""The bytes of an alignment file: read, unpacked and told apart from binary data.

No file is read or unpacked further than the memory there is allows: a few megabytes of
gz may unpack to gigabytes.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import re
from pathlib import Path

from pottsfold.errors import AlignmentError, shown
from pottsfold.files import (
    PIECE,
    DamagedFile,
    compression_of,
    marked_encoding,
    unpack,
)
from pottsfold.memory import available_memory

READABLE = "FASTA, A2M, A3M, PIR, Stockholm, Clustal and PSICOV .aln are read"
# The text, its rows, the matrix of them and what each letter is, or the codes; names.
COPIES = 5
# Below this size nobody need ask how much memory there is.
SMALL = 2**24
ARCHIVES = {
    b"PK\x03\x04": "a zip archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!": "a rar archive",
    b"\x1f\x9d": "compressed by compress (.Z)",
    b"\x04\x22\x4d\x18": "compressed by lz4",
}
TAR_MARK = slice(257, 262)
# Without a mark of byte order, ASCII in UTF-16 has a NUL in every other byte.
UNMARKED = {b">\0": "utf-16-le", b"\0>": "utf-16-be"}
FREE_TEXT = (">", "#", ";")
CONTROL = bytes(byte for byte in range(32) if not 9 <= byte <= 13)
CONTROLS = re.compile("[\0-\x08\x0e-\x1f]")
# What ends a file without being part of it: NUL of MMseqs2, Ctrl-Z of DOS.
PADDING = b"\0\x1a"
BLANKS = b" \t\r\n"


def stored_text(name: str) -> tuple[bytes, str]:
    """Return a file's text, unpacked and in UTF-8, and the SHA-256 of its bytes.

    Raises
    ------
    AlignmentError
        If it cannot be read, is empty, binary, damaged or too large, or holds more
        than one alignment.
    """
    data = _read(name)
    sha256 = hashlib.sha256(data).hexdigest()
    data = _unpacked(name, data)
    encoding = marked_encoding(data) or UNMARKED.get(data[:2])
    if encoding is not None:
        data = _in_utf_8(name, data, encoding)
    data = data.removeprefix(codecs.BOM_UTF8)
    if any(byte in data[-4096:] for byte in PADDING):  # to strip bytes is to copy them
        data = data.rstrip(PADDING + BLANKS)
    if not data or data.isspace():
        raise AlignmentError("nothing in it", path=name)
    _refuse_several(name, data)
    return data, sha256


def lines_of(data: bytes) -> io.TextIOWrapper:
    """Return the lines of a text, whatever ends them.

    Bytes that are not UTF-8 become lone surrogates, so that none is lost.
    """
    # A byte-order mark would otherwise hide the first record's ">".
    return io.TextIOWrapper(
        io.BytesIO(data), encoding="utf-8-sig", errors="surrogateescape"
    )


def refuse_binary(name: str, data: bytes) -> None:
    """Refuse text with control characters elsewhere than in headers and comments.

    NCBI joins descriptions by Ctrl-A, and programs copy them.

    Raises
    ------
    AlignmentError
        If there is one.
    """
    if len(data.translate(None, CONTROL)) == len(data):
        return
    for line in lines_of(data):
        if CONTROLS.search(line) and not line.lstrip().startswith(FREE_TEXT):
            raise AlignmentError(
                f"a binary file, not an alignment; {READABLE}", path=name
            )


def _read(name: str) -> bytes:
    try:
        path = Path(name)
        size = path.stat().st_size
        if size > SMALL and size * COPIES > (available := available_memory()):
            raise _too_large(name, f"is {size / 2**30:.1f} GiB large", available)
        # Nobody knows beforehand how much comes out of a pipe.
        plain = path.is_file() or path.is_dir()
        data = path.read_bytes() if plain else _piped(name)
    except IsADirectoryError:
        raise AlignmentError("is a folder; name a file", path=name) from None
    except FileNotFoundError:
        raise AlignmentError("no such file", path=name) from None
    except OSError as error:
        raise AlignmentError(f"cannot be read ({error.strerror})", path=name) from error
    if not data:
        raise AlignmentError("the file is empty", path=name)
    return data


def _piped(name: str) -> bytes:
    available = available_memory()
    result = io.BytesIO()
    with open(name, "rb") as handle:
        while piece := handle.read(PIECE):
            result.write(piece)
            if result.tell() * COPIES > available:
                size = f"{result.tell() / 2**30:.1f} GiB"
                raise _too_large(name, f"is larger than {size}", available)
    return result.getvalue()


def _too_large(name: str, does: str, available: int) -> AlignmentError:
    return AlignmentError(
        f"{does}, too much to be read in the {available / 2**30:.1f} GiB of memory "
        f"that are available ({COPIES} times its size is needed); give it fewer "
        "sequences, or use a larger machine",
        path=name,
    )


def _unpacked(name: str, data: bytes) -> bytes:
    compression = compression_of(data)
    if compression is None:
        return _no_archive(name, data)
    available = available_memory()
    limit = max(available // COPIES, SMALL)
    try:
        result = unpack(io.BytesIO(data), compression, limit)
    except DamagedFile as error:
        raise AlignmentError(f"{error}; fetch it again", path=name) from error
    if len(result) > limit:
        size = f"{len(result) / 2**30:.1f} GiB"
        raise _too_large(name, f"unpacks to more than {size}", available)
    if compression_of(result) is not None:
        raise AlignmentError("compressed twice; unpack it once", path=name)
    return _no_archive(name, result)


def _no_archive(name: str, data: bytes) -> bytes:
    found = next((ARCHIVES[mark] for mark in ARCHIVES if data.startswith(mark)), None)
    if found is None and data[TAR_MARK] == b"ustar":
        found = "a tar archive"
    if found is not None:
        raise AlignmentError(f"{found}; unpack it first", path=name)
    return data


def _in_utf_8(name: str, data: bytes, encoding: str) -> bytes:
    try:
        return data.decode(encoding).encode("utf-8")
    except UnicodeError as error:
        raise AlignmentError(
            f"text in {encoding.upper()[:6]}, damaged or cut off; save it as UTF-8",
            path=name,
        ) from error


def _refuse_several(name: str, data: bytes) -> None:
    """Refuse a second alignment behind a NUL, and NULs that part no alignments."""
    place = data.find(b"\0")
    if place < 0:
        return
    rest = data[place : place + 2**20].lstrip(b"\0" + BLANKS).decode("utf-8", "replace")
    begins = rest.split("\n", 1)[0]
    if not begins.startswith(FREE_TEXT) or not data[:place].strip():
        raise AlignmentError(f"a binary file, not an alignment; {READABLE}", path=name)
    header = re.search(r"^\s*>\s*(\S+)", rest, re.MULTILINE)
    raise AlignmentError(
        "a second alignment begins here, behind a NUL byte (MMseqs2 and ColabFold end "
        "each with one); keep one alignment in the file",
        path=name,
        line=sum(1 for _ in lines_of(data[:place] + b"x")),
        record=shown(header[1]) if header else None,
    )
