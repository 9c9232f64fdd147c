"""What became of a library, counted batch by batch and told in a few lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.lazy import lazy_module
from pottsfold.mutations.library.numbering_shift import numbering_shift
from pottsfold.mutations.library.remarks import remark_lines
from pottsfold.mutations.mutants import (
    OK,
    PARTIAL,
    REASONS,
    STATUSES,
    UNSCORABLE,
    Issue,
    Mutants,
    Reference,
    Remark,
)

if TYPE_CHECKING:
    from pottsfold.mutations.library.parsing import kernels
else:
    kernels = lazy_module("pottsfold.mutations.library.parsing.kernels")

# A table of 64 MiB, half full: hashes of 8 bytes.
MAX_KNOWN = 1 << 22
FIRST_SLOTS = 1 << 16
# Kinds of unlike positions that are named in the summary.
MAX_MESSAGE_LENGTH = 400
MAX_POSITIONS = 5
# Garbage may name any number of positions: more kinds are not counted apart.
MAX_WILD_TYPES = 1 << 20
MAX_LABELS = 1 << 10


@dataclass(frozen=True, eq=False)
class BatchSummary:
    """One batch of mutants, counted.

    Parameters
    ----------
    rows : int
        Number of mutants.
    kinds : (statuses, reasons) int64
        How many have which status for which reason.
    issues : dict of Issue
        As in :class:`Mutants`.
    wild_types : dict of int
        As in :class:`Mutants`.
    hashes : (ok,) uint64
        One for every mutant whose status is ok; equal ones have equal hashes.
    labels : dict of int
        As in :class:`Mutants`.
    remarks : dict of Remark
        As in :class:`Mutants`.
    formulas : int
        Cells copied as text that a spreadsheet would take for formulas.
    """

    rows: int
    kinds: NDArray[np.int64]
    issues: Mapping[str, Issue]
    wild_types: Mapping[tuple[int, str], int]
    hashes: NDArray[np.uint64]
    labels: Mapping[str, int]
    remarks: Mapping[str, Remark]
    formulas: int = 0


def summarize_batch(mutants: Mutants, formulas: int = 0) -> BatchSummary:
    """Return the count of a batch, and of the formulas in what is copied with it."""
    shape = len(STATUSES), len(REASONS)
    kinds = mutants.statuses.astype(np.int64) * shape[1] + mutants.reasons
    hashes = np.empty(len(mutants), np.uint64)
    kernels.hash_mutants(mutants.offsets, mutants.columns, mutants.letters, hashes)
    return BatchSummary(
        len(mutants),
        np.bincount(kinds, minlength=shape[0] * shape[1]).reshape(shape),
        mutants.issues,
        mutants.wild_types,
        hashes[mutants.statuses == OK],
        mutants.labels,
        mutants.remarks,
        formulas,
    )


class LibrarySummary:
    """Counts of a library of any length, in constant memory."""

    def __init__(self) -> None:
        self.rows = 0
        self.repeats = 0
        self.formulas = 0
        self._kinds = np.zeros((len(STATUSES), len(REASONS)), np.int64)
        self.labels: Counter[str] = Counter()
        self._remarks: dict[str, Remark] = {}
        self._issues: dict[str, Issue] = {}
        self._wild_types: Counter[tuple[int, str]] = Counter()
        self._slots = np.zeros(FIRST_SLOTS, np.uint64)
        self._known = 0

    def add(self, batch: BatchSummary) -> None:
        """Count the next batch."""
        for reason, (row, message) in batch.issues.items():
            self._issues.setdefault(reason, Issue(self.rows + row, message))
        if len(self.labels) < MAX_LABELS:
            self.labels.update(batch.labels)
        for sentence, (times, row, example) in batch.remarks.items():
            first = Remark(0, self.rows + row, example)
            known = self._remarks.get(sentence, first)
            self._remarks[sentence] = known._replace(times=known.times + times)
        self.rows += batch.rows
        self.formulas += batch.formulas
        self._kinds += batch.kinds
        if len(self._wild_types) < MAX_WILD_TYPES:
            self._wild_types.update(batch.wild_types)
        self._make_room(len(batch.hashes))
        repeats, self._known = kernels.count_repeats(
            batch.hashes, self._slots, self._known, MAX_KNOWN
        )
        self.repeats += repeats

    @property
    def unscorable(self) -> int:
        """Number of mutants that cannot be scored."""
        return int(self._kinds[UNSCORABLE].sum())

    def lines(self, reference: Reference, shift: int = 0) -> list[str]:
        """Return what became of the library, one sentence a line.

        Parameters
        ----------
        reference : PottsModel or EffectTables
            What it was placed in, in its own numbers.
        shift : int
            What was added to the library's positions.

        Returns
        -------
        list of str
            How many mutants have which status; for every reason how many and the
            first of them; what was taken otherwise than written; which positions
            the model lacks; how many repeat another; and, if most wild types
            disagree, the shift that would mend it.
        """
        of_status = self._kinds.sum(axis=1).tolist()
        counts = ", ".join(
            f"{n} {word}" for n, word in zip(of_status, STATUSES, strict=True)
        )
        return [
            f"{self.rows} mutants: {counts}",
            *self._fault_lines(),
            *remark_lines(self.labels, self._remarks),
            *self._missing_lines(reference, shift),
            *self._repeat_lines(),
            *self._shift_lines(reference, shift),
        ]

    def _fault_lines(self) -> list[str]:
        kinds = [
            (int(self._kinds[status, reason]), status, reason)
            for status, reason in zip(*np.nonzero(self._kinds), strict=True)
            if reason
        ]
        lines = []
        told = set()
        for count, status, reason in sorted(kinds, key=lambda kind: -kind[0]):
            word = REASONS[reason]
            line = f"{count} {STATUSES[status]}: {word}"
            if word not in told:
                row, message = self._issues[word]
                line += f"; the first is number {row + 1}: {_short(message)}"
            told.add(word)
            lines.append(line)
        return lines

    def _missing_lines(self, reference: Reference, shift: int) -> list[str]:
        if not self._kinds[PARTIAL].any():
            return []
        missing: Counter[int] = Counter()
        for (position, _), count in self._wild_types.items():
            if reference.numbering.column(position + shift) is None:
                missing[position] += count
        most = ", ".join(
            f"{position} ({count} times)"
            for position, count in missing.most_common(MAX_POSITIONS)
        )
        return [
            "of partial mutants the covered part is scored; positions that the model "
            f"lacks: {len(missing)}, most often {most}"
        ]

    def _repeat_lines(self) -> list[str]:
        if not self.repeats:
            return []
        line = f"{self.repeats} repeat an earlier mutant"
        if self._known >= MAX_KNOWN:
            line += f" (counted among the first {MAX_KNOWN} different ones)"
        return [line]

    def _shift_lines(self, reference: Reference, given: int) -> list[str]:
        by_reason = dict(zip(REASONS, self._kinds.sum(axis=0).tolist(), strict=True))
        astray = by_reason["wild_type_mismatch"] + by_reason["outside_model"]
        if astray <= (self.rows - by_reason["bad_notation"]) / 2:
            return []
        shift = numbering_shift(reference, self._wild_types)
        if shift is None or shift.number == given:
            return []
        number = shift.number
        agree = (
            f"{shift.agreeing} of its {shift.named} wild-type letters agree with the "
            "model's"
        )
        if not given:
            return [
                f"adding {number} to the library's positions would make {agree}; "
                f"nothing was shifted: score with `shift={number}`"
            ]
        advice = f"score with `shift={number}`" if number else "leave it out"
        return [f"`shift={given}` is not the one that makes {agree}; {advice}"]

    def _make_room(self, count: int) -> None:
        """Keep the table of hashes at most half full."""
        due = min(self._known + count, MAX_KNOWN)
        if 2 * due <= len(self._slots):
            return
        known = self._slots[self._slots != 0]
        size = len(self._slots)
        while size < 2 * due:
            size *= 2
        self._slots = np.zeros(size, np.uint64)
        kernels.count_repeats(known, self._slots, 0, MAX_KNOWN)


def _short(message: str) -> str:
    """Return a message without the middle of a mutant of hundreds of letters."""
    if len(message) <= MAX_MESSAGE_LENGTH:
        return message
    half = MAX_MESSAGE_LENGTH // 2
    return f"{message[:half]} ... {message[-half:]}"
