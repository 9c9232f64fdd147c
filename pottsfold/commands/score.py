"""``pottsfold score``: what the mutants of a library do."""

from __future__ import annotations

import os
from pathlib import Path

from pottsfold import startup
from pottsfold.commands.adjusting import (
    For,
    accessibility_of,
    tell_adjusted,
)
from pottsfold.commands.console import say, scoring_progress
from pottsfold.commands.paths import InputFile, TableOutput, TextOrFile
from pottsfold.commands.structures import check_of_structure
from pottsfold.commands.switches import Switch
from pottsfold.errors import TableError, UsageError
from pottsfold.files import sha256_of
from pottsfold.memory import MIB, check_memory
from pottsfold.model import PottsModel, load_fit
from pottsfold.mutations import (
    EffectTables,
    effect_tables,
    in_background,
    score_library,
)
from pottsfold.mutations.adjustment import Goal
from pottsfold.mutations.assays import Augmented, load_augmented
from pottsfold.mutations.library.summary import LibrarySummary

# Bytes of kernels when they are loaded.
KERNELS = 35 * MIB


def score(
    model: InputFile,
    library: InputFile,
    *,
    output: TableOutput,
    column: str | None = None,
    background: TextOrFile | None = None,
    shift: int = 0,
    goal: For = "function",
    structure: InputFile | None = None,
    chain: str | None = None,
    augmented: InputFile | None = None,
    threads: int | None = None,
    resume: Switch = False,
    escape_formulas: Switch = False,
    allow_unscorable: Switch = False,
) -> None:
    """Score a library of mutants or sequences, of any length.

    log_odds = E(wild type) - E(mutant) in nats: negative is harmful. Every row of
    the library gets a row of the result; one that cannot be scored says why.

    Parameters
    ----------
    model
        Model file.
    library
        Parquet or text (separated by commas, tabs, semicolons or bars) with a column
        mutant (A23T:G56D, p.Ala23Thr, WT) or mutated_sequence, or FASTA of whole
        sequences: aligned to the model's sites, one letter for each residue number
        from the first site's to the last's, or with a stretch of the focus sequence.
    output
        Table to write, ending in .csv, .tsv or .parquet; - is standard output.
    column
        Column to score (default: the first there is of mutant, mutants, hgvs_pro and
        mutated_sequence). One whose name ends in sequence or seq holds whole
        sequences.
    background
        Wild type to score against (default: the focus sequence): a mutant of it
        (A23T:G56D), or a FASTA file of one sequence. Mutants then name its letters.
    shift
        Number added to the library's positions.
    goal
        What the column adjusted ranks by: mutants that keep their function, or their
        stability; learnt from measured libraries of other proteins.
    structure
        PDB or mmCIF file, plain or packed: adds the column buried_log_odds (single
        effects times 1 - relative accessibility of the site, epistasis times the mean
        of its two sites); with --for stability adjusted knows it too.
    chain
        Name of the structure's chain (default: the one that aligns best).
    augmented
        File written by assay --train for this model: adds the columns predicted,
        predicted_low and predicted_high, in the assay's unit.
    threads
        Number of threads (default: all cores). Results do not depend on it.
    resume
        Continue an interrupted run from the finished parts in OUTPUT.parts.
    escape_formulas
        Put an apostrophe before copied cells that a spreadsheet would run as
        formulas.
    allow_unscorable
        Exit with status 0 even if no mutant can be scored.
    """
    if augmented is not None and background is not None:
        raise UsageError(
            "learnt for the model's own wild type; leave out `background`",
            parameter="augmented",
        )
    if augmented is not None and goal != "function":
        raise UsageError(
            "learnt beside effects adjusted for function; leave out `goal`",
            parameter="augmented",
        )
    check_of_structure(structure, chain=chain)
    _spare_memory()
    tables, learnt = _tables(model, background, augmented, goal, structure, chain)
    with scoring_progress() as progress:
        summary = score_library(
            tables,
            library,
            output,
            column=column,
            shift=shift,
            augmented=learnt,
            threads=threads,
            resume=resume,
            escape_formulas=escape_formulas,
            progress=progress,
            announce=say,
        )
    for line in summary.lines(tables, shift):
        say(line)
    tell_adjusted(tables.adjusted, goal, structure)
    if summary.formulas:
        say(_formulas(summary.formulas, escape_formulas))
    if output != "-":
        say(f"wrote {output}")
    _check_scored(summary, str(library), allow_unscorable)


def _formulas(count: int, escaped: bool) -> str:
    if escaped:
        return f"an apostrophe was put before {count} cells that begin like a formula"
    return (
        f"{count} copied cells begin like a spreadsheet formula; `escape_formulas` "
        "puts an apostrophe before each"
    )


def _check_scored(summary: LibrarySummary, library: str, allowed: bool) -> None:
    """Say loudly that most mutants cannot be scored, and fail when none can."""
    if summary.unscorable == summary.rows and not allowed:
        raise TableError(
            library,
            f"NONE of its {summary.rows} mutants can be scored; the column reason says "
            "why (`allow_unscorable` makes that no error)",
        )
    if 2 * summary.unscorable > summary.rows:
        say(
            f"WARNING: {summary.unscorable} of {summary.rows} mutants cannot be "
            "scored; the column reason says why"
        )


def _tables(
    model: Path,
    background: str | None,
    augmented: Path | None,
    goal: Goal,
    structure: Path | None,
    chain: str | None,
) -> tuple[EffectTables, Augmented | None]:
    """Return a model's tables, and what was learnt beside it.

    The model itself, twice as large, is let go.
    """
    potts = load_fit(model).model
    potts.require_focus()
    _check_memory(potts)
    learnt = None
    if augmented is not None:
        learnt = load_augmented(augmented, potts, sha256_of(model))
    if background is not None:
        potts = in_background(potts, background)
        say(f"the wild type is {potts.focus_name}")
    accessibility = accessibility_of(potts, structure, chain)
    return effect_tables(potts, goal, accessibility), learnt


def _check_memory(model: PottsModel) -> None:
    """Refuse a model whose tables do not fit in memory beside it."""
    needed = model.couplings.nbytes // 2 + KERNELS
    check_memory(needed, "close other programs, or use a larger machine")


def _spare_memory() -> None:
    """Have Arrow, if not yet loaded, give back what it no longer uses.

    Its own allocator keeps 60 MB of it and is no faster here. Nor is pandas needed.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    startup.arrow_without_pandas()
