"""Sampled beside natural sequences as a figure."""

import numpy as np

from pottsfold.alphabet import RNA
from pottsfold.landscape.comparison import compare
from pottsfold.report.figures import save_figure
from pottsfold.report.sample_figures import comparison_figure
from tests.strategies import random_alignment, random_codes, random_model


def compared(length=6, codes=None):
    natural = random_alignment(0, 60, length, RNA, focus=False)
    sampled = random_codes(1, 40, length, RNA) if codes is None else codes
    return compare(random_model(0, length, RNA), natural, sampled)


def test_panels_show_the_numbers_of_the_comparison(tmp_path):
    result = compared()
    figure = comparison_figure(result, "$x_1$")
    panels = figure.axes[:8]
    agreement = result.two_sites
    assert f"Pearson {agreement.pearson:.3f}" in panels[1].get_title()
    points = panels[1].lines[0].get_xydata()
    np.testing.assert_array_equal(points, agreement.points)
    assert f"KS distance {result.energy.distance:.2f}" in panels[4].get_title()
    assert panels[6].get_xlim() == panels[7].get_xlim()
    assert figure.get_suptitle().startswith("$x_1$: 40 samples against 60 natural")
    save_figure(tmp_path / "samples.png", figure)
    assert (tmp_path / "samples.png").read_bytes().startswith(b"\x89PNG")


def test_many_values_are_drawn_as_their_density(tmp_path):
    figure = comparison_figure(compared(length=30))
    assert len(figure.axes[1].collections) == 1
    save_figure(tmp_path / "samples.svg", figure)


def test_no_values_leave_an_empty_panel(tmp_path):
    codes = np.ones((20, 2), np.uint8)
    figure = comparison_figure(compared(2, codes))
    assert "Pearson none" in figure.axes[2].get_title()
    save_figure(tmp_path / "samples.pdf", figure)
