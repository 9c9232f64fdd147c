"""The text of a structure file, and its format, told by what is in it."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Literal

from pottsfold.errors import StructureError
from pottsfold.files import DamagedFile, compression_of, marked_encoding, unpack
from pottsfold.memory import available_memory

Format = Literal["PDB", "mmCIF", "mmJSON"]
WANTED = "a PDB or mmCIF file is needed"
# A text takes several times its size while it is read.
SHARE_OF_MEMORY = 8
# What other files begin with, or have near their beginning.
STRANGERS = (
    (rb"PK\x03\x04", "a zip archive; unpack it"),
    (rb"\x1f\x9d", "packed by compress; unpack it"),
    (rb"(?s).{0,200}mmtfVersion", "MMTF, which is not read"),
    (rb"(?s)[\x80-\xdf].{0,200}(dataBlocks|encoder)", "BinaryCIF, which is not read"),
    (rb"\s*<[!?a-zA-Z]", "XML or a web page"),
)


def read_content(path: str | Path) -> tuple[str, Format]:
    """Return the text of a structure file, unpacked, and its format.

    Compression and encoding are told by content: gz, bz2, xz and zst, UTF-8 with or
    without a byte-order mark, UTF-16.

    Raises
    ------
    StructureError
        If there is no such file, it is empty or damaged, or of another format.
    """
    name = str(path)
    data = _file_bytes(name)
    for beginning, what in STRANGERS:
        if re.match(beginning, data[:400]):
            raise StructureError(name, f"is {what}; {WANTED}")
    text = _decoded(data)
    if not text.strip():
        raise StructureError(name, f"nothing in it; {WANTED}")
    return text, _format(text)


def _file_bytes(name: str) -> bytes:
    if not Path(name).is_file():
        raise StructureError(name, "no such file")
    limit = available_memory() // SHARE_OF_MEMORY
    try:
        if Path(name).stat().st_size > limit:
            raise StructureError(name, _too_large(limit))
        data = Path(name).read_bytes()
    except OSError as error:
        raise StructureError(name, f"cannot be read ({error.strerror})") from error
    if not data:
        raise StructureError(name, f"empty; {WANTED}")
    compression = compression_of(data)
    if compression is None:
        return data
    try:
        data = unpack(io.BytesIO(data), compression, limit)
    except DamagedFile as error:
        raise StructureError(
            name, f"cannot be read ({error}); fetch it again"
        ) from error
    if len(data) > limit:
        raise StructureError(name, _too_large(limit))
    return data


def _too_large(limit: int) -> str:
    return (
        f"more than {limit / 2**30:.1f} GiB, too much for this machine's memory; "
        "keep the chains that matter"
    )


def _decoded(data: bytes) -> str:
    encoding = marked_encoding(data)
    if encoding is None and data[1:2] == b"\0":
        encoding = "utf-16-le"
    elif encoding is None and data[:1] == b"\0":
        encoding = "utf-16-be"
    # Names of authors in remarks are in any encoding, and of no account.
    return data.decode(encoding or "utf-8-sig", errors="replace")


def _format(text: str) -> Format:
    """Return the format that the first line which is no comment shows."""
    for line in io.StringIO(text, newline=None):
        word = line.strip().lower()
        if word.startswith(("data_", "loop_", "_", "global_", "save_")):
            return "mmCIF"
        if word.startswith("{"):
            return "mmJSON"
        if word and not word.startswith("#"):
            return "PDB"
    return "PDB"
