"""From raw records to an :class:`Alignment`: match columns, focus, numbers, codes.

Match columns are those where the focus sequence has an upper-case letter, or any
letter; see :func:`read_alignment`. Without a focus they are all columns but inserts
(only lower-case letters and ``.``, as A2M writes them). A3M rows lose their lower-case
letters first. In a match column ``.`` is a gap and a lower-case letter its upper-case
one.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment.alignment import Alignment, Source
from pottsfold.alignment.numbering import Numbering
from pottsfold.alignment.sources import Records, line_of_record, read_records
from pottsfold.alphabet import Alphabet, guess_alphabet
from pottsfold.errors import AlignmentError, UsageError, nearest

Columns = Literal["all", "upper"]
LOWER = b"abcdefghijklmnopqrstuvwxyz"
RANGE = re.compile(r"(?P<name>.+)/(?P<start>[0-9]{1,9})-(?P<end>[0-9]{1,9})")
MAX_FIRST = 10**9

# What a byte is: bits, so that a column's kinds can be or-ed together.
IS_GAP, IS_DOT, IS_UPPER, IS_LOWER = 1, 2, 4, 8


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
        FASTA, A2M, A3M, Stockholm, Clustal or PSICOV ``.aln``, plain or compressed
        (gz, xz, zstd, bz2); recognised by its content, not its name.
    focus : str, int or None
        The focus sequence: its name, exact, with or without ``/start-end``; or its
        row; or None for no focus, which keeps every match column.
    first : int, optional
        Residue number of the focus sequence's first residue; by default the start
        of its ``/start-end``, else 1.
    columns : {"all", "upper"}, optional
        With a focus sequence, which columns become sites: all in which it has a
        letter, or an upper-case letter. By default all where it has a letter in every
        column: there lower case marks columns of many gaps, as EVcouplings writes
        them; elsewhere it marks inserts, which are not aligned. Inserts of an A3M
        stand out of line and are never sites.
    alphabet : Alphabet, optional
        By default guessed from the letters.

    Returns
    -------
    Alignment
        With weights of one; see :func:`pottsfold.alignment.reweight`.

    Raises
    ------
    AlignmentError
        If the file cannot be read, rows differ in length, the focus is not there,
        or most letters are outside the alphabet.
    UsageError
        If ``first`` is no residue number.
    """
    if first is not None and abs(first) > MAX_FIRST:
        raise UsageError("not a residue number", parameter="first", value=first)
    records = read_records(path)
    history: list[str] = []
    focus_row = _find_focus(records, focus, history)
    raw, format_name = _raw_matrix(records)
    keep = _match_columns(records, raw, focus_row, columns, history)
    numbering = _numbering(records, keep, focus_row, first, history)
    matrix = raw[:, keep]
    counts = np.bincount(matrix.ravel(), minlength=256)
    if alphabet is None:
        alphabet = guess_alphabet(counts)
        history.append(f"alphabet {alphabet.name}, guessed from the letters")
    codes = alphabet.codes_of_bytes[matrix]
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
        history.append(f"{count} sequences are named {name}: the first is the focus")
    return records.names.index(name)


def _named_without_range(records: Records, focus: str) -> str:
    """Return the whole name ``focus/start-end`` of the focus sequence."""
    matches = (RANGE.fullmatch(name) for name in records.names)
    found = sorted({m.string for m in matches if m and m["name"] == focus})
    if len(found) == 1:
        return found[0]
    if found:
        raise AlignmentError(
            f"focus {focus!r} may be any of {', '.join(found[:5])}; "
            "give the whole name",
            path=records.path,
        )
    raise AlignmentError(
        f"no sequence named {focus!r} among {len(records.names)}"
        + nearest(focus, records.names),
        path=records.path,
    )


def _raw_matrix(records: Records) -> tuple[NDArray[np.uint8], str]:
    """Return the rows as bytes, shape (N, columns), and the format's full name."""
    rows = records.rows
    format_name = records.format
    if format_name == "fasta" and _is_a3m(rows):
        rows = [row.translate(None, LOWER + b".") for row in rows]
        format_name = "a3m"
    lengths = Counter(map(len, rows))
    if len(lengths) > 1:
        raise _ragged(records, lengths)
    if not len(rows[0]):
        raise AlignmentError("its sequences are empty", path=records.path)
    raw = _stacked(rows)
    if format_name == "fasta" and b"." in rows[0]:
        format_name = "a2m"
    return raw, format_name


def _stacked(rows: list[bytes]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1)


def _is_a3m(rows: list[bytes]) -> bool:
    """Tell whether inserts stand out of line.

    They do when rows differ in length and are not all lower case. Rows of one
    length may be an A3M by chance: when they keep one length without lower case,
    have no ``.`` to fill inserts, and a column mixes lower case with match letters
    or gaps.
    """
    if len(set(map(len, rows))) > 1:
        return any(row != row.lower() for row in rows)
    if all(map(bytes.isupper, rows)) or any(b"." in row for row in rows):
        return False
    if len({len(row.translate(None, LOWER)) for row in rows}) > 1:
        return False
    kinds = np.bitwise_or.reduce(_kinds()[_stacked(rows)], axis=0)
    mixed = (kinds & IS_LOWER != 0) & (kinds & (IS_UPPER | IS_GAP) != 0)
    return bool(mixed.any() and (kinds & IS_UPPER).any())


def _ragged(records: Records, stripped: Counter[int]) -> AlignmentError:
    """Return the error that names the first record of unusual length."""
    # Rows of an A3M differ only after its inserts are taken out; rows of the
    # others as they stand. Blame by the view in which fewer rows are odd.
    plain = Counter(map(len, records.rows))
    usual, count = max(
        plain.most_common(1)[0], stripped.most_common(1)[0], key=lambda pair: pair[1]
    )
    as_a3m = stripped[usual] == count and plain[usual] != count
    if 2 * count <= len(records.rows):
        return AlignmentError(
            f"{len(records.rows)} sequences of {len(stripped)} lengths, "
            f"{min(stripped)} to {max(stripped)} letters: not aligned; align them "
            "first",
            path=records.path,
        )
    for index, row in enumerate(records.rows):
        length = len(row.translate(None, LOWER + b".") if as_a3m else row)
        if length != usual:
            return AlignmentError(
                f"{length} columns where {count} of {len(records.rows)} sequences "
                f"have {usual}; align it or take it out",
                path=records.path,
                line=line_of_record(records, index),
                record=records.names[index],
            )
    raise AssertionError("no row of unusual length")


def _kinds() -> NDArray[np.uint8]:
    table = np.full(256, IS_UPPER, dtype=np.uint8)
    table[ord("-")] = IS_GAP
    table[ord(".")] = IS_DOT
    table[np.frombuffer(LOWER, np.uint8)] = IS_LOWER
    return table


def _match_columns(
    records: Records,
    raw: NDArray[np.uint8],
    focus: int | None,
    columns: Columns | None,
    history: list[str],
) -> NDArray[np.bool_]:
    """Return which raw columns are match columns, shape (columns,)."""
    kinds = _kinds()[raw]
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
        columns = "all" if (upper | lower).all() else "upper"
    line = (
        f"focus {records.names[focus]} (row {focus + 1}): kept the {int(upper.sum())} "
        f"columns where it has an upper-case letter, of {int(match.sum())} match "
        "columns"
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


def _numbering(
    records: Records,
    keep: NDArray[np.bool_],
    focus: int | None,
    first: int | None,
    history: list[str],
) -> Numbering:
    """Return residue numbers, counting every residue of the raw focus row."""
    if focus is None:
        return Numbering.sequential(int(keep.sum()), 1 if first is None else first)
    row = records.rows[focus]
    # In an A3M the raw row still has the inserts that the matrix lost.
    if len(row) != len(keep):
        in_matrix = np.array([chr(b) not in LOWER.decode() + "." for b in row])
        kept = np.zeros(len(row), bool)
        kept[in_matrix] = keep
    else:
        kept = keep
    residue = np.array([b not in b"-." for b in row])
    start, source = 1, "from 1 (its name has no /start-end)"
    match = RANGE.fullmatch(records.names[focus])
    if match:
        start, source = int(match["start"]), f"from {match['start']} (its name)"
        due = int(match["end"]) - start + 1
        if due <= 0:
            # Rfam writes the reverse strand so; columns must count upwards.
            start, source = 1, "from 1 (its /start-end runs backwards)"
        elif due != residue.sum() and first is None:
            history.append(
                f"the focus name promises {due} residues and the row has "
                f"{int(residue.sum())}: numbers count from {start} all the same; "
                "`first` says otherwise"
            )
    if first is not None:
        start, source = first, f"from {first} (as asked)"
    history.append(f"positions numbered {source}")
    numbers = start - 1 + np.cumsum(residue)
    return Numbering(numbers[kept])


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
