"""``pottsfold contacts``: pairs of residues ranked by coupling."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from cyclopts import Parameter

from pottsfold.alphabet import PROTEIN
from pottsfold.commands.console import say
from pottsfold.commands.paths import (
    ContactsOutput,
    FigureOrFolder,
    FurtherTable,
    InputFile,
)
from pottsfold.commands.structures import check_of_structure
from pottsfold.contacts import (
    Accessibility,
    ChainMap,
    CouplingMap,
    Score,
    accessibility_table,
    average_maps,
    contact_probabilities,
    contacts_summary_lines,
    coupling_map,
    map_structure,
    pair_matrix,
    pairs_asked,
    ranked_pairs,
    share_above_noise,
    site_accessibility,
)
from pottsfold.contacts.formats import (
    CONTACT_FORMATS,
    ContactFormat,
    Contacts,
    write_contacts,
)
from pottsfold.errors import UsageError
from pottsfold.model import PottsModel, load_fit
from pottsfold.report.figures import save_figure
from pottsfold.tables.writing import check_table_path, write_table

if TYPE_CHECKING:
    import pandas as pd

    FormatName = str
else:
    FormatName = Literal[tuple(CONTACT_FORMATS)]


def contacts(
    model: InputFile,
    *,
    output: ContactsOutput,
    format: FormatName = "csv",
    score: Score = "frobenius-apc",
    ensemble: Annotated[list[InputFile] | None, Parameter(negative=())] = None,
    structure: InputFile | None = None,
    chain: str | None = None,
    force: Annotated[bool, Parameter(negative=())] = False,
    accessibility: FurtherTable | None = None,
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
        csv: table of i, j, aa_i, aa_j, score, raw_score, rank, probability (of
        contact; proteins only, pairs 3 or more residues apart; where no pair stands
        out from noise, that of any pair as far apart; none for models that couple
        some pairs alone, of which only these are ranked). evcouplings:
        CouplingScores.csv. plmc: _ECs.txt. rr: CASP RR. restraints: table of upper
        bounds on CB distances. ccmpred, npy: matrix of scores (matrix: either, by
        the ending). pymol, chimerax: script that draws the strongest pairs on
        --structure; chimerax writes .cxc and .pb.
    score
        frobenius-apc: Frobenius norm of the couplings with average product
        correction. frobenius: the norm without correction. direct-information:
        mutual information of the two-site model.
    ensemble
        More models of the same sites, fitted with other settings; scores are
        averaged.
    structure
        PDB or mmCIF file, plain or packed (gz, bz2, xz, zst), experimental or
        predicted. The first model is used, or all of them when they are the copies of
        a biological assembly. Adds columns distance, contact and distance_cb, for an
        oligomer also distance_intra and distance_inter, and reports the precision of
        the strongest pairs.
    chain
        Name of the chain in the structure, or names of several with the same
        sequence, as A,B; no others are used. Copies under one name are A, A-2, A-3,
        or 1, 2, 3 where the file names none. Default: the chain that aligns best and
        all with its sequence.
    force
        Accept a chain of less than 30 % identity.
    accessibility
        Table to write of every site: position, wild_type, residue (in --structure),
        accessibility (relative to the largest, 0 buried) and neighbours (residues
        whose CB is within 10 angstrom). Proteins only; all chains of the file count.
    separation
        Minimum separation of a pair along the chain, in residues. Default: 6 for rr,
        restraints, pymol and chimerax, else 1.
    top
        Number of strongest pairs to write: a number, or L, 1.5L, L/2. Default: L for
        restraints, pymol, chimerax and figures, else all.
    plot
        Contact map to draw, ending in .png, .pdf or .svg; or a folder, for the map,
        precision, arcs and the strongest couplings.
    pair
        Two residue numbers, as 12,34: write only the couplings between their letters
        (zero-sum gauge), as a table.
    """
    if pair is not None:
        given = (ensemble, structure, chain, accessibility, separation, top, plot)
        altered = format != "csv" or score != "frobenius-apc" or force
        if altered or any(each is not None for each in given):
            raise UsageError("`pair` writes one table of couplings; give only `output`")
        _write_pair(load_fit(model).model, pair, output)
        return
    plan = Plan(
        models=(model, *(ensemble or ())),
        output=output,
        format=CONTACT_FORMATS[format],
        score=score,
        structure=structure,
        chain=chain,
        force=force,
        accessibility=accessibility,
        separation=separation,
        top=top,
        plot=plot,
    )
    plan.check()
    _tell(plan, _run(plan))


@dataclass(frozen=True)
class Plan:
    """What was asked for."""

    models: tuple[Path, ...]
    output: str
    format: ContactFormat
    score: Score
    structure: Path | None
    chain: str | None
    force: bool
    accessibility: str | None
    separation: int | None
    top: str | None
    plot: Path | None

    def check(self) -> None:
        """Refuse what cannot be done, before any long work.

        Raises
        ------
        UsageError
            If parameters do not fit together, or one is out of its range.
        OutputError
            If the output cannot be written.
        """
        self.format.check_path(self.output)
        if self.structure is None:
            self._check_without_structure()
        if self.separation is not None and self.separation < 1:
            raise UsageError(
                "1 or more is needed", parameter="separation", value=self.separation
            )
        chosen = self.separation is not None or self.top is not None
        if self.format.holds_all_pairs and chosen:
            raise self._refused("holds all pairs; leave out `separation` and `top`")
        if self.top is not None:
            # Read once more when L is known: a wrong word shall not wait for the model.
            pairs_asked(self.top, length=10**6)

    def _check_without_structure(self) -> None:
        check_of_structure(
            self.structure,
            chain=self.chain,
            force=self.force,
            accessibility=self.accessibility,
        )
        if self.format.needs_structure:
            raise self._refused("draws on a structure; give `structure`")

    def _refused(self, message: str) -> UsageError:
        return UsageError(message, parameter="format", value=self.format.name)

    def count(self, length: int) -> int | None:
        """Return how many pairs are asked for at L sites, None for the default."""
        return None if self.top is None else pairs_asked(self.top, length)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What was found, and what was written of it."""

    found: Contacts
    written: str
    figures: list[Path]
    noise: bool
    accessibility: Accessibility | None = None


def _run(plan: Plan) -> Outcome:
    """Rank the pairs, and write and draw what was asked for."""
    model = load_fit(plan.models[0]).model
    count = plan.count(model.length)
    chain, accessibility = None, None
    if plan.structure is not None and plan.accessibility is not None:
        accessibility = site_accessibility(
            model, plan.structure, plan.chain, force=plan.force
        )
        chain = accessibility.mapping
    elif plan.structure is not None:
        chain = map_structure(model, plan.structure, plan.chain, force=plan.force)
    found = Contacts(*_ranked(plan, model, chain), chain)
    written = write_contacts(plan.output, plan.format, found)
    if plan.accessibility is not None and accessibility is not None:
        write_table(accessibility_table(model, accessibility), plan.accessibility)
    figures = [] if plan.plot is None else _draw(plan.plot, model, found, count)
    noise = plan.score == "frobenius-apc" and _looks_like_noise(model, found.coupling)
    return Outcome(found, written, figures, noise, accessibility)


def _ranked(
    plan: Plan, model: PottsModel, chain: ChainMap | None
) -> tuple[pd.DataFrame, CouplingMap]:
    """Return the pairs to write, and the map they are from."""
    maps = [coupling_map(model, plan.score)]
    maps += [
        coupling_map(load_fit(other).model, plan.score) for other in plan.models[1:]
    ]
    coupling = average_maps(maps)
    if not coupling.norms.any():
        raise UsageError(
            f"{plan.models[0]}: the model has no couplings, so there is nothing to "
            "rank; fit with `method=pseudolikelihood`"
        )
    probabilities = None
    if not coupling.is_complete:
        n_pairs = (~np.isnan(coupling.scores)).sum() - coupling.length
        say(
            f"{n_pairs // 2} pairs of sites alone have couplings: only these are "
            "ranked, without a probability"
        )
    elif plan.score == "frobenius-apc" and model.alphabet == PROTEIN:
        probabilities = contact_probabilities(
            coupling.scores, model.neff, model.numbering.positions
        )
    separation = plan.separation or plan.format.separation
    pairs = ranked_pairs(
        coupling, separation=separation, chain=chain, probabilities=probabilities
    )
    top = plan.top or plan.format.top
    return pairs if top is None else pairs.head(
        pairs_asked(top, model.length)
    ), coupling


def _looks_like_noise(model: PottsModel, coupling: CouplingMap) -> bool:
    positions = coupling.numbering.positions
    if not coupling.is_complete:
        return False
    return share_above_noise(coupling.scores, model.neff, positions) == 0


def _tell(plan: Plan, outcome: Outcome) -> None:
    """Say what was found and written."""
    for line in contacts_summary_lines(outcome.found.coupling, outcome.found.chain):
        say(line)
    if outcome.noise:
        say("no pair stands out: the scores look like noise")
    for figure in outcome.figures:
        say(f"drew {figure}")
    if outcome.accessibility is not None:
        n_known = int((~np.isnan(outcome.accessibility.relative)).sum())
        told = "".join(f"; {note}" for note in outcome.accessibility.notes)
        place = _place(plan.accessibility or "-")
        say(f"accessibility of {n_known} sites to {place}{told}")
    say(f"wrote {outcome.written} to {_place(plan.output)}")


def _place(output: str) -> str:
    return "standard output" if output == "-" else output


def _draw(
    plot: Path, model: PottsModel, found: Contacts, count: int | None
) -> list[Path]:
    # Matplotlib takes a while to import, so only for who wants a figure.
    if plot.is_dir():
        from pottsfold.report.contact_figures import draw_contact_figures

        return draw_contact_figures(plot, model, found.coupling, found.chain, count)
    from pottsfold.report.contact_map import contact_map_figure

    save_figure(plot, contact_map_figure(found.coupling, found.chain, count))
    return [plot]


def _write_pair(model: PottsModel, pair: str, output: str) -> None:
    check_table_path(output)
    found = re.fullmatch(r"\s*(-?\d{1,18})\s*,\s*(-?\d{1,18})\s*", pair)
    if found is None:
        raise UsageError(
            "give two residue numbers, as 12,34", parameter="pair", value=pair
        )
    matrix = pair_matrix(model, int(found[1]), int(found[2]))
    write_table(matrix.reset_index(), output)
    say(
        f"rows: letter at {matrix.index.name}, columns: letter at "
        f"{matrix.columns.name}; couplings in nats, zero-sum gauge"
    )
