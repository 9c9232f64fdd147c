"""Options of a structure that several verbs share."""

from __future__ import annotations

from pathlib import Path

from pottsfold.errors import UsageError


def check_of_structure(structure: Path | None, **settings: object) -> None:
    """Refuse settings of a structure, by parameter, without one.

    Those that are None or False were not given.
    """
    if structure is not None:
        return
    for name, value in settings.items():
        if value is not None and value is not False:
            raise UsageError("it is of `structure`; give that too", parameter=name)
