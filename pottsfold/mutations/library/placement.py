"""Mutants read from texts, or told by whole sequences, and placed in a model."""

from __future__ import annotations

from collections.abc import Iterable

from pottsfold.mutations.library.parse_one import place
from pottsfold.mutations.library.parsing import SequenceColumns, TextColumns, text_array
from pottsfold.mutations.mutants import Mutants, Reference

__all__ = ["place", "place_sequences", "place_texts"]


def place_texts(reference: Reference, texts: Iterable[object]) -> Mutants:
    """Read mutants and place them in a model.

    Parameters
    ----------
    reference : PottsModel or EffectTables
        With a focus sequence.
    texts : iterable or pyarrow StringArray
        As :func:`pottsfold.mutations.read_mutant` reads them; what is not a text,
        such as an empty cell of a table, is bad notation.

    Returns
    -------
    Mutants
        One for every text, in their order.

    Raises
    ------
    UsageError
        If the model has no focus sequence.
    """
    return TextColumns(reference).read(text_array(texts))


def place_sequences(reference: Reference, sequences: Iterable[object]) -> Mutants:
    """Place whole sequences in a model by their differences from its focus.

    Parameters
    ----------
    reference : PottsModel or EffectTables
        With a focus sequence.
    sequences : iterable or pyarrow StringArray
        Texts of L aligned letters, ``-`` or ``.`` for a gap. One of another length
        loses its lower-case letters and dots, the inserts of A2M and A3M. Where
        that does not make L letters either, a text of one letter for every residue
        number from the first site's to the last's is read by these numbers. Any
        other is bad notation.

    Returns
    -------
    Mutants
        One for every sequence, in their order; the texts name the differences.

    Raises
    ------
    UsageError
        If the model has no focus sequence.
    """
    return SequenceColumns(reference).read(text_array(sequences))
