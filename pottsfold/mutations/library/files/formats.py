"""Formats of libraries: how each is cut in blocks, and a block made a table."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pottsfold.errors import TableError
from pottsfold.lazy import lazy_module
from pottsfold.mutations.library.files.blocks import (
    Block,
    Bytes,
    blocks,
    record_cut,
    row_cut,
)
from pottsfold.mutations.library.files.header import SEQUENCE, Header, find_column
from pottsfold.mutations.notation import is_mutant

if TYPE_CHECKING:
    import pyarrow as pa

    from pottsfold.mutations.library.files import kernels
else:
    kernels = lazy_module("pottsfold.mutations.library.files.kernels")

BATCH_ROWS = 1 << 15
READ_BYTES = 1 << 20
# What pandas calls an index that has no name of its own.
NAMELESS_INDEX = re.compile("__index_level_[0-9]+__")
# Begins the names given to empty columns: no header can hold it.
EMPTY = "\0"
# A word of so many letters is a sequence's.
MIN_SEQUENCE = 24
READABLE = (
    "csv, tsv or Parquet with a column mutant, or FASTA of whole sequences, is read"
)


class LibraryFile(Protocol):
    """A library that is read once, from its beginning to its end.

    ``names`` are its columns, ``notes`` sentences on what was guessed, ``size`` what
    the ``position`` of a block runs up to, 0 when unknown, in units of ``unit``.
    """

    names: tuple[str, ...]
    notes: tuple[str, ...]
    size: int
    unit: str

    def blocks(self) -> Iterator[Block]:
        """Yield its parts in their order."""

    def table(self, block: Block) -> pa.Table:
        """Return a part as a table; any thread may call this."""

    def close(self) -> None:
        """Close the file."""


class Separated:
    """Cells of text with a separator between them."""

    unit = "B"

    def __init__(self, source: Bytes, header: Header, wanted: str | None) -> None:
        self._source = source
        self._column = find_column(header.names, wanted)
        self._delimiter = header.separator
        self._rest, self._line = header.rest, header.line
        self._cells = header.names
        nameless = [not name for name in header.names]
        self.notes = header.notes
        if sum(nameless) > 1:
            # Spreadsheets save so what was once a column; one may hold row names.
            self._cells = tuple(
                f"{EMPTY}{k}" if empty else name
                for k, (name, empty) in enumerate(
                    zip(header.names, nameless, strict=True)
                )
            )
            note = f"{sum(nameless)} empty columns without a name are left out"
            self.notes = (*header.notes, note)
        self.names = tuple(n for n in self._cells if not n.startswith(EMPTY))
        self.size = source.size

    def blocks(self) -> Iterator[Block]:
        """Yield its parts in their order."""
        cut = row_cut(self._delimiter)
        yield from blocks(self._source, self._rest, cut, self._line, self._delimiter)

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def table(self, block: Block) -> pa.Table:
        """Return a part as a table; any thread may call this."""
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        types = dict.fromkeys(self._cells, pa.string())
        data: bytes = block.content
        if not data.strip(b"\r\n"):
            return pa.schema([(name, pa.string()) for name in self.names]).empty_table()
        try:
            table = arrow_csv.read_csv(
                pa.BufferReader(data),
                arrow_csv.ReadOptions(
                    use_threads=False,
                    column_names=list(self._cells),
                    block_size=len(data) + 1,
                ),
                arrow_csv.ParseOptions(
                    delimiter=self._delimiter, newlines_in_values=b'"' in data
                ),
                arrow_csv.ConvertOptions(column_types=types),
            )
        except pa.ArrowInvalid as error:
            raise TableError(self._source.name, self._ragged(block)) from error
        if b'"' in data and len(table) < data.count(b"\n"):
            self._check_quotes(block)
        return self._without_empty(table, block)

    def _without_empty(self, table: pa.Table, block: Block) -> pa.Table:
        """Return a table without the columns that have neither name nor cells."""
        import pyarrow.compute as pc

        if len(self.names) == len(self._cells):
            return table
        for place, name in enumerate(self._cells):
            if name.startswith(EMPTY) and pc.any(pc.not_equal(table[name], "")).as_py():
                row = pc.index(pc.not_equal(table[name], ""), True).as_py()
                raise TableError(
                    self._source.name,
                    f"the header has {len(self._cells) - len(self.names)} columns "
                    f"without a name, and cell {place + 1} of row {row + 1} from line "
                    f"{block.line} on is not empty; name its column",
                )
        return table.select(list(self.names))

    def _check_quotes(self, block: Block) -> None:
        """Refuse a cell with line ends that has taken in other rows of the table.

        A quote that nobody closed ends at the next, rows later.
        """
        if self._column is None:
            return
        place = self._cells.index(self._column)
        rows = csv.reader(
            io.StringIO(block.content.decode(), newline=""), delimiter=self._delimiter
        )
        line = block.line
        try:
            for row in rows:
                for inner in (i for cell in row for i in cell.splitlines()[1:]):
                    cells = next(csv.reader([inner], delimiter=self._delimiter), [])
                    if place < len(cells) > 1 and _begins_row(cells[place]):
                        raise self._swallowed(line, f"a row of its own ({inner[:40]})")
                line = block.line + rows.line_num
        except csv.Error as error:
            # Cells have a greatest length.
            raise self._swallowed(line, "very much") from error

    def _swallowed(self, line: int, what: str) -> TableError:
        return TableError(
            self._source.name,
            f"line {line} opens a quote that takes in {what}; close it or leave it out",
        )

    def _ragged(self, block: Block) -> str:
        """Return the message that names the first row of another width."""
        due = len(self._cells)
        rows = csv.reader(
            io.StringIO(block.content.decode()), delimiter=self._delimiter
        )
        try:
            for row in rows:
                if row and len(row) != due:
                    return (
                        f"line {block.line - 1 + rows.line_num} has {len(row)} cells "
                        f"where the header has {due}; a cell that holds a "
                        f"{self._delimiter!r} needs quotes around it"
                    )
        except csv.Error as error:
            return f"line {block.line - 1 + rows.line_num}: {error}"
        return f"not a table; {READABLE}"


class Fasta:
    """Whole sequences: the header as ``name``, and ``mutated_sequence``."""

    names: tuple[str, ...] = ("name", SEQUENCE)
    notes: tuple[str, ...] = ()
    unit = "B"

    def __init__(self, source: Bytes, start: bytes) -> None:
        self._source = source
        self._start = start
        self.size = source.size

    def blocks(self) -> Iterator[Block]:
        """Yield its parts in their order."""
        yield from blocks(self._source, self._start, record_cut)

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def table(self, block: Block) -> pa.Table:
        """Return a part as a table; any thread may call this."""
        import pyarrow as pa

        data = np.frombuffer(block.content, np.uint8)
        count = block.content.count(b"\n>") + block.content.startswith(b">")
        texts = np.empty((2, len(data)), np.uint8)
        ends = np.empty((2, count + 1), np.int64)
        kernels.split_records(data, texts[0], ends[0], texts[1], ends[1])
        # Copied, so that a long name's room is not kept for a short sequence.
        return pa.table(
            [
                pa.LargeStringArray.from_buffers(
                    count, pa.py_buffer(end), pa.py_buffer(text[: end[-1]].copy())
                )
                for text, end in zip(texts, ends, strict=True)
            ],
            names=list(self.names),
        )


class Parquet:
    """Parquet, in batches of rows; an index of pandas without a name is left out."""

    notes: tuple[str, ...] = ()
    unit = " rows"

    def __init__(self, source: Bytes, start: bytes) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        self._name = source.name
        raw = source.raw
        compressed = not source.size or raw.seek(0) or raw.read(4) != b"PAR1"
        try:
            if compressed:
                # Parquet is read from its end, so all of it must be there at once.
                place: Any = pa.BufferReader(start + source.read(-1))
            else:
                place = pa.OSFile(source.name)
            self._file = parquet.ParquetFile(
                place, pre_buffer=False, buffer_size=1 << 20
            )
        except (OSError, ValueError, TypeError) as error:
            raise self._damaged(error) from error
        finally:
            source.close()
        names = self._file.schema_arrow.names
        self.names = tuple(n for n in names if not NAMELESS_INDEX.fullmatch(n))
        self.size = self._file.metadata.num_rows

    def blocks(self) -> Iterator[Block]:
        """Yield its parts in their order."""
        batches = self._file.iter_batches(
            BATCH_ROWS, columns=list(self.names), use_threads=False
        )
        read = 0
        while True:
            try:
                batch = next(batches, None)
            except (OSError, ValueError, TypeError) as error:
                raise self._damaged(error, read) from error
            if batch is None:
                break
            read += len(batch)
            yield Block(batch, 1, read)

    def close(self) -> None:
        """Close the file."""
        self._file.close(force=True)

    def table(self, block: Block) -> pa.Table:
        """Return a part as a table; any thread may call this."""
        import pyarrow as pa

        try:
            block.content.validate(full=True)
        except (ValueError, TypeError) as error:
            raise self._damaged(error, block.position - len(block.content)) from error
        # Of what pandas noted in it, damaged or not, nothing is needed.
        return pa.Table.from_batches([block.content]).replace_schema_metadata()

    def _damaged(self, error: Exception, read: int | None = None) -> TableError:
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        where = "" if read is None else f" after row {read}"
        return TableError(self._name, f"damaged Parquet{where} ({said}); copy it anew")


def _begins_row(cell: str) -> bool:
    """Return whether a cell holds what a column of mutants or of sequences does."""
    return is_mutant(cell) or (len(cell) > MIN_SEQUENCE and cell.isalpha())
