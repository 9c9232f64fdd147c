"""``pottsfold rescue``: substitutions that compensate a harmful mutant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment import reweight
from pottsfold.commands.adjusting import (
    For,
    tell_accessibility,
    tell_adjusted,
)
from pottsfold.commands.console import say
from pottsfold.commands.paths import InputFile, TableOutput
from pottsfold.commands.structures import check_of_structure
from pottsfold.contacts import CONTACT_DISTANCE, map_structure, site_accessibility
from pottsfold.errors import UsageError
from pottsfold.model import load_fit
from pottsfold.model.sites import read_family
from pottsfold.mutations import single_log_odds
from pottsfold.mutations.adjustment import adjusted_log_odds
from pottsfold.mutations.rescue import (
    RankedBy,
    Rescues,
    double_rescues,
    harmless_warning,
    partner_line,
    place_mutant,
    rescue_summary,
    rescue_table,
    seen_in_family,
    single_rescues,
)
from pottsfold.tables.writing import write_table

if TYPE_CHECKING:
    import pandas as pd


def rescue(
    model: InputFile,
    mutant: str,
    *,
    output: TableOutput,
    order: Literal[1, 2] = 2,
    top: int = 100,
    rank_by: RankedBy = "compensation",
    alignment: InputFile | None = None,
    structure: InputFile | None = None,
    chain: str | None = None,
    goal: For = "function",
) -> None:
    """Find substitutions that compensate a harmful mutant, ranked.

    First all single substitutions at other positions, then all pairs of them in which
    each one helps. type: specific (helps the mutant only), mixed (helps both, the
    mutant more), global (helps the wild type as much), none (helps neither).

    Parameters
    ----------
    model
        Model file.
    mutant
        A23T, or several substitutions: A23T:G56D.
    output
        Table to write, ending in .csv, .tsv or .parquet; - is standard output.
    order
        1: single substitutions only. 2: single substitutions, then pairs.
    top
        Number of each to list.
    rank_by
        compensation: gain in the mutant beyond that in the wild type. restored: total
        gain in the mutant, stabilizers first. epistasis: effect in the mutant minus
        that in the wild type, though it may harm both.
    alignment
        Alignment of the family, as given to fit: adds columns seen_mutant,
        seen_rescue, seen_both and seen_expected, the effective numbers of natural
        sequences that have the mutant, the rescue, both, and both if independent.
    structure
        PDB or mmCIF file, plain or packed: adds columns distance (angstrom) and
        contact; with --for stability adjusted_rescue knows how buried each site is.
    chain
        Name of the structure's chain (default: the one that aligns best).
    goal
        What the column adjusted_rescue ranks by: substitutions that keep the function,
        or the stability; learnt from measured libraries of other proteins.
    """
    import pandas as pd

    if top < 1:
        raise UsageError("1 or more is needed", parameter="top", value=top)
    check_of_structure(structure, chain=chain)
    potts = load_fit(model).model
    name, columns, letters = place_mutant(potts, mutant)
    mapped = surface = None
    if structure is not None and goal == "stability":
        surface = site_accessibility(potts, structure, chain)
        mapped = surface.mapping
    elif structure is not None:
        mapped = map_structure(potts, structure, chain)
    accessibility = None if surface is None else surface.relative
    adjusted = adjusted_log_odds(potts, single_log_odds(potts), goal, accessibility)
    family = None
    if alignment is not None:
        family = reweight(read_family(potts, alignment))
    partner = single_rescues(potts, columns, letters, 1, rank_by="epistasis")
    if warning := harmless_warning(name, partner.log_odds_mutant):
        say(warning)
    tables: list[pd.DataFrame] = []
    for size in range(1, order + 1):
        search = single_rescues if size == 1 else double_rescues
        found = search(potts, columns, letters, top, rank_by=rank_by)
        seen = None
        if family is not None:
            seen = seen_in_family(family, columns, letters, found)
        table = rescue_table(potts, name, found, seen, adjusted)
        if mapped is not None:
            _add_distances(table, found, columns, mapped.distances)
        tables.append(table)
        for line in rescue_summary(name, found, table):
            say(line)
    if rank_by != "epistasis" and len(partner):
        say(partner_line(potts, partner))
    if surface is not None:
        tell_accessibility(surface)
    elif mapped is not None:
        say(str(mapped))
    tell_adjusted(adjusted, goal, structure)
    filled = [table for table in tables if len(table)] or tables[:1]
    write_table(pd.concat(filled, ignore_index=True), output)
    if output != "-":
        say(f"wrote {output}")


def _add_distances(
    table: pd.DataFrame,
    rescues: Rescues,
    columns: NDArray[np.int64],
    distances: NDArray[np.float64],
) -> None:
    """Add how far a rescue is from the nearest substitution of the mutant.

    Of a pair the farther one counts. Missing where a residue is.
    """
    import pandas as pd

    nearest = distances[rescues.columns[:, :, np.newaxis], columns].min(axis=2)
    apart = nearest.max(axis=1)
    table["distance"] = apart
    contact = pd.Series(apart < CONTACT_DISTANCE, dtype="boolean")
    table["contact"] = contact.mask(np.isnan(apart))
