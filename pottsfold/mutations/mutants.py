"""Mutants of a model's focus sequence, and whether each can be scored.

One bad mutant never spoils the others: each has a status and, where that is not
``ok``, a reason.

==================  ==========================================================
reason              what it means
==================  ==========================================================
wild_type_mismatch  the focus sequence has another letter there
outside_model       the model has no such position; where it has some of a
                    mutant's positions the status is ``partial``
gap_or_stop         a stop codon, or a deletion in a model without a gap letter
unknown_letter      a letter outside the alphabet
duplicate_position  two substitutions at one position
bad_notation        not a mutant, or a sequence of another length
==================  ==========================================================
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment.numbering import Numbering
from pottsfold.alphabet import Alphabet

if TYPE_CHECKING:
    import pyarrow as pa

STATUSES = ("ok", "partial", "unscorable")
OK, PARTIAL, UNSCORABLE = range(3)
REASONS = (
    "",
    "wild_type_mismatch",
    "outside_model",
    "gap_or_stop",
    "unknown_letter",
    "duplicate_position",
    "bad_notation",
)


class Reference(Protocol):
    """What mutants are placed in: a PottsModel, or EffectTables made of one."""

    @property
    def alphabet(self) -> Alphabet:
        """Letters."""

    @property
    def numbering(self) -> Numbering:
        """Residue number of every site."""

    @property
    def states(self) -> slice:
        """Codes of the modelled letters."""

    @property
    def length(self) -> int:
        """Number of sites L."""

    def require_focus(self) -> NDArray[np.uint8]:
        """Return the focus codes, shape (L,), or raise UsageError."""


class Issue(NamedTuple):
    """What is wrong with the first mutant of its kind.

    Parameters
    ----------
    row : int
        Which mutant, from 0.
    message : str
        In one line.
    """

    row: int
    message: str


class Remark(NamedTuple):
    """How often something was taken otherwise than it is written.

    Parameters
    ----------
    times : int
        Number of mutants.
    row : int
        The first of them, from 0.
    example : str
        What was done with that one.
    """

    times: int
    row: int
    example: str


@dataclass(frozen=True, eq=False)
class Mutants:
    """n mutants as substitutions of a model's focus sequence.

    Parameters
    ----------
    texts : pyarrow StringArray or LargeStringArray
        Every mutant as written; n of them.
    offsets : (n + 1,) int64
        Mutant k has the substitutions offsets[k] .. offsets[k + 1] - 1: those the
        model covers, none for an unscorable mutant.
    columns : (m,) int64
        Column of every substitution, from 0.
    letters : (m,) uint8
        Its new letter's code, never the focus sequence's own.
    counts : (n,) int64
        Number of letters changed, those outside the model too; -1 if unreadable.
    statuses : (n,) uint8
        Index in ``STATUSES``.
    reasons : (n,) uint8
        Index in ``REASONS``.
    issues : dict of Issue
        For every reason met, the first mutant it befell.
    wild_types : dict of int
        How often each position and wild-type letter was named.
    labels : dict of int
        How many mutants name which chain or target, such as ``chain A``.
    remarks : dict of Remark
        What was taken otherwise than written, a sentence each.

    Raises
    ------
    ValueError
        If lengths disagree.
    """

    texts: pa.Array
    offsets: NDArray[np.int64]
    columns: NDArray[np.int64]
    letters: NDArray[np.uint8]
    counts: NDArray[np.int64]
    statuses: NDArray[np.uint8]
    reasons: NDArray[np.uint8]
    issues: Mapping[str, Issue] = field(default_factory=dict)
    wild_types: Mapping[tuple[int, str], int] = field(default_factory=dict)
    labels: Mapping[str, int] = field(default_factory=dict)
    remarks: Mapping[str, Remark] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n_mutants, n_letters = len(self.texts), len(self.letters)
        for name, dtype, length in (
            ("offsets", np.int64, n_mutants + 1),
            ("columns", np.int64, n_letters),
            ("letters", np.uint8, n_letters),
            ("counts", np.int64, n_mutants),
            ("statuses", np.uint8, n_mutants),
            ("reasons", np.uint8, n_mutants),
        ):
            array = np.ascontiguousarray(getattr(self, name), dtype=dtype).view()
            if array.shape != (length,):
                raise ValueError(f"{name} are {array.shape} where ({length},) is due")
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        if self.offsets[0] != 0 or self.offsets[-1] != n_letters:
            raise ValueError("offsets must run from 0 to the number of letters")

    def __len__(self) -> int:
        return len(self.texts)


class MutantsBuilder:
    """Mutants being put together one by one."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.offsets = array("q", [0])
        self.columns = array("q")
        self.letters = bytearray()
        self.counts = array("q")
        self.statuses = bytearray()
        self.reasons = bytearray()
        self.issues: dict[str, Issue] = {}
        self.labels: Counter[str] = Counter()
        self.remarks: dict[str, Remark] = {}

    def remark(self, sentence: str, example: str) -> None:
        """Note what is done with the mutant that is added next."""
        count, row, first = self.remarks.get(sentence, (0, len(self.texts), example))
        self.remarks[sentence] = Remark(count + 1, row, first)

    def add(
        self,
        text: str,
        places: Iterable[tuple[int, int]],
        count: int,
        reason: str = "",
        message: str = "",
    ) -> None:
        """Add a mutant; places of one that is unscorable are left out.

        Parameters
        ----------
        text : str
            As written.
        places : iterable of (int, int)
            Columns and codes of the letters that change.
        count : int
            Number of letters changed; -1 if unreadable.
        reason, message : str
            What is wrong, empty for nothing.
        """
        places = list(places)
        status = OK
        if reason:
            status = PARTIAL if reason == "outside_model" and places else UNSCORABLE
            if reason not in self.issues:
                self.issues[reason] = Issue(len(self.texts), message)
        if status != UNSCORABLE:
            for column, code in places:
                self.columns.append(column)
                self.letters.append(code)
        self.texts.append(text)
        self.offsets.append(len(self.columns))
        self.counts.append(count)
        self.statuses.append(status)
        self.reasons.append(REASONS.index(reason))

    def mutants(self, wild_types: Mapping[tuple[int, str], int]) -> Mutants:
        """Return what was gathered."""
        import pyarrow as pa

        return Mutants(
            texts=pa.array(self.texts, pa.large_string()),
            offsets=np.array(self.offsets, np.int64),
            columns=np.array(self.columns, np.int64),
            letters=np.array(self.letters, np.uint8),
            counts=np.array(self.counts, np.int64),
            statuses=np.array(self.statuses, np.uint8),
            reasons=np.array(self.reasons, np.uint8),
            issues=self.issues,
            wild_types=wild_types,
            labels=self.labels,
            remarks=self.remarks,
        )
