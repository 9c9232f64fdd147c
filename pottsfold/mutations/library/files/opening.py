"""Opening a library: its format, its columns, the one that holds the mutants."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from typing import TYPE_CHECKING

from pottsfold.errors import TableError, nearest
from pottsfold.mutations.library.files.blocks import (
    BLOCK_BYTES,
    BYTE_ORDER_MARK,
    MAX_ROW_LENGTH,
    Bytes,
    without_leading_comments,
)
from pottsfold.mutations.library.files.formats import (
    READABLE,
    SEQUENCE,
    Fasta,
    LibraryFile,
    Parquet,
    Separated,
)

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

# In the order they are preferred: the field's own, EVcouplings', MAVE-HGVS's.
MUTANT_COLUMNS = ("mutant", "mutants", "hgvs_pro")
SEQUENCE_ENDINGS = ("sequence", "seq")
# Where no other column can be named.
RENAME = "rename the column of mutants to mutant"


def open_library(path: str | Path) -> LibraryFile:
    """Open a library of mutants.

    Parameters
    ----------
    path : str or Path
        csv, tsv (whole lines beginning with ``#`` are comments), Parquet or FASTA;
        texts may be compressed (gz, xz, zstd, bz2). Recognised by its content.

    Raises
    ------
    TableError
        If it is none of these, is empty, or a column's name comes twice.
    """
    source = Bytes(str(path))
    try:
        start = source.read(BLOCK_BYTES)
        if start.startswith(b"PAR1"):
            library: LibraryFile = Parquet(source, start)
        else:
            library = _open_text(source, start.removeprefix(BYTE_ORDER_MARK))
        twice = {name for name in library.names if library.names.count(name) > 1}
        if twice:
            named = f"column {min(twice)} comes twice"
            if not min(twice):
                named = "the header has two columns without a name"
            raise TableError(source.name, f"{named}; rename one")
    except TableError:
        source.close()
        raise
    return library


def chosen_column(
    path: str,
    names: Iterable[str],
    wanted: str | None = None,
    *,
    advice: str = "name the one that holds the mutants with `column`",
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
        ``hgvs_pro`` and ``mutated_sequence``.
    advice : str
        What to do when there is none.

    Raises
    ------
    TableError
        If there is none.
    """
    columns = list(names)
    sought = (wanted,) if wanted is not None else (*MUTANT_COLUMNS, SEQUENCE)
    for name in sought:
        if name in columns:
            return name
    more = f" and {len(columns) - 12} more" if len(columns) > 12 else ""
    raise TableError(
        path,
        f"no column {sought[0]} among {', '.join(columns[:12])}{more}"
        + nearest(sought[0], columns)
        + f"; {advice}",
    )


def read_library(path: str | Path) -> pd.DataFrame:
    """Read a library of mutants.

    Parameters
    ----------
    path : str or Path
        csv, tsv (whole lines beginning with ``#`` are comments), Parquet or FASTA;
        texts may be compressed (gz, xz, zstd, bz2). Recognised by its content.

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

    with closing(open_library(path)) as library:
        chosen_column(str(path), library.names, advice=RENAME)
        parts = [library.table(block) for block in library.blocks()]
    if not any(map(len, parts)):
        raise TableError(str(path), "no row below the header")
    frame: pd.DataFrame = pa.concat_tables(parts).to_pandas()
    return frame


def mutant_column(library: pd.DataFrame) -> str:
    """Return the column to score.

    The first there is of ``mutant``, ``mutants`` (EVcouplings), ``hgvs_pro``
    (MAVE-HGVS) and ``mutated_sequence``, which holds whole sequences.

    Raises
    ------
    TableError
        If there is none.
    """
    return chosen_column("library", map(str, library.columns), advice=RENAME)


def holds_sequences(column: str) -> bool:
    """Return whether a column of this name holds whole sequences, not mutants."""
    return column.casefold().endswith(SEQUENCE_ENDINGS)


def _open_text(source: Bytes, start: bytes) -> LibraryFile:
    if b"\0" in start[:8192] or start.startswith(b"PK\x03\x04"):
        raise TableError(source.name, f"a binary file; {READABLE}")
    text = _with_a_line(source, start)
    if not text.strip():
        what = f"not a table; {READABLE}" if start.strip() else "the file is empty"
        raise TableError(source.name, what)
    if text.lstrip().startswith(b">"):
        return Fasta(source, text)
    return Separated(source, text)


def _with_a_line(source: Bytes, start: bytes) -> bytes:
    """Return the start of a text, read on until it has a whole line of its own."""
    text = without_leading_comments(start)
    while b"\n" not in text.lstrip() and len(text) < MAX_ROW_LENGTH:
        data = source.read(BLOCK_BYTES)
        if not data:
            return without_leading_comments(text, final=True)
        text = without_leading_comments(text + data)
    return text
