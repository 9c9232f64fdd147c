"""Alignment files as names and raw rows of letters.

Rows come with insert columns and all; meaning is given to them in
:mod:`pottsfold.alignment.read`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pottsfold.alignment.blocks import block_records
from pottsfold.alignment.formats import (
    FASTA_COMMENTS,
    PIR_HEAD,
    Record,
    fasta,
    pir,
    psicov,
    recognised,
)
from pottsfold.alignment.letters import RowReader
from pottsfold.alignment.stored import refuse_binary, stored_text
from pottsfold.alphabet import Alphabet
from pottsfold.errors import AlignmentError, shown

# Rows of HH-suite, PROMALS and Stockholm that say something of the columns.
ANNOTATION = re.compile(
    r"(?:aa|ss|sa)_(?:[a-z]*pred|conf|prob|dssp|stride)(?![a-z]).*"
    r"|(?:aa|ss|sa|pp|rf|seq)_cons|consensus_(?:aa|ss):?",
    re.IGNORECASE,
)
CONSENSUS = re.compile(r"(?:.*_)?consensus(?:/[0-9]+-[0-9]+)?", re.IGNORECASE)
# Confidence and accessibility, a digit a column.
DIGITS = re.compile(r"[-.~\s]*[0-9][-.~\s0-9]*")


@dataclass(frozen=True)
class Records:
    """The sequences of a file as they stand in it.

    Parameters
    ----------
    path, sha256, format : str
        The file; ``format`` is ``fasta`` for FASTA, A2M and A3M alike.
    names : list of str
        First word of every header.
    rows : list of bytes
        Letters and gaps of every sequence, see :mod:`pottsfold.alignment.letters`.
    lines : list of int
        Line, from 1, where each begins.
    notes : tuple of str
        What was left out or read as something else, a sentence each.
    """

    path: str
    sha256: str
    format: str
    names: list[str]
    rows: list[bytes]
    lines: list[int]
    notes: tuple[str, ...]


def read_records(
    path: str | Path,
    *,
    min_sequences: int = 2,
    alphabet: Alphabet | None = None,
    wanted: str | None = None,
) -> Records:
    """Read the sequences of an alignment file, without rows that are annotation.

    Parameters
    ----------
    path : str or Path
        Plain or compressed.
    min_sequences : int
        1 or 2: a family needs more than one sequence.
    alphabet : Alphabet, optional
        Its letters are letters, whatever they mean elsewhere.
    wanted : str, optional
        Name of a row that is kept even if it is a consensus.

    Raises
    ------
    AlignmentError
        If the file is missing, empty, binary, cut off, too large for the memory, of no
        known format, or holds more than one alignment.
    """
    name = str(path)
    data, sha256 = stored_text(name)
    refuse_binary(name, data)
    format_name = recognised(name, data)
    reader = RowReader(alphabet)
    names: list[str] = []
    rows: list[bytes] = []
    lines: list[int] = []
    left_out: list[str] = []
    for record in _split(name, data, format_name, reader):
        if _is_annotation(record, reader, wanted):
            left_out.append(shown(record.name))
            continue
        names.append(_readable(record.name))
        rows.append(_row(name, record, reader))
        lines.append(record.line)
    if not rows:
        raise AlignmentError(f"no sequence in it{_only(left_out)}", path=name)
    if len(rows) < min_sequences:
        raise AlignmentError(
            "only one sequence in it; a family needs many", path=name, record=names[0]
        )
    if format_name == "fasta":
        _refuse_unended_pir(name, names[0], lines[0], rows)
    rows = reader.without_stops(rows)
    notes = reader.notes()
    if left_out:
        listed = ", ".join(left_out[:6])
        notes.insert(0, f"left out {len(left_out)} rows of annotation ({listed})")
    return Records(name, sha256, format_name, names, rows, lines, tuple(notes))


def _split(
    name: str, data: bytes, format_name: str, reader: RowReader
) -> Iterable[Record]:
    if format_name == "fasta":
        comments = tuple(c for c in FASTA_COMMENTS if not reader.is_letter(c))
        return fasta(data, comments)
    if format_name == "pir":
        return pir(name, data)
    if format_name == "psicov":
        return psicov(name, data)
    return block_records(name, data, format_name)


def _is_annotation(record: Record, reader: RowReader, wanted: str | None) -> bool:
    """Tell a row that is no sequence: structure, confidence, a consensus."""
    name = record.name
    if ANNOTATION.fullmatch(name):
        return True
    if name != wanted and CONSENSUS.fullmatch(name):
        return True
    return not reader.has_digits and DIGITS.fullmatch(record.text) is not None


def _only(left_out: list[str]) -> str:
    if not left_out:
        return ""
    return (
        f", only rows of digits or annotation ({', '.join(left_out[:5])}); if digits "
        "are its letters, name them with `alphabet`"
    )


def _row(name: str, record: Record, reader: RowReader) -> bytes:
    row = reader.row(record.text)
    if b">" in row and not reader.is_letter(">"):
        raise AlignmentError(
            "'>' among its letters: a line end is missing before it",
            path=name,
            line=record.line,
            record=record.name,
        )
    return row


def _refuse_unended_pir(name: str, header: str, line: int, rows: list[bytes]) -> None:
    """Refuse headers of PIR over rows that may be a line of free text and a row.

    Rows of one length are FASTA that kept the names of a PIR.
    """
    if PIR_HEAD.match(">" + header) and len(set(map(len, rows))) > 1:
        raise AlignmentError(
            "headers of PIR, and no record ends with '*'; add it, or write the file as "
            "FASTA",
            path=name,
            line=line,
            record=header,
        )


def _readable(name: str) -> str:
    """Return a name without bytes that are not UTF-8."""
    if name.isascii():
        return name
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
