"""Libraries of mutants from files: csv, tsv, Parquet, or FASTA of whole sequences."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from typing import TYPE_CHECKING

from pottsfold.errors import TableError, nearest

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

MUTANT = "mutant"
SEQUENCE = "mutated_sequence"
COMMENT = re.compile("^#.*$", re.MULTILINE)
READABLE = (
    "csv, tsv or Parquet with a column mutant, or FASTA of whole sequences, is read"
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
        If it cannot be read, is empty, or has neither a column ``mutant`` nor one
        ``mutated_sequence``.
    """
    name = str(path)
    data = _file_bytes(name)
    if data.startswith(b"PAR1"):
        table = _parquet(name, data)
    else:
        # A blank line in the place of a comment keeps the line numbers of messages.
        text = COMMENT.sub("", _text(name, data))
        is_fasta = text.lstrip().startswith(">")
        table = _fasta(text.lstrip()) if is_fasta else _separated(name, text)
    _check(name, table)
    return table


def mutant_column(library: pd.DataFrame) -> str:
    """Return the column to score: ``mutant``, else ``mutated_sequence``."""
    return MUTANT if MUTANT in library.columns else SEQUENCE


def as_written_to(output: str, library: pd.DataFrame) -> pd.DataFrame:
    """Return a library whose cells keep their values in the file they go to.

    A text file gets numbers with all their digits, whatever it rounds its own
    results to; Parquet gets numbers for the texts that a text file held, and missing
    values for its empty cells, in columns of nothing else.

    Parameters
    ----------
    output : str
        Name of that file; its ending decides.
    library : DataFrame
        From :func:`read_library`.
    """
    import pandas as pd

    columns: dict[str, pd.Series] = {}
    for name, values in library.items():
        if not output.endswith(".parquet"):
            if pd.api.types.is_float_dtype(values.dtype):
                columns[str(name)] = values.map(repr, na_action="ignore")
        elif pd.api.types.is_string_dtype(values.dtype):
            with contextlib.suppress(ValueError):
                columns[str(name)] = pd.to_numeric(values.where(values != ""))
    return library.assign(**columns)


def _file_bytes(name: str) -> bytes:
    from xopen import xopen

    try:
        with xopen(name, "rb", threads=0) as handle:
            data: bytes = handle.read()
    except FileNotFoundError:
        raise TableError(name, "no such file") from None
    except IsADirectoryError:
        raise TableError(name, "is a folder; name a file") from None
    except Exception as error:  # each compression library has errors of its own
        raise TableError(name, f"cannot be read ({error})") from error
    if not data.strip():
        raise TableError(name, "the file is empty")
    return data


def _text(name: str, data: bytes) -> str:
    if b"\0" in data[:8192] or data.startswith(b"PK\x03\x04"):
        raise TableError(name, f"a binary file; {READABLE}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _parquet(name: str, data: bytes) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(io.BytesIO(data)).reset_index(drop=True)
    except (OSError, ValueError, TypeError) as error:
        raise TableError(name, f"damaged Parquet ({_first_line(error)})") from error


def _fasta(text: str) -> pd.DataFrame:
    import pandas as pd
    from Bio.SeqIO.FastaIO import SimpleFastaParser

    records = list(SimpleFastaParser(io.StringIO(text)))
    return pd.DataFrame(records, columns=["name", SEQUENCE], dtype="str")


def _separated(name: str, text: str) -> pd.DataFrame:
    """Read csv or tsv, whichever its header shows, every cell as a text."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    header = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = "\t" if "\t" in header else ","
    names = next(csv.reader([header], delimiter=delimiter), [])
    try:
        table = arrow_csv.read_csv(
            io.BytesIO(text.encode()),
            arrow_csv.ReadOptions(use_threads=False),
            arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowInvalid as error:
        raise TableError(name, _ragged(text, delimiter, len(names))) from error
    frame: pd.DataFrame = table.to_pandas()
    return frame


def _ragged(text: str, delimiter: str, due: int) -> str:
    """Return the message that names the first row of another width."""
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    for row in rows:
        if row and len(row) != due:
            return (
                f"line {rows.line_num} has {len(row)} cells where the header has "
                f"{due}; a cell that holds a {delimiter!r} needs quotes around it"
            )
    return f"not a table; {READABLE}"


def _check(name: str, table: pd.DataFrame) -> None:
    columns = [str(column) for column in table.columns]
    twice = {column for column in columns if columns.count(column) > 1}
    if twice:
        raise TableError(name, f"column {min(twice)} comes twice; rename one")
    if MUTANT not in columns and SEQUENCE not in columns:
        raise TableError(
            name,
            f"no column mutant among {', '.join(columns[:12])}"
            + nearest(MUTANT, columns)
            + "; rename the one that holds the mutants",
        )
    if table.empty:
        raise TableError(name, "no row below the header")


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
