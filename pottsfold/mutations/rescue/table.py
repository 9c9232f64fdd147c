"""Rescues as a table and in a few lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import MutationError, UsageError
from pottsfold.model import PottsModel
from pottsfold.mutations.epistasis import MIN_EFFECT, substitution_names
from pottsfold.mutations.library.parse_one import place
from pottsfold.mutations.notation import read_mutant, write_mutant
from pottsfold.mutations.rescue.classify import KINDS, NEUTRAL, rescue_kinds
from pottsfold.mutations.rescue.cooccurrence import Seen
from pottsfold.mutations.rescue.search import Rescues

if TYPE_CHECKING:
    import pandas as pd


def place_mutant(
    model: PottsModel, text: str
) -> tuple[str, NDArray[np.int64], NDArray[np.uint8]]:
    """Return a mutant as it is written by default, its sites and its new codes.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence.
    text : str
        As :func:`pottsfold.mutations.read_mutant` reads it.

    Raises
    ------
    MutationError
        If it cannot be read or does not fit the model.
    UsageError
        If it is the wild type, or the model has no focus sequence.
    """
    changes = [
        change
        for change in read_mutant(text, model.alphabet)
        if change.wild_type != change.letter
    ]
    if not changes:
        raise UsageError(f"mutant {text!r}: nothing is changed; name a substitution")
    columns, letters = np.array([place(model, change) for change in changes]).T
    if len(set(columns)) < len(columns):
        raise MutationError(text, "duplicate_position", "a position comes twice")
    return write_mutant(changes), columns, letters.astype(np.uint8)


def rescue_table(
    model: PottsModel,
    mutant: str,
    rescues: Rescues,
    seen: Seen | None = None,
    adjusted: NDArray[np.float64] | None = None,
) -> pd.DataFrame:
    """Return rescues as a table, in their order.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence.
    mutant : str
        The mutant, for the table.
    rescues : Rescues
        Of that mutant.
    seen : Seen, optional
        How often nature has them.
    adjusted : (L, q) float64, optional
        From :func:`pottsfold.mutations.adjustment.adjusted_log_odds`.

    Returns
    -------
    DataFrame
        Columns ``mutant, rescue``; ``log_odds_mutant, log_odds_rescue`` (alone, in the
        wild type), ``log_odds_together, epistasis``, in nats; ``recovered``, the share
        of the harm undone; ``type``, one of ``KINDS``; ``compensation``, in nats;
        ``neutral_alone`` (|log_odds_rescue| < 0.5); with ``adjusted`` also
        ``adjusted_rescue``, of its substitutions alone; with ``seen`` the effective
        numbers of sequences ``seen_mutant, seen_rescue, seen_both, seen_expected``.
    """
    import pandas as pd

    names = substitution_names(model)[rescues.columns, rescues.letters]
    kinds = rescue_kinds(rescues.alone, rescues.epistasis)
    table = pd.DataFrame(
        {
            "mutant": pd.Series([mutant] * len(rescues), dtype="str"),
            "rescue": pd.Series([":".join(row) for row in names], dtype="str"),
            "log_odds_mutant": rescues.log_odds_mutant,
            "log_odds_rescue": rescues.alone,
            "log_odds_together": rescues.together,
            "epistasis": rescues.epistasis,
            "recovered": rescues.recovered,
            "type": pd.Series(np.array(KINDS, object)[kinds], dtype="str"),
            "compensation": rescues.compensation,
            "neutral_alone": np.abs(rescues.alone) < NEUTRAL,
        }
    )
    if adjusted is not None:
        alone = adjusted[rescues.columns, rescues.letters]
        table["adjusted_rescue"] = alone.sum(axis=1)
    if seen is not None:
        table["seen_mutant"] = seen.mutant
        table["seen_rescue"] = seen.rescue
        table["seen_both"] = seen.both
        table["seen_expected"] = seen.expected
    return table


def rescue_summary(mutant: str, rescues: Rescues, table: pd.DataFrame) -> list[str]:
    """Return what was found, one sentence a line.

    Parameters
    ----------
    mutant : str
        The mutant, as in the table.
    rescues : Rescues
        Of k substitutions each.
    table : DataFrame
        Theirs, from :func:`rescue_table`.
    """
    size = rescues.columns.shape[1]
    if not len(table):
        return [f"no rescues of {size} substitutions in which each one helps {mutant}"]
    kinds = table["type"].value_counts()
    counted = ", ".join(f"{kinds.get(kind, 0)} {kind}" for kind in KINDS[::-1])
    best = table.iloc[0]
    lines = [
        f"rescues of {size} substitution{'s' * (size > 1)}: all {rescues.n_examined} "
        f"examined; of the first {len(table)}, {counted}",
        f"best: {best['rescue']}, {best['type']}: {best['log_odds_rescue']:+.2f} nats "
        f"alone, {rescues.restored[0]:+.2f} in the mutant, "
        f"{best['log_odds_together']:+.2f} together",
    ]
    if size == 1 and table["compensation"].max() < MIN_EFFECT:
        lines.append(
            f"none of these compensates {mutant}: each improves the wild type as much "
            "(`rank_by=restored` lists such stabilizers)"
        )
    return lines


def partner_line(model: PottsModel, rescues: Rescues) -> str:
    """Return a sentence on the substitution that suits the mutant best.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence.
    rescues : Rescues
        Ranked by epistasis, at least one.
    """
    names = substitution_names(model)[rescues.columns[0], rescues.letters[0]]
    return (
        f"strongest positive epistasis with the mutant: {':'.join(names)}, "
        f"{rescues.alone[0]:+.2f} nats alone, {rescues.restored[0]:+.2f} in the "
        "mutant; `rank_by=epistasis` lists such substitutions"
    )


def harmless_warning(mutant: str, log_odds: float) -> str:
    """Return a warning for a mutant that needs no rescue, else the empty string."""
    if log_odds <= -MIN_EFFECT:
        return ""
    return (
        f"warning: {mutant} is not harmful by this model (log-odds {log_odds:+.2f}): "
        "the substitutions found improve it, but compensate no harm"
    )
