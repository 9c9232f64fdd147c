"""Formats of alignments: recognised by content, split in records.

Biopython's parsers are not used here: their import takes longer than most files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from pottsfold.alignment.letters import CHAIN_BREAKS, OTHER_GAPS, WINDOWS
from pottsfold.alignment.stored import READABLE, lines_of
from pottsfold.errors import AlignmentError, shown

CLUSTAL_HEADS = (
    "CLUSTAL",
    "PROBCONS",
    "MUSCLE",
    "MSAPROBS",
    "KALIGN",
    "T-COFFEE",
    "BIOPYTHON",
)
STOCKHOLM_HEAD = re.compile(r"#\s*STOCKHOLM\b|#=G[FCSR]\b", re.IGNORECASE)
DASHES = OTHER_GAPS + "".join(map(chr, WINDOWS))
PLAIN_ROW = re.compile(rf"[A-Za-z.*?{DASHES}{CHAIN_BREAKS}-]+")
# The kinds of sequences of NBRF/PIR, and Modeller's comments before the first.
PIR_HEAD = re.compile(r">\s*(?:P1|F1|DL|DC|RL|RC|N1|N3|XX);\s*(.*)", re.IGNORECASE)
PIR_COMMENT = re.compile(r"[A-Z];")
FASTA_COMMENTS = (";", "#")
BYTE_ORDER_MARK = "\ufeff"


class Record(NamedTuple):
    """One sequence as it stands in a file: its name, its first line, its letters."""

    name: str
    line: int
    text: str


def recognised(name: str, data: bytes) -> str:
    """Return the format that the first lines show.

    Raises
    ------
    AlignmentError
        If it is none that is read.
    """
    begins, commented = "", False
    number = 0
    for number, line in enumerate(lines_of(data), start=1):  # noqa: B007 - the last one
        first = line.strip().lstrip(BYTE_ORDER_MARK)
        begins = begins or first
        if STOCKHOLM_HEAD.match(first):
            return "stockholm"
        if first and not first.startswith(FASTA_COMMENTS):
            if not PIR_COMMENT.match(first):
                break
        commented = commented or first.startswith(";")
    if PIR_HEAD.match(first) and b"*" in data:
        return "pir"
    if first.startswith(">"):
        return "fasta"
    if first.upper().startswith(CLUSTAL_HEADS):
        return "clustal"
    if PLAIN_ROW.fullmatch(first) and not commented:
        return "psicov"
    raise AlignmentError(
        f"unknown format, begins with {quoted(first or begins)}; {READABLE}",
        path=name,
        line=number,
    )


def quoted(line: str) -> str:
    """Return the beginning of a line, quoted."""
    text = line.strip()
    return repr(shown(text if len(text) <= 40 else text[:40] + "..."))


def fasta(data: bytes, comments: tuple[str, ...]) -> Iterator[Record]:
    """Yield the records of FASTA, A2M or A3M, from the first header on.

    Parameters
    ----------
    data : bytes
        Text.
    comments : tuple of str
        What lines that count for nothing begin with: ``;`` are FASTA's oldest
        comments, ``#`` is ColabFold's first line.
    """
    header, first_line = None, 0
    parts: list[str] = []
    count = 0
    for number, line in enumerate(lines_of(data), start=1):
        text = line.strip()
        if text.startswith((">", BYTE_ORDER_MARK)):
            text = text.lstrip(BYTE_ORDER_MARK)
            if text.startswith(">"):
                if header is not None:
                    yield Record(header, first_line, "\n".join(parts))
                count += 1
                header = first_word(text[1:]) or f"record_{count}"
                first_line, parts = number, []
                continue
        if text and header is not None and not text.startswith(comments):
            parts.append(text)
    if header is not None:
        yield Record(header, first_line, "\n".join(parts))


def first_word(title: str) -> str:
    """Return a header's first word; NCBI puts Ctrl-A between joined headers."""
    words = title.split("\x01", 1)[0].split(maxsplit=1)
    return words[0] if words else ""


def pir(name: str, data: bytes) -> Iterator[Record]:
    """Yield the records of NBRF/PIR.

    ``>P1;NAME``, a line of free text, and rows up to ``*``; what follows it are
    comments.

    Raises
    ------
    AlignmentError
        If a header is another one, or a record lacks its ``*``.
    """
    header, first_line, described, ended = "", 0, True, True
    parts: list[str] = []
    for number, line in enumerate(lines_of(data), start=1):
        text = line.strip()
        if text.startswith(">"):
            if not ended:
                raise _without_star(name, header, first_line)
            found = PIR_HEAD.match(text)
            if found is None:
                raise AlignmentError(
                    f"{quoted(text)} is no header of PIR, which are like >P1;NAME; "
                    "write the whole file as PIR or as FASTA",
                    path=name,
                    line=number,
                )
            header = first_word(found[1]) or f"record_at_line_{number}"
            first_line, described, ended, parts = number, False, False, []
        elif not described:
            described = True
        elif not ended:
            ended = text.endswith("*")
            parts.append(text.removesuffix("*"))
            if ended:
                yield Record(header, first_line, "\n".join(parts))
    if not ended:
        raise _without_star(name, header, first_line)


def _without_star(name: str, header: str, line: int) -> AlignmentError:
    return AlignmentError(
        "a record of PIR needs a line of free text, and rows that end with '*' (cut "
        "off?); add what lacks, or write the file as FASTA",
        path=name,
        line=line,
        record=header,
    )


def psicov(name: str, data: bytes) -> Iterator[Record]:
    """Yield the rows of a PSICOV ``.aln``, which have no names.

    Raises
    ------
    AlignmentError
        If a line is not a row.
    """
    count = 0
    for number, line in enumerate(lines_of(data), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if not PLAIN_ROW.fullmatch(text):
            raise AlignmentError(
                f"{quoted(text)} is not a row of letters and gaps; {READABLE}",
                path=name,
                line=number,
            )
        count += 1
        yield Record(f"sequence_{count}", number, text)
