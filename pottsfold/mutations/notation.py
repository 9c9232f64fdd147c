"""Mutants as text: ``A23T:G56D`` and its relatives.

A mutant is a tuple of substitutions, the empty tuple the wild type. Whether a model
can score it is not decided here: deletions (``A23-``), stops (``A23*``) and letters
outside the alphabet are read like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from Bio.Data.IUPACData import protein_letters_3to1_extended

from pottsfold.alphabet import PROTEIN, Alphabet
from pottsfold.errors import MutationError

WILD_TYPE = "WT"
STOP = "*"
# ``_wt`` and ``_sy`` (synonymous) are Enrich2's, ``p.=`` and ``p.(=)`` MAVE-HGVS's.
WILD_TYPES = {"wt", "_wt", "_sy", "wild", "wildtype", "wild-type", "p.=", "p.(=)"}
SEPARATORS = re.compile(r"\s*[:,/;]\s*|\s+")
BRACKETS = (("[", "]"), ("(", ")"))
ONE_LETTER = re.compile(r"(\S)(-?[0-9]{1,9})(\S)")
THREE_LETTER = re.compile(
    r"([a-z]{3})(-?[0-9]{1,9})([a-z]{3}|[=*-])", re.IGNORECASE | re.ASCII
)
LETTER_OF_NAME: dict[str, str] = {
    **protein_letters_3to1_extended,
    "Ter": STOP,
    "Del": "-",
}


class Substitution(NamedTuple):
    """One letter put in the place of another.

    Parameters
    ----------
    wild_type : str
        The letter that is there.
    position : int
        Residue number.
    letter : str
        The letter that comes; ``-`` for a deletion, ``*`` for a stop.
    """

    wild_type: str
    position: int
    letter: str

    def __str__(self) -> str:
        return f"{self.wild_type}{self.position}{self.letter}"


def read_mutant(text: str, alphabet: Alphabet = PROTEIN) -> tuple[Substitution, ...]:
    """Read a mutant.

    Parameters
    ----------
    text : str
        ``A23T``; several separated by ``:`` ``,`` ``/`` ``;`` or blanks; MAVE-HGVS
        ``p.Ala23Thr``, ``p.[Ala23Thr;Gly56Asp]``; ``WT``, ``_wt``, ``wild``, ``p.=``
        for the wild type. A synonymous one, ``p.Cys22=``, is ``C22C``.
    alphabet : Alphabet
        Decides whether case matters and whether a letter may be a digit.

    Returns
    -------
    tuple of Substitution
        In the order written; empty for the wild type.

    Raises
    ------
    MutationError
        With reason ``bad_notation``.

    Examples
    --------
    >>> [str(substitution) for substitution in read_mutant("p.[Ala23Thr;Gly56Asp]")]
    ['A23T', 'G56D']
    >>> read_mutant("WT")
    ()
    """
    return tuple(read_substitution(part, alphabet) for part in split_mutant(text))


def write_mutant(substitutions: Iterable[Substitution]) -> str:
    """Write a mutant as :func:`read_mutant` reads it.

    Examples
    --------
    >>> write_mutant([Substitution("A", 23, "T"), Substitution("G", 56, "D")])
    'A23T:G56D'
    """
    return ":".join(map(str, substitutions)) or WILD_TYPE


def split_mutant(text: str) -> list[str]:
    """Return the texts of a mutant's substitutions, none for the wild type.

    Raises
    ------
    MutationError
        If there is no text at all.
    """
    text = text.strip()
    if text.casefold() in WILD_TYPES:
        return []
    if text[:2] in ("p.", "P."):
        text = text[2:]
        for left, right in BRACKETS:
            if text.startswith(left) and text.endswith(right):
                text = text[1:-1].strip()
    if not text:
        raise MutationError(text, "bad_notation", "nothing is written; WT is wild type")
    return SEPARATORS.split(text)


def read_substitution(text: str, alphabet: Alphabet = PROTEIN) -> Substitution:
    """Read one substitution; of a synonymous one such as ``Cys22=`` both letters agree.

    Raises
    ------
    MutationError
        With reason ``bad_notation``.
    """
    match = ONE_LETTER.fullmatch(text) or THREE_LETTER.fullmatch(text)
    if match is None:
        raise _unreadable(text)
    wild_type = _letter(match[1], alphabet, text)
    if match[3] == "=" and "=" not in alphabet.letters:
        return Substitution(wild_type, int(match[2]), wild_type)
    return Substitution(wild_type, int(match[2]), _letter(match[3], alphabet, text))


def _letter(name: str, alphabet: Alphabet, text: str) -> str:
    """Return the letter of a one-letter or three-letter name."""
    if len(name) == 3:
        letter = LETTER_OF_NAME.get(name.capitalize())
        if letter is None:
            raise _unreadable(text)
        return letter
    if name.isascii():
        code = alphabet.codes_of_bytes[ord(name)]
        if code != alphabet.unknown:
            return alphabet.letters[code]
        if name.isalpha() or name == STOP:
            return name.upper()
    raise _unreadable(text)


def _unreadable(text: str) -> MutationError:
    return MutationError(
        text, "bad_notation", "cannot be read; write it like A23T or A23T:G56D"
    )
