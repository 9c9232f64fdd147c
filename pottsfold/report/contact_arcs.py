"""The strongest pairs as arcs over the sequence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from pottsfold.alphabet import GAP
from pottsfold.contacts import (
    CONTACT_DISTANCE,
    ChainMap,
    CouplingMap,
    strongest_pairs,
)
from pottsfold.report.contact_map import AT_LEAST, MARKERS, named_structure

NARROWEST, WIDEST = 7.0, 13.0
INCHES_PER_SITE = 0.11
POINTS = 60
THIN, THICK = 0.5, 2.5
# Letters are legible while each has this room.
LEGIBLE = 0.085
# Above the sequence stands what touches, below it what does not.
SIDES: dict[str, tuple[int, Any]] = {
    "in contact": (1, "-"),
    "between chains": (1, (0, (4, 1.5))),
    "not in contact": (-1, "-"),
    "no residue to judge by": (-1, (0, (1, 1.5))),
}
UNJUDGED = "#0072B2"
Arcs = tuple[str, int, Any, str, NDArray[np.bool_]]


def contact_arcs_figure(
    coupling: CouplingMap, chain: ChainMap | None = None, count: int | None = None
) -> Figure:
    """Return the strongest pairs, at least 6 residues apart, as arcs.

    The stronger the thicker. With a structure pairs that touch stand above the
    sequence and the others below it; without one all stand above.

    Parameters
    ----------
    coupling : CouplingMap
        Of L sites.
    chain : ChainMap, optional
        The same sites in a structure.
    count : int, optional
        How many pairs, by default L.
    """
    positions = coupling.numbering.positions
    span = int(positions[-1] - positions[0]) + 1
    width = float(np.clip(span * INCHES_PER_SITE, NARROWEST, WIDEST))
    judged = chain is not None
    figure = Figure(figsize=(width, 5.4 if judged else 3.6), layout="compressed")
    axes = figure.add_subplot()
    rows, columns = strongest_pairs(coupling.scores, positions)
    rows = rows[: count or coupling.length]
    columns = columns[: count or coupling.length]
    scores = coupling.scores[rows, columns]
    handles = []
    reach = {1: 0.0, -1: 0.0}
    for label, side, dashes, colour, chosen in _kinds(chain, rows, columns):
        if not chosen.any():
            continue
        i, j = positions[rows[chosen]], positions[columns[chosen]]
        reach[side] = max(reach[side], float((j - i).max()) / 2)
        widths = THIN + (THICK - THIN) * scores[chosen] / max(scores.max(), 1e-12)
        axes.add_collection(
            LineCollection(
                list(_half_ellipses(i, j, side)),
                linewidths=widths,
                colors=colour,
                linestyles=dashes,
                alpha=0.75,
            )
        )
        handles.append(
            Line2D([], [], color=colour, linestyle=dashes, linewidth=2, label=label)
        )
    _frame(axes, coupling, width / span, reach)
    if judged and handles:
        axes.legend(
            handles=handles,
            loc="upper center",
            bbox_to_anchor=(0.5, -0.1),
            ncols=len(handles) if width > NARROWEST + 1 else 2,
            frameon=False,
            fontsize=9,
        )
    subject = coupling.name or "couplings"
    if chain is not None:
        subject += f" on {named_structure(chain)}"
    title = f"{subject}\n{len(rows)} strongest pairs, {AT_LEAST}"
    # Names may hold signs that Matplotlib would read as a formula.
    axes.set_title(title, fontsize=11, parse_math=False)
    return figure


def _kinds(
    chain: ChainMap | None, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> Iterator[Arcs]:
    """Give every kind's label, side, dashes and colour, and which pairs are of it."""
    if chain is None:
        yield "", 1, "-", UNJUDGED, np.ones(len(rows), dtype=bool)
        return
    apart = chain.distances[rows, columns]
    within = chain.within_chains[rows, columns] < CONTACT_DISTANCE
    touching = apart < CONTACT_DISTANCE
    known = ~np.isnan(apart)
    found = (within, touching & ~within, known & ~touching, ~known)
    for (what, (side, dashes)), chosen in zip(SIDES.items(), found, strict=True):
        place = "above" if side > 0 else "below"
        label = f"{place}: {what} ({chosen.sum()})"
        yield label, side, dashes, MARKERS[what]["color"], chosen


def _half_ellipses(
    i: NDArray[np.int64], j: NDArray[np.int64], side: int
) -> NDArray[np.float64]:
    """Return an arc from each i to its j, as high as half their distance."""
    angles = np.linspace(0, np.pi, POINTS)
    radii = ((j - i) / 2)[:, np.newaxis]
    x = ((i + j) / 2)[:, np.newaxis] - radii * np.cos(angles)
    return np.stack([x, side * radii * np.sin(angles)], axis=2)


def _frame(
    axes: Axes, coupling: CouplingMap, room: float, reach: dict[int, float]
) -> None:
    """Set the ends of the axes, and write the sequence where it has room."""
    positions = coupling.numbering.positions
    edge = 0.05 * sum(reach.values()) + 0.1
    axes.set(
        xlim=(float(positions[0]) - 1, float(positions[-1]) + 1),
        ylim=(-reach[-1] - edge, reach[1] + edge),
    )
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.set_yticks([])
    axes.set_xlabel("residue number")
    axes.xaxis.set_major_locator(MaxNLocator(12, integer=True, steps=[1, 2, 5, 10]))
    if room < LEGIBLE or not coupling.letters.strip(GAP):
        axes.axhline(0, color="black", linewidth=0.8)
        return
    for position, letter in zip(positions.tolist(), coupling.letters, strict=True):
        axes.text(
            position,
            0,
            letter,
            ha="center",
            va="center",
            fontsize=6.5,
            family="monospace",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4},
        )
