"""How the parts of a long table stand in files, and how these become one."""

from __future__ import annotations

import gzip
import itertools
import json
import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pottsfold.tables.text import header_row, text_rows

if TYPE_CHECKING:
    import pyarrow as pa

COPY_BYTES = 1 << 20
# Parts to a row group of a Parquet file.
GROUP_PARTS = 4
COMPRESSION_LEVEL = 6
# Most columns of texts show it in their first cells.
FEW_ROWS = 64


class Encoder(Protocol):
    """How parts of a table stand in files, and how these become one."""

    ending: str

    def part(self, table: pa.Table) -> bytes:
        """Return a part's bytes; any thread may call this."""

    def join(self, paths: Sequence[Path], names: Sequence[str], target: Path) -> None:
        """Write the whole table; ``names`` are its columns."""


class TextEncoder:
    """csv or tsv, compressed or not: parts are joined as they are.

    Parameters
    ----------
    separator : str
        One letter.
    compressed : bool
        Whether each part is a member of a gzip file.
    rounded : collection of str
        Columns that get six decimals.
    """

    ending = "rows"

    def __init__(
        self, separator: str, compressed: bool, rounded: Collection[str]
    ) -> None:
        self._separator = separator
        self._compressed = compressed
        self._rounded = rounded

    def part(self, table: pa.Table) -> bytes:
        """Return a part's rows."""
        return self._packed(text_rows(table, self._separator, self._rounded))

    def header(self, names: Sequence[str]) -> bytes:
        """Return the first line."""
        return self._packed(header_row(names, self._separator))

    def join(self, paths: Sequence[Path], names: Sequence[str], target: Path) -> None:
        """Write the header and the parts after it."""
        with open(target, "wb") as whole:
            whole.write(self.header(names))
            for path in paths:
                with open(path, "rb") as part:
                    shutil.copyfileobj(part, whole, COPY_BYTES)

    def _packed(self, data: bytes) -> bytes:
        if not self._compressed:
            return data
        return gzip.compress(data, COMPRESSION_LEVEL, mtime=0)


class ParquetEncoder:
    """Parquet: parts are Arrow files; columns of numbers as text become numbers."""

    ending = "arrow"

    def part(self, table: pa.Table) -> bytes:
        """Return a part as an Arrow file."""
        import pyarrow as pa

        sink = pa.BufferOutputStream()
        about = {name: number_type(table[name]) for name in table.column_names}
        schema = table.schema.with_metadata({b"numbers": json.dumps(about).encode()})
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_file(sink, schema, options=options) as writer:
            writer.write_table(table)
        data: bytes = sink.getvalue().to_pybytes()
        return data

    def join(self, paths: Sequence[Path], names: Sequence[str], target: Path) -> None:
        """Write the parts, a few to a row group."""
        import pyarrow as pa
        from pyarrow import parquet

        about = [_numbers_of(path) for path in paths]
        kinds = {name: joint_type([each[name] for each in about]) for name in about[0]}
        groups = (
            as_numbers(
                pa.concat_tables(map(_read_part, paths[start : start + GROUP_PARTS])),
                kinds,
            )
            for start in range(0, len(paths), GROUP_PARTS)
        )
        first = next(groups)
        # Other columns have few equal cells, and a dictionary would be thrown away.
        few = [name for name in ("status", "reason") if name in names]
        with parquet.ParquetWriter(
            target,
            first.schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=few,
        ) as writer:
            for group in itertools.chain([first], groups):
                writer.write_table(group, row_group_size=len(group))


def number_type(column: pa.ChunkedArray) -> str:
    """Return what numbers a column of texts holds.

    Returns
    -------
    str
        ``int64``, ``double``, ``empty`` where all cells are, ``text`` where one is no
        number, or begins with a zero as only names do; ``kept`` for no texts.
    """
    import pyarrow as pa

    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return "kept"
    for cells in (column.slice(0, FEW_ROWS), column):
        kind = _number_type(cells)
        if kind == "text":
            break
    return kind


def _number_type(column: pa.ChunkedArray) -> str:
    import pyarrow as pa
    import pyarrow.compute as pc

    filled = column.filter(pc.not_equal(column, ""))
    if not len(filled):
        return "empty"
    if pc.any(pc.match_substring_regex(filled, "^[+-]?0[0-9]")).as_py():
        return "text"
    for kind in ("int64", "double"):
        try:
            filled.cast(kind)
        except pa.ArrowInvalid:
            continue
        return kind
    return "text"


def joint_type(kinds: Sequence[str]) -> str:
    """Return the type that holds what parts of a column hold."""
    found = {*kinds} - {"empty"}
    if found <= {"int64", "double"}:
        return "double" if "double" in found else "int64" if found else "text"
    return found.pop() if len(found) == 1 else "text"


def as_numbers(table: pa.Table, kinds: Mapping[str, str]) -> pa.Table:
    """Return a table whose columns of numbers as text are numbers, empty cells null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for name, kind in kinds.items():
        if kind in ("int64", "double"):
            column = table[name]
            empty = pc.equal(column, "")
            values = pc.if_else(empty, pa.scalar(None, column.type), column)
            place = table.column_names.index(name)
            table = table.set_column(place, name, values.cast(kind))
    return table


def _numbers_of(path: Path) -> dict[str, str]:
    import pyarrow as pa

    with pa.OSFile(str(path)) as file:
        metadata = pa.ipc.open_file(file).schema.metadata
    about: dict[str, str] = json.loads(metadata[b"numbers"])
    return about


def _read_part(path: Path) -> pa.Table:
    import pyarrow as pa

    with pa.OSFile(str(path)) as file:
        return pa.ipc.open_file(file).read_all().replace_schema_metadata()
