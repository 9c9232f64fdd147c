"""Errors that a user can act on.

Every class here means bad usage or bad input. Its message says what is wrong,
where (file, line, record) and the way out, in one line; the command line prints
that line and exits with status 2. Facts are kept as attributes, so a caller need
not read them back out of the message.

Messages name the parameters of functions, in backquotes: ```lambda_h```, or with a
value ```columns=all```. The command line writes its own options in their place
(:func:`with_options`): ``--lambda-h``, ``--columns all``.

What a file or a user wrote is quoted in messages as :func:`shown`, and whatever gets
past that is cut by :func:`shortened`: no message fills a screen.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

PARAMETER = re.compile(r"`([a-z][a-z0-9_]*)(?:=([^`]*))?`")
# Letters: a name or line quoted; a word, which may be a path; a whole message.
QUOTED, WORD, MESSAGE = 80, 600, 1000
LONG_WORD = re.compile(rf"\S{{{WORD + 1},}}")


def shown(text: object, limit: int = QUOTED) -> str:
    """Return a text as a message quotes it: its middle left out if it is long.

    Characters that would not be seen, or would move the cursor, are shown as ``?``.

    Examples
    --------
    >>> shown("DYR_ECOLI/1-159")
    'DYR_ECOLI/1-159'
    >>> shown("ACDEFGHIKLMNPQRSTVWY", 11)
    'ACDEFG...WY'
    """
    given = str(text)
    # Cut first: a name may have millions of letters.
    if len(given) > limit:
        tail = (limit - 3) // 3
        given = f"{given[: limit - 3 - tail]}...{given[-tail:]}"
    return visible(given)


def shortened(message: str) -> str:
    """Return a message with the middle of overlong words, and its own, left out.

    Characters that would move the cursor are shown as ``?``, line ends but for.
    """
    if len(message) > WORD:
        message = LONG_WORD.sub(lambda found: shown(found[0], WORD), message)
    if len(message) > MESSAGE:
        half = (MESSAGE - 5) // 2
        message = f"{message[:half]} ... {message[-half:]}"
    return "\n".join(map(visible, message.split("\n")))


def visible(text: str, instead: str = "?") -> str:
    """Return a text without what would not be seen, or would move the cursor.

    Examples
    --------
    >>> visible("a" + chr(10) + "b")
    'a?b'
    """
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else instead for letter in text)


class PottsfoldError(Exception):
    """Bad usage or bad input: base of every error the user can act on."""

    def __init__(self, message: str) -> None:
        super().__init__(shortened(message))

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters that the message speaks of, in their order."""
        return parameters_of(str(self))


class AlignmentError(PottsfoldError):
    """An alignment cannot be read or used.

    Parameters
    ----------
    message : str
        What is wrong and what to do.
    path : str, optional
        File it was read from.
    line : int, optional
        Line of that file, counted from 1.
    record : str, optional
        Name of the sequence at fault.
    """

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        line: int | None = None,
        record: str | None = None,
    ) -> None:
        self.path = path
        self.line = line
        self.record = record
        where = path or ""
        if line is not None:
            where += f":{line}" if where else f"line {line}"
        parts = [where] if where else []
        if record is not None:
            parts.append(f"record {shown(record)!r}")
        super().__init__(": ".join([*parts, message]))


class MutationError(PottsfoldError):
    """A substitution that cannot be read or does not fit the model.

    Parameters
    ----------
    text : str
        The mutant as written.
    reason : str
        One of the words of the ``reason`` column of score tables.
    message : str
        What is wrong and what to do.
    position : int, optional
        Residue number at fault.
    """

    def __init__(
        self, text: str, reason: str, message: str, *, position: int | None = None
    ) -> None:
        self.text = text
        self.reason = reason
        self.position = position
        super().__init__(f"mutant {shown(text)!r}: {message}")


class ModelFormatError(PottsfoldError):
    """A file is not a model, or is a damaged one."""

    def __init__(self, path: str, message: str) -> None:
        self.path = path
        super().__init__(f"{path}: {message}")


class StructureError(PottsfoldError):
    """A structure cannot be read, or its chain does not match."""

    def __init__(self, path: str, message: str) -> None:
        self.path = path
        super().__init__(f"{path}: {message}")


class TableError(PottsfoldError):
    """A table of mutants cannot be read."""

    def __init__(self, path: str, message: str) -> None:
        self.path = path
        super().__init__(f"{path}: {message}")


class MemoryShort(PottsfoldError):
    """The work would need more memory than there is.

    Parameters
    ----------
    needed, available : int
        Bytes.
    advice : str
        The way out.
    """

    def __init__(self, needed: int, available: int, advice: str) -> None:
        self.needed = needed
        self.available = available
        unit, name, digits = (2**30, "GiB", 1) if needed >= 2**30 else (2**20, "MiB", 0)
        super().__init__(
            f"this needs {needed / unit:.{digits}f} {name} of memory and "
            f"{available / unit:.{digits}f} {name} are available; {advice}"
        )


class OutputError(PottsfoldError):
    """A result cannot be written where it was asked for."""


class UsageError(PottsfoldError):
    """Parameters that do not fit together, or a value out of its range.

    Parameters
    ----------
    message : str
        What is wrong and what to do; it may name more parameters in backquotes.
    parameter : str, optional
        The parameter at fault: the message then begins with it.
    value : object, optional
        What it was given, which follows it.

    Examples
    --------
    >>> error = UsageError("above 0 is needed", parameter="lambda_h", value=-1)
    >>> str(error)
    '`lambda_h=-1`: above 0 is needed'
    >>> with_options(str(error), {"lambda_h": "--lambda-h"})
    '--lambda-h -1: above 0 is needed'
    """

    def __init__(
        self, message: str, *, parameter: str | None = None, value: object = None
    ) -> None:
        self.parameter = parameter
        self.value = value
        if parameter is not None:
            given = "" if value is None else f"={shown(value, WORD)}"
            message = f"`{parameter}{given}`: {message}"
        super().__init__(message)


class NotConverged(UserWarning):
    """An optimisation stopped before its convergence test was met."""


def parameters_of(message: str) -> tuple[str, ...]:
    """Return the names of the parameters that a message speaks of, in their order."""
    names = (found[1] for found in PARAMETER.finditer(message))
    return tuple(dict.fromkeys(names))


def with_options(message: str, options: Mapping[str, str]) -> str:
    """Return a message with options in place of the parameters it names.

    Parameters
    ----------
    message : str
        Names parameters in backquotes.
    options : dict of str
        The option of each parameter; one without keeps its name.
    """

    def written(found: re.Match[str]) -> str:
        option = options.get(found[1], found[1])
        return option if found[2] is None else f"{option} {found[2]}"

    return PARAMETER.sub(written, message)


def nearest(name: str, choices: Iterable[str], count: int = 3) -> str:
    """Return a hint that offers the names most like a wrong one.

    Names that contain it come first, in their order, then those spelt alike.

    Parameters
    ----------
    name : str
        What was asked for.
    choices : iterable of str
        What there is.
    count : int
        Most names to offer.

    Returns
    -------
    str
        ``"; nearest: a, b"``, or the empty string when nothing is like it.

    Examples
    --------
    >>> nearest("dyr_eco", ["DYR_HUMAN/1-187", "DYR_ECOLI/1-159"], count=1)
    '; nearest: DYR_ECOLI/1-159'
    """
    names = list(choices)
    found = [choice for choice in names if name.lower() in choice.lower()]
    found += difflib.get_close_matches(name, names, count, cutoff=0.5)
    offered = [shown(choice) for choice in list(dict.fromkeys(found))[:count]]
    return f"; nearest: {', '.join(offered)}" if offered else ""
