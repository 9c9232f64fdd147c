"""The contact map as a figure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from pottsfold.contacts import (
    CONTACT_DISTANCE,
    DEFAULT_SEPARATION,
    ChainMap,
    CouplingMap,
    contact_precision,
    strongest_pairs,
)
from pottsfold.contacts.precision import present_sites
from pottsfold.contacts.summary import SAID_OF_EACH

INCHES = 7.0
# Told apart by shape as well as colour; the colours are Okabe and Ito's.
MARKERS: dict[str, dict[str, Any]] = {
    "in contact": {"marker": "o", "color": "#0072B2"},
    "between chains": {"marker": "^", "color": "#009E73"},
    "not in contact": {"marker": "x", "color": "#D55E00"},
    "no residue to judge by": {"marker": "D", "facecolor": "none", "color": "#777777"},
}
CONTACT_GREY, BETWEEN_GREY = "#c4c4c4", "#6e6e6e"
ABSENT_GREY = "#ececec"
AT_LEAST = f"|i \N{MINUS SIGN} j| \N{GREATER-THAN OR EQUAL TO} {DEFAULT_SEPARATION}"


def contact_map_figure(
    coupling: CouplingMap, chain: ChainMap | None = None, count: int | None = None
) -> Figure:
    """Return the contact map, axes in residue numbers of the focus.

    Above the diagonal stand the strongest pairs at least 6 residues apart. With a
    structure pairs in contact are told from the others, and below the diagonal stand
    all contacts of the structure, those between chains only darker. Without one,
    below the diagonal stand the scores of all pairs.

    Parameters
    ----------
    coupling : CouplingMap
        Of L sites.
    chain : ChainMap, optional
        The same sites in a structure.
    count : int, optional
        How many of the strongest pairs; by default L, which with a structure counts
        the sites that have a residue in it.
    """
    figure = Figure(figsize=(INCHES, INCHES + 1), layout="compressed")
    axes = figure.add_subplot()
    subject = coupling.name or "contact map"
    if chain is None:
        title = _draw_unjudged(axes, coupling, count or coupling.length)
    else:
        _draw_structure(axes, chain, coupling.numbering.positions)
        present = int(present_sites(chain.distances).sum())
        _draw_judged(axes, coupling, chain, count or present)
        title = _precision_title(coupling, chain)
        subject = f"{subject} on {named_structure(chain)}"
    # Names may hold signs that Matplotlib would read as a formula.
    axes.set_title(f"{subject}\n{title}", fontsize=11, parse_math=False)
    _frame(axes, coupling.numbering.positions)
    return figure


def named_structure(chain: ChainMap) -> str:
    """Return how titles call a structure: its file's name and its chains."""
    names = [each.name for each in chain.chains] or [chain.chain]
    if not chain.chain.strip():
        return Path(chain.path).name
    word = "chains" if len(names) > 1 else "chain"
    return f"{Path(chain.path).name}, {word} {', '.join(names)}"


def _precision_title(coupling: CouplingMap, chain: ChainMap) -> str:
    precision = contact_precision(
        coupling.scores, chain.distances, coupling.numbering.positions
    )
    depths = ", ".join(
        f"{depth} {precision.at(depth).precision:.2f}" for depth in SAID_OF_EACH
    )
    return f"precision {depths}   ({AT_LEAST}, L = {precision.n_sites})"


def _frame(axes: Axes, positions: NDArray[np.int64]) -> None:
    ends = (float(positions[0]) - 1.5, float(positions[-1]) + 1.5)
    axes.plot(ends, ends, color="black", linewidth=0.6)
    axes.set(xlim=ends, ylim=ends[::-1], aspect="equal")
    axes.set(xlabel="residue number", ylabel="residue number")
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]))
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.07),
        ncols=2,
        frameon=False,
        fontsize=9,
    )


def _draw_unjudged(axes: Axes, coupling: CouplingMap, count: int) -> str:
    """Draw the strongest pairs and all scores; return the title."""
    positions = coupling.numbering.positions
    rows, columns = strongest_pairs(coupling.scores, positions)
    rows, columns = rows[:count], columns[:count]
    label = f"above: the {len(rows)} strongest pairs, {AT_LEAST}"
    _scatter(axes, positions, rows, columns, label, MARKERS["in contact"])
    # The few strongest pairs would leave the rest too pale to see.
    darkest = coupling.scores[rows, columns][: coupling.length // 5]
    mesh = _draw_cells(
        axes,
        coupling.scores,
        positions,
        cmap="Greys",
        vmin=0,
        vmax=darkest.min(initial=np.nanmax(coupling.scores)),
    )
    axes.figure.colorbar(
        mesh, ax=axes, label="below: coupling score (nats)", extend="max", shrink=0.5
    )
    return "no structure to compare with"


def _draw_judged(
    axes: Axes, coupling: CouplingMap, chain: ChainMap, count: int
) -> None:
    """Draw the strongest pairs above the diagonal, hits and misses apart."""
    positions = coupling.numbering.positions
    rows, columns = strongest_pairs(coupling.scores, positions)
    apart = chain.distances[rows, columns]
    known = ~np.isnan(apart)
    # Pairs that cannot be judged are shown as far down as the others go.
    shown = np.cumsum(known) <= count
    touching = apart < CONTACT_DISTANCE
    within = chain.within_chains[rows, columns] < CONTACT_DISTANCE
    kinds = (within, touching & ~within, known & ~touching, ~known)
    for (what, style), kind in zip(MARKERS.items(), kinds, strict=True):
        of_kind = kind & shown
        if of_kind.any():
            label = f"above: predicted, {what} ({of_kind.sum()})"
            _scatter(axes, positions, rows[of_kind], columns[of_kind], label, style)


def _scatter(
    axes: Axes,
    positions: NDArray[np.int64],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    label: str,
    style: dict[str, Any],
) -> None:
    # A marker covers about one cell, yet stays visible in a long protein.
    cell = 0.85 * INCHES * 72 / (positions[-1] - positions[0] + 3)
    size = float(np.clip(cell, 3.5, 9.0)) ** 2
    axes.scatter(
        positions[columns],
        positions[rows],
        s=size,
        linewidths=1.3,
        label=label,
        **style,
    )


def _draw_structure(axes: Axes, chain: ChainMap, positions: NDArray[np.int64]) -> None:
    """Draw contacts below the diagonal, and bands where residues are missing."""
    within = chain.within_chains < CONTACT_DISTANCE
    between = (chain.distances < CONTACT_DISTANCE) & ~within
    below = (
        f"below: contact in the structure (< {CONTACT_DISTANCE:g} \N{ANGSTROM SIGN})"
    )
    kinds = [(within, CONTACT_GREY, below)]
    if between.any():
        kinds.append((between, BETWEEN_GREY, "below: between chains only"))
    square: dict[str, Any] = {"marker": "s", "s": 40}
    for kind, colour, label in kinds:
        touching = np.where(kind, 1.0, np.nan)
        _draw_cells(axes, touching, positions, cmap=ListedColormap([colour]))
        axes.scatter([], [], color=colour, label=label, **square)
    missing = positions[~present_sites(chain.distances)]
    if len(missing):
        axes.scatter(
            [], [], color=ABSENT_GREY, label="residue not in the structure", **square
        )
    for position in missing.tolist():
        for draw in (axes.axvspan, axes.axhspan):
            draw(position - 0.5, position + 0.5, color=ABSENT_GREY, lw=0, zorder=0)


def _draw_cells(
    axes: Axes,
    values: NDArray[np.float64],
    positions: NDArray[np.int64],
    **style: Any,
) -> QuadMesh:
    """Draw the lower triangle of a matrix, each cell about its residue numbers."""
    # Numbers the model has no site for stay blank between the cells.
    edges = np.unique(np.concatenate([positions - 0.5, positions + 0.5]))
    cells = np.full((len(edges) - 1, len(edges) - 1), np.nan)
    at = np.searchsorted(edges, positions - 0.5)
    below = np.tril(np.ones(values.shape, dtype=bool), -1)
    cells[np.ix_(at, at)] = np.where(below, values, np.nan)
    return axes.pcolormesh(
        edges, edges, np.ma.masked_invalid(cells), rasterized=True, **style
    )
