"""The figure of a model beside a measured library: what it shows and where."""

import numpy as np
import pytest
from matplotlib.collections import PolyCollection, QuadMesh
from scipy.stats import rankdata

from pottsfold.errors import UsageError
from pottsfold.mutations import mutant_effects, place_library
from pottsfold.mutations.assays import measurements
from pottsfold.report import assay_figure as module
from pottsfold.report.assay_figure import assay_figure
from pottsfold.report.figures import save_figure
from pottsfold.report.mutation_heatmap import CHEMISTRY
from tests.mutations.assays import made

MODEL = made.small_model(25)
SINGLES = made.singles(MODEL)


def inputs(mutants, noise=0.5):
    library = made.library(MODEL, mutants, noise=noise)
    placed = place_library(MODEL, library)
    effects = mutant_effects(MODEL, placed)
    return MODEL, placed, effects, measurements(library, placed)


def titles(figure):
    return [axes.get_title() + axes.get_title(loc="left") for axes in figure.axes]


def test_dots_are_predictions_and_scores():
    _, _, effects, found = case = inputs(SINGLES)
    panel = assay_figure(*case).axes[0]
    dots = panel.lines[0].get_xydata()
    np.testing.assert_array_equal(dots[:, 0], effects.log_odds[found.rows])
    np.testing.assert_array_equal(dots[:, 1], found.scores)
    assert panel.get_title().startswith(f"1 mutation, n = {len(SINGLES)}\nSpearman 0.")


def test_maps_hold_the_ranks_of_both_sides_on_one_scale():
    _, placed, effects, found = case = inputs(SINGLES)
    figure = assay_figure(*case)
    maps = [
        mesh
        for axes in figure.axes
        for mesh in axes.collections
        if isinstance(mesh, QuadMesh) and mesh.get_array().shape == (20, 25)
    ]
    rows = [MODEL.alphabet.letters.index(a) for a in "".join(CHEMISTRY.values())]
    for mesh, values in zip(maps, (found.scores, effects.log_odds), strict=True):
        shown = mesh.get_array()
        expected = (rankdata(values) - 0.5) / len(values)
        for k, (column, letter) in enumerate(
            zip(placed.columns, placed.letters, strict=True)
        ):
            assert shown[rows.index(letter), column] == expected[k]
        assert (mesh.norm.vmin, mesh.norm.vmax) == (0, 1)
        assert np.ma.masked_invalid(shown).mask.sum() == 25  # wild types


def test_the_sites_line_is_the_mean_rank():
    _, placed, _, found = case = inputs(SINGLES)
    figure = assay_figure(*case)
    (axes,) = [a for a in figure.axes if "mean rank of a site" in a.get_title("left")]
    ranks = (rankdata(found.scores) - 0.5) / len(found)
    expected = [ranks[placed.columns == column].mean() for column in range(25)]
    np.testing.assert_allclose(axes.lines[0].get_ydata(), expected)


def test_many_mutants_are_drawn_as_their_density(monkeypatch):
    monkeypatch.setattr(module, "MAX_DOTS", 100)
    figure = assay_figure(*inputs([*SINGLES, *made.doubles(MODEL, 200)]))
    panels = [
        axes
        for axes in figure.axes
        if any(type(c) is PolyCollection for c in axes.collections)
    ]
    assert [axes.get_title().split(",")[0] for axes in panels] == [
        "1 mutation",
        "2 mutations",
    ]


def test_without_singles_only_the_dots_are_drawn():
    figure = assay_figure(*inputs([*made.doubles(MODEL, 50), *made.triples(MODEL, 20)]))
    shown = [title.split(",")[0] for title in titles(figure) if title]
    assert shown == ["2 mutations", "3 or more mutations"]


def test_tick_labels_are_residue_numbers_of_the_measured_part():
    some = [name for name in SINGLES if 15 <= int(name[1:-1]) <= 32]
    figure = assay_figure(*inputs(some))
    labels = [
        [label.get_text() for label in axes.get_xticklabels()]
        for axes in figure.axes
        if axes.get_xlabel().startswith("residue number")
    ]
    assert labels == [["20", "30"]]


@pytest.mark.parametrize("ending", ["png", "pdf", "svg"])
def test_the_ending_chooses_the_format(ending, tmp_path):
    path = tmp_path / f"assay.{ending}"
    save_figure(path, assay_figure(*inputs(SINGLES)))
    starts = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}
    assert path.read_bytes().startswith(starts[ending])
    assert list(tmp_path.iterdir()) == [path]


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(UsageError, match="end a figure's name"):
        save_figure(tmp_path / "assay.gif", assay_figure(*inputs(SINGLES)))
