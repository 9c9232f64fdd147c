"""``pottsfold contacts``: pairs of residues ranked by coupling."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from pottsfold.alphabet import PROTEIN
from pottsfold.commands.console import say
from pottsfold.commands.paths import ContactsOutput, FigureOrFolder, InputFile
from pottsfold.contacts import (
    DEFAULT_SEPARATION,
    ChainMap,
    CouplingMap,
    Score,
    average_maps,
    contact_probabilities,
    contacts_summary_lines,
    coupling_map,
    map_structure,
    pair_matrix,
    pairs_asked,
    ranked_pairs,
)
from pottsfold.errors import UsageError
from pottsfold.model import PottsModel, load_fit
from pottsfold.report.contact_files import (
    MATRICES,
    OF_FAR_PAIRS,
    OF_THE_STRONGEST,
    ON_A_STRUCTURE,
    Format,
    check_contacts_path,
    write_contacts,
)
from pottsfold.report.figures import save_figure
from pottsfold.tables.writing import check_table_path, write_table


def contacts(
    model: InputFile,
    *,
    output: ContactsOutput,
    format: Format = "csv",
    score: Score = "frobenius-apc",
    ensemble: list[InputFile] | None = None,
    structure: InputFile | None = None,
    chain: str | None = None,
    force: bool = False,
    separation: int | None = None,
    top: str | None = None,
    plot: FigureOrFolder | None = None,
    pair: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
) -> None:
    """Rank pairs of residues by coupling; compare with a structure.

    Parameters
    ----------
    model
        Model file.
    output
        File to write; - is standard output. A table ends in .csv, .tsv or .parquet.
    format
        csv: the table i, j, aa_i, aa_j, score, raw_score, rank, probability (of a
        contact, 3 or more residues apart, in proteins). evcouplings:
        CouplingScores.csv. plmc: _ECs.txt. rr: CASP RR. restraints: table of upper
        bounds on CB distances. ccmpred, npy: matrix of scores (matrix: either, by
        the ending). pymol, chimerax: script that draws the strongest pairs on
        --structure; chimerax writes .cxc and .pb.
    score
        frobenius-apc: norm of the couplings, corrected. frobenius: the plain norm.
        direct-information: of the model of the two sites alone.
    ensemble
        More models of the same sites, fitted otherwise: scores are averaged.
    structure
        PDB or mmCIF file, plain or gz, of an experiment or predicted; of several
        models the first. Adds columns distance, contact and distance_cb, of an
        oligomer distance_intra and distance_inter, and tells the precision of the
        strongest pairs.
    chain
        Name of the structure's chain, or names of several of one sequence, as A,B:
        these alone. By default the one that aligns best, and all of its sequence.
    force
        Take a chain of less than 30 % identity.
    separation
        Leave out pairs closer than this along the chain. By default 1, and 6 for rr,
        restraints, pymol and chimerax.
    top
        How many pairs, the strongest first: a number, or L, 1.5L, L/2. By default
        all in lists, and L for restraints, pymol, chimerax and figures.
    plot
        Contact map to draw, ending in .png, .pdf or .svg; or a folder for it and
        all other figures: precision, arcs, strongest couplings.
    pair
        Two residue numbers, as 12,34: write the couplings between their letters
        (zero-sum gauge) as a table, and nothing else.
    """
    if pair is not None:
        given = (ensemble, structure, chain, separation, top, plot)
        altered = format != "csv" or score != "frobenius-apc" or force
        if altered or any(each is not None for each in given):
            raise UsageError("--pair writes one table of couplings; give only -o")
        _write_pair(load_fit(model).model, pair, output)
        return
    check_contacts_path(output, format)
    _check_usage(format, structure, chain, separation, top, force=force)
    potts = load_fit(model).model
    count = None if top is None else pairs_asked(top, potts.length)
    mapped = (
        None
        if structure is None
        else map_structure(potts, structure, chain, force=force)
    )
    coupling = average_maps(
        [
            coupling_map(potts, score),
            *(coupling_map(load_fit(other).model, score) for other in ensemble or ()),
        ]
    )
    if not coupling.norms.any():
        raise UsageError(
            f"{model}: the model has no couplings, so there is nothing to rank; "
            "fit with --method pseudolikelihood"
        )
    if separation is None:
        separation = DEFAULT_SEPARATION if format in OF_FAR_PAIRS else 1
    probabilities = None
    if score == "frobenius-apc" and potts.alphabet == PROTEIN:
        probabilities = contact_probabilities(
            coupling.scores, potts.neff, potts.numbering.positions
        )
    pairs = ranked_pairs(
        coupling, separation=separation, chain=mapped, probabilities=probabilities
    )
    listed = potts.length if format in OF_THE_STRONGEST else len(pairs)
    pairs = pairs.head(listed if count is None else count)
    written = write_contacts(output, format, pairs, coupling, mapped)
    drawn = [] if plot is None else _draw(plot, potts, coupling, mapped, count)
    for line in contacts_summary_lines(coupling, mapped):
        say(line)
    for figure in drawn:
        say(f"drew {figure}")
    say(f"wrote {written} to {'standard output' if output == '-' else output}")


def _check_usage(
    format: Format,
    structure: Path | None,
    chain: str | None,
    separation: int | None,
    top: str | None,
    *,
    force: bool,
) -> None:
    if structure is None:
        if chain is not None:
            raise UsageError("--chain names a chain of --structure; give that too")
        if force:
            raise UsageError("--force takes a chain of --structure; give that too")
        if format in ON_A_STRUCTURE:
            raise UsageError(
                f"--format {format} draws on a structure; give --structure"
            )
    if separation is not None and separation < 1:
        raise UsageError(f"--separation {separation}: 1 or more is needed")
    if format in MATRICES and (separation is not None or top is not None):
        raise UsageError(
            f"--format {format} holds all pairs; leave out --separation and --top"
        )
    if top is not None:
        # Read once more when L is known: a wrong word shall not wait for the model.
        pairs_asked(top, length=10**6)


def _draw(
    plot: Path,
    model: PottsModel,
    coupling: CouplingMap,
    chain: ChainMap | None,
    count: int | None,
) -> list[Path]:
    # Matplotlib takes a while to import, so only for who wants a figure.
    if plot.is_dir():
        from pottsfold.report.contact_figures import draw_contact_figures

        return draw_contact_figures(plot, model, coupling, chain, count)
    from pottsfold.report.contact_map import contact_map_figure

    save_figure(plot, contact_map_figure(coupling, chain, count))
    return [plot]


def _write_pair(model: PottsModel, pair: str, output: str) -> None:
    check_table_path(output)
    found = re.fullmatch(r"\s*(-?\d{1,18})\s*,\s*(-?\d{1,18})\s*", pair)
    if found is None:
        raise UsageError(f"--pair {pair}: give two residue numbers, as 12,34")
    matrix = pair_matrix(model, int(found[1]), int(found[2]))
    write_table(matrix.reset_index(), output)
    say(
        f"rows: letter at {matrix.index.name}, columns: letter at "
        f"{matrix.columns.name}; couplings in nats, zero-sum gauge"
    )
