"""A library scored part by part: read here, scored by all threads, kept in order."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pottsfold.errors import OutputError, PottsfoldError, TableError
from pottsfold.files import note_written
from pottsfold.mutations.assays.augmented import Augmented
from pottsfold.mutations.effects import EffectTables
from pottsfold.mutations.library.files import LibraryFile, holds_sequences
from pottsfold.mutations.library.files.blocks import Block
from pottsfold.mutations.library.remarks import check_labels
from pottsfold.mutations.library.summary import (
    BatchSummary,
    LibrarySummary,
    summarize_batch,
)
from pottsfold.mutations.mutants import Mutants
from pottsfold.mutations.scoring import LibraryScorer, names_beside
from pottsfold.tables.encoders import TextEncoder
from pottsfold.tables.formulas import count_formulas, escape_formulas
from pottsfold.tables.parts import TableParts
from pottsfold.tables.writing import encoder_for
from pottsfold.threads import Workers

if TYPE_CHECKING:
    import pyarrow as pa


def no_progress(_position: int, _size: int, _unit: str) -> None:
    """Show nothing."""


def no_announcement(_line: str) -> None:
    """Say nothing."""


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
    escape : bool
        Whether an apostrophe is put before cells that are formulas.
    progress : callable
        Called with how far the library is read, its size and the unit of both.
    announce : callable
        Called with a message when finished parts are kept.
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
        escape: bool = False,
        progress: Callable[[int, int, str], None] = no_progress,
        announce: Callable[[str], None] = no_announcement,
    ) -> None:
        self._escape = escape
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
            What decides the result.
        resume : bool
            Whether to go on with the parts that a killed run left.

        Raises
        ------
        TableError
            If the library cannot be read, has no row, or names several proteins.
        UsageError, OutputError
            From :class:`pottsfold.tables.parts.TableParts`.
        """
        encoder = encoder_for(output, self._scorer.numbers)
        is_text = isinstance(encoder, TextEncoder)
        parts = TableParts(output, encoder, origin, resume=resume)

        def scored(numbered: tuple[int, Block]) -> tuple[BatchSummary, int]:
            number, block = numbered
            part = self._source.table(block)
            mutants = self._scorer.place(part)
            if not parts.path(number).exists():
                parts.write(number, self._scored(part, mutants))
            formulas = count_formulas(part) if is_text else 0
            return summarize_batch(mutants, formulas), block.position

        summary = LibrarySummary()
        count = 0
        parts.begin()
        try:
            with Workers(self._threads) as workers:
                tasks = enumerate(self._source.blocks())
                for batch, position in workers.stream(scored, tasks):
                    summary.add(batch)
                    self._progress(position, self._source.size, self._source.unit)
                    count += 1
            self._check(summary)
            parts.join(count, self._columns)
        except (KeyboardInterrupt, OutputError):
            self._keep(parts)
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
            If the library cannot be read, has no row, or names several proteins.
        OutputError
            If standard output cannot be written.
        """
        encoder = TextEncoder(",", False, self._scorer.numbers)

        def scored(block: Block) -> tuple[BatchSummary, int, bytes]:
            part = self._source.table(block)
            mutants = self._scorer.place(part)
            rows = encoder.part(self._scored(part, mutants))
            batch = summarize_batch(mutants, count_formulas(part))
            return batch, block.position, rows

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
                    self._progress(position, self._source.size, self._source.unit)
            out.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(
                f"standard output cannot be written ({error.strerror or error})"
            ) from error
        self._check(summary)
        return summary

    def _scored(self, part: pa.Table, mutants: Mutants) -> pa.Table:
        table = self._scorer.score(part, mutants)
        return escape_formulas(table) if self._escape else table

    def _keep(self, parts: TableParts) -> None:
        """Keep finished parts for another run, and say so; remove a folder of none."""
        if not parts.n_finished():
            parts.remove()
            return
        note_written(parts.folder)
        self._announce(
            f"finished parts are kept in {parts.folder}: `resume` goes on with them"
        )

    def _check(self, summary: LibrarySummary) -> None:
        if not summary.rows:
            raise TableError(self._name, "no row below the header")
        check_labels(summary.labels, self._name)
