"""Arcs, precision curves and coupling heatmaps: what stands where."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import LineCollection

from pottsfold.alphabet import RNA
from pottsfold.contacts import ChainMap, coupling_map, precision_curve
from pottsfold.errors import OutputError, UsageError
from pottsfold.report.contact_arcs import contact_arcs_figure
from pottsfold.report.coupling_heatmaps import (
    coupling_heatmaps_figure,
)
from pottsfold.report.figures import save_figure
from pottsfold.report.precision_figure import precision_figure
from tests.report.test_contact_map import made
from tests.strategies import random_model


def dimer(chain: ChainMap) -> ChainMap:
    """Return a chain whose contacts beyond site 15 are all between chains."""
    within = chain.distances.copy()
    within[15:] = within[:, 15:] = 30.0
    within[np.isnan(chain.distances)] = np.nan
    return ChainMap(
        *(chain.path, chain.chain, chain.identity, chain.residues, chain.distances),
        distances_intra=within,
        distances_inter=chain.distances,
    )


def test_arcs_reach_from_i_to_j_hits_above_and_misses_below():
    coupling, chain = made()
    figure = contact_arcs_figure(coupling, dimer(chain), 25)
    (axes,) = figure.axes
    kinds = [each for each in axes.collections if isinstance(each, LineCollection)]
    assert sum(len(kind.get_segments()) for kind in kinds) == 25
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert len(kinds) == len(labels)
    positions = set(coupling.numbering.positions.tolist())
    for kind, label in zip(kinds, labels, strict=True):
        assert f"({len(kind.get_segments())})" in label
        for arc in kind.get_segments():
            assert {round(arc[0, 0]), round(arc[-1, 0])} <= positions
            side = 1 if label.startswith("above") else -1
            assert (side * arc[1:-1, 1] > 0).all()
    starts = {label.partition(" (")[0] for label in labels}
    assert "above: between chains" in starts
    assert "below: not in contact" in starts


def test_arcs_without_a_structure_all_stand_above():
    coupling, _ = made(name="weird_$name^{")
    figure = contact_arcs_figure(coupling)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    (arcs,) = axes.collections
    assert len(arcs.get_segments()) == coupling.length
    assert axes.get_legend() is None
    assert axes.get_title().startswith("weird_$name^{\n30 strongest pairs")


def test_curves_are_those_of_three_separations():
    coupling, chain = made()
    (axes,) = precision_figure(coupling, chain).axes
    curves = [line for line in axes.lines if len(line.get_xdata()) > 2]
    assert len(curves) == 3
    assert len({line.get_linestyle() for line in curves}) == 3
    for line, separation in zip(curves, (6, 12, 24), strict=True):
        expected = precision_curve(
            coupling.scores,
            chain.distances,
            coupling.numbering.positions,
            separation=separation,
        )[: 2 * 29]
        np.testing.assert_array_equal(line.get_ydata(), expected)
        assert f"{separation} " in line.get_label()


def test_heatmaps_mark_the_focus_and_tell_distances():
    model = random_model(5, length=30)
    _, chain = made()
    coupling = coupling_map(model)
    figure = coupling_heatmaps_figure(model, coupling, chain)
    panels = [axes for axes in figure.axes if axes.images]
    assert len(panels) == 12
    for axes in panels:
        assert axes.images[0].get_array().shape == (20, 20)
        (square,) = axes.patches
        column, row = (round(x + 0.5) for x in square.get_xy())
        rows = [label.get_text() for label in axes.get_yticklabels()]
        columns = [label.get_text() for label in axes.get_xticklabels()]
        assert rows[row] == axes.get_ylabel()[0]
        assert columns[column] == axes.get_xlabel()[0]
    assert any("\N{ANGSTROM SIGN}" in axes.get_title() for axes in panels)


@pytest.mark.parametrize("length", [2, 8, 9])
def test_heatmaps_of_few_pairs_and_other_letters(length):
    model = random_model(5, length=length, alphabet=RNA, focus=False, gaps="missing")
    figure = coupling_heatmaps_figure(model, coupling_map(model))
    figure.draw_without_rendering()
    panels = [axes for axes in figure.axes if axes.images]
    assert len(panels) == max(0, length - 6) * max(0, length - 5) // 2
    assert all(axes.images[0].get_array().shape == (4, 4) for axes in panels)


def test_figures_are_written_whole_where_their_ending_is_known(tmp_path):
    model = random_model(5, length=30)
    _, chain = made()
    coupling = coupling_map(model)
    save_figure(tmp_path / "arcs.pdf", contact_arcs_figure(coupling, chain))
    save_figure(tmp_path / "curve.svg", precision_figure(coupling, chain))
    save_figure(tmp_path / "pairs.png", coupling_heatmaps_figure(model, coupling))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("arcs.pdf", "curve.svg", "pairs.png")
    ]
    with pytest.raises(UsageError, match=r"name in \.png"):
        save_figure(tmp_path / "arcs.gif", contact_arcs_figure(coupling))
    with pytest.raises(OutputError, match="does not exist"):
        save_figure(tmp_path / "none" / "curve.png", precision_figure(coupling, chain))
