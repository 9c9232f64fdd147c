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
from pottsfold.mutations.mutant_text import split_mutant

WILD_TYPE = "WT"
STOP = "*"
ONE_LETTER = re.compile(r"(\S)(-?[0-9]{1,9})(\S)")
NAMES = re.compile(
    r"([a-z]{3}|[a-z*])(-?[0-9]{1,9})([a-z]{3}|stop|[a-z=*-])",
    re.IGNORECASE | re.ASCII,
)
LETTER_OF_NAME: dict[str, str] = {
    **protein_letters_3to1_extended,
    "Ter": STOP,
    "Stop": STOP,
    "Del": "-",
}
GENERIC = "cannot be read; write it like A23T or A23T:G56D"
DELETED = re.compile(r"[a-z]{0,3}[0-9]+_[a-z]{0,3}[0-9]+del", re.IGNORECASE)
# What is no substitution, and why that cannot be scored; the first that is found.
OTHER_CHANGES = (
    (r"^[cgmnor]\.", "a change of nucleotides; write that of the protein, like A23T"),
    (r"[0-9].*fs", "a frameshift, which changes all that follows"),
    (r"[0-9].*delins", "a deletion with an insertion; write each substitution, A23T"),
    (r"[0-9].*ins", "an insertion, for which a model has no site"),
    (r"[0-9].*dup", "a duplication, for which a model has no sites"),
    (r"[0-9].*ext", "an extension, for which a model has no sites"),
    (r"^0$|\?", "it does not say what the protein is"),
    (
        r"^[a-z]{1,3}-?[0-9]+[a-z][a-z]{1,3}$",
        "a position with an insertion code or two new letters; a model's positions are "
        "whole numbers",
    ),
)


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
        ``A23T``; several separated by ``:`` ``,`` ``/`` ``;`` ``+`` ``&`` ``|`` ``_``
        ``-`` or blanks; MAVE-HGVS ``p.Ala23Thr``, ``p.[Ala23Thr;Gly56Asp]``; ``WT``,
        ``_wt``, ``wild``, ``p.=`` for the wild type. A synonymous one, ``p.Cys22=``,
        is ``C22C``. The name of one target or chain is passed over:
        ``GeneX:p.Ala23Thr``, ``A:A23T``, FoldX's ``AA23T;``.
    alphabet : Alphabet
        Decides whether case matters and whether a letter may be a digit.

    Returns
    -------
    tuple of Substitution
        In the order written; empty for the wild type.

    Raises
    ------
    MutationError
        With reason ``bad_notation``; ``gap_or_stop`` for a deletion of several.

    Examples
    --------
    >>> [str(substitution) for substitution in read_mutant("p.[Ala23Thr;Gly56Asp]")]
    ['A23T', 'G56D']
    >>> read_mutant("WT")
    ()
    """
    parts = split_mutant(text, alphabet).parts
    return tuple(read_substitution(part, alphabet) for part in parts)


def write_mutant(substitutions: Iterable[Substitution]) -> str:
    """Write a mutant as :func:`read_mutant` reads it.

    Examples
    --------
    >>> write_mutant([Substitution("A", 23, "T"), Substitution("G", 56, "D")])
    'A23T:G56D'
    """
    return ":".join(map(str, substitutions)) or WILD_TYPE


def is_mutant(text: str) -> bool:
    """Return whether a text can be read as a mutant with a substitution."""
    try:
        return bool(read_mutant(text))
    except MutationError:
        return False


def read_substitution(text: str, alphabet: Alphabet = PROTEIN) -> Substitution:
    """Read one substitution; of a synonymous one such as ``Cys22=`` both letters agree.

    Raises
    ------
    MutationError
        With reason ``bad_notation``; ``gap_or_stop`` for a deletion of several.
    """
    match = ONE_LETTER.fullmatch(text) or NAMES.fullmatch(text)
    if match is None:
        raise _unreadable(text)
    wild_type = _letter(match[1], alphabet, text)
    if match[3] == "=" and "=" not in alphabet.letters:
        return Substitution(wild_type, int(match[2]), wild_type)
    return Substitution(wild_type, int(match[2]), _letter(match[3], alphabet, text))


def _letter(name: str, alphabet: Alphabet, text: str) -> str:
    """Return the letter of a name: one letter, three, or a word such as Stop."""
    if len(name) > 1:
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
    if DELETED.fullmatch(text):
        message = "a deletion of several residues; write each, like A23-:C24-"
        return MutationError(text, "gap_or_stop", message)
    for pattern, message in OTHER_CHANGES:
        if re.search(pattern, text, re.IGNORECASE | re.ASCII):
            return MutationError(text, "bad_notation", message)
    return MutationError(text, "bad_notation", GENERIC)
