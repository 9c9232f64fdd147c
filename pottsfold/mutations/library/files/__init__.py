"""Libraries of mutants as files: read in blocks, any length in the same memory.

A block is read by the caller's thread and made a table by another; see
:class:`LibraryFile`.
"""

from pottsfold.mutations.library.files.formats import LibraryFile
from pottsfold.mutations.library.files.opening import (
    chosen_column,
    holds_sequences,
    mutant_column,
    open_library,
    read_library,
)

__all__ = [
    "LibraryFile",
    "chosen_column",
    "holds_sequences",
    "mutant_column",
    "open_library",
    "read_library",
]
