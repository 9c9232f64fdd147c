"""``pottsfold score``: what the mutants of a library do."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

from pottsfold.alignment import Numbering
from pottsfold.commands.console import say, scoring_progress
from pottsfold.commands.paths import InputFile, TableOutput, TextOrFile
from pottsfold.errors import UsageError
from pottsfold.files import sha256_of
from pottsfold.model import load_fit
from pottsfold.mutations import EffectTables, effect_tables, in_background
from pottsfold.mutations.assays import Augmented, load_augmented
from pottsfold.mutations.library.files import (
    chosen_column,
    holds_sequences,
    open_library,
)
from pottsfold.mutations.scoring_run import LibraryRun, origin_of, spare_memory
from pottsfold.threads import chosen_threads

# What a mutant's position can be, of nine digits.
FARTHEST = 10**9


def score(
    model: InputFile,
    library: InputFile,
    *,
    output: TableOutput,
    column: str | None = None,
    background: TextOrFile | None = None,
    shift: int = 0,
    augmented: InputFile | None = None,
    threads: int | None = None,
    resume: bool = False,
) -> None:
    """Score a library of mutants or sequences, of any length.

    log_odds = E(wild type) - E(mutant) in nats: negative is harmful. Every row of
    the library gets a row of the result; one that cannot be scored says why.

    Parameters
    ----------
    model
        Model file.
    library
        csv, tsv or Parquet with a column mutant (A23T:G56D, p.Ala23Thr, WT) or
        mutated_sequence, or FASTA of whole sequences: aligned to the model's sites,
        or one letter for each residue number from the first site's to the last's.
    output
        Table to write, ending in .csv, .tsv or .parquet; - is standard output.
    column
        The column to score; by default the first there is of mutant, mutants,
        hgvs_pro and mutated_sequence. One whose name ends in sequence or seq holds
        whole sequences.
    background
        Score against this wild type: a mutant of the focus sequence (A23T:G56D), or
        a FASTA file of one sequence. Mutants then name its letters.
    shift
        Add this to the library's positions.
    augmented
        What assay --train learnt beside this model: adds the columns predicted,
        predicted_low and predicted_high, in the assay's unit.
    threads
        Every core by default.
    resume
        Go on where a killed run stopped, with the parts it left in OUTPUT.parts.
    """
    if resume and output == "-":
        raise UsageError("--resume needs a file to go on with; give it with -o")
    n_threads = chosen_threads(threads)
    spare_memory()
    if augmented is not None and background is not None:
        raise UsageError(
            "--augmented was learnt for the model's own wild type; leave "
            "out --background"
        )
    tables, learnt = _tables(model, background, augmented)
    with contextlib.closing(open_library(library)) as source:
        chosen = chosen_column(str(library), source.names, column)
        if chosen != "mutant" and column is None:
            say(f"column {chosen} is scored; --column NAME takes another")
        if shift:
            tables = _shifted(tables, shift, chosen)
        settings = f"column {chosen}, background {background}, shift {shift}"
        if augmented is not None:
            settings += f", augmented {sha256_of(augmented)[:16]}"
        with scoring_progress(source.size or None, source.unit) as progress:
            run = LibraryRun(
                str(library),
                source,
                tables,
                chosen,
                n_threads,
                learnt,
                progress=progress,
                announce=say,
            )
            if output == "-":
                summary = run.to_standard_output()
            else:
                origin = origin_of(library, model, settings)
                summary = run.to_file(output, origin, resume=resume)
    for line in summary.lines(tables, shift):
        say(line)
    if output != "-":
        say(f"wrote {output}")


def _tables(
    model: Path, background: str | None, augmented: Path | None
) -> tuple[EffectTables, Augmented | None]:
    """Return a model's tables; the model itself, twice as large, is let go.

    And what was learnt beside it.
    """
    potts = load_fit(model).model
    potts.require_focus()
    learnt = None
    if augmented is not None:
        learnt = load_augmented(augmented, potts, sha256_of(model))
    if background is not None:
        potts = in_background(potts, background)
        say(f"the wild type is {potts.focus_name}")
    return effect_tables(potts), learnt


def _shifted(tables: EffectTables, shift: int, column: str) -> EffectTables:
    """Return tables in the numbers of a library to which ``shift`` is added."""
    if holds_sequences(column):
        raise UsageError(
            f"--shift {shift}: column {column} holds whole sequences, which have no "
            "numbers to shift"
        )
    if abs(shift) > FARTHEST:
        raise UsageError(f"--shift {shift}: at most {FARTHEST} either way")
    return replace(tables, numbering=Numbering(tables.numbering.positions - shift))
