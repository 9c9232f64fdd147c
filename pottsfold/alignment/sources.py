"""Alignment files as text: decompressed, recognised by content, split in records.

What comes out is names and raw rows of bytes, insert columns and all; meaning is
given to them in :mod:`pottsfold.alignment.read`.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pottsfold.errors import AlignmentError

COMPRESSIONS = {
    b"\x1f\x8b": "gz",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zst",
    b"BZh": "bz2",
}
CLUSTAL_HEADS = ("CLUSTAL", "PROBCONS", "MUSCLE", "MSAPROBS")
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


def read_records(path: str | Path) -> Records:
    """Read the records of an alignment file.

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
        "stockholm": _biopython,
        "clustal": _biopython,
        "psicov": _psicov,
    }[format_name]
    names, rows = parse(name, data, format_name)
    if not rows:
        raise AlignmentError("no sequence in it", path=name)
    if len(rows) == 1:
        raise AlignmentError(
            "only one sequence in it; a family needs many", path=name, record=names[0]
        )
    return Records(name, sha256, format_name, names, rows)


def line_of_record(records: Records, index: int) -> int | None:
    """Return the line, from 1, where a record starts; None if it cannot be told."""
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
    for magic, compression in COMPRESSIONS.items():
        if data.startswith(magic):
            data = _decompress(name, data, compression)
    # MMseqs2 ends its A3M records with NUL bytes.
    data = data.rstrip(b"\0")
    if not data.strip():
        raise AlignmentError("nothing in it", path=name)
    return data, sha256


def _decompress(name: str, data: bytes, compression: str) -> bytes:
    from xopen import xopen

    try:
        with xopen(io.BytesIO(data), "rb", format=compression, threads=0) as handle:
            content: bytes = handle.read()
            return content
    except EOFError as error:
        raise AlignmentError(
            f"the {compression} data end too soon (cut off?); fetch it again",
            path=name,
        ) from error
    except Exception as error:  # each compression library has errors of its own
        raise AlignmentError(
            f"the {compression} data are damaged ({error})", path=name
        ) from error


def _refuse_binary(name: str, data: bytes) -> None:
    head = data[:8192]
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
    shown = first if len(first) <= 40 else first[:40] + "..."
    raise AlignmentError(
        f"unknown format, begins with {shown!r}; {READABLE}",
        path=name,
        line=number,
    )


def _fasta(name: str, data: bytes, _format: str) -> tuple[list[str], list[bytes]]:
    from Bio.SeqIO.FastaIO import SimpleFastaParser

    names: list[str] = []
    rows: list[bytes] = []
    for title, sequence in SimpleFastaParser(_after_comments(_text(data))):
        names.append((title.split(maxsplit=1) or [f"record_{len(names) + 1}"])[0])
        rows.append(sequence.encode("ascii", "replace"))
    return names, rows


def _after_comments(lines: io.TextIOWrapper) -> Iterator[str]:
    """Yield lines from the first header on (ColabFold puts a ``#`` line first)."""
    started = False
    for line in lines:
        started = started or line.startswith(">")
        if started:
            yield line


def _biopython(
    name: str, data: bytes, format_name: str
) -> tuple[list[str], list[bytes]]:
    from Bio import AlignIO

    try:
        alignment = AlignIO.read(_text(data), format_name)
    except (ValueError, AssertionError, IndexError, KeyError) as error:
        _explain_block_file(name, data)
        reason = str(error).strip() or type(error).__name__
        raise AlignmentError(
            f"cannot be read as {format_name} ({reason})", path=name
        ) from error
    names = [record.id for record in alignment]
    return names, [str(record.seq).encode("ascii", "replace") for record in alignment]


def _explain_block_file(name: str, data: bytes) -> None:
    """Raise an error that names the ragged record of a Stockholm or Clustal file."""
    lengths: Counter[str] = Counter()
    lines: dict[str, int] = {}
    for number, line in enumerate(_text(data), start=1):
        words = line.split()
        is_row = not line.startswith(("#", "//", " ", *CLUSTAL_HEADS))
        if is_row and len(words) >= 2:
            lengths[words[0]] += len(words[1])
            lines[words[0]] = number
    if lengths:
        usual = Counter(lengths.values()).most_common(1)[0][0]
        for record, length in lengths.items():
            if length != usual:
                raise AlignmentError(
                    f"{length} letters where the others have {usual}",
                    path=name,
                    line=lines[record],
                    record=record,
                )


def _psicov(name: str, data: bytes, _format: str) -> tuple[list[str], list[bytes]]:
    rows: list[bytes] = []
    for number, line in enumerate(_text(data), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if not PLAIN_ROW.fullmatch(text):
            shown = text if len(text) <= 40 else text[:40] + "..."
            raise AlignmentError(
                f"{shown!r} is not a row of letters and gaps; {READABLE}",
                path=name,
                line=number,
            )
        rows.append(text.encode("ascii", "replace"))
    return [f"sequence_{k}" for k in range(1, len(rows) + 1)], rows
