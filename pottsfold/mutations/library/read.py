"""Libraries of mutants from files, as a whole."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pottsfold.errors import TableError
from pottsfold.mutations.library.files import chosen_column, open_library

# Only ``score`` can be told of another.
ADVICE = "name the one that holds the mutants mutant"

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


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

    with contextlib.closing(open_library(path)) as library:
        chosen_column(str(path), library.names, advice=ADVICE)
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
    return chosen_column("library", map(str, library.columns), advice=ADVICE)
