"""Whole sequences as mutants of the focus sequence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from pottsfold.errors import MutationError
from pottsfold.model import PottsModel
from pottsfold.mutations.mutants import Gathering, Mutants
from pottsfold.mutations.notation import WILD_TYPE, Substitution
from pottsfold.mutations.placement import place

INSERTS = str.maketrans("", "", "abcdefghijklmnopqrstuvwxyz.")


def place_sequences(model: PottsModel, sequences: Iterable[object]) -> Mutants:
    """Place whole sequences in a model by their differences from its focus.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence.
    sequences : iterable
        Texts of L aligned letters, ``-`` or ``.`` for a gap. A longer one loses its
        lower-case letters and dots, the inserts of A2M and A3M. One that still has
        another length is bad notation.

    Returns
    -------
    Mutants
        One for every sequence, in their order; the texts name the differences.

    Raises
    ------
    UsageError
        If the model has no focus sequence.
    """
    focus = model.require_focus()
    gathering = Gathering()
    known: dict[tuple[int, str], _Difference] = {}
    for sequence in sequences:
        letters = "".join(str(sequence).split())
        if len(letters) != model.length:
            letters = letters.translate(INSERTS)
        if len(letters) != model.length:
            message = f"{len(letters)} letters for a model of {model.length} sites"
            gathering.add("", (), -1, "bad_notation", message)
            continue
        differences = []
        for column in np.flatnonzero(model.alphabet.encode(letters) != focus).tolist():
            key = column, letters[column]
            if key not in known:
                known[key] = _difference(model, *key)
            differences.append(known[key])
        fault = next((d for d in differences if d.reason), NO_FAULT)
        gathering.add(
            ":".join(d.text for d in differences) or WILD_TYPE,
            [d.place for d in differences if d.place is not None],
            len(differences),
            fault.reason,
            fault.message,
        )
    return gathering.mutants()


class _Difference(NamedTuple):
    """One letter unlike the focus sequence's, placed as far as it goes."""

    text: str
    place: tuple[int, int] | None
    reason: str = ""
    message: str = ""


NO_FAULT = _Difference("", None)


def _difference(model: PottsModel, column: int, letter: str) -> _Difference:
    alphabet = model.alphabet
    code = alphabet.encode(letter)
    substitution = Substitution(
        alphabet.decode(model.require_focus()[[column]]),
        int(model.numbering.positions[column]),
        letter.upper() if code == alphabet.unknown else alphabet.decode(code),
    )
    try:
        return _Difference(str(substitution), place(model, substitution))
    except MutationError as error:
        return _Difference(str(substitution), None, error.reason, str(error))
