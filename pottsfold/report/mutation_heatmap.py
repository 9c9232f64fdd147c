"""The effects of all single substitutions as a figure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pottsfold.alphabet import PROTEIN, Alphabet

if TYPE_CHECKING:
    import pandas as pd


CHEMISTRY = {
    "hydrophobic": "AVILMC",
    "aromatic": "FWY",
    "polar": "STNQ",
    "positive": "HKR",
    "negative": "DE",
    "special": "GP",
}
SITES_PER_PANEL = 60
# Inches.
CELL = 0.16
LEFT, RIGHT = 1.15, 1.05
TOP, BOTTOM, BETWEEN = 0.65, 0.35, 0.6
NARROWEST = 4.0
BAR_WIDTH, BAR_GAP = 0.16, 0.2
SMALL, LARGE = 7.5, 11.0
NOT_SCORED = "#d9d9d9"
# Red is harmful; the few strongest effects share the last colour.
COLOURS = "RdBu"
SHARE_SHOWN = 98


def mutation_heatmap_figure(
    scan: pd.DataFrame, alphabet: Alphabet = PROTEIN, name: str = ""
) -> Figure:
    """Return the heatmap of all single substitutions.

    One row for every letter, proteins' grouped by chemistry; one column for every
    site, its wild-type letter above and its residue number below; a dot at the wild
    type. Colours are centred on 0, red = harmful. Long proteins are cut into panels
    of about the same length; a black line stands where residue numbers jump.

    Parameters
    ----------
    scan : DataFrame
        From :func:`pottsfold.mutations.scan_table`.
    alphabet : Alphabet
        The model's.
    name : str
        The focus sequence's, for the title.
    """
    groups = CHEMISTRY if alphabet == PROTEIN else {"": alphabet.letters[1:]}
    rows = "".join(groups.values())
    sites = scan.drop_duplicates("position")
    positions = sites["position"].to_numpy()
    wild_types = "".join(sites["wild_type"])
    values = _matrix(scan, rows, positions, wild_types)
    limit = _strongest_shown(values)
    n_panels = max(1, math.ceil(len(positions) / SITES_PER_PANEL))
    widest = math.ceil(len(positions) / n_panels)
    tall = len(rows) * CELL
    width = LEFT + max(widest * CELL, NARROWEST) + RIGHT
    height = TOP + n_panels * tall + (n_panels - 1) * BETWEEN + BOTTOM
    figure = Figure(figsize=(width, height))
    for panel in range(n_panels):
        shown = slice(panel * widest, (panel + 1) * widest)
        columns = len(positions[shown])
        bottom = height - TOP - tall - panel * (tall + BETWEEN)
        axes = _axes(figure, LEFT, bottom, columns * CELL, tall)
        axes.pcolormesh(values[:, shown], vmin=-limit, vmax=limit, cmap=COLOURS)
        _mark_columns(axes, positions[shown], wild_types[shown], rows)
        _mark_rows(axes, groups)
    bar_left = LEFT + min(widest, len(positions)) * CELL + BAR_GAP
    bar = _axes(figure, bar_left, height - TOP - tall, BAR_WIDTH, tall)
    _draw_bar(figure, bar, values, limit)
    # Names may hold signs that Matplotlib would read as a formula.
    figure.text(
        LEFT / width,
        1 - 0.15 / height,
        f"{name or 'focus sequence'}: effect of every single substitution",
        fontsize=LARGE,
        verticalalignment="top",
        parse_math=False,
    )
    return figure


def _matrix(
    scan: pd.DataFrame, rows: str, positions: NDArray[np.int64], wild_types: str
) -> NDArray[np.float64]:
    """Return log-odds by letter and site, 0 at the wild type, NaN where not known."""
    values = np.full((len(rows), len(positions)), np.nan)
    letters = scan["substitution"].map(rows.index).to_numpy()
    columns = np.searchsorted(positions, scan["position"].to_numpy())
    values[letters, columns] = scan["log_odds"].to_numpy()
    for column, letter in enumerate(wild_types):
        values[rows.index(letter), column] = 0.0
    return values


def _strongest_shown(values: NDArray[np.float64]) -> float:
    strongest = float(np.nanpercentile(np.abs(values), SHARE_SHOWN))
    # A model without any effect still needs a scale.
    return strongest or 1.0


def _axes(
    figure: Figure, left: float, bottom: float, width: float, height: float
) -> Axes:
    """Return axes at a place given in inches."""
    wide, tall = figure.get_size_inches()
    return figure.add_axes((left / wide, bottom / tall, width / wide, height / tall))


def _mark_columns(
    axes: Axes, positions: NDArray[np.int64], wild_types: str, rows: str
) -> None:
    """Write letters above and numbers below; mark wild types and missing sites."""
    middles = np.arange(len(positions)) + 0.5
    axes.set_facecolor(NOT_SCORED)
    axes.plot(
        middles, [rows.index(w) + 0.5 for w in wild_types], "o", color="black", ms=2.2
    )
    jumps = np.flatnonzero(np.diff(positions) != 1) + 1
    axes.vlines(jumps, 0, len(rows), color="black", linewidth=0.8)
    labelled = [
        k
        for k, position in enumerate(positions)
        if k == 0 or k in jumps or (position % 10 == 0 and k > 2)
    ]
    axes.set_xticks(middles[labelled], [str(positions[k]) for k in labelled])
    axes.tick_params(labelsize=SMALL, length=2, pad=2)
    for middle, letter in zip(middles, wild_types, strict=True):
        axes.annotate(
            letter,
            (middle, 0),
            (0, 3),
            textcoords="offset points",
            fontsize=SMALL,
            horizontalalignment="center",
        )
    axes.set(xlim=(0, len(positions)), ylim=(len(rows), 0))


def _mark_rows(axes: Axes, groups: dict[str, str]) -> None:
    """Write the letters and the groups they belong to; part the groups."""
    rows = "".join(groups.values())
    axes.set_yticks(np.arange(len(rows)) + 0.5, list(rows))
    axes.tick_params(axis="y", length=0)
    right = axes.get_xlim()[1]
    start = 0
    for group, letters in groups.items():
        if start:
            axes.hlines(start, 0, right, color="white", linewidth=1.6)
        axes.annotate(
            group,
            (0, start + len(letters) / 2),
            (-16, 0),
            textcoords="offset points",
            fontsize=SMALL,
            horizontalalignment="right",
            verticalalignment="center",
        )
        start += len(letters)


def _draw_bar(
    figure: Figure, bar: Axes, values: NDArray[np.float64], limit: float
) -> None:
    beyond = {
        (False, False): "neither",
        (True, False): "min",
        (False, True): "max",
        (True, True): "both",
    }[bool(np.nanmin(values) < -limit), bool(np.nanmax(values) > limit)]
    scale = ScalarMappable(Normalize(-limit, limit), COLOURS)
    figure.colorbar(scale, cax=bar, extend=beyond)
    bar.set_ylabel("log-odds (nats); negative = harmful", fontsize=SMALL)
    bar.tick_params(labelsize=SMALL)
