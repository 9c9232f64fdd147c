"""What was taken otherwise than written: names of chains and targets, sequences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pottsfold.errors import TableError
from pottsfold.mutations.mutants import Remark

MAX_NAMED = 5


def check_labels(labels: Mapping[str, int], library: str) -> None:
    """Refuse a library that names several chains or targets: a model is of one.

    Parameters
    ----------
    labels : dict of int
        How many mutants name which, as in :class:`pottsfold.mutations.Mutants`.
    library : str
        For the message.

    Raises
    ------
    TableError
        If there are two or more.
    """
    if len(labels) > 1:
        most = Counter(labels).most_common(MAX_NAMED)
        named = ", ".join(f"{label} ({count} mutants)" for label, count in most)
        more = f" and {len(labels) - MAX_NAMED} more" * (len(labels) > MAX_NAMED)
        raise TableError(
            library,
            f"its mutants name {named}{more}, and a model is of one protein; keep the "
            "rows of one, or leave the names out if they mean the same",
        )


def remark_lines(labels: Mapping[str, int], remarks: Mapping[str, Remark]) -> list[str]:
    """Return what was taken otherwise than written, one sentence a line."""
    lines = [
        f"{count} mutants name {label}, taken for the model's own protein"
        for label, count in labels.items()
    ]
    for sentence, (count, row, example) in remarks.items():
        lines.append(f"{count} {sentence}; the first is number {row + 1}: {example}")
    return lines
