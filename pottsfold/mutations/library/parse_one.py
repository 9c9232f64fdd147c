"""Mutants read one by one and placed in a model: which column, which code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from pottsfold.errors import MutationError
from pottsfold.mutations.mutant_text import split_mutant
from pottsfold.mutations.mutants import Mutants, MutantsBuilder, Reference
from pottsfold.mutations.notation import STOP, Substitution, read_substitution


def place(model: Reference, substitution: Substitution) -> tuple[int, int]:
    """Return the column and the new letter's code of a substitution.

    Parameters
    ----------
    model : PottsModel or EffectTables
        With a focus sequence.
    substitution : Substitution
        Positions are the focus sequence's own numbers.

    Returns
    -------
    tuple of int
        Column, from 0, and code.

    Raises
    ------
    MutationError
        Whose ``reason`` is the word of the ``reason`` column.
    UsageError
        If the model has no focus sequence.
    """
    wild_type, position, letter = substitution
    alphabet = model.alphabet

    def error(reason: str, message: str) -> MutationError:
        return MutationError(str(substitution), reason, message, position=position)

    if STOP in (wild_type, letter) and STOP not in alphabet.letters:
        raise error("gap_or_stop", "a stop codon has no energy")
    if letter not in alphabet.letters:
        raise error("unknown_letter", f"{letter} is not one of {alphabet.letters}")
    code = alphabet.letters.index(letter)
    if code < model.states.start:
        raise error("gap_or_stop", "the model takes gaps as missing data")
    column = model.numbering.column(position)
    if column is None:
        first, last = model.numbering.positions[[0, -1]]
        raise error(
            "outside_model",
            f"position {position} is not in the model (its sites lie in "
            f"{first}..{last})",
        )
    focus = int(model.require_focus()[column])
    if focus == alphabet.unknown:
        raise error("unknown_letter", "the focus sequence has no known letter there")
    if focus < model.states.start:
        raise error("gap_or_stop", "the focus sequence has a gap there")
    if alphabet.letters[focus] != wild_type:
        raise error(
            "wild_type_mismatch",
            f"position {position} of the focus sequence is {alphabet.letters[focus]}",
        )
    return column, code


def place_each(reference: Reference, texts: Iterable[object]) -> Mutants:
    """Read mutants one by one and place them in a model.

    What every notation means is decided here; the loop over a column's bytes in
    :func:`pottsfold.mutations.place_texts` equals it for the plain ones.

    Parameters
    ----------
    reference : PottsModel or EffectTables
        With a focus sequence.
    texts : iterable
        As :func:`pottsfold.mutations.read_mutant` reads them; what is not a text is
        bad notation.

    Returns
    -------
    Mutants
        One for every text, in their order.

    Raises
    ------
    UsageError
        If the model has no focus sequence.
    """
    reader = _Reader(reference)
    gathering = MutantsBuilder()
    for text in texts:
        reader.read(text, gathering)
    return gathering.mutants(reader.wild_types)


class _Part(NamedTuple):
    """A substitution read and placed as far as it goes; None for what failed."""

    substitution: Substitution | None
    place: tuple[int, int] | None
    changes: bool = False
    reason: str = ""
    message: str = ""


class _Reader:
    """Reads mutants against one model; remembers every substitution it met."""

    def __init__(self, model: Reference) -> None:
        self.model = model
        model.require_focus()
        self.known: dict[str, _Part] = {}
        self.wild_types: Counter[tuple[int, str]] = Counter()

    def read(self, text: object, gathering: MutantsBuilder) -> None:
        """Read and place one mutant."""
        if not isinstance(text, str):
            gathering.add("", (), -1, "bad_notation", "there is no text")
            return
        try:
            texts, label = split_mutant(text, self.model.alphabet)
        except MutationError as error:
            gathering.add(text, (), -1, error.reason, str(error))
            return
        if label:
            gathering.labels[label] += 1
        parts = [self.known.get(part) or self._learn(part) for part in texts]
        for part in parts:
            if part.substitution is not None:
                wild_type, position, _ = part.substitution
                self.wild_types[position, wild_type] += 1
        reason, message = _fault(parts)
        changed = [part for part in parts if part.changes]
        unread = reason and any(part.substitution is None for part in parts)
        count = -1 if unread else len(changed)
        places = [part.place for part in changed if part.place is not None]
        gathering.add(text, places, count, reason, message)

    def _learn(self, text: str) -> _Part:
        changes, substitution = False, None
        try:
            substitution = read_substitution(text, self.model.alphabet)
            changes = substitution.wild_type != substitution.letter
            part = _Part(substitution, place(self.model, substitution), changes)
        except MutationError as error:
            part = _Part(substitution, None, changes, error.reason, str(error))
        self.known[text] = part
        return part


def _fault(parts: list[_Part]) -> tuple[str, str]:
    """Return the reason and message of a mutant, empty when nothing is wrong.

    Of several faults the one that makes the mutant unscorable counts, bad notation
    first; a position outside the model counts last.
    """
    faults = [(part.reason, part.message) for part in parts if part.reason]
    for reason, message in faults:
        if reason == "bad_notation":
            return reason, message
    if len(parts) > 1:
        positions = [p.substitution.position for p in parts if p.substitution]
        if len(set(positions)) < len(positions):
            text = ":".join(str(p.substitution) for p in parts if p.substitution)
            return "duplicate_position", f"mutant {text!r}: a position comes twice"
    # Stable, so the first as written wins among equals.
    faults.sort(key=lambda fault: fault[0] == "outside_model")
    return faults[0] if faults else ("", "")
