"""The precision of the strongest pairs against their number, as a figure."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pottsfold.contacts import (
    SEPARATIONS,
    ChainMap,
    CouplingMap,
    contact_precision,
    precision_curve,
)
from pottsfold.contacts.precision import DEPTHS
from pottsfold.report.contact_map import named_structure

WIDTH, HEIGHT = 7.0, 4.6
# Told apart by dashes as well as colour; the colours are Okabe and Ito's.
LINES = (("#0072B2", "-"), ("#D55E00", "--"), ("#009E73", "-."))
GUIDE = "#bbbbbb"


def precision_figure(coupling: CouplingMap, chain: ChainMap) -> Figure:
    """Return precision at every number of pairs up to 2L, at three separations.

    L counts the sites that have a residue. Where a curve has fewer pairs than that,
    it ends. The precision of pairs drawn at random stands beside each separation in
    the legend.

    Parameters
    ----------
    coupling : CouplingMap
        Of L sites.
    chain : ChainMap
        The same sites in a structure.
    """
    figure = Figure(figsize=(WIDTH, HEIGHT), layout="compressed")
    axes = figure.add_subplot()
    positions = coupling.numbering.positions
    n_sites = 0
    for separation, (colour, dashes) in zip(SEPARATIONS, LINES, strict=True):
        scores, distances = coupling.scores, chain.distances
        curve = precision_curve(scores, distances, positions, separation=separation)
        result = contact_precision(scores, distances, positions, separation=separation)
        n_sites = result.n_sites
        at_random = result.n_contacts / result.n_pairs if result.n_pairs else np.nan
        shown = curve[: 2 * n_sites]
        label = (
            f"|i \N{MINUS SIGN} j| \N{GREATER-THAN OR EQUAL TO} {separation}   "
            f"(random pairs: {at_random:.2f})"
        )
        axes.plot(
            np.arange(1, len(shown) + 1),
            shown,
            color=colour,
            linestyle=dashes,
            linewidth=1.8,
            label=label,
        )
    _frame(axes, n_sites)
    subject = f"{coupling.name or 'contacts'} on {named_structure(chain)}"
    # Names may hold signs that Matplotlib would read as a formula.
    axes.set_title(subject, fontsize=11, parse_math=False)
    return figure


def _frame(axes: Axes, n_sites: int) -> None:
    end = max(2 * n_sites, 2)
    axes.set(xlim=(1, end), ylim=(0, 1.02))
    axes.set(xlabel="number of strongest pairs", ylabel="precision")
    axes.grid(axis="y", color=GUIDE, linewidth=0.5)
    places = {
        depth: times * n_sites / part
        for depth, (times, part) in DEPTHS.items()
        # So short a family has no room for all of them.
        if times * n_sites / part >= 1
    }
    for place in places.values():
        axes.axvline(place, color=GUIDE, linewidth=0.8, zorder=0)
    above = axes.secondary_xaxis("top")
    above.set_xticks(list(places.values()), list(places), fontsize=9)
    axes.legend(loc="lower left", frameon=True, framealpha=0.9, fontsize=9)
