"""``pottsfold contacts``: pairs of residues ranked by coupling."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pottsfold.commands.console import say
from pottsfold.commands.options import TableOutput
from pottsfold.contacts import (
    contacts_summary_lines,
    coupling_map,
    map_structure,
    ranked_pairs,
)
from pottsfold.errors import UsageError
from pottsfold.model import load_fit
from pottsfold.report.figures import check_figure_path
from pottsfold.report.tables import check_table_path, write_table


def contacts(
    model: Path,
    *,
    output: TableOutput,
    format: Literal["csv"] = "csv",
    structure: Path | None = None,
    chain: str | None = None,
    separation: int = 1,
    plot: Path | None = None,
) -> None:
    """Rank pairs of residues by coupling; compare with a structure.

    Parameters
    ----------
    model
        Model file.
    output
        Table to write, ending in .csv, .tsv or .parquet; - is standard output.
    format
        csv: the table i, j, aa_i, aa_j, score, raw_score, rank.
    structure
        PDB or mmCIF file, plain or gz: adds columns distance and contact, and tells
        the precision of the strongest pairs at least 6 residues apart.
    chain
        Name of the structure's chain. By custom the one that aligns best.
    separation
        Leave out pairs closer than this along the chain.
    plot
        Contact map to draw, ending in .png, .pdf or .svg.
    """
    check_table_path(output)
    if chain is not None and structure is None:
        raise UsageError("--chain names a chain of --structure; give that too")
    if separation < 1:
        raise UsageError(f"--separation {separation}: 1 or more is needed")
    if plot is not None:
        check_figure_path(plot)
    potts = load_fit(model).model
    mapped = None if structure is None else map_structure(potts, structure, chain)
    coupling = coupling_map(potts)
    if not coupling.norms.any():
        raise UsageError(
            f"{model}: the model has no couplings, so there is nothing to rank; "
            "fit with --method pseudolikelihood"
        )
    table = ranked_pairs(
        coupling,
        separation=separation,
        distances=None if mapped is None else mapped.distances,
    )
    write_table(table, output)
    if plot is not None:
        # Matplotlib takes a while to import, so only for who wants a figure.
        from pottsfold.report.contact_map import draw_contact_map

        draw_contact_map(plot, coupling, mapped)
    for line in contacts_summary_lines(coupling, mapped):
        say(line)
    say(f"wrote {len(table)} pairs to {'standard output' if output == '-' else output}")
