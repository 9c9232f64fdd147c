"""All figures of a contact map, in one folder."""

from __future__ import annotations

from pathlib import Path

from pottsfold.contacts import ChainMap, CouplingMap
from pottsfold.model import PottsModel
from pottsfold.report.contact_arcs import draw_contact_arcs
from pottsfold.report.contact_map import draw_contact_map
from pottsfold.report.coupling_heatmaps import draw_coupling_heatmaps
from pottsfold.report.precision_figure import draw_precision


def draw_contact_figures(
    folder: Path,
    model: PottsModel,
    coupling: CouplingMap,
    chain: ChainMap | None = None,
    count: int | None = None,
) -> list[Path]:
    """Draw every figure there is to draw, and return their files.

    Parameters
    ----------
    folder : Path
        Where; it exists.
    model : PottsModel
        Of L sites.
    coupling : CouplingMap
        Its map.
    chain : ChainMap, optional
        The same sites in a structure; without it there is no precision.
    count : int, optional
        How many of the strongest pairs the map and the arcs show, by custom L.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    names = ["contact_map.png", "contact_arcs.png", "couplings.png", "precision.png"]
    paths = [folder / name for name in names]
    draw_contact_map(paths[0], coupling, chain, count)
    draw_contact_arcs(paths[1], coupling, chain, count)
    draw_coupling_heatmaps(paths[2], model, coupling, chain)
    if chain is None:
        return paths[:3]
    draw_precision(paths[3], coupling, chain)
    return paths
