"""A measured library made ready for judging: numbers, replicates, coverage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import UsageError, nearest
from pottsfold.mutations.assays.cells import functional, numbers
from pottsfold.mutations.library.files.header import find_column
from pottsfold.mutations.library.remarks import remark_lines
from pottsfold.mutations.mutants import OK, PARTIAL, REASONS, UNSCORABLE, Mutants

if TYPE_CHECKING:
    import pandas as pd

SCORE_COLUMNS = ("score", "DMS_score")
FITNESS_COLUMN = "DMS_score_bin"
MIN_MUTANTS = 10


@dataclass(frozen=True, eq=False)
class Measurements:
    """m distinct measured mutants that a model can score, replicates averaged.

    The wild type is not among them: it has nothing to be ranked by.

    Parameters
    ----------
    column : str
        The column of the library that holds the scores.
    rows : (m,) int64
        Row of the library where each comes first.
    scores : (m,) float64
        Higher = fitter, in the assay's own unit; the mean of replicates.
    depths : (m,) int64
        Number of letters changed, those outside the model too.
    partial : (m,) bool
        Whether the model covers a part of the mutant only. Such rows are kept apart
        and, since their texts alone tell them from one another, not merged.
    fit : (m,) bool
        Which mutants count as functional: ``DMS_score_bin`` where the library has
        it, else a score above the median of the mutants that are covered whole.
    labelled : (m,) bool
        Which mutants are known to be functional or not: all, but for those without a
        ``DMS_score_bin`` where the library has it.
    row_scores : (n,) float64
        Score of every row of the library, NaN where there is none.
    notes : tuple of str
        What became of the library's rows, a sentence each.
    conversions : tuple of str
        Those of them that say what was taken otherwise than written.
    """

    column: str
    rows: NDArray[np.int64]
    scores: NDArray[np.float64]
    depths: NDArray[np.int64]
    partial: NDArray[np.bool_]
    fit: NDArray[np.bool_]
    labelled: NDArray[np.bool_]
    row_scores: NDArray[np.float64]
    notes: tuple[str, ...]
    conversions: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.rows)


def measurements(
    library: pd.DataFrame,
    mutants: Mutants,
    *,
    score_column: str | None = None,
    lower_is_fitter: bool = False,
) -> Measurements:
    """Return the measured mutants of a library that a model can score.

    Parameters
    ----------
    library : DataFrame
        From :func:`pottsfold.mutations.read_library`.
    mutants : Mutants
        Its mutants placed in the model, one a row.
    score_column : str, optional
        The column of scores; by default ``score``, else ``DMS_score``. A row
        whose cell holds no finite number is left out and counted.
    lower_is_fitter : bool
        Turn the scores' sign.

    Raises
    ------
    UsageError
        If there is no such column, fewer than 10 mutants are left, all their scores
        are equal, or cells can be taken in two ways.
    """
    column = find_score_column(library, score_column)
    row_scores, converted = numbers(library[column], column)
    if lower_is_fitter:
        row_scores = -row_scores
    measured = np.isfinite(row_scores)
    whole = np.flatnonzero(measured & (mutants.statuses == OK) & (mutants.counts > 0))
    first, which = distinct_mutants(mutants, whole)
    means = np.bincount(which, row_scores[whole]) / np.bincount(which)
    pieces = np.flatnonzero(measured & (mutants.statuses == PARTIAL))
    _check(column, mutants, measured, means)
    rows = np.concatenate([first, pieces])
    scores = np.concatenate([means, row_scores[pieces]])
    fit, labelled = scores > np.median(means), np.ones(len(rows), np.bool_)
    rule = "a score above the median"
    label_column = find_column(map(str, library.columns), FITNESS_COLUMN)
    if label_column is not None:
        fit, labelled, rule = functional(library[label_column], label_column)
        fit, labelled = fit[rows], labelled[rows]
    conversions = (*converted, *remark_lines(mutants.labels, mutants.remarks))
    notes = [
        f"measured: column {column}, {len(library)} rows; {len(first)} distinct "
        f"mutants are compared; counted as functional: those with {rule}",
        *conversions,
        *_losses(library[column], mutants, measured),
    ]
    if not labelled.all():
        notes.append(
            f"{np.count_nonzero(~labelled)} of them have no {label_column} and are "
            "left out of the AUC"
        )
    if len(whole) > len(first):
        notes.append(
            f"{len(whole) - len(first)} rows repeat a mutant; replicates are averaged"
        )
    if len(pieces):
        notes.append(
            f"{len(pieces)} mutants lie partly outside the model; they form a class of "
            "their own, partial"
        )
    return Measurements(
        column=column,
        rows=rows,
        scores=scores,
        depths=mutants.counts[rows],
        partial=np.arange(len(rows)) >= len(first),
        fit=fit,
        labelled=labelled,
        row_scores=row_scores,
        notes=tuple(notes),
        conversions=conversions,
    )


def find_score_column(library: pd.DataFrame, score_column: str | None = None) -> str:
    """Return the name of the column that holds the measured scores.

    Parameters
    ----------
    library : DataFrame
        A measured library.
    score_column : str, optional
        The column asked for; by default ``score``, else ``DMS_score``. Case and blanks
        around do not matter where no name is exactly so.

    Raises
    ------
    UsageError
        If there is none; the columns found are named.
    """
    names = [str(name) for name in library.columns]
    found = find_column(names, score_column or SCORE_COLUMNS)
    if found is not None:
        return found
    wanted = " nor ".join(SCORE_COLUMNS) if score_column is None else score_column
    raise UsageError(
        f"no column {wanted} among {', '.join(names[:12])}"
        + nearest(score_column or SCORE_COLUMNS[0], names)
        + "; name the column of measured scores with `score_column`"
    )


def distinct_mutants(
    mutants: Mutants, rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which rows hold the same substitutions, in whatever order written.

    Parameters
    ----------
    mutants : Mutants
        n of them.
    rows : (k,) int64
        The rows to look at; each covered whole.

    Returns
    -------
    first : (m,) int64
        For every distinct mutant the first row that holds it, in order.
    which : (k,) int64
        For every one of ``rows`` its place in ``first``.
    """
    depths = np.diff(mutants.offsets)[rows]
    keys = mutants.columns * 256 + mutants.letters
    span = int(keys.max(initial=0)) + 1
    groups = np.empty(len(rows), dtype=np.int64)
    n_groups = 0
    for depth in np.unique(depths).tolist():
        here = np.flatnonzero(depths == depth)
        places = mutants.offsets[rows[here]][:, np.newaxis] + np.arange(depth)
        names = np.zeros(len(here), dtype=np.int64)
        # Names so far are below k, so the product stays far from 2^63.
        for key in np.sort(keys[places], axis=1).T:
            names = np.unique(names * span + key, return_inverse=True)[1]
        groups[here] = names + n_groups
        n_groups += int(names.max(initial=-1)) + 1
    _, first, which = np.unique(groups, return_index=True, return_inverse=True)
    # Numbered by first appearance, as a reader of the library expects.
    order = np.argsort(first)
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(len(order))
    return rows[first[order]], places[which]


def _check(
    column: str,
    mutants: Mutants,
    measured: NDArray[np.bool_],
    scores: NDArray[np.float64],
) -> None:
    if not measured.any():
        raise UsageError(
            f"column {column} holds no number in any of {len(measured)} rows; name "
            "the column of measured scores with `score_column`"
        )
    if len(scores) < MIN_MUTANTS:
        bad = measured & (mutants.statuses == UNSCORABLE)
        counts = np.bincount(mutants.reasons[bad], minlength=len(REASONS))
        why = ", ".join(
            f"{count} {reason}"
            for reason, count in zip(REASONS, counts, strict=True)
            if count
        )
        raise UsageError(
            f"only {len(scores)} of {len(measured)} rows are distinct measured mutants "
            f"that the model covers; at least {MIN_MUTANTS} are needed"
            + (f" (not scorable: {why}; score the library to see which)" if why else "")
        )
    if scores.min() == scores.max():
        raise UsageError(
            f"column {column}: all {len(scores)} measured scores are equal "
            f"({scores[0]:g}), so there is nothing to rank; name another one with "
            "`score_column`"
        )


def _losses(
    cells: pd.Series, mutants: Mutants, measured: NDArray[np.bool_]
) -> list[str]:
    """Say which rows are left out, one sentence a cause."""
    lines = []
    missing = np.flatnonzero(~measured)
    if len(missing):
        cell = str(cells.iloc[missing[0]])
        lines.append(
            f"{len(missing)} rows hold no number and are left out; the first is row "
            f"{missing[0] + 1} below the header: {cell[:40]!r}"
        )
    lost = int((measured & (mutants.statuses == UNSCORABLE)).sum())
    if lost:
        lines.append(f"{lost} measured rows cannot be scored and are left out")
    wild_types = int((measured & (mutants.counts == 0)).sum())
    if wild_types:
        lines.append(f"{wild_types} rows are the wild type, which is not ranked")
    return lines
