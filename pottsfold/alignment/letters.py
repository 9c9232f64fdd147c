"""What the characters of a row stand for: residues, gaps, numbers beside them, stops.

Letters that an alphabet has are never anything else. Of other characters, all kinds of
dashes and what parts chains are gaps; numbers at the ends of words and lines are
left out, as blanks are. What is left, ``?`` and ``X`` among it, is a residue that
the alphabet does not know.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field

from pottsfold.alphabet import Alphabet
from pottsfold.errors import shown

GAP_CHARACTERS = b"-."
INSERTED = b"abcdefghijklmnopqrstuvwxyz."
BLANKS = b" \t\n\r\v\f"
PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-."
# GCG and Jalview write ~, others _; then hyphens and dashes as printed, and the minus
# sign.
OTHER_GAPS = "~_\xad\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63\uff0d"
# Dashes and blanks of Windows' encoding, as they come out of a text that is not UTF-8.
WINDOWS = {0xDC96: "\u2013", 0xDC97: "\u2014", 0xDCAD: "\xad", 0xDCA0: " "}
# Modeller and ColabFold part chains so.
CHAIN_BREAKS = "/:"
UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
NUMBERS = re.compile(r"(?<!\S)[0-9]+|[0-9]+(?!\S)")
LAST_STOP = re.compile(rb"\*+(?=[-.]*$)")


@dataclass
class RowReader:
    """Makes rows of bytes of what stands in a file, and counts what it changed.

    Parameters
    ----------
    alphabet : Alphabet, optional
        Its letters are kept as they are.
    """

    alphabet: Alphabet | None = None
    gaps: Counter[str] = field(default_factory=Counter)
    numbered: int = 0
    stops: int = 0

    def __post_init__(self) -> None:
        self._own = "" if self.alphabet is None else self.alphabet.letters
        self._gap_of = {
            ord(character): "-"
            for character in OTHER_GAPS + CHAIN_BREAKS
            if not self.is_letter(character)
        }
        self.has_digits = any(letter.isdigit() for letter in self._own)

    def is_letter(self, character: str) -> bool:
        """Tell whether a character is a letter of the alphabet."""
        return character in self._own

    def row(self, text: str) -> bytes:
        """Return the letters of a record: its lines, blanks and all, as one row."""
        if text.isascii():
            row = text.encode("ascii").translate(None, BLANKS)
            if not row.translate(None, PLAIN):
                return row
        return self._unusual(text)

    def _unusual(self, text: str) -> bytes:
        if not text.isascii():
            # Letters of full width are letters.
            text = unicodedata.normalize("NFKC", text.translate(WINDOWS | UNSEEN))
        if not self.has_digits:
            text, count = NUMBERS.subn("", text)
            self.numbered += bool(count)
        self.gaps.update(sign for sign in text if ord(sign) in self._gap_of)
        text = "".join(text.translate(self._gap_of).split())
        return text.encode("ascii", "replace")

    def without_stops(self, rows: list[bytes]) -> list[bytes]:
        """Return rows without the stop ``*`` that ends them.

        It becomes a gap where rows are then of one length, and is taken off otherwise:
        some programs align it with the others' ends, some write it behind the row.
        """
        if self.is_letter("*"):
            return rows
        ended = [
            place
            for place, row in enumerate(rows)
            if b"*" in row and LAST_STOP.search(row) is not None
        ]
        if not ended:
            return rows
        self.stops += len(ended)
        changed, cut = list(rows), list(rows)
        for place in ended:
            changed[place] = LAST_STOP.sub(_gaps_instead, rows[place])
            cut[place] = LAST_STOP.sub(b"", rows[place])
        if not _even(changed) and _even(cut):
            changed = cut
        if all(row.endswith((b"-", b".")) for row in changed):
            changed = [row[:-1] for row in changed]
        return changed

    def notes(self) -> list[str]:
        """Return what was changed, a sentence each."""
        notes = []
        if self.gaps:
            signs = ", ".join(
                f"{shown(sign)} {count}" for sign, count in self.gaps.most_common(6)
            )
            notes.append(f"{self.gaps.total()} signs read as gaps ({signs})")
        if self.numbered:
            notes.append(f"left out numbers beside the letters of {self.numbered} rows")
        if self.stops:
            notes.append(f"took the stop (*) off the end of {self.stops} sequences")
        return notes


def _gaps_instead(stop: re.Match[bytes]) -> bytes:
    return b"-" * len(stop[0])


def _even(rows: list[bytes]) -> bool:
    """Tell whether rows have one length, with or without inserts."""
    if len(set(map(len, rows))) == 1:
        return True
    return len({len(row.translate(None, INSERTED)) for row in rows}) == 1
