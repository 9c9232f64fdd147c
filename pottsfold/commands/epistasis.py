"""``pottsfold epistasis``: pairs of substitutions ranked by their interaction."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pottsfold.commands.adjusting import (
    For,
    accessibility_of,
    check_use,
    tell_adjusted,
)
from pottsfold.commands.console import say
from pottsfold.commands.paths import FurtherTable, InputFile, TableOutput
from pottsfold.contacts import coupling_map
from pottsfold.errors import MutationError, UsageError
from pottsfold.model import PottsModel, load_fit
from pottsfold.model.sites import read_family
from pottsfold.mutations import (
    mutant_column,
    place,
    place_library,
    read_library,
    read_mutant,
    single_log_odds,
)
from pottsfold.mutations.adjustment import adjusted_log_odds
from pottsfold.mutations.assays import measurements
from pottsfold.mutations.epistasis import (
    KINDS,
    MIN_EFFECT,
    SitePairs,
    background_effects,
    background_summary,
    background_table,
    epistasis_table,
    measured_table,
    most_epistatic_pairs,
    network_table,
    pairs_with,
    site_pair_table,
    site_pairs,
)
from pottsfold.mutations.epistasis.measured_epistasis import measured_epistasis
from pottsfold.tables.writing import write_table

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


def epistasis(
    model: InputFile,
    *,
    output: TableOutput,
    top: int = 10_000,
    sites: FurtherTable | None = None,
    network: FurtherTable | None = None,
    measured: InputFile | None = None,
    column: str | None = None,
    score_column: str | None = None,
    mutation: str | None = None,
    alignment: InputFile | None = None,
    backgrounds: FurtherTable | None = None,
    goal: For = "function",
    structure: InputFile | None = None,
    chain: str | None = None,
) -> None:
    """Rank pairs of substitutions by their epistasis, and classify it.

    epistasis = log_odds_12 - log_odds_1 - log_odds_2 in nats: positive means better
    together than expected from each alone. type: none (below 0.2 nats), magnitude (no
    effect changes sign), sign (one effect changes sign in presence of the other),
    reciprocal_sign (both do).

    Parameters
    ----------
    model
        Model file.
    output
        Table to write, ending in .csv, .tsv or .parquet; - is standard output.
    top
        Number of pairs, the strongest first.
    sites
        Table to write, all pairs of positions: mean and maximum |epistasis|, counts by
        type, the strongest pair of substitutions, and the coupling_score of contacts.
    network
        Edge list to write, of the positions in the table of pairs: source, target,
        weight, epistasis, n_pairs, n_sign. For networkx, igraph, Cytoscape.
    measured
        Library with scores, higher = fitter: only its double mutants whose single
        mutants are measured too, with columns measured_1, measured_2, measured_12,
        measured_epistasis and corrected_epistasis (corrected for assay nonlinearity).
    column
        Name of the column of mutants in --measured (default: the first there is of
        mutant, mutants, hgvs_pro and mutated_sequence).
    score_column
        Name of the column of scores (default: score, else DMS_score).
    mutation
        Only pairs with this substitution, written like A23T.
    alignment
        Alignment of the family, as given to fit: the effect of --mutation in every
        natural sequence is written to --backgrounds.
    backgrounds
        Table to write: name, mutant, letter, log_odds, log_odds_own_letter, identity,
        covered.
    goal
        What the columns adjusted_1 and adjusted_2 rank by: substitutions that keep
        the function, or the stability; learnt from measured libraries of other
        proteins.
    structure
        PDB or mmCIF file, plain or packed: with --for stability adjusted effects know
        how buried each site is.
    chain
        Name of the structure's chain (default: the one that aligns best).
    """
    check_use(goal, structure, chain)
    _check_usage(top, mutation, alignment, backgrounds)
    if mutation is not None and measured is not None:
        raise UsageError("`mutation` and `measured` each choose pairs; give one")
    for parameter, name in (("column", column), ("score_column", score_column)):
        if name is not None and measured is None:
            raise UsageError(
                "it names a column of `measured`; give that too", parameter=parameter
            )
    potts = load_fit(model).model
    substitution = None if mutation is None else _placed(potts, mutation)
    pairs_of_sites = site_pairs(potts)
    if not pairs_of_sites.highest.max(initial=0.0) > 0:
        raise UsageError(
            f"{model}: the model has no couplings, so there is no epistasis; "
            "fit one with `method=pseudolikelihood`"
        )
    accessibility = accessibility_of(potts, structure, chain)
    adjusted = adjusted_log_odds(potts, single_log_odds(potts), goal, accessibility)
    if measured is not None:
        table = _measured(potts, measured, column, score_column, top, adjusted)
    else:
        if substitution is not None:
            pairs = pairs_with(potts, *substitution, top)
        else:
            pairs = most_epistatic_pairs(potts, pairs_of_sites, top)
        table = epistasis_table(potts, pairs, adjusted)
    # Before the rest: bad input there must leave nothing half-written.
    effects = family = None
    if substitution is not None and alignment is not None:
        family = read_family(potts, alignment)
        effects = background_effects(potts, family, *substitution)
    _write(table, output)
    for line in _summary(pairs_of_sites, table):
        say(line)
    tell_adjusted(adjusted, goal, structure)
    if sites is not None:
        _write(_with_scores(potts, site_pair_table(potts, pairs_of_sites)), sites)
    if network is not None:
        _write(network_table(table), network)
    if effects is not None and family is not None and backgrounds is not None:
        for line in background_summary(potts, effects):
            say(line)
        _write(background_table(potts, family, effects), backgrounds)


def _check_usage(
    top: int, mutation: str | None, alignment: Path | None, backgrounds: str | None
) -> None:
    if top < 1:
        raise UsageError("1 or more is needed", parameter="top", value=top)
    wanted = alignment is not None or backgrounds is not None
    if wanted and None in (mutation, alignment, backgrounds):
        raise UsageError(
            "the effect of a mutation in natural sequences needs all of `mutation`, "
            "`alignment` and `backgrounds`"
        )


def _placed(model: PottsModel, text: str) -> tuple[int, int]:
    """Return the column and code of one substitution."""
    changes = read_mutant(text, model.alphabet)
    if len(changes) != 1:
        raise UsageError(
            "one substitution is needed, like A23T", parameter="mutation", value=text
        )
    column, letter = place(model, changes[0])
    if letter == 0 or changes[0].letter == changes[0].wild_type:
        raise MutationError(text, "gap_or_stop", "no substitution by another letter")
    return column, letter


def _measured(
    model: PottsModel,
    path: Path,
    column: str | None,
    score_column: str | None,
    top: int,
    adjusted: NDArray[np.float64],
) -> pd.DataFrame:
    """Return the table of a measured library's pairs."""
    library = read_library(path, column, announce=say)
    mutants = place_library(model, library, mutant_column(library, column))
    read = measurements(library, mutants, score_column=score_column)
    for note in read.conversions:
        say(note)
    found = measured_epistasis(model, mutants, read.row_scores)
    if not len(found):
        raise UsageError(
            f"{path}: no double mutant is measured together with both single mutants"
        )
    table = measured_table(model, found, top, adjusted)
    say(f"{len(found)} measured double mutants whose single mutants are measured too")
    return table


def _with_scores(model: PottsModel, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of pairs of sites with the score that contacts ranks by."""
    coupling = coupling_map(model)
    first, second = (
        coupling.numbering.positions.searchsorted(table[name])
        for name in ("position_1", "position_2")
    )
    return table.assign(coupling_score=coupling.scores[first, second])


def _summary(pairs: SitePairs, table: pd.DataFrame) -> list[str]:
    shares = pairs.counts.sum(axis=0) / pairs.n_pairs
    kinds = ", ".join(
        f"{share:.2%} {kind.replace('_', ' ')}"
        for kind, share in zip(KINDS, shares, strict=True)
    )
    weakest = table["epistasis"].abs().min()
    return [
        f"{pairs.n_pairs} pairs of substitutions at {len(pairs.columns)} pairs of "
        f"positions: {kinds} (below {MIN_EFFECT} nats: none)",
        f"the table holds {len(table)}, down to |epistasis| {weakest:.3f} nats",
    ]


def _write(table: pd.DataFrame, path: str) -> None:
    write_table(table, path)
    if path != "-":
        say(f"wrote {path}")
