"""Libraries of any length, scored from file to file.

Memory does not grow with the library, and a run that was interrupted goes on with the
parts it finished.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pottsfold import __version__
from pottsfold.alignment import Numbering
from pottsfold.errors import UsageError
from pottsfold.files import check_apart
from pottsfold.memory import MIB, in_gib, peak_memory
from pottsfold.model import PottsModel
from pottsfold.mutations.assays.augmented import Augmented
from pottsfold.mutations.effects import EffectTables, effect_tables
from pottsfold.mutations.library.files import (
    chosen_column,
    holds_sequences,
    open_library,
)
from pottsfold.mutations.library.files.blocks import BLOCK_BYTES
from pottsfold.mutations.library.files.formats import BATCH_ROWS
from pottsfold.mutations.library.summary import LibrarySummary
from pottsfold.mutations.scoring_run import LibraryRun, no_announcement, no_progress
from pottsfold.tables.writing import check_table_path
from pottsfold.threads import chosen_threads

# Positions in mutants have at most nine digits.
MAX_SHIFT = 10**9
STANDARD_OUTPUT = "-"
# Bytes of blocks of a library, their tables and the libraries that read and write them;
# of those libraries alone; and of tables for a byte of a file, which may be packed.
BLOCKS, READERS, UNPACKED = 80 * MIB, 20 * MIB, 60


def score_library(
    model: PottsModel | EffectTables,
    library: str | Path,
    output: str | Path,
    *,
    column: str | None = None,
    shift: int = 0,
    augmented: Augmented | None = None,
    threads: int | None = None,
    resume: bool = False,
    escape_formulas: bool = False,
    progress: Callable[[int, int, str], None] = no_progress,
    announce: Callable[[str], None] = no_announcement,
) -> LibrarySummary:
    r"""Score a library file of any length, and write the result as a table.

    The table has the columns of :func:`pottsfold.mutations.score_table`. Memory does
    not grow with the library. Finished parts stand in ``OUTPUT.parts`` until the
    table is whole; an interrupted run leaves them there.

    Parameters
    ----------
    model : PottsModel or EffectTables
        With a focus sequence. The tables (:func:`pottsfold.mutations.effect_tables`)
        take half of a model's memory, and know what effects are adjusted for and how
        buried sites are.
    library : str or Path
        csv, tsv, Parquet or FASTA, as for :func:`pottsfold.mutations.read_library`.
    output : str or Path
        csv, tsv (also with ``.gz``) or Parquet by its ending; ``-`` is csv on standard
        output.
    column : str, optional
        The column to score. By default the first there is of ``mutant``, ``mutants``,
        ``hgvs_pro`` and ``mutated_sequence``.
    shift : int
        Added to the library's positions.
    augmented : Augmented, optional
        What was learnt from measurements beside this model: adds the columns
        ``predicted``, ``predicted_low`` and ``predicted_high``.
    threads : int, optional
        Number of threads (default: all cores). The result does not depend on it.
    resume : bool
        Go on with the parts that an interrupted run left.
    escape_formulas : bool
        Put an apostrophe before copied cells of text that a spreadsheet would take
        for formulas (:mod:`pottsfold.tables.formulas`). For csv and tsv.
    progress : callable
        Called with how far the library is read, its size (0 when unknown) and the
        unit of both.
    announce : callable
        Called with messages: the memory that it will take, which column was chosen.

    Returns
    -------
    LibrarySummary
        How many mutants could be scored, and why others could not.

    Raises
    ------
    TableError
        If the library cannot be read, has no row or no such column.
    UsageError
        If parameters do not fit together, the model has no focus sequence, or the
        parts were made from something else.
    OutputError
        If the table cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pottsfold.alphabet import PROTEIN
    >>> fields = np.random.default_rng(0).normal(size=(3, 21))
    >>> model = PottsModel(
    ...     PROTEIN, fields, np.zeros((3, 3, 21, 21)), Numbering.sequential(3),
    ...     focus=PROTEIN.encode("ACD"),
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     library = Path(folder) / "library.csv"
    ...     _ = library.write_text("mutant\nA1T\nA1T:D3W\nnonsense\n")
    ...     summary = score_library(model, library, Path(folder) / "scored.csv")
    >>> summary.lines(model)[0]
    '3 mutants: 2 ok, 0 partial, 1 unscorable'
    """
    path = check_table_path(str(output))
    n_threads = chosen_threads(threads)
    if path == STANDARD_OUTPUT and resume:
        raise UsageError("it needs `output` to be a file", parameter="resume")
    if escape_formulas and path.endswith(".parquet"):
        raise UsageError("only text holds formulas", parameter="escape_formulas")
    check_apart([path], [library])
    tables = effect_tables(model) if isinstance(model, PottsModel) else model
    with closing(open_library(library, column)) as source:
        for note in source.notes:
            announce(note)
        chosen = chosen_column(str(library), source.names, column)
        if chosen != "mutant" and column is None:
            announce(f"column {chosen} is scored; `column` takes another")
        announce(
            f"plan: {tables.length} positions; {in_gib(peak_memory(_blocks(library)))} "
            "for this library"
        )
        run = LibraryRun(
            str(library),
            source,
            _shifted(tables, shift, chosen),
            chosen,
            n_threads,
            augmented,
            escape=escape_formulas,
            progress=progress,
            announce=announce,
        )
        if path == STANDARD_OUTPUT:
            return run.to_standard_output()
        origin = {
            **_origin_of(Path(library), tables, augmented),
            "settings": f"column {chosen}, shift {shift}"
            + ", formulas escaped" * escape_formulas,
        }
        return run.to_file(path, origin, resume=resume)


def _blocks(library: str | Path) -> int:
    """Return the bytes of blocks, which short libraries do not fill."""
    path = Path(library)
    if not path.is_file():
        return BLOCKS
    return min(BLOCKS, READERS + UNPACKED * path.stat().st_size)


def _shifted(tables: EffectTables, shift: int, column: str) -> EffectTables:
    """Return tables in the numbers of a library to which ``shift`` is added."""
    if not shift:
        return tables
    if holds_sequences(column):
        raise UsageError(
            f"column {column} holds whole sequences, which have no numbers to shift",
            parameter="shift",
            value=shift,
        )
    if abs(shift) > MAX_SHIFT:
        raise UsageError(
            f"between -{MAX_SHIFT} and {MAX_SHIFT} is needed",
            parameter="shift",
            value=shift,
        )
    return replace(tables, numbering=Numbering(tables.numbering.positions - shift))


def _origin_of(
    library: Path, tables: EffectTables, augmented: Augmented | None
) -> dict[str, str]:
    """Return what decides a scored library, beside column and shift.

    The library is known by its size and time, the model and its wild type by their
    effects.
    """
    about = library.stat()
    changed = datetime.datetime.fromtimestamp(about.st_mtime, datetime.UTC)
    origin = {
        "library": f"{library.resolve()} ({about.st_size} bytes, of {changed})",
        "model and wild type": _sha256(
            tables.alphabet.letters,
            tables.numbering.positions,
            tables.focus,
            tables.singles,
            tables.independent,
            tables.adjusted,
            tables.pairs,
            *(() if tables.seconds is None else (tables.seconds,)),
        ),
        "burial": "none" if tables.burial is None else _sha256(tables.burial),
        "program": f"pottsfold {__version__}",
        "parts": f"of {BLOCK_BYTES} bytes or {BATCH_ROWS} rows",
        "augmented": "none",
    }
    if augmented is not None:
        origin["augmented"] = _sha256(
            augmented.coefficients,
            augmented.intercept,
            augmented.weight,
            augmented.mean,
            augmented.scale,
            augmented.half_width,
        )
    return origin


def _sha256(*values: NDArray[np.generic] | float | str) -> str:
    digest = hashlib.sha256()
    for value in values:
        if isinstance(value, np.ndarray):
            digest.update(np.ascontiguousarray(value).data)
        else:
            digest.update(repr(value).encode())
    return f"SHA-256 {digest.hexdigest()[:16]}"
