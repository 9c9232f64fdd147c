"""Where figures go: png, pdf or svg by the ending."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pottsfold.errors import UsageError
from pottsfold.files import check_writable, written_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ENDINGS = (".png", ".pdf", ".svg")
DOTS_PER_INCH = 200


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


def save_figure(path: str | Path, figure: Figure) -> None:
    """Draw a figure to a file, whole or not at all, with no room wasted around it.

    Parameters
    ----------
    path : str or Path
        Ending in .png, .pdf or .svg.
    figure : Figure
        Made without pyplot.

    Raises
    ------
    UsageError
        If the ending is another one.
    OutputError
        If it cannot be written there.
    """
    with written_whole(check_figure_path(path)) as beside:
        figure.savefig(beside, dpi=DOTS_PER_INCH, bbox_inches="tight")
