"""Alignment files as text: decompressed, recognised by content, split in records.

What comes out is names and raw rows of bytes, insert columns and all; meaning is
given to them in :mod:`pottsfold.alignment.read`.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pottsfold.errors import AlignmentError
from pottsfold.files import DamagedFile, compression_of, unpack

CLUSTAL_HEADS = ("CLUSTAL", "PROBCONS", "MUSCLE", "MSAPROBS", "KALIGN")
END = "//"
PLAIN_ROW = re.compile(r"[A-Za-z.*~-]+\s*")
READABLE = "FASTA, A2M, A3M, Stockholm, Clustal and PSICOV .aln are read"


@dataclass(frozen=True)
class Records:
    """The records of a file as they stand in it.

    Parameters
    ----------
    path, sha256, format : str
        The file; ``format`` is ``fasta`` for FASTA, A2M and A3M alike.
    names : list of str
        First word of every header.
    rows : list of bytes
        Letters of every record, white space taken out.
    """

    path: str
    sha256: str
    format: str
    names: list[str]
    rows: list[bytes]


def read_records(path: str | Path, *, min_sequences: int = 2) -> Records:
    """Read the records of an alignment file.

    Parameters
    ----------
    path : str or Path
        Plain or compressed.
    min_sequences : int
        1 or 2: a family needs more than one sequence.

    Raises
    ------
    AlignmentError
        If the file is missing, empty, binary, cut off, or of no known format.
    """
    name = str(path)
    data, sha256 = _file_bytes(name)
    _refuse_binary(name, data)
    format_name = _sniff(name, data)
    parse = {
        "fasta": _fasta,
        "stockholm": _blocks,
        "clustal": _blocks,
        "psicov": _psicov,
    }[format_name]
    names, rows = parse(name, data, format_name)
    if not rows:
        raise AlignmentError("no sequence in it", path=name)
    if len(rows) < min_sequences:
        raise AlignmentError(
            "only one sequence in it; a family needs many", path=name, record=names[0]
        )
    return Records(name, sha256, format_name, names, rows)


def line_of_record(records: Records, index: int) -> int | None:
    """Return the line, from 1, where a record starts; None if it cannot be told."""
    if not Path(records.path).is_file():
        return None  # a pipe can be read only once
    data, _ = _file_bytes(records.path)
    seen = -1
    for number, line in enumerate(_text(data), start=1):
        text = line.strip()
        if records.format == "fasta":
            starts = text.startswith(">")
        elif records.format == "psicov":
            starts = bool(text) and not text.startswith("#")
        else:
            starts = text.split()[:1] == [records.names[index]]
            seen = index - 1
        if starts:
            seen += 1
            if seen == index:
                return number
    return None


def _file_bytes(name: str) -> tuple[bytes, str]:
    """Return a file's decompressed bytes and the SHA-256 of its stored ones."""
    try:
        data = Path(name).read_bytes()
    except IsADirectoryError:
        raise AlignmentError("is a folder; name a file", path=name) from None
    except FileNotFoundError:
        raise AlignmentError("no such file", path=name) from None
    except OSError as error:
        raise AlignmentError(f"cannot be read ({error.strerror})", path=name) from error
    if not data:
        raise AlignmentError("the file is empty", path=name)
    sha256 = hashlib.sha256(data).hexdigest()
    compression = compression_of(data)
    if compression is not None:
        try:
            data = unpack(io.BytesIO(data), compression)
        except DamagedFile as error:
            raise AlignmentError(f"{error}; fetch it again", path=name) from error
    # MMseqs2 ends its A3M records with NUL bytes.
    data = data.rstrip(b"\0")
    if not data.strip():
        raise AlignmentError("nothing in it", path=name)
    return data, sha256


def _refuse_binary(name: str, data: bytes) -> None:
    head = data[:8192]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise AlignmentError("text in UTF-16; save it as UTF-8", path=name)
    control = sum(byte < 9 or 13 < byte < 32 for byte in head)
    if control:
        raise AlignmentError(f"a binary file, not an alignment; {READABLE}", path=name)


def _text(data: bytes) -> io.TextIOWrapper:
    # A byte-order mark would otherwise hide the first record's ">".
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", errors="replace")


def _sniff(name: str, data: bytes) -> str:
    """Return the format that the first lines show."""
    number, first = 0, ""
    for line in _text(data):
        number += 1
        first = line.strip()
        if first.startswith("# STOCKHOLM") or (first and first[0] != "#"):
            break
    if first.startswith(">"):
        return "fasta"
    if first.startswith("# STOCKHOLM"):
        return "stockholm"
    if first.upper().startswith(CLUSTAL_HEADS):
        return "clustal"
    if PLAIN_ROW.fullmatch(first):
        return "psicov"
    raise AlignmentError(
        f"unknown format, begins with {_shown(first)}; {READABLE}",
        path=name,
        line=number,
    )


def _fasta(name: str, data: bytes, _format: str) -> tuple[list[str], list[bytes]]:
    """Read FASTA, from the first header on: ColabFold puts a ``#`` line first.

    Biopython's parser is not used here: its import takes longer than most files.
    """
    names: list[str] = []
    parts: list[list[str]] = []
    for line in _text(data):
        if line.startswith(">"):
            title = line[1:].split(maxsplit=1)
            names.append(title[0] if title else f"record_{len(names) + 1}")
            parts.append([])
        elif parts:
            # Blanks and tabs inside a line count no more than its end.
            parts[-1] += line.split()
    return names, ["".join(words).encode("ascii", "replace") for words in parts]


def _blocks(name: str, data: bytes, format_name: str) -> tuple[list[str], list[bytes]]:
    """Read Stockholm or Clustal, where every block holds the next part of each row.

    Biopython's readers are not used here: the Stockholm one makes ``.`` into ``-``,
    so that inserts look like match columns, and the Clustal one never returns from
    a file that is a header only.
    """
    parts: dict[str, list[str]] = {}
    in_block: set[str] = set()
    ended = False
    for number, record, letters in _block_rows(name, data, format_name):
        if not record:
            in_block.clear()
        elif ended:
            raise AlignmentError(
                "a second alignment begins here; keep one in the file",
                path=name,
                line=number,
            )
        elif record == END:
            ended = True
        elif record in in_block:
            raise AlignmentError(
                "stands twice in one block; give every sequence a name of its own, "
                "and put a blank line between blocks",
                path=name,
                line=number,
                record=record,
            )
        else:
            in_block.add(record)
            parts.setdefault(record, []).append(letters)
    if format_name == "stockholm" and not ended:
        raise AlignmentError(
            "does not end with '//' (cut off?); fetch it again, or add that line",
            path=name,
        )
    return list(parts), ["".join(p).encode("ascii", "replace") for p in parts.values()]


def _block_rows(
    name: str, data: bytes, format_name: str
) -> Iterator[tuple[int, str, str]]:
    """Yield line number, name and letters of rows; END at the end, "" where blank."""
    header_seen = False
    for number, line in enumerate(_text(data), start=1):
        words = line.split()
        if not words:
            yield number, "", ""
        elif format_name == "stockholm" and line.startswith("#"):
            continue
        elif format_name == "stockholm" and words == [END]:
            yield number, END, ""
        elif format_name == "clustal" and (line[0] in " \t#" or not header_seen):
            # The line of conservation marks begins with blanks and ends a block.
            header_seen = header_seen or line[0] != "#"
            yield number, "", ""
        elif len(words) == 2 or (format_name == "clustal" and _is_counted_row(words)):
            yield number, words[0], words[1]
        else:
            raise AlignmentError(
                f"{_shown(line.strip())} is not a name and a row of letters",
                path=name,
                line=number,
            )


def _is_counted_row(words: list[str]) -> bool:
    """Tell a Clustal row that ends with its count of residues."""
    return len(words) == 3 and words[2].isdecimal()


def _shown(text: str) -> str:
    """Return the beginning of a line, quoted."""
    return repr(text if len(text) <= 40 else text[:40] + "...")


def _psicov(name: str, data: bytes, _format: str) -> tuple[list[str], list[bytes]]:
    rows: list[bytes] = []
    for number, line in enumerate(_text(data), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if not PLAIN_ROW.fullmatch(text):
            raise AlignmentError(
                f"{_shown(text)} is not a row of letters and gaps; {READABLE}",
                path=name,
                line=number,
            )
        rows.append(text.encode("ascii", "replace"))
    return [f"sequence_{k}" for k in range(1, len(rows) + 1)], rows
