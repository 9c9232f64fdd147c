"""Tables as files: csv, tsv or Parquet by the ending, ``-`` for standard output."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from pottsfold.errors import UsageError
from pottsfold.files import check_writable, standard_output, written_whole
from pottsfold.tables.encoders import Encoder, ParquetEncoder, TextEncoder

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
            raise UsageError(
                "end it in .csv, .tsv or .parquet, or give -",
                parameter="output",
                value=path,
            )
        check_writable(path)
    return path


def write_table(
    frame: pd.DataFrame,
    path: str,
    *,
    decimals: int = 6,
    significant: Collection[str] = (),
) -> None:
    """Write a table, whole or not at all.

    Parameters
    ----------
    frame : DataFrame
        Columns as they shall be named.
    path : str
        Where; ``-`` writes csv to standard output.
    decimals : int
        Digits after the point in text files; Parquet keeps every bit.
    significant : collection of str
        Columns that get that many digits from the first that is not 0, and never an
        exponent: of a small frequency six decimals would show zeros.
    """
    precision = f"%.{decimals}f"
    ending = ".csv" if path == "-" else _ending(check_table_path(path))
    if ending != ".parquet":
        frame = frame.assign(
            **{
                name: frame[name].map(_significant(decimals), na_action="ignore")
                for name in significant
            }
        )
    if path == "-":
        with standard_output() as out:
            frame.to_csv(out, index=False, float_format=precision)
        return
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


def _significant(digits: int) -> Callable[[float], str]:
    """Return what writes a number with that many digits, never with an exponent."""
    import numpy as np

    def write(number: float) -> str:
        text: str = np.format_float_positional(
            number, digits, unique=False, fractional=False, trim="-"
        )
        return text

    return write


def encoder_for(path: str, rounded: Collection[str]) -> Encoder:
    """Return how the parts of a long table are written.

    Parameters
    ----------
    path : str
        The table; its ending decides, and ``-`` is csv.
    rounded : collection of str
        Columns that get six decimals in text files; Parquet keeps every bit.
    """
    if path == "-":
        return TextEncoder(",", False, rounded)
    ending = _ending(path)
    if ending == ".parquet":
        return ParquetEncoder()
    return TextEncoder(SEPARATORS[ending], path.endswith(".gz"), rounded)


def _ending(path: str) -> str:
    plain = Path(path.removesuffix(".gz"))
    return plain.suffix if plain.suffix in SEPARATORS else Path(path).suffix
