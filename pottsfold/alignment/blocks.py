"""Stockholm and Clustal: every block holds the next part of each row.

Biopython's readers are not used here: the Stockholm one makes ``.`` into ``-``, so that
inserts look like match columns, and the Clustal one never returns from a file that is a
header only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from pottsfold.alignment.formats import (
    BYTE_ORDER_MARK,
    CLUSTAL_HEADS,
    Record,
    quoted,
)
from pottsfold.alignment.stored import lines_of
from pottsfold.errors import AlignmentError

END = "//"
# Conservation, and rulers.
MARKS = re.compile(r"[*:.+!|\s]+|[0-9.\s]+")
WORD = re.compile(r"\S+")
LAST_WORD = re.compile(r"\s+\S+$")
# Rows in pieces are in pieces of this many letters or more.
MIN_PIECE = 5


class Line(NamedTuple):
    """A line of a block: its number, the words of name and row, and its text."""

    number: int
    words: list[str]
    text: str


def block_records(name: str, data: bytes, format_name: str) -> list[Record]:
    """Return the records of Stockholm or Clustal.

    Raises
    ------
    AlignmentError
        If a line is no row, a name comes twice in a block, the end is missing, or a
        second alignment follows.
    """
    parts: dict[str, list[str]] = {}
    places: dict[str, int] = {}
    for block in _blocks(name, data, format_name):
        _check_pieces(name, block)
        in_block: set[str] = set()
        for line in block:
            record = " ".join(line.words[:-1])
            if record in in_block:
                raise AlignmentError(
                    "stands twice in one block; give every sequence a name of its own, "
                    "and put a blank line between blocks",
                    path=name,
                    line=line.number,
                    record=record,
                )
            in_block.add(record)
            parts.setdefault(record, []).append(line.words[-1])
            places.setdefault(record, line.number)
    names = [record.split()[0] for record in parts]
    if len(set(names)) < len(names):
        # First words are not enough where names have blanks.
        names = list(parts)
    return [
        Record(shown_name, places[record], "\n".join(letters))
        for shown_name, (record, letters) in zip(names, parts.items(), strict=True)
    ]


def _blocks(name: str, data: bytes, format_name: str) -> Iterator[list[Line]]:
    """Yield the rows of every block of a file."""
    rows = _stockholm_rows if format_name == "stockholm" else _clustal_rows
    block: list[Line] = []
    for line in rows(name, data):
        if line is not None:
            block.append(line)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _stockholm_rows(name: str, data: bytes) -> Iterator[Line | None]:
    """Yield rows of Stockholm, None where a block ends."""
    ended = any_row = False
    for number, line in enumerate(lines_of(data), start=1):
        text = line.strip().lstrip(BYTE_ORDER_MARK)
        if not text:
            yield None
        elif text == END:
            ended = True
            yield None
        elif text.startswith("#"):
            if any_row and not ended and text.upper().lstrip("# ").startswith("STOCK"):
                raise _second(name, number)
        elif ended and any_row:
            raise _second(name, number)
        else:
            any_row = True
            yield _line(name, number, line, counted=False)
    if not ended:
        raise AlignmentError(
            "does not end with '//' (cut off?); fetch it again, or add that line",
            path=name,
        )


def _clustal_rows(name: str, data: bytes) -> Iterator[Line | None]:
    """Yield rows of Clustal, None where a block ends.

    The line of conservation marks begins with blanks and ends a block.
    """
    header, margin = "", 0
    for number, line in enumerate(lines_of(data), start=1):
        text = line.strip().lstrip(BYTE_ORDER_MARK)
        if not header:
            if text and not text.startswith(("#", ";")):
                header, margin = text, len(line) - len(line.lstrip())
            continue
        inside = line[margin:] if line[:margin].isspace() else line
        indented = inside[:1] in (" ", "\t")
        if not text or text == END or text.startswith("#"):
            yield None
        elif indented and (MARKS.fullmatch(text) or len(text.split()) == 1):
            yield None
        elif text == header or _is_clustal_head(text):
            raise _second(name, number)
        else:
            yield _line(name, number, line, counted=True)


def _is_clustal_head(text: str) -> bool:
    return text.upper().startswith(CLUSTAL_HEADS) and "alignment" in text.lower()


def _second(name: str, number: int) -> AlignmentError:
    return AlignmentError(
        "a second alignment begins here; keep one in the file", path=name, line=number
    )


def _line(name: str, number: int, line: str, *, counted: bool) -> Line:
    """Return a name and its letters; the count of residues behind them is left out."""
    text = line.rstrip().expandtabs()
    fields = [part.strip() for part in line.split("\t") if part.strip()]
    # Tabs part names from rows where there are any.
    words = fields if len(fields) in (2, 3) else line.split()
    if counted and len(words) >= 3 and words[-1].isdecimal():
        words = words[:-1]
        text = LAST_WORD.sub("", text)
    if len(words) < 2 or words[-1].split() != [words[-1]]:
        raise _no_row(name, number, line)
    return Line(number, words, text)


def _no_row(name: str, number: int, line: str) -> AlignmentError:
    return AlignmentError(
        f"{quoted(line)} is not a name and a row of letters", path=name, line=number
    )


def _check_pieces(name: str, block: list[Line]) -> None:
    """Check that the last words are the rows where names, or rows, hold blanks.

    Rows then begin in one column; and where all words do, as rows written in pieces
    of ten letters would, nobody can tell.
    """
    long = next((line for line in block if len(line.words) > 2), None)
    if long is None:
        return
    spans = [[found.span() for found in WORD.finditer(line.text)] for line in block]
    if len({line[-1][0] for line in spans}) > 1:
        raise _no_row(name, long.number, long.text)
    between = {tuple(line[1:-1]) for line in spans}
    if len(between) > 1:
        return
    widths = {end - start for start, end in between.pop()}
    if len(widths) == 1 and max(MIN_PIECE, len(long.words[-1])) <= min(widths):
        raise AlignmentError(
            "blanks in its name or in its row, and nothing tells which; write both "
            "without blanks",
            path=name,
            line=long.number,
            record=long.words[0],
        )
