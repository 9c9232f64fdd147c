"""Options of a structure that several verbs share."""

from __future__ import annotations

from pathlib import Path

from pottsfold.errors import UsageError


def check_chain(structure: Path | None, chain: str | None) -> None:
    """Refuse the name of a chain without a structure."""
    if chain is not None and structure is None:
        raise UsageError(
            "it names a chain of `structure`; give that too", parameter="chain"
        )
