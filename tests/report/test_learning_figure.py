"""The learning curve as a figure."""

import pandas as pd

from pottsfold.report.figures import save_figure
from pottsfold.report.learning_figure import learning_figure

CURVE = pd.DataFrame(
    {
        "n_training": [0, 24, 96],
        "spearman": [0.45, 0.5, 0.6],
        "sd": [float("nan"), 0.02, 0.03],
    }
)


def test_points_are_the_means_with_their_spread():
    axes = learning_figure(CURVE, "$x_1$").axes[0]
    (bars,) = axes.containers
    assert bars[0].get_ydata().tolist() == [0.5, 0.6]
    (segments,) = bars[2]
    ends = [segment[:, 1].tolist() for segment in segments.get_segments()]
    assert ends == [[0.48, 0.52], [0.57, 0.63]]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0", "24", "96"]
    assert axes.lines[0].get_ydata() == [0.45, 0.45]


def test_a_curve_without_training_is_drawn(tmp_path):
    save_figure(tmp_path / "curve.png", learning_figure(CURVE[:1]))
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
