"""Libraries of mutants scored as a table, and told in a few lines."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from pottsfold.errors import UsageError, nearest
from pottsfold.model import PottsModel
from pottsfold.mutations.effects import mutant_effects
from pottsfold.mutations.mutants import REASONS, STATUSES, Mutants
from pottsfold.mutations.numbering_shift import numbering_shift
from pottsfold.mutations.placement import place_texts
from pottsfold.mutations.read import MUTANT, SEQUENCE
from pottsfold.mutations.sequences import place_sequences

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "mutant",
    "n_mutations",
    "log_odds",
    "additive",
    "epistasis",
    "independent",
    "status",
    "reason",
)


def score_table(
    model: PottsModel, library: pd.DataFrame, column: str = MUTANT
) -> pd.DataFrame:
    """Score a library of mutants of the focus sequence.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence, whose residue numbers the mutants use.
    library : DataFrame
        One mutant a row; see :func:`pottsfold.mutations.read_mutant`.
    column : str
        The column that holds them; ``mutated_sequence`` holds whole sequences.

    Returns
    -------
    DataFrame
        Columns ``mutant, n_mutations, log_odds, additive, epistasis, independent,
        status, reason`` in nats, negative = harmful, one row for each of the
        library's; then the library's other columns, with ``input_`` before those
        named like one of these.

    Raises
    ------
    UsageError
        If the model has no focus sequence or the library no such column.
    """
    return effect_table(model, place_library(model, library, column), library, column)


def place_library(
    model: PottsModel, library: pd.DataFrame, column: str = MUTANT
) -> Mutants:
    """Return a library's mutants placed in a model; see :func:`score_table`.

    Raises
    ------
    UsageError
        If the model has no focus sequence or the library no such column.
    """
    if column not in library.columns:
        columns = [str(name) for name in library.columns]
        raise UsageError(
            f"no column {column!r} among {', '.join(columns)}"
            + nearest(column, columns)
        )
    place = place_sequences if column == SEQUENCE else place_texts
    return place(model, library[column])


def effect_table(
    model: PottsModel,
    mutants: Mutants,
    library: pd.DataFrame,
    column: str = MUTANT,
) -> pd.DataFrame:
    """Return the effects of a library's placed mutants; see :func:`score_table`."""
    import pandas as pd

    effects = mutant_effects(model, mutants)
    table = pd.DataFrame(
        {
            "mutant": pd.Series(mutants.texts, dtype="str"),
            "n_mutations": pd.Series(mutants.counts).where(mutants.counts >= 0),
            "log_odds": effects.log_odds,
            "additive": effects.additive,
            "epistasis": effects.epistasis,
            "independent": effects.independent,
            "status": np.array(STATUSES, dtype=object)[mutants.statuses],
            "reason": np.array(REASONS, dtype=object)[mutants.reasons],
        }
    )
    # The count of an unreadable mutant is missing, and the others stay integers.
    table["n_mutations"] = table["n_mutations"].astype("Int64")
    others = library if column == SEQUENCE else library.drop(columns=column)
    taken = {*COLUMNS}
    names = []
    for name in map(str, others.columns):
        while name in taken:
            name = f"input_{name}"
        names.append(name)
        taken.add(name)
    others = others.set_axis(names, axis=1)
    return pd.concat([table, others.reset_index(drop=True)], axis=1)


def library_summary(model: PottsModel, mutants: Mutants) -> list[str]:
    """Return what became of a library, one sentence a line.

    Parameters
    ----------
    model : PottsModel
        The model it was placed in.
    mutants : Mutants
        The library.

    Returns
    -------
    list of str
        How many mutants have which status; for every reason how many and the first
        of them; and, if most wild types disagree, the shift that would mend it.
    """
    by_status = np.bincount(mutants.statuses, minlength=len(STATUSES))
    counts = ", ".join(
        f"{n} {word}" for n, word in zip(by_status, STATUSES, strict=True)
    )
    lines = [f"{len(mutants)} mutants: {counts}"]
    faults = Counter(
        zip(mutants.statuses.tolist(), mutants.reasons.tolist(), strict=True)
    )
    told = {0}
    for (status, reason), count in faults.most_common():
        if reason:
            line = f"{count} {STATUSES[status]}: {REASONS[reason]}"
            if reason not in told:
                line += f"; the first is {mutants.complaints[REASONS[reason]]}"
            told.add(reason)
            lines.append(line)
    astray = np.isin(REASONS, ("wild_type_mismatch", "outside_model"))[mutants.reasons]
    if astray.sum() > (mutants.counts >= 0).sum() / 2:
        shift = numbering_shift(model, mutants.wild_types)
        if shift is not None and shift.number:
            lines.append(
                f"adding {shift.number} to the library's positions would make "
                f"{shift.agreeing} of its {shift.named} wild-type letters agree with "
                "the model's; nothing was shifted: renumber the library, or move the "
                f"model's numbers by {-shift.number:+d} with fit --first"
            )
    return lines
