"""The couplings between the letters of the strongest pairs, as heatmaps."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from pottsfold.alphabet import GAP, PROTEIN
from pottsfold.contacts import (
    ChainMap,
    CouplingMap,
    centred_couplings,
    strongest_pairs,
)
from pottsfold.model import PottsModel
from pottsfold.report.contact_map import AT_LEAST
from pottsfold.report.mutation_heatmap import CHEMISTRY

MAX_PAIRS, PER_ROW = 12, 4
PANEL = 2.55
# Blue likes, red dislikes; the few strongest share the last colour.
COLOURS = "RdBu"
SHARE_SHOWN = 99.5


def coupling_heatmaps_figure(
    model: PottsModel, coupling: CouplingMap, chain: ChainMap | None = None
) -> Figure:
    """Return the couplings of the 12 strongest pairs, letter by letter.

    In the zero-sum gauge, without the gap, letters of proteins by chemistry; a
    square marks the two letters of the focus. All heatmaps have one scale.

    Parameters
    ----------
    model : PottsModel
        Of L sites.
    coupling : CouplingMap
        Its map.
    chain : ChainMap, optional
        The same sites in a structure: distances stand in the titles.
    """
    rows, columns = strongest_pairs(coupling.scores, coupling.numbering.positions)
    pairs = list(zip(rows.tolist(), columns.tolist(), strict=True))[:MAX_PAIRS]
    letters = _letters(model)
    modelled = model.alphabet.letters[model.states]
    order = [modelled.index(letter) for letter in letters]
    matrices = [centred_couplings(model, i, j)[np.ix_(order, order)] for i, j in pairs]
    limit = float(np.percentile(np.abs(matrices), SHARE_SHOWN)) if matrices else 1.0
    across = min(PER_ROW, max(len(pairs), 2))
    down = max(1, -(-len(pairs) // across))
    figure = Figure(
        figsize=(across * PANEL + 0.7, down * PANEL + 0.6), layout="constrained"
    )
    grid = figure.subplots(down, across, squeeze=False)
    mesh = None
    for k, axes in enumerate(grid.ravel()):
        if k >= len(pairs):
            axes.set_axis_off()
            continue
        mesh = _panel(axes, matrices[k], letters, limit)
        _mark(axes, coupling, pairs[k], letters)
        _title(axes, coupling, chain, pairs[k])
    if mesh is not None:
        label = "coupling (nats); positive = favourable pair of letters"
        figure.colorbar(
            mesh, ax=grid, label=label, extend="both", shrink=0.6 if down > 1 else 1.0
        )
    subject = coupling.name or "couplings"
    told = "score" if chain is None else "score and distance"
    title = f"{subject}: the {len(pairs)} strongest pairs, {AT_LEAST}; {told}"
    # Names may hold signs that Matplotlib would read as a formula.
    figure.suptitle(title, fontsize=11, parse_math=False)
    return figure


def _letters(model: PottsModel) -> str:
    if model.alphabet == PROTEIN:
        return "".join(CHEMISTRY.values())
    return model.alphabet.letters.replace(GAP, "")


def _panel(
    axes: Axes, matrix: NDArray[np.float64], letters: str, limit: float
) -> AxesImage:
    image = axes.imshow(matrix, cmap=COLOURS, vmin=-limit, vmax=limit)
    places = np.arange(len(letters))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks(places, list(letters), fontsize=6, family="monospace")
        axis.set_tick_params(length=0, pad=1.5)
    return image


def _mark(
    axes: Axes, coupling: CouplingMap, pair: tuple[int, int], letters: str
) -> None:
    """Draw a square about the two letters of the focus."""
    row, column = (letters.find(coupling.letters[site]) for site in pair)
    if row >= 0 and column >= 0:
        axes.add_patch(
            Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, linewidth=1.2)
        )


def _title(
    axes: Axes, coupling: CouplingMap, chain: ChainMap | None, pair: tuple[int, int]
) -> None:
    positions = coupling.numbering.positions
    first, second = (
        f"{coupling.letters[site].replace(GAP, '')}{positions[site]}" for site in pair
    )
    title = f"{first} \N{EN DASH} {second}   {coupling.scores[pair]:.2f}"
    if chain is not None:
        apart = chain.distances[pair]
        title += "" if np.isnan(apart) else f"   {apart:.1f} \N{ANGSTROM SIGN}"
    axes.set_title(title, fontsize=9, parse_math=False)
    axes.set_ylabel(first, fontsize=8, labelpad=2, parse_math=False)
    axes.set_xlabel(second, fontsize=8, labelpad=2, parse_math=False)
