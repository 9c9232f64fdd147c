"""Libraries of mutants scored as a table, and told in a few lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import UsageError, nearest
from pottsfold.mutations.adjustment import Goal
from pottsfold.mutations.assays.augmented import Augmented, augmented_scores
from pottsfold.mutations.effects import EffectTables, effect_tables
from pottsfold.mutations.library.files import holds_sequences
from pottsfold.mutations.library.parsing import (
    SequenceColumns,
    TextColumns,
    place_sequences,
    place_texts,
)
from pottsfold.mutations.library.remarks import check_labels
from pottsfold.mutations.library.summary import LibrarySummary, summarize_batch
from pottsfold.mutations.mutants import REASONS, STATUSES, Mutants, Reference

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from pottsfold.model import PottsModel

COLUMNS = (
    "mutant",
    "n_mutations",
    "log_odds",
    "additive",
    "epistasis",
    "independent",
    "status",
    "reason",
    "adjusted",
)
BURIED = "buried_log_odds"
LEARNT = ("predicted", "predicted_low", "predicted_high")
NUMBERS = (*COLUMNS[2:6], "adjusted", BURIED, *LEARNT)
"""Columns of numbers of our own."""
MUTANT = "mutant"


def score_table(
    model: PottsModel,
    library: pd.DataFrame,
    column: str = MUTANT,
    goal: Goal = "function",
    accessibility: NDArray[np.float64] | None = None,
) -> pd.DataFrame:
    """Score a library of mutants of the focus sequence.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence, whose residue numbers the mutants use.
    library : DataFrame
        One mutant a row; see :func:`pottsfold.mutations.read_mutant`.
    column : str
        The column that holds them; one whose name ends in ``sequence`` or ``seq``
        holds whole sequences.
    goal, accessibility
        As for :func:`effect_tables`.

    Returns
    -------
    DataFrame
        Columns ``mutant, n_mutations, log_odds, additive, epistasis, independent,
        status, reason, adjusted``, and with an accessibility ``buried_log_odds``, in
        nats, negative = harmful, one row for each of the library's (see
        :class:`Effects`); then the library's other columns, with ``input_`` before
        those named like one of these.

    Raises
    ------
    UsageError
        If the model has no focus sequence or the library no such column.
    """
    mutants = place_library(model, library, column)
    return effect_table(model, mutants, library, column, goal, accessibility)


def place_library(
    model: PottsModel, library: pd.DataFrame, column: str = MUTANT
) -> Mutants:
    """Return a library's mutants placed in a model; see :func:`score_table`.

    Raises
    ------
    UsageError
        If the model has no focus sequence or the library no such column.
    TableError
        If mutants name several chains or targets.
    """
    if column not in library.columns:
        columns = [str(name) for name in library.columns]
        raise UsageError(
            f"no column {column!r} among {', '.join(columns)}"
            + nearest(column, columns)
        )
    place = place_sequences if holds_sequences(column) else place_texts
    mutants = place(model, library[column])
    check_labels(mutants.labels, "library")
    return mutants


def effect_table(
    model: PottsModel,
    mutants: Mutants,
    library: pd.DataFrame,
    column: str = MUTANT,
    goal: Goal = "function",
    accessibility: NDArray[np.float64] | None = None,
) -> pd.DataFrame:
    """Return the effects of a library's placed mutants; see :func:`score_table`."""
    import pandas as pd

    tables = effect_tables(model, goal, accessibility)
    scored = _scored(tables, mutants).to_pandas()
    results = [str(name) for name in scored.columns]
    scored["mutant"] = scored["mutant"].astype("str")
    # The count of an unreadable mutant is missing, and the others stay integers.
    scored["n_mutations"] = scored["n_mutations"].astype("Int64")
    kept = library if holds_sequences(column) else library.drop(columns=column)
    kept = kept.set_axis(names_beside(map(str, kept.columns), results), axis=1)
    table: pd.DataFrame = pd.concat([scored, kept.reset_index(drop=True)], axis=1)
    return table


def library_summary(model: Reference, mutants: Mutants) -> list[str]:
    """Return what became of a library, a sentence a line: :class:`LibrarySummary`.

    Parameters
    ----------
    model : PottsModel or EffectTables
        What it was placed in.
    mutants : Mutants
        The library.
    """
    summary = LibrarySummary()
    summary.add(summarize_batch(mutants))
    return summary.lines(model)


class LibraryScorer:
    """Scores the parts of one library; any thread may call it.

    Parameters
    ----------
    tables : EffectTables
        Of the wild type, in the library's numbering.
    column : str
        The column that holds the mutants, or whole sequences.
    augmented : Augmented, optional
        What was learnt from measurements: adds the columns ``LEARNT``.
    """

    def __init__(
        self, tables: EffectTables, column: str, augmented: Augmented | None = None
    ) -> None:
        self._tables = tables
        self._column = column
        self._augmented = augmented
        self._sequences = holds_sequences(column)
        reader = SequenceColumns if self._sequences else TextColumns
        self._reader: SequenceColumns | TextColumns = reader(tables)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of results."""
        buried = () if self._tables.burial is None else (BURIED,)
        learnt = () if self._augmented is None else LEARNT
        return (*COLUMNS, *buried, *learnt)

    @property
    def numbers(self) -> tuple[str, ...]:
        """Names of those that hold numbers of our own."""
        return tuple(name for name in self.columns if name in NUMBERS)

    def place(self, part: pa.Table) -> Mutants:
        """Return the mutants of a part of the library."""
        return self._reader.read(_as_texts(part[self._column]))

    def score(self, part: pa.Table, mutants: Mutants) -> pa.Table:
        """Return the columns of :func:`score_table` for a part and its mutants."""
        table = _scored(self._tables, mutants, self._augmented)
        others = part if self._sequences else part.drop_columns([self._column])
        names = names_beside(others.column_names, self.columns)
        for name, old in zip(names, others.column_names, strict=True):
            table = table.append_column(name, others[old])
        return table


def names_beside(names: Iterable[str], results: Iterable[str]) -> list[str]:
    """Return a library's column names, ``input_`` before those that results have."""
    taken = {*results}
    result = []
    for name in names:
        while name in taken:
            name = f"input_{name}"
        result.append(name)
        taken.add(name)
    return result


def _scored(
    tables: EffectTables, mutants: Mutants, augmented: Augmented | None = None
) -> pa.Table:
    """Return the columns of :class:`LibraryScorer` for mutants."""
    import pyarrow as pa

    effects = tables.effects(mutants)
    numbers = {
        name: pa.array(getattr(effects, name), from_pandas=True)
        for name in (*COLUMNS[2:6], "adjusted")
    }
    adjusted = numbers.pop("adjusted")
    buried, learnt = {}, {}
    if effects.buried_log_odds is not None:
        buried[BURIED] = pa.array(effects.buried_log_odds, from_pandas=True)
    if augmented is not None:
        scores = augmented_scores(augmented, mutants, effects)
        learnt = {
            name: pa.array(values, from_pandas=True)
            for name, values in zip(LEARNT, scores, strict=True)
        }
    return pa.table(
        {
            "mutant": mutants.texts.fill_null(""),
            "n_mutations": pa.array(mutants.counts, mask=mutants.counts < 0),
            **numbers,
            "status": _words(STATUSES, mutants.statuses),
            "reason": _words(REASONS, mutants.reasons),
            "adjusted": adjusted,
            **buried,
            **learnt,
        }
    )


def _words(words: tuple[str, ...], places: NDArray[np.uint8]) -> pa.Array:
    import pyarrow as pa

    return pa.array(words).take(pa.array(places))


def _as_texts(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array of texts.

    Raises
    ------
    UsageError
        If it holds anything else.
    """
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_string_view(kind):
        column, kind = column.cast(pa.large_string()), pa.large_string()
    if pa.types.is_null(kind):
        return pa.nulls(len(column), pa.string())
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        raise UsageError(
            f"the column of mutants holds {kind}, not texts; `column` names another"
        )
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], kind)
