"""From raw records to an :class:`Alignment`: match columns, focus, numbers, codes.

Match columns are those where the focus sequence has an upper-case letter, or any
letter; see :func:`read_alignment`. Without a focus they are all columns but inserts
(only lower-case letters and ``.``, as A2M writes them). A3M rows lose their lower-case
letters first. In a match column ``.`` is a gap and a lower-case letter its upper-case
one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment.alignment import Alignment, Source
from pottsfold.alignment.positions import (
    RANGE,
    checked_first,
    numbers_of,
    with_counted_residues,
)
from pottsfold.alignment.rows import (
    IS_GAP,
    IS_LOWER,
    IS_UPPER,
    kind_of_byte,
    raw_matrix,
)
from pottsfold.alignment.sources import Records, read_records
from pottsfold.alphabet import Alphabet, guess_alphabet, respelt
from pottsfold.errors import AlignmentError, nearest, shown

Columns = Literal["all", "upper"]
# Rows whose letters are counted at once: a count takes eight times their bytes.
ROWS_AT_ONCE = 4096


def read_alignment(
    path: str | Path,
    *,
    focus: str | int | None = 0,
    first: int | None = None,
    columns: Columns | None = None,
    alphabet: Alphabet | None = None,
) -> Alignment:
    """Read an alignment file.

    Parameters
    ----------
    path : str or Path
        FASTA, A2M, A3M, PIR, Stockholm, Clustal or PSICOV ``.aln``, plain or compressed
        (gz, xz, zstd, bz2); recognised by its content, not its name. Rows that are
        annotation are left out; rows count without them.
    focus : str, int or None
        The focus sequence: its name, exact, with or without ``/start-end``; or its
        row; or None for no focus, which keeps every match column.
    first : int, optional
        Residue number of the focus sequence's first residue; by default the start
        of its ``/start-end``, else 1.
    columns : {"all", "upper"}, optional
        With a focus sequence, which columns become sites: all in which it has a
        letter, or an upper-case letter. By default all where it has a letter in every
        column, since lower case then marks columns of many gaps, as EVcouplings writes
        them, or has no upper-case letter; elsewhere lower case marks inserts, which are
        not aligned. Inserts of an A3M stand out of line and are never sites.
    alphabet : Alphabet, optional
        By default guessed from the letters.

    Returns
    -------
    Alignment
        With weights of one; see :func:`pottsfold.alignment.reweight`.

    Raises
    ------
    AlignmentError
        If the file cannot be read, is too large for the memory, rows differ in length,
        the focus is not there, or most letters are outside the alphabet.
    UsageError
        If ``first`` is no residue number.
    """
    if first is not None:
        checked_first(first)
    try:
        return _read(path, focus, first, columns, alphabet)
    except MemoryError:
        raise AlignmentError(
            "too large for the memory there is; give it fewer sequences, or use a "
            "larger machine",
            path=str(path),
        ) from None


def _read(
    path: str | Path,
    focus: str | int | None,
    first: int | None,
    columns: Columns | None,
    alphabet: Alphabet | None,
) -> Alignment:
    wanted = focus if isinstance(focus, str) else None
    records = read_records(path, alphabet=alphabet, wanted=wanted)
    history = list(records.notes)
    focus_row = _find_focus(records, focus, history)
    if focus_row is not None:
        records = with_counted_residues(records, focus_row, alphabet, history)
    raw, format_name = raw_matrix(records)
    keep = _match_columns(records, raw, focus_row, columns, history)
    numbering = numbers_of(records, keep, focus_row, first, history)
    matrix = raw[:, keep]
    del raw  # as large as the file
    counts = _counts(matrix)
    if alphabet is None:
        alphabet = guess_alphabet(counts)
        history.append(f"alphabet {alphabet.name}, guessed from the letters")
    codes = alphabet.codes_of_bytes[matrix]
    history += respelt(alphabet, counts)
    _report_unknown(records, alphabet, counts, codes, history)
    return Alignment(
        alphabet=alphabet,
        codes=codes,
        names=tuple(records.names),
        numbering=numbering,
        focus=focus_row,
        source=Source(records.path, records.sha256, format_name),
        history=tuple(history),
    )


def _counts(matrix: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return how often each of the 256 byte values occurs, shape (256,)."""
    counts = np.zeros(256, np.int64)
    for start in range(0, len(matrix), ROWS_AT_ONCE):
        rows = matrix[start : start + ROWS_AT_ONCE]
        counts += np.bincount(rows.ravel(), minlength=256)
    return counts


def _find_focus(
    records: Records, focus: str | int | None, history: list[str]
) -> int | None:
    """Return the row of the focus sequence."""
    if focus is None:
        return None
    if isinstance(focus, int):
        if not 0 <= focus < len(records.rows):
            raise AlignmentError(
                f"no row {focus} among {len(records.rows)} sequences, counted from 0",
                path=records.path,
            )
        return focus
    name = focus if focus in records.names else _named_without_range(records, focus)
    count = records.names.count(name)
    if count > 1:
        history.append(
            f"{count} sequences are named {shown(name)}: the first is the focus"
        )
    return records.names.index(name)


def _named_without_range(records: Records, focus: str) -> str:
    """Return the whole name ``focus/start-end`` of the focus sequence."""
    matches = (RANGE.fullmatch(name) for name in records.names)
    found = sorted({m.string for m in matches if m and m["name"] == focus})
    if len(found) == 1:
        return found[0]
    if found:
        raise AlignmentError(
            f"focus {shown(focus)!r} may be any of "
            f"{', '.join(map(shown, found[:5]))}; give the whole name",
            path=records.path,
        )
    raise AlignmentError(
        f"no sequence named {shown(focus)!r} among {len(records.names)}"
        + nearest(focus, records.names),
        path=records.path,
    )


def _match_columns(
    records: Records,
    raw: NDArray[np.uint8],
    focus: int | None,
    columns: Columns | None,
    history: list[str],
) -> NDArray[np.bool_]:
    """Return which raw columns are match columns, shape (columns,)."""
    kinds = kind_of_byte()[raw]
    column_kinds = np.bitwise_or.reduce(kinds, axis=0)
    if not (column_kinds & IS_UPPER).any():
        history.append("every letter is lower case: read as upper case")
        kinds = np.where(kinds == IS_LOWER, IS_UPPER, kinds)
        column_kinds = np.bitwise_or.reduce(kinds, axis=0)
    match = (column_kinds & (IS_UPPER | IS_GAP)) != 0
    if focus is not None:
        match = _focus_columns(records, kinds, focus, columns, match, history)
    if match.sum() < 2:
        raise AlignmentError(
            f"{int(match.sum())} match columns where 2 are needed"
            + (
                ""
                if focus is None
                else "; its upper-case letters decide: choose another `focus`"
            ),
            path=records.path,
            record=None if focus is None else records.names[focus],
        )
    result: NDArray[np.bool_] = match
    return result


def _focus_columns(
    records: Records,
    kinds: NDArray[np.uint8],
    focus: int,
    columns: Columns | None,
    match: NDArray[np.bool_],
    history: list[str],
) -> NDArray[np.bool_]:
    """Return the columns that the focus sequence makes sites, shape (columns,)."""
    upper: NDArray[np.bool_] = kinds[focus] == IS_UPPER
    lower: NDArray[np.bool_] = kinds[focus] == IS_LOWER
    if columns is None:
        whole = (upper | lower).all() or not upper.any()
        columns = "all" if whole else "upper"
    name = shown(records.names[focus])
    line = (
        f"focus {name} (row {focus + 1}): kept the {int(upper.sum())} columns where it "
        f"has an upper-case letter, of {int(match.sum())} match columns"
    )
    if not lower.any():
        history.append(line)
        return upper
    if columns == "upper":
        history.append(
            f"{line}; {int(lower.sum())} of its letters are lower case, left out "
            "(`columns=all` takes them)"
        )
        return upper
    history.append(
        f"{line}, and {int(lower.sum())} where it has a lower-case one "
        "(`columns=upper` leaves these out)"
    )
    either: NDArray[np.bool_] = upper | lower
    return either


def _report_unknown(
    records: Records,
    alphabet: Alphabet,
    counts: NDArray[np.int64],
    codes: NDArray[np.uint8],
    history: list[str],
) -> None:
    """Say which letters are outside the alphabet; refuse when most are."""
    is_unknown = alphabet.codes_of_bytes == alphabet.unknown
    unknown = {chr(b): int(counts[b]) for b in np.flatnonzero(is_unknown) if counts[b]}
    total = sum(unknown.values())
    if not total:
        return
    ranked = sorted(unknown.items(), key=lambda item: -item[1])
    letters = ", ".join(f"{letter} {count}" for letter, count in ranked[:6])
    known = int((~is_unknown[: len(counts)] * counts).sum()) - int((codes == 0).sum())
    if total > known:
        raise AlignmentError(
            f"{total} of {total + known} letters are outside the {alphabet.name} "
            f"alphabet {alphabet.letters} ({letters}); name another with `alphabet`",
            path=records.path,
        )
    rows = int((codes == alphabet.unknown).any(axis=1).sum())
    history.append(
        f"{total} letters outside the alphabet ({letters}) in {rows} sequences: "
        "taken as missing data"
    )
