"""Cells that a spreadsheet would take for formulas.

They begin with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return. Numbers, and
mutants of a gap such as ``-5T``, do no harm and are none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.lazy import lazy_module

if TYPE_CHECKING:
    import pyarrow as pa

    from pottsfold.tables import kernels
else:
    kernels = lazy_module("pottsfold.tables.kernels")

FIRST_BYTES = np.zeros(256, np.bool_)
FIRST_BYTES[[*b"=+-@\t\r"]] = True
APOSTROPHE = "'"


def count_formulas(table: pa.Table) -> int:
    """Return how many cells of text a spreadsheet would take for formulas."""
    return sum(
        int(np.count_nonzero(_formulas(_texts(column))))
        for column in table.columns
        if _is_text(column.type)
    )


def escape_formulas(table: pa.Table) -> pa.Table:
    """Return a table with an apostrophe before each cell that is a formula.

    A spreadsheet then shows the cell as it stands.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    for place, name in enumerate(table.column_names):
        if not _is_text(table[name].type):
            continue
        texts = _texts(table[name])
        found = _formulas(texts)
        if found.any():
            kind = pa.large_string()
            escaped = pc.binary_join_element_wise(
                pa.scalar(APOSTROPHE, kind), texts, pa.scalar("", kind)
            )
            cells = pc.if_else(pa.array(found), escaped, texts)
            table = table.set_column(place, name, cells)
    return table


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
    )


def _texts(column: pa.ChunkedArray) -> pa.Array:
    """Return a column of texts as one array of large strings."""
    import pyarrow as pa

    cells = column.cast(pa.large_string())
    if cells.num_chunks == 1:
        return cells.chunk(0)
    return pa.concat_arrays([pa.array([], pa.large_string()), *cells.chunks])


def _formulas(texts: pa.Array) -> NDArray[np.bool_]:
    """Return which texts are formulas, shape (n,)."""
    found = np.zeros(len(texts), np.bool_)
    _, offsets, content = texts.buffers()
    if not len(texts) or content is None:
        return found
    starts = np.frombuffer(offsets, np.int64, len(texts) + 1, texts.offset * 8)
    data = np.frombuffer(content, np.uint8)
    filled = starts[:-1] < starts[1:]
    # Most columns have none, and need no compiled loop.
    if FIRST_BYTES[data[starts[:-1][filled]]].any():
        kernels.find_formulas(starts, data, found)
    return found
