"""The heatmap: what it shows, where, and how it is written."""

import numpy as np
import pytest
from matplotlib.collections import QuadMesh

from pottsfold.alphabet import PROTEIN, RNA
from pottsfold.errors import OutputError, UsageError
from pottsfold.mutations import scan_table
from pottsfold.report.figures import save_figure
from pottsfold.report.mutation_heatmap import (
    CHEMISTRY,
    SITES_PER_PANEL,
    mutation_heatmap_figure,
)
from tests.strategies import random_model


def panels(figure):
    """The axes that have dots in them, each with its cells; not the colour bar."""
    return [
        (axes, mesh)
        for axes in figure.axes
        for mesh in axes.collections
        if axes.lines and isinstance(mesh, QuadMesh)
    ]


def test_every_letter_has_one_row():
    assert sorted("".join(CHEMISTRY.values())) == sorted(PROTEIN.letters[1:])


def test_colours_are_the_log_odds_centred_on_0():
    model = random_model(0, 7, gaps="missing", first=50)
    scan = scan_table(model)
    ((axes, mesh),) = panels(mutation_heatmap_figure(scan))
    rows = "".join(CHEMISTRY.values())
    values = mesh.get_array()
    for row in scan.itertuples():
        cell = values[rows.index(row.substitution), row.position - 50]
        assert cell == row.log_odds
    for column, letter in enumerate(model.focus_sequence):
        assert values[rows.index(letter), column] == 0
    assert mesh.norm.vmin == -mesh.norm.vmax
    dots = axes.lines[0].get_xydata()
    expected = [
        (column + 0.5, rows.index(letter) + 0.5)
        for column, letter in enumerate(model.focus_sequence)
    ]
    np.testing.assert_array_equal(dots, expected)


def test_long_proteins_are_cut_into_panels_of_about_the_same_length():
    model = random_model(0, 2 * SITES_PER_PANEL + 3, RNA, gaps="missing")
    found = panels(mutation_heatmap_figure(scan_table(model), RNA))
    assert [mesh.get_array().shape for _, mesh in found] == [(4, 41)] * 3


def test_jumps_of_the_numbering_are_labelled():
    scan = scan_table(random_model(0, 12, gaps="missing"))
    scan = scan[~scan["position"].isin([4, 5])]
    ((axes, _),) = panels(mutation_heatmap_figure(scan))
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert labels == ["1", "6", "10"]


@pytest.mark.parametrize("ending", ["png", "pdf", "svg"])
def test_the_ending_chooses_the_format(ending, tmp_path):
    scan = scan_table(random_model(0, 3, RNA))
    path = tmp_path / f"map.{ending}"
    save_figure(path, mutation_heatmap_figure(scan, RNA, "$x_1$ & <name>"))
    starts = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}
    assert path.read_bytes().startswith(starts[ending])
    assert list(tmp_path.iterdir()) == [path]


def test_a_model_without_any_effect_is_drawn(tmp_path):
    scan = scan_table(random_model(0, 3, RNA, scale=0.0))
    save_figure(tmp_path / "map.png", mutation_heatmap_figure(scan, RNA))


def test_another_ending_or_folder_is_refused(tmp_path):
    scan = scan_table(random_model(0, 3, RNA))
    with pytest.raises(UsageError, match=r"end a figure.s name in \.png"):
        save_figure(tmp_path / "map.gif", mutation_heatmap_figure(scan, RNA))
    with pytest.raises(OutputError, match="does not exist"):
        save_figure(tmp_path / "absent" / "map.png", mutation_heatmap_figure(scan, RNA))
