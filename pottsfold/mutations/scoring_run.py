"""A library scored part by part: read here, scored by all threads, kept in order."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from pottsfold import __version__
from pottsfold.errors import OutputError, PottsfoldError, TableError
from pottsfold.files import sha256_of
from pottsfold.mutations import EffectTables
from pottsfold.mutations.assays import Augmented
from pottsfold.mutations.library.files import LibraryFile, holds_sequences
from pottsfold.mutations.library.files.blocks import BLOCK_BYTES, Block
from pottsfold.mutations.library.files.formats import BATCH_ROWS
from pottsfold.mutations.library.summary import (
    BatchSummary,
    LibrarySummary,
    summarize_batch,
)
from pottsfold.mutations.scoring import NUMBERS, LibraryScorer, names_beside
from pottsfold.tables.encoders import TextEncoder
from pottsfold.tables.parts import TableParts
from pottsfold.tables.writing import encoder_for
from pottsfold.threads import Workers


class LibraryRun:
    """One library being scored.

    Parameters
    ----------
    name : str
        The library, for messages.
    source : LibraryFile
        Just opened.
    tables : EffectTables
        Of the wild type, in the library's numbering.
    column : str
        The column to score.
    threads : int
        How many.
    augmented : Augmented, optional
        What was learnt from measurements.
    progress : callable
        Called with how far the library is read, in its own unit.
    announce : callable
        Called with a sentence when finished parts are kept.
    """

    def __init__(
        self,
        name: str,
        source: LibraryFile,
        tables: EffectTables,
        column: str,
        threads: int,
        augmented: Augmented | None = None,
        *,
        progress: Callable[[int], None] = lambda _position: None,
        announce: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._name = name
        self._source = source
        self._scorer = LibraryScorer(tables, column, augmented)
        self._threads = threads
        self._progress, self._announce = progress, announce
        others = [n for n in source.names if holds_sequences(column) or n != column]
        results = self._scorer.columns
        self._columns = [*results, *names_beside(others, results)]

    def to_file(
        self, output: str, origin: Mapping[str, str], *, resume: bool
    ) -> LibrarySummary:
        """Write the scored library, whole or not at all, and return its counts.

        Parameters
        ----------
        output : str
            The table.
        origin : dict of str
            From :func:`origin_of`.
        resume : bool
            Whether to go on with the parts that a killed run left.

        Raises
        ------
        TableError
            If the library cannot be read, or has no row.
        UsageError, OutputError
            From :class:`pottsfold.tables.parts.TableParts`.
        """
        parts = TableParts(output, encoder_for(output, NUMBERS), origin, resume=resume)

        def scored(numbered: tuple[int, Block]) -> tuple[BatchSummary, int]:
            number, block = numbered
            part = self._source.table(block)
            mutants = self._scorer.place(part)
            if not parts.path(number).exists():
                parts.write(number, self._scorer.score(part, mutants))
            return summarize_batch(mutants), block.position

        summary = LibrarySummary()
        count = 0
        parts.begin()
        try:
            with Workers(self._threads) as workers:
                tasks = enumerate(self._source.blocks())
                for batch, position in workers.stream(scored, tasks):
                    summary.add(batch)
                    self._progress(position)
                    count += 1
            self._check(summary)
            parts.join(count, self._columns)
        except (KeyboardInterrupt, OutputError):
            self._announce(
                f"finished parts are kept in {parts.folder}: `resume` goes on with them"
            )
            raise
        except PottsfoldError:
            parts.remove()
            raise
        finally:
            parts.release()
        return summary

    def to_standard_output(self) -> LibrarySummary:
        """Write the scored library as csv to standard output; return its counts.

        Raises
        ------
        TableError
            If the library cannot be read, or has no row.
        OutputError
            If standard output cannot be written.
        """
        encoder = TextEncoder(",", False, NUMBERS)

        def scored(block: Block) -> tuple[BatchSummary, int, bytes]:
            part = self._source.table(block)
            mutants = self._scorer.place(part)
            rows = encoder.part(self._scorer.score(part, mutants))
            return summarize_batch(mutants), block.position, rows

        summary = LibrarySummary()
        sys.stdout.flush()
        out = sys.stdout.buffer
        try:
            with Workers(self._threads) as workers:
                tasks = self._source.blocks()
                for batch, position, rows in workers.stream(scored, tasks):
                    if not summary.rows:
                        out.write(encoder.header(self._columns))
                    out.write(rows)
                    summary.add(batch)
                    self._progress(position)
            out.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(
                f"standard output cannot be written ({error.strerror or error})"
            ) from error
        self._check(summary)
        return summary

    def _check(self, summary: LibrarySummary) -> None:
        if not summary.rows:
            raise TableError(self._name, "no row below the header")


def spare_memory() -> None:
    """Have Arrow, if not yet loaded, give back what it no longer uses.

    Its own allocator keeps 60 MB of it and is no faster here.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")


def origin_of(library: Path, model: Path, settings: str) -> dict[str, str]:
    """Return what decides a scored library, one line each.

    Parameters
    ----------
    library, model : Path
        Files: the library is known by its size and time, the model by its SHA-256.
    settings : str
        Options that change the result.
    """
    about = library.stat()
    changed = datetime.datetime.fromtimestamp(about.st_mtime, datetime.UTC)
    return {
        "library": f"{library.resolve()} ({about.st_size} bytes, of {changed})",
        "model": f"{model.name} (SHA-256 {sha256_of(model)[:16]})",
        "settings": settings,
        "program": f"pottsfold {__version__}",
        "parts": f"of {BLOCK_BYTES} bytes or {BATCH_ROWS} rows",
    }
