"""Mutants and sequences read from the bytes of whole columns of a table at once.

What the kernels here do not understand they leave to the readers of single texts in
:mod:`pottsfold.mutations.singly` and :mod:`pottsfold.mutations.sequences`, whose
answers theirs equal.
"""

from pottsfold.mutations.parsing.rows import text_array
from pottsfold.mutations.parsing.texts import TextColumns
from pottsfold.mutations.parsing.whole import SequenceColumns

__all__ = ["SequenceColumns", "TextColumns", "text_array"]
