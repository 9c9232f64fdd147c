"""What the machine refuses, in words: neither a fault of the program nor of an input.

A full disk, a folder that may not be written, memory or threads that are not given, a
name in another encoding: the user can do something about each.
"""

from __future__ import annotations

import os

# Letters that are shown before and after one that cannot be written.
AROUND = 20
# What NumPy says of arrays that no memory could hold, and the loader of libraries.
NO_MEMORY = (
    "array is too big",
    "Maximum allowed dimension exceeded",
    "failed to map segment from shared object",
    "cannot allocate memory",
    "Cannot allocate memory",
)
NO_THREAD = "can't start new thread"


def refusal(error: BaseException) -> str | None:
    """Return what the machine refused and the way out, None for another error."""
    short = _shortage(error)
    if short is not None:
        # NumPy says how much, and then of which array, which means nothing here.
        asked = str(short).partition(" for an array")
        told = f" ({asked[0][0].lower()}{asked[0][1:]})" if asked[1] else ""
        return (
            f"memory ran out{told}; use a larger machine, or raise the limit that "
            "`ulimit -v` or the batch system sets"
        )
    if isinstance(error, RuntimeError) and NO_THREAD in str(error):
        return (
            "no more threads can be started; give a smaller `threads`, or raise the "
            "limit that `ulimit -u` shows"
        )
    if isinstance(error, UnicodeEncodeError):
        # Of bytes in another encoding, in a name or an option.
        around = error.object[max(error.start - AROUND, 0) : error.end + AROUND]
        return f"{around!a}: not text in UTF-8; write it so"
    if isinstance(error, OSError) and error.errno is not None:
        why = error.strerror or os.strerror(error.errno)
        if error.filename is None:
            return f"reading or writing failed ({why})"
        return f"{os.fsdecode(error.filename)}: cannot be read or written ({why})"
    return None


def _shortage(error: BaseException | None) -> BaseException | None:
    """Return the error that says that memory ran out, among those behind one.

    A library that cannot be loaded, or a compiler that cannot go on, has its own.
    """
    while error is not None:
        text = str(error)
        if isinstance(error, MemoryError) or any(sign in text for sign in NO_MEMORY):
            return error
        error = error.__cause__ or error.__context__
    return None
