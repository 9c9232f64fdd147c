"""Parts of a table to rows of text.

Quotes stand only around cells that need them. Numbers of our own have a fixed number
of decimals; those of the input all their digits.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from pottsfold.errors import UsageError
from pottsfold.lazy import lazy_module

if TYPE_CHECKING:
    import pyarrow as pa

    from pottsfold.tables import kernels
else:
    kernels = lazy_module("pottsfold.tables.kernels")

DECIMALS = 6
# Above this the product with 10^6 has no exact place in a float64.
MAX_EXACT = 9e9
SPECIAL = b'"\n\r'


def text_rows(table: pa.Table, separator: str, rounded: Collection[str]) -> bytes:
    """Return the rows of a table as csv or tsv, without the header.

    Parameters
    ----------
    table : pyarrow Table
        Columns of texts, numbers, or what Arrow can write as text.
    separator : str
        One letter.
    rounded : collection of str
        Columns that get ``DECIMALS`` decimals.

    Raises
    ------
    UsageError
        If a column cannot be written as text, such as one of lists.
    """
    if not len(table):
        return b""
    cells = [
        _decimals(column)
        if name in rounded
        else _quoted(_as_text(name, column), separator)
        for name, column in zip(table.column_names, table.columns, strict=True)
    ]
    lines = _joined(*cells, between=separator)
    ended = _joined(lines, "", between="\n")
    _, offsets, data = ended.buffers()
    first, last = np.frombuffer(offsets, np.int64)[[0, len(table)]].tolist()
    rows: bytes = data[first:last].to_pybytes()
    return rows


def header_row(names: Collection[str], separator: str) -> bytes:
    """Return the names of a table's columns as its first line."""
    import pyarrow as pa

    cells = [_quoted(pa.chunked_array([[name]]), separator)[0] for name in names]
    return separator.join(cell.as_py() for cell in cells).encode() + b"\n"


def _decimals(column: pa.ChunkedArray) -> pa.Array:
    import pyarrow as pa

    values = np.asarray(column.to_numpy(), np.float64)
    if not (np.abs(values[~np.isnan(values)]) < MAX_EXACT).all():
        texts = ["" if np.isnan(v) else f"{v:z.{DECIMALS}f}" for v in values.tolist()]
        return pa.array(texts, pa.large_string())
    text = np.empty(len(values) * (20 + DECIMALS), np.uint8)
    ends = np.empty(len(values) + 1, np.int64)
    kernels.write_decimals(values, DECIMALS, text, ends)
    return pa.LargeStringArray.from_buffers(
        len(values), pa.py_buffer(ends), pa.py_buffer(text)
    )


def _as_text(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa

    try:
        return column.cast(pa.large_string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise UsageError(
            f"column {name} of the library holds {column.type}, which cannot be "
            "written as text; end `output` in .parquet"
        ) from error


def _quoted(column: pa.ChunkedArray, separator: str) -> pa.Array:
    """Return cells as texts, in quotes where they hold what ends a cell."""
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = column.cast(pa.large_string())
    cells = pa.concat_arrays(cells.chunks) if cells.num_chunks != 1 else cells.chunk(0)
    data = cells.buffers()[2]
    raw = data.to_pybytes() if data is not None else b""
    if not any(
        mark in raw for mark in (*(bytes([b]) for b in SPECIAL), separator.encode())
    ):
        return cells
    special = pc.match_substring_regex(cells, f'[{separator}"\n\r]')
    doubled = pc.replace_substring(cells, '"', '""')
    around = _joined('"', doubled, '"', between="")
    return pc.if_else(pc.fill_null(special, False), around, cells)


def _joined(*cells: pa.Array | str, between: str) -> pa.Array:
    """Return texts joined row by row, null being no letter."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = pa.large_string()
    parts = [pa.scalar(c, kind) if isinstance(c, str) else c for c in cells]
    return pc.binary_join_element_wise(
        *parts,
        pa.scalar(between, kind),
        null_handling="replace",
        null_replacement="",
    )
