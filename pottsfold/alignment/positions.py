"""Residue numbers of the columns, counted along the focus sequence."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment.letters import GAP_CHARACTERS, INSERTED
from pottsfold.alignment.numbering import Numbering
from pottsfold.alignment.sources import Records
from pottsfold.alphabet import Alphabet
from pottsfold.errors import UsageError

# Editors make dashes of hyphens.
RANGE = re.compile(
    r"(?P<name>.+)/(?P<start>[0-9]{1,9})[-\u2010-\u2015\u2212](?P<end>[0-9]{1,9})"
)
MAX_FIRST = 10**9


def checked_first(first: int) -> int:
    """Return a residue number, if it can be one.

    Raises
    ------
    UsageError
        If it cannot.
    """
    if abs(first) > MAX_FIRST:
        raise UsageError("not a residue number", parameter="first", value=first)
    return first


def with_counted_residues(
    records: Records, focus: int, alphabet: Alphabet | None, history: list[str]
) -> Records:
    """Return records where what the focus row's name does not count is a gap.

    A letter is a residue, be it unknown. Of other signs, ``?`` above all, some programs
    make residues and some make gaps: the number of residues that the name promises
    tells, and without one they are counted.
    """
    row = records.rows[focus]
    own = b"" if alphabet is None else alphabet.letters.encode("ascii")
    signs = [
        byte
        for byte in row.translate(None, GAP_CHARACTERS + own)
        if not chr(byte).isalpha()
    ]
    if not signs:
        return records
    n_residues = len(row.translate(None, GAP_CHARACTERS))
    listed = ", ".join(f"{chr(b)} {n}" for b, n in Counter(signs).most_common(6))
    said = f"{len(signs)} signs of the focus row are no letters ({listed})"
    match = RANGE.fullmatch(records.names[focus])
    due = int(match["end"]) - int(match["start"]) + 1 if match else 0
    if due != n_residues - len(signs):
        history.append(f"{said}: counted as unknown residues")
        return records
    history.append(f"{said}: read as gaps, since its name promises {due} residues")
    rows = list(records.rows)
    gaps = bytes.maketrans(bytes(signs), b"-" * len(signs))
    rows[focus] = row.translate(gaps)
    return replace(records, rows=rows)


def numbers_of(
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
        in_matrix = np.array([byte not in INSERTED for byte in row])
        kept = np.zeros(len(row), bool)
        kept[in_matrix] = keep
    else:
        kept = keep
    residue = np.array([byte not in GAP_CHARACTERS for byte in row])
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
