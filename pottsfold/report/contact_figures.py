"""All figures of a contact map, in one folder."""

from __future__ import annotations

from pathlib import Path

from pottsfold.contacts import ChainMap, CouplingMap
from pottsfold.model import PottsModel
from pottsfold.report.contact_arcs import contact_arcs_figure
from pottsfold.report.contact_map import contact_map_figure
from pottsfold.report.coupling_heatmaps import coupling_heatmaps_figure
from pottsfold.report.figures import save_figure
from pottsfold.report.precision_figure import precision_figure


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
        How many of the strongest pairs the map and the arcs show, by default L.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    names = ["contact_map.png", "contact_arcs.png", "couplings.png", "precision.png"]
    paths = [folder / name for name in names]
    save_figure(paths[0], contact_map_figure(coupling, chain, count))
    save_figure(paths[1], contact_arcs_figure(coupling, chain, count))
    save_figure(paths[2], coupling_heatmaps_figure(model, coupling, chain))
    if chain is None:
        return paths[:3]
    save_figure(paths[3], precision_figure(coupling, chain))
    return paths
