"""``pottsfold score``: what the mutants of a library do."""

from __future__ import annotations

from pathlib import Path

from pottsfold.commands.console import say
from pottsfold.commands.options import TableOutput
from pottsfold.model import load_fit
from pottsfold.mutations import (
    effect_table,
    library_summary,
    mutant_column,
    place_library,
    read_library,
)
from pottsfold.mutations.read import as_written_to
from pottsfold.report.tables import check_table_path, write_table


def score(
    model: Path,
    library: Path,
    *,
    output: TableOutput,
) -> None:
    """Score a library of mutants or sequences.

    log_odds = E(wild type) - E(mutant) in nats: negative is harmful. Every row of
    the library gets a row of the result; one that cannot be scored says why.

    Parameters
    ----------
    model
        Model file.
    library
        csv, tsv or Parquet with a column mutant (A23T:G56D, p.Ala23Thr, WT) or
        mutated_sequence, or FASTA of whole sequences aligned to the model's sites.
    output
        Table to write, ending in .csv, .tsv or .parquet; - is standard output.
    """
    check_table_path(output)
    potts = load_fit(model).model
    potts.require_focus()
    rows = read_library(library)
    column = mutant_column(rows)
    mutants = place_library(potts, rows, column)
    table = effect_table(potts, mutants, as_written_to(output, rows), column)
    write_table(table, output)
    for line in library_summary(potts, mutants):
        say(line)
    if output != "-":
        say(f"wrote {output}")
