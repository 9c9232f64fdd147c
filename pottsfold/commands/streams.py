"""The standard streams of the program, safe from what becomes of them outside.

Messages are lost where nobody takes them, and the work goes on. Results that standard
output does not take are an error. A stream that is closed gets a place of its own, or
the next file opened would take its number, and messages would land in that file.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import sys
from typing import TYPE_CHECKING, TextIO

from pottsfold.errors import OutputError
from pottsfold.files import standard_output_refused

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

INPUT, OUTPUT, MESSAGES = 0, 1, 2
# Letters in a line of help, at least.
MIN_WIDTH = 40


class _Messages(io.FileIO):
    """Standard error: what cannot be written is lost."""

    def write(self, data: ReadableBuffer) -> int:
        """Write, or pretend to."""
        try:
            return _write(self, data)
        except OSError:
            return memoryview(data).nbytes


class _Results(io.FileIO):
    """Standard output: after a failure, which is told once, the rest is lost."""

    failed = False
    # Whether nothing but it is written, so that the work ends with its reader.
    alone = False

    def write(self, data: ReadableBuffer) -> int:
        """Write.

        Raises
        ------
        OutputError
            If that is not possible.
        BrokenPipeError
            If the reader went away and nothing else is to be written.
        """
        if not self.failed:
            try:
                return _write(self, data)
            except BrokenPipeError:
                self.failed = True
                if self.alone:
                    raise
            except OSError as error:
                self.failed = True
                raise standard_output_refused(error) from error
        return memoryview(data).nbytes


def _write(stream: io.FileIO, data: ReadableBuffer) -> int:
    """Write to a stream, which may be one that does not wait by itself."""
    # None, whatever the annotation says, where it would have to wait.
    while (count := io.FileIO.write(stream, data)) is None:
        select.select([], [stream], [])
    return count


# Standard output of the program; None where pottsfold is a library.
_results: _Results | None = None


def open_streams() -> None:
    """Put the streams of this process in place of Python's own.

    What the locale cannot show is escaped.
    """
    global _results
    for number in (INPUT, OUTPUT, MESSAGES):
        try:
            os.fstat(number)
        except OSError:
            # Takes the lowest number that is free: this one. Results cannot be written
            # there, and messages are lost.
            os.open(os.devnull, os.O_WRONLY if number == MESSAGES else os.O_RDONLY)
    sys.stdin = sys.stdin or open(INPUT, encoding="utf-8", closefd=False)
    _results = _Results(OUTPUT, "w", closefd=False)
    sys.stdout = _text(_results, sys.stdout, by_line=False)
    messages = _Messages(MESSAGES, "w", closefd=False)
    sys.stderr = _text(messages, sys.stderr, by_line=True)


def _text(raw: io.FileIO, python: TextIO | None, *, by_line: bool) -> TextIO:
    """Return a text stream that does as Python's own one of the same number."""
    encoding = "utf-8"
    if isinstance(python, io.TextIOWrapper):
        encoding = python.encoding
        by_line |= python.line_buffering or python.write_through
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=encoding,
        errors="backslashreplace",
        line_buffering=by_line,
    )


def expect_results(*, alone: bool) -> None:
    """Make ready for results on standard output.

    Parameters
    ----------
    alone : bool
        Whether no file is written besides: then there is nothing more to do when the
        reader goes away.

    Raises
    ------
    OutputError
        If standard output is closed.
    """
    if _results is None:
        return
    _results.alone = alone
    try:
        os.write(OUTPUT, b"")
    except OSError as error:
        raise standard_output_refused(error) from error


def let_go_of_results() -> None:
    """Write what is left after an error, whose message shall be the last."""
    with contextlib.suppress(OSError, OutputError):
        sys.stdout.flush()


def take_readable_width() -> None:
    """Have help laid out for the terminal's width where that is one, else for 80.

    A width of 0, as consoles without a size have it, or of a few letters makes the
    layout fail or go on for ever.
    """
    for name in ("COLUMNS", "LINES"):
        size = os.environ.get(name, "")
        if not (size.isascii() and size.isdigit() and 0 < int(size[:5]) < 10_000):
            os.environ.pop(name, None)
    width = int(os.environ.get("COLUMNS", 0)) or _terminal_width()
    if 0 < width < MIN_WIDTH:
        os.environ["COLUMNS"] = str(MIN_WIDTH)


def _terminal_width() -> int:
    """Return the letters in a line, 0 where that is not known."""
    for number in (INPUT, OUTPUT, MESSAGES):
        with contextlib.suppress(OSError):
            return os.get_terminal_size(number).columns
    return 0
