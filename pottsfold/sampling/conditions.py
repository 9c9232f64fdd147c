"""Conditions and starts as users write them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment import Alignment
from pottsfold.alignment.sources import read_records
from pottsfold.errors import AlignmentError, PottsfoldError, UsageError
from pottsfold.model import PottsModel
from pottsfold.model.sites import read_family

POSITIONS = re.compile(r"(-?[0-9]{1,9})(?:-(-?[0-9]{1,9}))?")
INSERTS = str.maketrans("", "", "abcdefghijklmnopqrstuvwxyz.")
# A larger share of letters outside the alphabet tells that it is another one.
MAX_UNKNOWN = 0.1


def fixed_sites(model: PottsModel, text: str) -> NDArray[np.bool_]:
    """Return the sites of ``12,15-20``, positions and ranges, shape (L,) bool.

    Raises
    ------
    UsageError
        If it cannot be read, or an end of a range is no position of the model.
    """
    sites = np.zeros(model.length, bool)
    for part in text.split(","):
        sites |= _sites(model, part.strip(), "fix")
    return sites


def allowed_letters(model: PottsModel, text: str) -> NDArray[np.bool_]:
    """Return the letters left by ``C,12:P,15-20:DE``, shape (L, q) bool.

    Letters alone are forbidden everywhere, letters after positions there; ``-`` is
    the gap.

    Raises
    ------
    UsageError
        If it cannot be read, or names a position or letter that the model has not.
    """
    allowed = np.ones(model.fields.shape, bool)
    for part in text.split(","):
        where, colon, letters = part.strip().rpartition(":")
        codes = model.alphabet.encode(letters)
        if not letters or (codes == model.alphabet.unknown).any():
            raise UsageError(
                f"letters of {model.alphabet.letters} are needed, as in C or 12:P or "
                "15-20:DE",
                parameter="forbid",
                value=part,
            )
        sites = _sites(model, where, "forbid") if colon else np.ones(len(allowed), bool)
        allowed[np.ix_(sites, np.unique(codes))] = False
    return allowed


def read_sequences(
    path: Path, model: PottsModel
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Read sequences to start from, or to stay away from.

    Parameters
    ----------
    path : Path
        The alignment that the model was fitted to, known by the focus sequence in it;
        or sequences in any format of alignments, plain or compressed, with one letter
        a site, lower-case letters and dots apart.
    model : PottsModel
        Model of L sites.

    Returns
    -------
    codes : (M, L) uint8
        Sequences.
    notes : tuple of str
        What was left out or taken as something else, a sentence each.

    Raises
    ------
    AlignmentError
        If the file cannot be read, or a sequence does not fit the model.
    """
    family = _own_family(path, model)
    if family is not None:
        return family.codes, family.history
    records = read_records(path, min_sequences=1, alphabet=model.alphabet)
    rows, n_inserts = [], 0
    for index, row in enumerate(records.rows):
        letters = aligned = row.decode("ascii")
        if len(letters) != model.length:
            aligned = letters.translate(INSERTS)
            n_inserts += sum(map(str.islower, letters))
        if len(aligned) != model.length:
            raise AlignmentError(
                f"{len(aligned)} letters, and the model has {model.length} sites",
                path=str(path),
                line=records.lines[index],
                record=records.names[index],
            )
        codes = model.alphabet.encode(aligned)
        unknown = int((codes == model.alphabet.unknown).sum())
        if unknown > MAX_UNKNOWN * model.length:
            raise AlignmentError(
                f"{unknown} of {model.length} letters are outside the model's "
                f"alphabet {model.alphabet.letters}",
                path=str(path),
                line=records.lines[index],
                record=records.names[index],
            )
        rows.append(codes)
    inserts = [f"left out {n_inserts} lower-case letters"] if n_inserts else []
    return np.stack(rows), (*records.notes, *inserts)


def _own_family(path: Path, model: PottsModel) -> Alignment | None:
    """Return the alignment at the model's sites if the focus sequence is in it."""
    if model.focus is None:
        return None
    try:
        return read_family(model, path)
    except PottsfoldError:
        # No alignment, or one without the focus: its sequences are taken as they are.
        return None


def _sites(model: PottsModel, text: str, parameter: str) -> NDArray[np.bool_]:
    match = POSITIONS.fullmatch(text)
    if match is None:
        raise UsageError(
            "cannot be read; write positions like 12,15-20",
            parameter=parameter,
            value=text,
        )
    positions = model.numbering.positions
    first, last = int(match[1]), int(match[2] or match[1])
    for position in (first, last):
        if model.numbering.column(position) is None:
            raise UsageError(
                f"the model has no position {position}; its {model.length} positions "
                f"lie from {positions[0]} to {positions[-1]}",
                parameter=parameter,
                value=text,
            )
    if last < first:
        raise UsageError(
            "a range goes up, as in 15-20", parameter=parameter, value=text
        )
    return np.asarray((positions >= first) & (positions <= last))
