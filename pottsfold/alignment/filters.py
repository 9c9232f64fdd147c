"""Filters: each drops sequences or columns and says what it dropped.

Missing data (a gap or an unknown letter) counts as absent throughout. The focus
sequence is never dropped. Every filter gives weights of one back: weight after
filtering.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment.alignment import Alignment
from pottsfold.errors import AlignmentError, UsageError


def drop_duplicates(alignment: Alignment) -> Alignment:
    """Keep the first of every set of identical sequences, the focus where it is one.

    Two sequences are duplicates when all their L codes agree.
    """
    order = np.arange(alignment.n_sequences)
    if alignment.focus is not None:
        order = np.concatenate(([alignment.focus], np.delete(order, alignment.focus)))
    rows = np.ascontiguousarray(alignment.codes[order])
    whole_rows = rows.view(np.dtype((np.void, rows.shape[1]))).ravel()
    _, first = np.unique(whole_rows, return_index=True)
    keep = np.zeros(alignment.n_sequences, bool)
    keep[order[first]] = True
    return _select_sequences(alignment, keep, "that repeat another one")


def drop_gapped_sequences(alignment: Alignment, max_sequence_gaps: float) -> Alignment:
    """Drop sequences of which a larger fraction of the L columns is absent.

    Parameters
    ----------
    alignment : Alignment
        Alignment to filter.
    max_sequence_gaps : float
        That fraction, between 0 and 1.
    """
    _check_fraction("max_sequence_gaps", max_sequence_gaps)
    keep = absent(alignment).mean(axis=1) <= max_sequence_gaps
    return _select_sequences(
        alignment,
        keep,
        f"with more than {_percent(max_sequence_gaps)} gaps or unknown letters",
    )


def drop_fragments(alignment: Alignment, min_coverage: float) -> Alignment:
    """Drop sequences that span a smaller fraction of the columns.

    The span runs from a sequence's first to its last residue, so a deletion
    inside does not make a fragment, missing ends do.

    Parameters
    ----------
    alignment : Alignment
        Alignment to filter.
    min_coverage : float
        That fraction, between 0 and 1.
    """
    _check_fraction("min_coverage", min_coverage)
    present = ~absent(alignment)
    first = present.argmax(axis=1)
    last = alignment.length - 1 - present[:, ::-1].argmax(axis=1)
    span = np.where(present.any(axis=1), last - first + 1, 0)
    keep = span >= min_coverage * alignment.length - 1e-9
    return _select_sequences(
        alignment, keep, f"spanning less than {_percent(min_coverage)} of the columns"
    )


def drop_gapped_columns(alignment: Alignment, max_column_gaps: float) -> Alignment:
    """Drop columns where a larger fraction of the sequences is absent.

    Parameters
    ----------
    alignment : Alignment
        Alignment to filter.
    max_column_gaps : float
        That fraction, between 0 and 1; sequences count alike, whatever their weights.

    Raises
    ------
    AlignmentError
        If fewer than two columns are left.
    """
    _check_fraction("max_column_gaps", max_column_gaps)
    keep = absent(alignment).mean(axis=0) <= max_column_gaps
    if keep.sum() < 2:
        raise AlignmentError(
            f"{int(keep.sum())} of {alignment.length} columns have at most "
            f"{_percent(max_column_gaps)} gaps; allow more with `max_column_gaps`",
            path=alignment.source.path or None,
        )
    dropped = alignment.numbering.positions[~keep]
    note = (
        f"dropped {len(dropped)} of {alignment.length} columns with more than "
        f"{_percent(max_column_gaps)} gaps or unknown letters"
    )
    if len(dropped):
        note += f" (positions {ranges(dropped)})"
    return alignment.select(columns=keep, note=note)


def absent(alignment: Alignment) -> NDArray[np.bool_]:
    """Return where letters are missing, shape (N, L): a gap or an unknown letter."""
    result: NDArray[np.bool_] = (alignment.codes == 0) | (
        alignment.codes == alignment.alphabet.unknown
    )
    return result


def ranges(numbers: NDArray[np.int64]) -> str:
    """Return increasing numbers as text.

    Examples
    --------
    >>> ranges(np.array([1, 2, 3, 7]))
    '1-3, 7'
    """
    breaks = np.flatnonzero(np.diff(numbers) != 1) + 1
    parts = [(int(run[0]), int(run[-1])) for run in np.split(numbers, breaks)]
    return ", ".join(f"{a}-{b}" if b > a else f"{a}" for a, b in parts)


def _select_sequences(
    alignment: Alignment, keep: NDArray[np.bool_], what: str
) -> Alignment:
    keep = keep.copy()
    if alignment.focus is not None:
        keep[alignment.focus] = True
    if keep.sum() < 2:
        raise AlignmentError(
            f"fewer than 2 of {len(keep)} sequences are left after dropping those "
            f"{what}; loosen that filter",
            path=alignment.source.path or None,
        )
    note = f"dropped {int((~keep).sum())} of {len(keep)} sequences {what}"
    return alignment.select(sequences=keep, note=note)


def _percent(fraction: float) -> str:
    return f"{100 * fraction:g}%"


def _check_fraction(parameter: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise UsageError(
            "a number from 0 to 1 is needed", parameter=parameter, value=value
        )
