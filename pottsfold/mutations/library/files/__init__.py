"""Libraries of mutants as files: read in blocks, any length in the same room.

A block is read by the caller's thread and made a table by another; see
:class:`LibraryFile`.
"""

from pottsfold.mutations.library.files.formats import LibraryFile
from pottsfold.mutations.library.files.opening import (
    chosen_column,
    holds_sequences,
    open_library,
)

__all__ = ["LibraryFile", "chosen_column", "holds_sequences", "open_library"]
