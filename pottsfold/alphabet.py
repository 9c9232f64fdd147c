"""Letters and their codes.

An alphabet is a string of distinct letters whose first one is the gap. A letter's
code is its place in that string, as uint8, so the gap is code 0. One more code,
``alphabet.unknown == alphabet.size``, marks every character outside the alphabet:
missing data, never a letter.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import UsageError

GAP = "-"
NUCLEIC = frozenset("ACGTUNRYSWKMBDHV")
T_AND_U = {"T": "U", "U": "T"}


@dataclass(frozen=True)
class Alphabet:
    """An ordered set of letters, the gap first.

    Parameters
    ----------
    letters : str
        Distinct ASCII letters; the first is the gap ``-``.
    name : str
        What people call it.

    Raises
    ------
    UsageError
        If a letter comes twice, is not printable ASCII, or the gap is not first.

    Examples
    --------
    >>> RNA.encode("AC.gX")
    array([1, 2, 0, 3, 5], dtype=uint8)
    >>> RNA.decode(RNA.encode("AC.gX"))
    'AC-G?'
    """

    letters: str
    name: str = "custom"

    def __post_init__(self) -> None:
        if not self.letters.startswith(GAP):
            raise UsageError(f"alphabet {self.letters!r}: the gap '-' must come first")
        if len(set(self.letters)) != len(self.letters):
            raise UsageError(f"alphabet {self.letters!r}: a letter comes twice")
        if not all(" " < letter <= "~" for letter in self.letters):
            raise UsageError(f"alphabet {self.letters!r}: printable ASCII is needed")
        if not 3 <= len(self.letters) <= 64:
            raise UsageError(
                f"alphabet {self.letters!r}: 2 to 63 letters and the gap are needed"
            )

    @property
    def size(self) -> int:
        """Number of letters q, the gap among them."""
        return len(self.letters)

    @property
    def unknown(self) -> int:
        """Code of every character outside the alphabet."""
        return len(self.letters)

    @property
    def other_spelling(self) -> dict[str, str]:
        """T where the alphabet is of nucleic acids and has U, or U where it has T.

        They are one letter in two spellings.

        Examples
        --------
        >>> RNA.other_spelling, DNA.other_spelling, PROTEIN.other_spelling
        ({'T': 'U'}, {'U': 'T'}, {})
        """
        own = set(self.letters) - {GAP}
        if not set("ACG") <= own <= NUCLEIC:
            return {}
        return {a: b for a, b in T_AND_U.items() if a not in own and b in own}

    @cached_property
    def codes_of_bytes(self) -> NDArray[np.uint8]:
        """Code of each of the 256 byte values, shape (256,).

        ``.`` is the gap; a lower-case letter counts as its upper-case one unless
        the alphabet tells them apart, and so does the other spelling of T or U.
        """
        table = np.full(256, self.unknown, dtype=np.uint8)
        for code, letter in enumerate(self.letters):
            table[ord(letter)] = code
        for code, letter in enumerate(self.letters):
            if letter.lower() not in self.letters:
                table[ord(letter.lower())] = code
        for letter, own in self.other_spelling.items():
            table[[ord(letter), ord(letter.lower())]] = table[ord(own)]
        if "." not in self.letters:
            table[ord(".")] = 0
        table.flags.writeable = False
        return table

    def encode(self, text: str) -> NDArray[np.uint8]:
        """Return the codes of a text, shape (len(text),)."""
        raw = np.frombuffer(text.encode("ascii", "replace"), dtype=np.uint8)
        return self.codes_of_bytes[raw]

    def decode(self, codes: NDArray[np.uint8]) -> str:
        """Return the text of codes; an unknown one is written ``?``."""
        letters = self.letters + "?"
        return "".join(letters[code] for code in codes)


PROTEIN = Alphabet("-ACDEFGHIKLMNPQRSTVWY", "protein")
RNA = Alphabet("-ACGU", "rna")
DNA = Alphabet("-ACGT", "dna")
NAMED = {alphabet.name: alphabet for alphabet in (PROTEIN, RNA, DNA)}


def alphabet_named(text: str) -> Alphabet:
    """Return the alphabet ``protein``, ``rna``, ``dna``, or one made of letters.

    Letters may leave out the gap, which is put first.

    Examples
    --------
    >>> alphabet_named("01").letters
    '-01'
    """
    named = NAMED.get(text.lower())
    if named is not None:
        return named
    return Alphabet(GAP + text.replace(GAP, ""))


def guess_alphabet(counts: NDArray[np.int64]) -> Alphabet:
    """Return the alphabet that fits counts of the 256 byte values, shape (256,).

    Nucleic acid when at least 95 % of the letters are A, C, G, T, U or N, and then
    RNA or DNA by which of U and T is more frequent; protein otherwise.
    """
    letters = {chr(b): int(counts[b]) for b in range(65, 91)}
    for byte in range(97, 123):
        letters[chr(byte - 32)] += int(counts[byte])
    total = sum(letters.values())
    nucleic = sum(letters[letter] for letter in "ACGTUN")
    if total and nucleic >= 0.95 * total:
        return RNA if letters["U"] > letters["T"] else DNA
    return PROTEIN


def respelt(alphabet: Alphabet, counts: NDArray[np.int64]) -> list[str]:
    """Return a sentence on T that is read as U, or U as T, where there are any.

    Parameters
    ----------
    alphabet : Alphabet
        That reads.
    counts : (256,) int64
        How often each byte value occurs.
    """
    found = [
        (int(counts[[ord(letter), ord(letter.lower())]].sum()), letter, own)
        for letter, own in alphabet.other_spelling.items()
    ]
    return [f"{count} {letter} read as {own}" for count, letter, own in found if count]
