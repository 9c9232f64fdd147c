"""Texts with words from files in them, none of which can become more than a word.

Names of chains, residues, atoms, sequences and files are the user's, or a stranger's:
with a line end, a semicolon or a quotation mark in it a name would be a command of the
script it is written to. So a text that a format writes is a :class:`CheckedText`, and a
:class:`Dialect` alone makes those, of templates that stand in the program and of words
that it has checked; ``write_text`` takes nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pottsfold.errors import UsageError

MAX_SHOWN = 40
# Characters of a path that a quoted text holds as they are, in any program.
PLAIN_IN_PATHS = re.compile(r"[A-Za-z0-9_./ ~+=:%-]")
# Of these ChimeraX would make other names of files, or another command.
NOT_IN_CHIMERAX_PATHS = set('"\\;*?[]{}$`')


class CheckedText(str):
    """Text that holds no more commands or columns than its templates have."""

    __slots__ = ()


@dataclass(frozen=True)
class Dialect:
    """What may stand as a word in the texts of one program.

    Parameters
    ----------
    name : str
        What messages call such a text, as ``"a PyMOL script"``.
    word : str
        Regular expression of a word.
    """

    name: str
    word: str

    def fill(self, template: str, *words: str | float) -> CheckedText:
        """Return a template with words in its places; it is one line or a part.

        Parameters
        ----------
        template : str
            From the program, never from a file; ``{}`` or ``{:g}`` is a place.
        *words : str or number
            What a file says is checked, and a :class:`CheckedText` was.

        Raises
        ------
        UsageError
            If a word cannot stand there.
        """
        self._check(words)
        return CheckedText(template.format(*words))

    def rows(
        self, template: str, columns: Sequence[Sequence[str | float]]
    ) -> CheckedText:
        """Return one line a row of columns, all filled in one template.

        Raises
        ------
        UsageError
            If a word cannot stand there.
        """
        for column in columns:
            if any(isinstance(value, str) for value in column[:1]):
                self._check(set(column))
        rows = zip(*columns, strict=True)
        return CheckedText("".join(template.format(*row) + "\n" for row in rows))

    def lines(self, lines: Iterable[CheckedText | str]) -> CheckedText:
        """Return lines as one text, each ended.

        Raises
        ------
        TypeError
            If a line was not checked: it is a fault of the program.
        """
        checked = list(lines)
        for line in checked:
            if not isinstance(line, CheckedText) or not line.isprintable():
                raise TypeError(f"line {line!r} was not made by `fill`")
        return CheckedText("".join(line + "\n" for line in checked))

    def _check(self, words: Iterable[str | float]) -> None:
        for word in words:
            if not isinstance(word, str) or isinstance(word, CheckedText):
                continue
            if not re.fullmatch(self.word, word):
                raise UsageError(
                    f"the name {_quoted(word)} cannot stand in {self.name}; give it "
                    "one of letters and digits in the file it is from"
                )


def _quoted(text: str) -> str:
    return ascii(text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "...")


def python_string(path: str | Path) -> CheckedText:
    r"""Return a file's whole path as a string of Python, in double quotes.

    Every character that could mean more is escaped, so that a program which looks for
    semicolons or quotation marks first finds none.

    Examples
    --------
    >>> print(python_string('/a b/c"; d.pdb'))
    "/a b/c\x22\x3b d.pdb"
    """
    text = str(Path(path).absolute())
    return CheckedText('"' + "".join(map(_escaped, text)) + '"')


def _escaped(letter: str) -> str:
    if PLAIN_IN_PATHS.fullmatch(letter):
        return letter
    code = ord(letter)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def chimerax_string(path: str | Path) -> CheckedText:
    """Return a file's whole path in double quotes, as ChimeraX takes it.

    Raises
    ------
    UsageError
        If it has a character that cannot be in one: a quotation mark, a semicolon, a
        wildcard, a line end.
    """
    text = str(Path(path).absolute())
    if not text.isprintable() or NOT_IN_CHIMERAX_PATHS & set(text):
        raise UsageError(
            f"ChimeraX cannot open the path {text!a}: a quotation mark, a "
            "semicolon, a wildcard or a line end is in it; rename the file"
        )
    return CheckedText(f'"{text}"')
