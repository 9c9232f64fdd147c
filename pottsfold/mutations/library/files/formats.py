"""Formats of libraries: how each is cut in blocks, and a block made a table."""

from __future__ import annotations

import csv
import io
import json
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
    in_utf8,
    record_cut,
    row_cut,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from pottsfold.mutations.library.files import kernels
else:
    kernels = lazy_module("pottsfold.mutations.library.files.kernels")

SEQUENCE = "mutated_sequence"
BATCH_ROWS = 1 << 15
READ_BYTES = 1 << 20
LINE_END = re.compile(rb"\r\n|\n|\r")
READABLE = (
    "csv, tsv or Parquet with a column mutant, or FASTA of whole sequences, is read"
)


class LibraryFile(Protocol):
    """A library that is read once, from its beginning to its end.

    ``names`` are its columns, ``size`` what the ``position`` of a block runs up to, 0
    when unknown, in units of ``unit``.
    """

    names: tuple[str, ...]
    size: int
    unit: str

    def blocks(self) -> Iterator[Block]:
        """Yield its parts in their order."""

    def table(self, block: Block) -> pa.Table:
        """Return a part as a table; any thread may call this."""

    def close(self) -> None:
        """Close the file."""


class Separated:
    """csv or tsv, whichever its header shows, every cell as a text."""

    unit = "B"

    def __init__(self, source: Bytes, start: bytes) -> None:
        blank = len(start) - len(start.lstrip(b"\r\n \t"))
        header, rest = (*LINE_END.split(start[blank:], maxsplit=1), b"")[:2]
        text = in_utf8(header).decode()
        self._source = source
        self._delimiter = "\t" if "\t" in text else ","
        self._rest = rest
        self._line = start.count(b"\n", 0, blank) + 2
        cells = next(csv.reader([text], delimiter=self._delimiter), [])
        self.names = tuple(cells)
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

        types = dict.fromkeys(self.names, pa.string())
        data: bytes = block.content
        if not data.strip(b"\r\n"):
            return pa.schema(list(types.items())).empty_table()
        try:
            return arrow_csv.read_csv(
                pa.BufferReader(data),
                arrow_csv.ReadOptions(
                    use_threads=False,
                    column_names=list(self.names),
                    block_size=len(data) + 1,
                ),
                arrow_csv.ParseOptions(
                    delimiter=self._delimiter, newlines_in_values=b'"' in data
                ),
                arrow_csv.ConvertOptions(column_types=types),
            )
        except pa.ArrowInvalid as error:
            raise TableError(self._source.name, self._ragged(block)) from error

    def _ragged(self, block: Block) -> str:
        """Return the message that names the first row of another width."""
        due = len(self.names)
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
    """Parquet, in batches of rows; pandas' index is left out."""

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
        self.names = tuple(_columns(self._file.schema_arrow))
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

        return pa.Table.from_batches([block.content])

    def _damaged(self, error: Exception, read: int | None = None) -> TableError:
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        where = "" if read is None else f" after row {read}"
        return TableError(self._name, f"damaged Parquet{where} ({said}); copy it anew")


def _columns(schema: pa.Schema) -> list[str]:
    """Return the columns of a Parquet file that are not pandas' index."""
    about = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
    index = {name for name in about.get("index_columns", ()) if isinstance(name, str)}
    return [name for name in schema.names if name not in index]
