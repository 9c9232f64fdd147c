"""Where figures go: png, pdf or svg by the ending."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from pottsfold.errors import UsageError, visible
from pottsfold.files import check_writable, written_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ENDINGS = (".png", ".pdf", ".svg")
DOTS_PER_INCH = 200
# A name is as long as a file has it, and a figure is as wide as its titles.
MAX_LINE = 300


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
    _tame_texts(figure)
    with written_whole(check_figure_path(path)) as beside, warnings.catch_warnings():
        # Letters of a name that the font has not are shown as boxes.
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        figure.savefig(beside, dpi=DOTS_PER_INCH, bbox_inches="tight")


def _tame_texts(figure: Figure) -> None:
    """Shorten the texts, and take out what no text file may hold: names are in them."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        lines = text.get_text().split("\n")
        tamed = "\n".join(map(_tamed, lines))
        if tamed != text.get_text():
            text.set_text(tamed)


def _tamed(line: str) -> str:
    line = visible(line, "\N{REPLACEMENT CHARACTER}")
    return line if len(line) <= MAX_LINE else line[: MAX_LINE - 3] + "..."
