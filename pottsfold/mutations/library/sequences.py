"""Whole sequences as mutants of the focus sequence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import MutationError
from pottsfold.mutations.library.parse_one import place
from pottsfold.mutations.library.stretch import stretch_of_sites
from pottsfold.mutations.mutants import Mutants, MutantsBuilder, Reference
from pottsfold.mutations.notation import STOP, WILD_TYPE, Substitution

INSERTS = str.maketrans("", "", "abcdefghijklmnopqrstuvwxyz.")
READ_TO_STOP = "sequences end in *, taken for the end of the reading frame"
READ_IN_PART = (
    "sequences are longer than the model, and only the stretch that agrees with its "
    "focus sequence is scored"
)
# A longer stretch of residue numbers is no protein's.
MAX_PROTEIN_LENGTH = 1 << 20


def place_each_sequence(reference: Reference, sequences: Iterable[object]) -> Mutants:
    """Place whole sequences in a model one by one.

    What a sequence means is decided here; the loop over a column's bytes in
    :func:`pottsfold.mutations.place_sequences` equals it for the plain ones.

    Raises
    ------
    UsageError
        If the model has no focus sequence.
    """
    focus = reference.require_focus()
    alphabet = reference.alphabet
    site_of = residue_columns(reference)
    gathering = MutantsBuilder()
    known: dict[tuple[int, str], _Difference] = {}
    for sequence in sequences:
        letters = "".join(sequence.split()) if isinstance(sequence, str) else ""
        aligned, problem = _at_sites(reference, letters, site_of, gathering)
        if problem:
            gathering.add("", (), -1, "bad_notation", problem)
            continue
        differences = []
        for column in np.flatnonzero(alphabet.encode(aligned) != focus).tolist():
            key = column, aligned[column]
            if key not in known:
                known[key] = _difference(reference, *key)
            differences.append(known[key])
        fault = next((d for d in differences if d.reason), NO_FAULT)
        gathering.add(
            ":".join(d.text for d in differences) or WILD_TYPE,
            [d.place for d in differences if d.place is not None],
            len(differences),
            fault.reason,
            fault.message,
        )
    return gathering.mutants({})


def residue_columns(reference: Reference) -> NDArray[np.int64]:
    """Return the column of every residue from the first site's to the last's.

    Returns
    -------
    (last - first + 1,) int64
        -1 for a residue number without a site; nothing where no number is missing,
        since sequences of L letters need no map.
    """
    positions = reference.numbering.positions
    span = int(positions[-1] - positions[0]) + 1
    if span == reference.length or span > MAX_PROTEIN_LENGTH:
        return np.empty(0, np.int64)
    columns = np.full(span, -1, np.int64)
    columns[positions - positions[0]] = np.arange(reference.length)
    return columns


def letter_fault(reference: Reference, column: int, letter: str) -> str:
    """Return the reason that a letter cannot be scored at a site, empty for none."""
    return _difference(reference, column, letter).reason


def _at_sites(
    reference: Reference,
    letters: str,
    site_of: NDArray[np.int64],
    gathering: MutantsBuilder,
) -> tuple[str, str]:
    """Return the letters at a model's sites, or why they cannot be told."""
    length = reference.length
    aligned = _sites_letters(letters, length, site_of)
    if aligned is not None:
        return aligned, ""
    translated = STOP not in reference.alphabet.letters and letters.endswith(STOP)
    if translated:
        aligned = _sites_letters(letters[:-1], length, site_of)
        if aligned is not None:
            gathering.remark(READ_TO_STOP, f"letters 1 to {len(letters) - 1}")
            return aligned, ""
    told = _lengths(len(letters), reference, len(site_of))
    if len(letters) <= length:
        return "", f"{told}; one letter a site is needed"
    first, last, problem = stretch_of_sites(
        reference, letters[:-1] if translated else letters
    )
    if problem:
        return "", f"{told}; {problem}"
    gathering.remark(READ_IN_PART, f"letters {first + 1} to {last + 1}")
    offsets = reference.numbering.positions - reference.numbering.positions[0]
    return "".join(letters[first + k] for k in offsets.tolist()), ""


def _sites_letters(letters: str, length: int, site_of: NDArray[np.int64]) -> str | None:
    """Return the letters at the sites of the model, None when they cannot be told."""
    if len(letters) == length:
        return letters
    matched = letters.translate(INSERTS)
    if len(matched) == length:
        return matched
    if len(letters) == len(site_of) > 0:
        return "".join(letters[k] for k in np.flatnonzero(site_of >= 0).tolist())
    return None


def _lengths(found: int, reference: Reference, span: int) -> str:
    message = f"{found} letters for a model of {reference.length} sites"
    if span:
        first, last = reference.numbering.positions[[0, -1]]
        message += f" ({span} residues, {first} to {last})"
    return message


class _Difference(NamedTuple):
    """One letter unlike the focus sequence's, placed as far as it goes."""

    text: str
    place: tuple[int, int] | None
    reason: str = ""
    message: str = ""


NO_FAULT = _Difference("", None)


def _difference(reference: Reference, column: int, letter: str) -> _Difference:
    alphabet = reference.alphabet
    code = alphabet.encode(letter)
    substitution = Substitution(
        alphabet.decode(reference.require_focus()[[column]]),
        int(reference.numbering.positions[column]),
        letter.upper() if code == alphabet.unknown else alphabet.decode(code),
    )
    try:
        return _Difference(str(substitution), place(reference, substitution))
    except MutationError as error:
        return _Difference(str(substitution), None, error.reason, str(error))
