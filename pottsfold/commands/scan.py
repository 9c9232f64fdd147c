"""``pottsfold scan``: what every single substitution does."""

from __future__ import annotations

from pottsfold.alignment.filters import ranges
from pottsfold.commands.adjusting import (
    For,
    accessibility_of,
    tell_adjusted,
)
from pottsfold.commands.console import say
from pottsfold.commands.paths import FigureOutput, InputFile, TableOutput, TextOrFile
from pottsfold.commands.structures import check_of_structure
from pottsfold.model import load_fit
from pottsfold.mutations import in_background, scan_table
from pottsfold.report.figures import save_figure
from pottsfold.tables import write_table

# Below this share of sequences with a letter a site is reported as gap-rich.
MIN_OCCUPANCY = 0.5


def scan(
    model: InputFile,
    *,
    output: TableOutput,
    plot: FigureOutput | None = None,
    background: TextOrFile | None = None,
    goal: For = "function",
    structure: InputFile | None = None,
    chain: str | None = None,
) -> None:
    """Score every single substitution of the focus sequence.

    log_odds = E(wild type) - E(mutant) in nats: negative is harmful.

    Parameters
    ----------
    model
        Model file.
    output
        Table to write, ending in .csv, .tsv or .parquet; - is standard output.
    plot
        Heatmap to draw, ending in .png, .pdf or .svg.
    background
        Wild type to score against (default: the focus sequence): a mutant of it
        (A23T:G56D), or a FASTA file of one sequence.
    goal
        What the column adjusted ranks by: mutants that keep their function, or their
        stability; learnt from measured libraries of other proteins.
    structure
        PDB or mmCIF file, plain or packed: adds columns accessibility (relative,
        of the site) and buried_log_odds (log_odds times 1 - accessibility); with --for
        stability adjusted knows it too.
    chain
        Name of the structure's chain (default: the one that aligns best).
    """
    check_of_structure(structure, chain=chain)
    potts = load_fit(model).model
    if background is not None:
        potts = in_background(potts, background)
        say(f"the wild type is {potts.focus_name}")
    accessibility = accessibility_of(potts, structure, chain)
    table = scan_table(potts, goal, accessibility)
    write_table(table, output, significant=("frequency",))
    harmful = float((table["log_odds"] < 0).mean())
    say(
        f"{len(table)} substitutions at {table['position'].nunique()} sites: "
        f"{harmful:.0%} lower the log-odds, median {table['log_odds'].median():.2f} "
        "nats"
    )
    sparse = table.loc[table["occupancy"] < MIN_OCCUPANCY, "position"].unique()
    if len(sparse):
        say(
            f"{len(sparse)} sites are gaps in more than half of the sequences "
            f"({ranges(sparse)}): their effects are less certain"
        )
    tell_adjusted(table["adjusted"].to_numpy(), goal, structure)
    if output != "-":
        say(f"wrote {output}")
    if plot is not None:
        # Matplotlib takes a while to import, so only for who wants a figure.
        from pottsfold.report.mutation_heatmap import mutation_heatmap_figure

        heatmap = mutation_heatmap_figure(table, potts.alphabet, potts.focus_name)
        save_figure(plot, heatmap)
        say(f"wrote {plot}")
