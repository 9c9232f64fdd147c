"""Mutants and sequences read from the bytes of whole columns of a table at once.

What the kernels here do not understand they leave to the readers of single texts in
:mod:`pottsfold.mutations.library.parse_one` and
:mod:`pottsfold.mutations.library.sequences`, whose answers theirs equal.
"""

from pottsfold.mutations.library.parsing.mutant_column import TextColumns, place_texts
from pottsfold.mutations.library.parsing.sequence_column import (
    SequenceColumns,
    place_sequences,
)

__all__ = ["SequenceColumns", "TextColumns", "place_sequences", "place_texts"]
