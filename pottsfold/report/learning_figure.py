"""What a number of measurements is worth, as a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

if TYPE_CHECKING:
    import pandas as pd

# Okabe and Ito's, told apart by shape too.
LEARNT, ALONE = "#0072B2", "#D55E00"


def learning_figure(curve: pd.DataFrame, name: str = "") -> Figure:
    """Return Spearman's correlation by the number of mutants trained on.

    Parameters
    ----------
    curve : DataFrame
        From :func:`pottsfold.mutations.assays.learning_curve`.
    name : str
        The focus sequence's, for the title.
    """
    figure = Figure(figsize=(5.5, 4.0), layout="constrained")
    axes = figure.add_subplot()
    trained = curve[curve["n_training"] > 0]
    # Places by order: 24, 96 and 240 on a scale of their own would crowd the left.
    places = range(1, len(trained) + 1)
    alone = float(curve["spearman"].iloc[0])
    axes.axhline(alone, color=ALONE, linestyle="--", label="model alone")
    axes.plot([0], [alone], "s", color=ALONE)
    axes.errorbar(
        places,
        trained["spearman"],
        yerr=trained["sd"],
        color=LEARNT,
        marker="o",
        capsize=4,
        label="model and measurements (SD over random choices)",
    )
    sizes = [str(size) for size in trained["n_training"]]
    axes.set_xticks([0, *places], ["0", *sizes])
    axes.set(
        xlabel="mutants measured and trained on",
        ylabel="Spearman on the other mutants",
    )
    axes.margins(y=0.25)
    axes.legend(loc="upper left", frameon=False, fontsize=8.5)
    # Names may hold signs that Matplotlib would read as a formula.
    axes.set_title(name or "focus sequence", fontsize=11, parse_math=False)
    return figure
