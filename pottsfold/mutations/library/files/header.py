"""The first line of a table of text: what separates its cells, and their names."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pottsfold.mutations.library.files.blocks import (
    in_utf8,
    leading_comments,
    without_comments,
)

# In the order they are preferred: the field's own, EVcouplings', MAVE-HGVS's, and
# whole sequences.
SEQUENCE = "mutated_sequence"
MUTANT_COLUMNS = ("mutant", "mutants", "hgvs_pro", SEQUENCE)
SEPARATORS = "\t,;|"
BLANK_LINES = re.compile(rb"(?:[ \t]*(?:\r\n|\n|\r))*")
LINE_END = re.compile(rb"\r\n|\n|\r")
COMMENT_LINE = re.compile(rb"^#[^\r\n]*", re.MULTILINE)
# Spreadsheets say so what separates the cells below.
SEPARATOR_LINE = re.compile(r'"?sep=([\t,;:|^~!])"?[,;\t]*', re.IGNORECASE)


class Header(NamedTuple):
    """The header of a table, and what follows it.

    Parameters
    ----------
    names : tuple of str
        As they stand, without the ``#`` before them.
    separator : str
        One letter.
    rest : bytes
        What was read after the header.
    line : int
        Line of the file that ``rest`` begins with, from 1.
    notes : tuple of str
        What was guessed, a sentence each.
    """

    names: tuple[str, ...]
    separator: str
    rest: bytes
    line: int
    notes: tuple[str, ...] = ()


def read_header(start: bytes, wanted: str | None = None) -> Header:
    """Read the header of a table.

    The separator is the first of tab, comma, semicolon and bar that parts a column of
    mutants from others. Of lines that begin with ``#`` the last may be the header: if
    the line below them names no column of mutants, and has as many cells.

    Parameters
    ----------
    start : bytes
        Of the file: comments, blank lines and a whole line at least.
    wanted : str, optional
        The column of mutants, if it is to be another than those known.
    """
    above = leading_comments(start)
    text = without_comments(above, final=True) + start[len(above) :]
    at = _end_of_blank_lines(text)
    line, rest = _first_line(text[at:])
    number = 1 + text.count(b"\n", 0, at)
    given = None
    if found := SEPARATOR_LINE.fullmatch(line.strip(" ")):
        given = found[1]
        at = _end_of_blank_lines(rest)
        number += 1 + rest.count(b"\n", 0, at)
        line, rest = _first_line(rest[at:])
    line = line.lstrip(" ")
    separator = given or separator_of(line, wanted)
    names = _cells(line, separator)
    if given is None and find_column(names, wanted) is None:
        for comment in reversed(list(COMMENT_LINE.finditer(above))):
            written = in_utf8(comment[0]).decode().lstrip("# ").rstrip()
            separator = separator_of(written, wanted)
            hidden = _cells(written, separator)
            if find_column(hidden, wanted) is None:
                continue
            if len(hidden) == len(_cells(line, separator)):
                place = 1 + start.count(b"\n", 0, comment.start())
                note = f"line {place} is taken for the header, without its #"
                return Header(hidden, separator, text[at:], number, (note,))
    return Header(names, separator, rest, number + 1)


def separator_of(header: str, wanted: str | None = None) -> str:
    """Return what separates the cells of a header."""
    there = [mark for mark in SEPARATORS if mark in header]
    for alike in (False, True):
        for mark in there:
            if find_column(_cells(header, mark), wanted, alike=alike) is not None:
                return mark
    if "\t" in there:
        return "\t"
    return max(SEPARATORS[1:], key=lambda mark: len(_cells(header, mark)))


def find_column(
    names: Iterable[str], wanted: str | Sequence[str] | None, *, alike: bool = True
) -> str | None:
    """Return the column of a name among others.

    Parameters
    ----------
    names : iterable of str
        Columns.
    wanted : str, sequence of str or None
        The name, or names, the preferred first; by default those known to hold
        mutants.
    alike : bool
        Whether one that differs by case, blanks around it or a ``#`` before it will
        do, if no other does.

    Returns
    -------
    str or None
        As it stands among ``names``; None if there is none, or several alike.
    """
    columns = list(names)
    if wanted is None:
        wanted = MUTANT_COLUMNS
    sought = (wanted,) if isinstance(wanted, str) else wanted
    for name in sought:
        if name in columns:
            return name
    for name in sought if alike else ():
        found = [column for column in columns if _folded(column) == _folded(name)]
        if len(found) == 1:
            return found[0]
    return None


def _folded(name: str) -> str:
    return name.strip().lstrip("#").strip().casefold()


def _cells(line: str, separator: str) -> tuple[str, ...]:
    try:
        return tuple(next(csv.reader([line], delimiter=separator), []))
    except csv.Error:
        # Longer than a cell may be.
        return tuple(line.split(separator))


def _end_of_blank_lines(text: bytes) -> int:
    found = BLANK_LINES.match(text)
    return found.end() if found else 0


def _first_line(text: bytes) -> tuple[str, bytes]:
    line, rest = (*LINE_END.split(text, maxsplit=1), b"")[:2]
    return in_utf8(line).decode(), rest
