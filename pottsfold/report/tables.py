"""Tables as files: csv, tsv or Parquet by the ending, ``-`` for standard output."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pottsfold.errors import UsageError
from pottsfold.files import check_writable, written_whole

if TYPE_CHECKING:
    import pandas as pd

SEPARATORS = {".csv": ",", ".tsv": "\t"}
ENDINGS = (*SEPARATORS, ".parquet")


def check_table_path(path: str) -> str:
    """Return ``path`` when a table can be written there, before any long work.

    Raises
    ------
    UsageError
        If the ending is not one of csv, tsv, parquet (``.gz`` may follow the first
        two).
    OutputError
        If the folder cannot be written.
    """
    if path != "-":
        if _ending(path) not in ENDINGS:
            raise UsageError(f"-o {path}: end it in .csv, .tsv or .parquet, or give -")
        check_writable(path)
    return path


def write_table(frame: pd.DataFrame, path: str, *, decimals: int = 6) -> None:
    """Write a table, whole or not at all.

    Parameters
    ----------
    frame : DataFrame
        Columns as they shall be named.
    path : str
        Where; ``-`` writes csv to standard output.
    decimals : int
        Digits after the point in text files; Parquet keeps every bit.
    """
    precision = f"%.{decimals}f"
    if path == "-":
        frame.to_csv(sys.stdout, index=False, float_format=precision)
        return
    ending = _ending(check_table_path(path))
    with written_whole(path) as beside:
        if ending == ".parquet":
            frame.to_parquet(beside, index=False)
        else:
            frame.to_csv(
                beside,
                index=False,
                sep=SEPARATORS[ending],
                float_format=precision,
                compression="gzip" if path.endswith(".gz") else None,
            )


def _ending(path: str) -> str:
    plain = Path(path.removesuffix(".gz"))
    return plain.suffix if plain.suffix in SEPARATORS else Path(path).suffix
