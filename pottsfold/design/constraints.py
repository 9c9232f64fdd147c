"""Letters that positions may have, as a table lists them."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pottsfold.design.problem import default_letters
from pottsfold.errors import TableError, visible
from pottsfold.files import read_small_text
from pottsfold.model import PottsModel

WHOLE = re.compile(r"-?[0-9]{1,9}")
RULES = ("allowed", "forbidden")
# Bytes of a table, unpacked, that are read; what is said of more.
MAX_BYTES = 2**26
TOO_LONG = "more than 64 MiB; a line for each position is enough"


def read_constraints(path: str | Path, model: PottsModel) -> NDArray[np.bool_]:
    """Read which letters each position may have.

    Parameters
    ----------
    path : str or Path
        Table separated by commas, semicolons or tabs, plain or packed. Column
        ``position`` has residue numbers, ``allowed`` the only letters that may stand
        there, ``forbidden`` some that may not; an empty cell says nothing. A position
        that comes twice obeys both rows. The gap, ``-``, may stand where it is allowed.
    model : PottsModel
        Model of L sites and q letters.

    Returns
    -------
    (L, q) bool
        Allowed letters; at other positions all of the model's but the gap.

    Raises
    ------
    TableError
        If it cannot be read, or a line names a position or a letter that the model has
        not, or leaves no letter.
    """
    name = str(path)
    lines = read_small_text(name, MAX_BYTES, TOO_LONG).splitlines()
    first = next((line for line in lines if line.strip()), "")
    separator = max(",;\t", key=first.count)
    rows = csv.reader(lines, delimiter=separator)
    try:
        # By the lines of the file: a quoted cell may hold several.
        numbered = [(rows.line_num, row) for row in rows if any(map(str.strip, row))]
    except csv.Error as error:
        raise TableError(name, f"line {rows.line_num}: {error}") from error
    header = [cell.strip().casefold() for cell in numbered[0][1]] if numbered else []
    if "position" not in header or not set(RULES) & set(header):
        raise TableError(
            name, "columns position and allowed, forbidden or both are needed"
        )
    letters = default_letters(model)
    seen = np.zeros(model.length, bool)
    for line, row in numbered[1:]:
        cells = dict(zip(header, map(str.strip, row), strict=False))
        site = _site(name, line, cells.get("position", ""), model)
        if allowed := cells.get("allowed"):
            only = _letters(name, line, allowed, model)
            letters[site] = only & letters[site] if seen[site] else only
            seen[site] = True
        if forbidden := cells.get("forbidden"):
            letters[site] &= ~_letters(name, line, forbidden, model, any_letter=True)
        if not letters[site].any():
            raise TableError(
                name,
                f"line {line}: position {model.numbering.positions[site]} has no "
                "letter left; allow one there",
            )
    return letters


def _site(name: str, line: int, word: str, model: PottsModel) -> int:
    """Return the site of a residue number."""
    if not WHOLE.fullmatch(word):
        raise TableError(
            name, f"line {line}: {visible(word)[:20]!r} is no residue number"
        )
    column = model.numbering.column(int(word))
    if column is None:
        first, last = model.numbering.positions[[0, -1]].tolist()
        raise TableError(
            name,
            f"line {line}: the model has no position {word}; its {model.length} "
            f"positions lie from {first} to {last}",
        )
    return column


def _letters(
    name: str, line: int, text: str, model: PottsModel, *, any_letter: bool = False
) -> NDArray[np.bool_]:
    """Return the letters of a cell, (q,) bool, those of the model unless any may be."""
    codes = model.alphabet.encode(text)
    least = 0 if any_letter else model.states.start
    if (codes == model.alphabet.unknown).any() or (codes < least).any():
        raise TableError(
            name,
            f"line {line}: {visible(text)[:20]!r} has a letter that is none of "
            f"{model.alphabet.letters[least:]}",
        )
    found = np.zeros(model.alphabet.size, bool)
    found[codes] = True
    return found
