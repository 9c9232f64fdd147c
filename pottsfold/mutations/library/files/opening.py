"""Opening a library: its format, its columns, the one that holds the mutants."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from typing import TYPE_CHECKING

from pottsfold.errors import TableError, nearest
from pottsfold.mutations.library.files.blocks import (
    BLOCK_BYTES,
    BYTE_ORDER_MARK,
    MAX_ROW_LENGTH,
    Bytes,
    check_undamaged,
    without_leading_comments,
)
from pottsfold.mutations.library.files.formats import (
    READABLE,
    Fasta,
    LibraryFile,
    Parquet,
    Separated,
)
from pottsfold.mutations.library.files.header import (
    MUTANT_COLUMNS,
    find_column,
    read_header,
)
from pottsfold.mutations.notation import is_mutant

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

# As long as the longest byte-order mark.
MARK_BYTES = 4
MAX_NAME_LENGTH = 80
SEQUENCE_ENDINGS = ("sequence", "seq")
BINARY = (
    (b"\xd0\xcf\x11\xe0", "an Excel workbook; save its sheet as csv"),
    (b"PK\x03\x04", "a zip archive or a spreadsheet; unpack it or save it as csv"),
)


def open_library(path: str | Path, column: str | None = None) -> LibraryFile:
    """Open a library of mutants.

    Parameters
    ----------
    path : str or Path
        A table of text whose cells are separated by tabs, commas, semicolons or bars
        (whole lines beginning with ``#`` are comments), Parquet or FASTA; texts may be
        compressed (gz, xz, zstd, bz2). Recognised by its content.
    column : str, optional
        The column that holds the mutants, where it is none of those known.

    Raises
    ------
    TableError
        If it is none of these, is empty, or a column's name comes twice.
    """
    source = Bytes(str(path))
    try:
        start = source.read(max(BLOCK_BYTES, MARK_BYTES))
        if start.startswith(b"PAR1"):
            library: LibraryFile = Parquet(source, start)
        else:
            start = source.transcode(start).removeprefix(BYTE_ORDER_MARK)
            library = _open_text(source, start, column)
        twice = {name for name in library.names if library.names.count(name) > 1}
        if twice:
            raise TableError(
                source.name, f"column {min(twice)} comes twice; rename one"
            )
    except TableError:
        source.close()
        raise
    return library


def chosen_column(
    path: str,
    names: Iterable[str],
    wanted: str | None = None,
) -> str:
    """Return the column that holds a library's mutants or sequences.

    Parameters
    ----------
    path : str
        The library, for messages.
    names : iterable of str
        Its columns.
    wanted : str, optional
        The one asked for. By default the first there is of ``mutant``, ``mutants``,
        ``hgvs_pro`` and ``mutated_sequence``. Case and blanks around do not matter
        where no name is exactly so.

    Raises
    ------
    TableError
        If there is none.
    """
    columns = list(names)
    found = find_column(columns, wanted)
    if found is not None:
        return found
    sought = MUTANT_COLUMNS[0] if wanted is None else wanted
    more = f" and {len(columns) - 12} more" if len(columns) > 12 else ""
    raise TableError(
        path,
        f"no column {sought} among {', '.join(map(_short, columns[:12]))}{more}"
        + nearest(sought, columns)
        + f"; {_advice(columns)}",
    )


def _short(name: str) -> str:
    return name if len(name) <= MAX_NAME_LENGTH else f"{name[:MAX_NAME_LENGTH]}..."


def _advice(columns: list[str]) -> str:
    """Return the way out where no column holds the mutants."""
    if len(columns) == 1 and len(columns[0].split()) > 1:
        return "separate columns by tabs or commas, not by blanks"
    if any(map(is_mutant, columns)):
        return "the first line holds data: put a header above it"
    return "name the one that holds the mutants with `column`"


def read_library(
    path: str | Path,
    column: str | None = None,
    *,
    announce: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Read a library of mutants.

    Parameters
    ----------
    path : str or Path
        As for :func:`open_library`.
    column : str, optional
        The column that holds the mutants, as for :func:`mutant_column`.
    announce : callable, optional
        Called with sentences on what was guessed.

    Returns
    -------
    DataFrame
        Its columns as they stand in the file, text columns as texts, so that what
        is written back is what was read. Of a FASTA file: ``name``, the header, and
        ``mutated_sequence``.

    Raises
    ------
    TableError
        If it cannot be read, is empty, or has no column that
        :func:`mutant_column` knows.
    """
    import pyarrow as pa

    with closing(open_library(path, column)) as library:
        chosen_column(str(path), library.names, column)
        if announce is not None:
            for note in library.notes:
                announce(note)
        parts = [library.table(block) for block in library.blocks()]
    if not any(map(len, parts)):
        raise TableError(str(path), "no row below the header")
    frame: pd.DataFrame = pa.concat_tables(parts).to_pandas()
    return frame


def mutant_column(library: pd.DataFrame, wanted: str | None = None) -> str:
    """Return the column that holds a library's mutants.

    Parameters
    ----------
    library : DataFrame
        Its columns.
    wanted : str, optional
        The one asked for. By default the first there is of ``mutant``, ``mutants``
        (EVcouplings), ``hgvs_pro`` (MAVE-HGVS) and ``mutated_sequence``, which holds
        whole sequences.

    Raises
    ------
    TableError
        If there is none.
    """
    return chosen_column("library", map(str, library.columns), wanted)


def holds_sequences(column: str) -> bool:
    """Return whether a column of this name holds whole sequences, not mutants."""
    return column.strip().casefold().endswith(SEQUENCE_ENDINGS)


def _open_text(source: Bytes, start: bytes, column: str | None) -> LibraryFile:
    _check_text(source.name, start)
    start, ended = _with_a_line(source, start)
    check_undamaged(source.name, start, 1)
    text = without_leading_comments(start, final=ended)
    if text.lstrip().startswith(b">"):
        return Fasta(source, text)
    if text.strip():
        return Separated(source, read_header(start, column), column)
    what = f"not a table; {READABLE}" if start.strip() else "the file is empty"
    raise TableError(source.name, what)


def _check_text(name: str, start: bytes) -> None:
    """Refuse what is no text, saying what it is where that can be told."""
    for mark, kind in BINARY:
        if start.startswith(mark):
            excel = mark.startswith(b"PK") and b"xl/" in start
            raise TableError(name, f"a binary file: {BINARY[0][1] if excel else kind}")
    head = start[:8192]
    if b"\0" not in head:
        return
    for bytes_ in (head[::2], head[1::2]):
        if bytes_.count(b"\0") > 0.9 * len(bytes_):
            raise TableError(
                name, "text in UTF-16 without a byte-order mark; save it as UTF-8"
            )
    # Of one that begins as a text does the damaged line is told.
    line = head.split(b"\n", 1)[0].decode(errors="replace")
    if "\ufffd" in line or any(letter < " " for letter in line.strip("\r\t")):
        raise TableError(name, f"a binary file; {READABLE}")


def _with_a_line(source: Bytes, start: bytes) -> tuple[bytes, bool]:
    """Return the start of a text, read on until it has a whole line of its own.

    And whether that is all of it.
    """
    text = start
    while b"\n" not in without_leading_comments(text).lstrip():
        data = source.read(BLOCK_BYTES)
        if not data:
            return text, True
        text += data
        if len(text) > MAX_ROW_LENGTH:
            break
    return text, False
