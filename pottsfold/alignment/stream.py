"""Sequences in a file that is mapped into memory, so that only what is used is held.

The file is written once and used again: an 8-byte length, a JSON header, the codes
(N, L) uint8, as safetensors has it. The header holds their SHA-256, which tells whether
a file is of the alignment at hand, and whole.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment.alignment import Alignment
from pottsfold.errors import UsageError
from pottsfold.files import written_whole

FORMAT = "pottsfold-sequences 1"
# Headers are shorter; more would be another file.
MAX_HEADER = 4096
# Bytes at a time.
PIECE = 2**24


def streamed(alignment: Alignment, path: str | Path) -> Alignment:
    """Return the alignment with its codes in a file, mapped into memory.

    Parameters
    ----------
    alignment : Alignment
        Sequences.
    path : str or Path
        File of their codes: written if it is not there, else checked and used.

    Returns
    -------
    Alignment
        The same, ``codes`` read from the file as they are used.

    Raises
    ------
    UsageError
        If the file is of another alignment, damaged or something else.
    OutputError
        If it cannot be written.
    """
    path = Path(path)
    if not path.exists():
        _write(path, alignment)
    start = _checked(path, alignment)
    codes = np.memmap(
        path, np.uint8, mode="r", offset=start, shape=alignment.codes.shape
    )
    return replace(alignment, codes=codes)


def _header(alignment: Alignment) -> dict[str, Any]:
    """Return what the header of an alignment's file says."""
    digest = hashlib.sha256()
    for piece in _pieces(alignment.codes):
        digest.update(piece)
    about = {
        "format": FORMAT,
        "letters": alignment.alphabet.letters,
        "sha256": digest.hexdigest(),
    }
    place = {
        "dtype": "U8",
        "shape": list(alignment.codes.shape),
        "data_offsets": [0, alignment.codes.size],
    }
    return {"__metadata__": about, "codes": place}


def _write(path: Path, alignment: Alignment) -> None:
    text = json.dumps(_header(alignment)).encode()
    text += b" " * (-len(text) % 8)
    with written_whole(path) as beside, open(beside, "wb") as handle:
        handle.write(len(text).to_bytes(8, "little") + text)
        for piece in _pieces(alignment.codes):
            handle.write(piece)


def _checked(path: Path, alignment: Alignment) -> int:
    """Return where the codes begin, the file being whole and of the alignment."""
    try:
        with open(path, "rb") as handle:
            header = _read_header(handle)
            if header != _header(alignment):
                raise UsageError(
                    "it holds the sequences of another alignment, or other columns or "
                    "rows of it; name another file, or remove it",
                    parameter="stream",
                    value=path,
                )
            start = handle.tell()
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(
            f"cannot be read ({error.strerror}); name another file",
            parameter="stream",
            value=path,
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            "it is no file of sequences that was written here; name another",
            parameter="stream",
            value=path,
        ) from error
    if digest != header["__metadata__"]["sha256"]:
        raise UsageError(
            "it is damaged; remove it, and it is written again",
            parameter="stream",
            value=path,
        )
    return start


def _read_header(handle: BinaryIO) -> dict[str, Any]:
    length = int.from_bytes(handle.read(8), "little")
    if not 0 < length <= MAX_HEADER:
        raise ValueError("no header")
    header: dict[str, Any] = json.loads(handle.read(length))
    if header["__metadata__"]["format"] != FORMAT:
        raise ValueError("another format")
    return header


def _pieces(codes: NDArray[np.uint8]) -> list[memoryview]:
    """Return the bytes of codes, some rows at a time."""
    step = max(PIECE // max(codes.shape[1], 1), 1)
    return [codes[first : first + step].data for first in range(0, len(codes), step)]
