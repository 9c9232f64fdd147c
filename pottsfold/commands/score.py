"""``pottsfold score``: what the mutants of a library do."""

from __future__ import annotations

import os
from pathlib import Path

from pottsfold import startup
from pottsfold.commands.console import say, scoring_progress
from pottsfold.commands.paths import InputFile, TableOutput, TextOrFile
from pottsfold.commands.switches import Switch
from pottsfold.errors import UsageError
from pottsfold.files import sha256_of
from pottsfold.memory import MIB, check_memory, in_gib, peak_memory
from pottsfold.model import PottsModel, load_fit
from pottsfold.mutations import (
    EffectTables,
    effect_tables,
    in_background,
    score_library,
)
from pottsfold.mutations.assays import Augmented, load_augmented

# Bytes of kernels when they are loaded; and of blocks of a library, their tables and
# the libraries that read and write them.
KERNELS, BLOCKS = 35 * MIB, 80 * MIB


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
    resume: Switch = False,
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
        Column to score (default: the first there is of mutant, mutants, hgvs_pro and
        mutated_sequence). One whose name ends in sequence or seq holds whole
        sequences.
    background
        Wild type to score against (default: the focus sequence): a mutant of it
        (A23T:G56D), or a FASTA file of one sequence. Mutants then name its letters.
    shift
        Number added to the library's positions.
    augmented
        File written by assay --train for this model: adds the columns predicted,
        predicted_low and predicted_high, in the assay's unit.
    threads
        Number of threads (default: all cores). Results do not depend on it.
    resume
        Continue an interrupted run from the finished parts in OUTPUT.parts.
    """
    if augmented is not None and background is not None:
        raise UsageError(
            "learnt for the model's own wild type; leave out `background`",
            parameter="augmented",
        )
    _spare_memory()
    tables, learnt = _tables(model, background, augmented)
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
            progress=progress,
            announce=say,
        )
    for line in summary.lines(tables, shift):
        say(line)
    if output != "-":
        say(f"wrote {output}")


def _tables(
    model: Path, background: str | None, augmented: Path | None
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
    return effect_tables(potts), learnt


def _check_memory(model: PottsModel) -> None:
    """Say what scoring takes, however long the library, and refuse too much.

    The tables beside the model; then, without it, what the library is read in.
    """
    tables = model.couplings.nbytes // 2
    needed = max(tables + KERNELS, BLOCKS - tables)
    say(
        f"plan: {model.length} positions; {in_gib(peak_memory(needed))} for a library "
        "of any length"
    )
    check_memory(needed, "close other programs, or use a larger machine")


def _spare_memory() -> None:
    """Have Arrow, if not yet loaded, give back what it no longer uses.

    Its own allocator keeps 60 MB of it and is no faster here. Nor is pandas needed.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    startup.arrow_without_pandas()
