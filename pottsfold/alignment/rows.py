"""Rows as they stand in a file, made a matrix: all of one length, inserts aside."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment.letters import INSERTED
from pottsfold.alignment.sources import Records
from pottsfold.errors import AlignmentError

LOWER = INSERTED.removesuffix(b".")
# What a byte is: bits, so that a column's kinds can be or-ed together.
IS_GAP, IS_DOT, IS_UPPER, IS_LOWER = 1, 2, 4, 8


def raw_matrix(records: Records) -> tuple[NDArray[np.uint8], str]:
    """Return the rows as bytes, shape (N, columns), and the format's full name."""
    rows = records.rows
    format_name = records.format
    if format_name == "fasta" and _is_a3m(rows):
        rows = [row.translate(None, INSERTED) for row in rows]
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
    kinds = np.bitwise_or.reduce(kind_of_byte()[_stacked(rows)], axis=0)
    mixed = (kinds & IS_LOWER != 0) & (kinds & (IS_UPPER | IS_GAP) != 0)
    return bool(mixed.any() and (kinds & IS_UPPER).any())


def _ragged(records: Records, stripped: Counter[int]) -> AlignmentError:
    """Return the error that names the first record of unusual length."""
    empty = next((k for k, row in enumerate(records.rows) if not row), None)
    if empty is not None:
        return AlignmentError(
            "no letters under its header (cut off?); take it out",
            path=records.path,
            line=records.lines[empty],
            record=records.names[empty],
        )
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
        length = len(row.translate(None, INSERTED) if as_a3m else row)
        if length != usual:
            return AlignmentError(
                f"{length} columns where {count} of {len(records.rows)} sequences "
                f"have {usual}; align it or take it out",
                path=records.path,
                line=records.lines[index],
                record=records.names[index],
            )
    raise AssertionError("no row of unusual length")


def kind_of_byte() -> NDArray[np.uint8]:
    """Return the kind of each of the 256 byte values, shape (256,)."""
    table = np.full(256, IS_UPPER, dtype=np.uint8)
    table[ord("-")] = IS_GAP
    table[ord(".")] = IS_DOT
    table[np.frombuffer(LOWER, np.uint8)] = IS_LOWER
    return table
