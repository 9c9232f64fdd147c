"""Where figures go: png, pdf or svg by the ending."""

from __future__ import annotations

from pathlib import Path

from pottsfold.errors import UsageError
from pottsfold.files import check_writable

ENDINGS = (".png", ".pdf", ".svg")


def check_figure_path(path: str | Path) -> Path:
    """Return ``path`` when a figure can be written there, before any long work.

    Raises
    ------
    UsageError
        If the ending is not one of png, pdf, svg.
    OutputError
        If the folder cannot be written.
    """
    if Path(path).suffix not in ENDINGS:
        raise UsageError(f"{path}: end a figure's name in .png, .pdf or .svg")
    return check_writable(path)
