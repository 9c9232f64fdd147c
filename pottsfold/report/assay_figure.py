"""Predicted and measured effects side by side, as a figure."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from numpy.typing import NDArray
from scipy.stats import rankdata

from pottsfold.alphabet import PROTEIN
from pottsfold.model import PottsModel
from pottsfold.mutations import Effects, Mutants
from pottsfold.mutations.assays import Measurements, depth_classes, spearman
from pottsfold.report.mutation_heatmap import CHEMISTRY

# Inches.
NARROWEST, WIDE, WIDEST, SITE, MARGINS = 9.0, 14.0, 24.0, 0.15, 2.4
SCATTER_TALL, LINE_TALL, LETTER_TALL, GAPS_TALL = 3.4, 1.9, 0.135, 1.6
# More dots than this hide one another: their density is drawn instead.
MAX_DOTS = 2000
MIN_SINGLES = 10
LABELS = 8.5
# Okabe and Ito's, told apart by shape too.
MEASURED, PREDICTED = "#0072B2", "#D55E00"
WORDS = {"1": "1 mutation", "2": "2 mutations", "3+": "3 or more mutations"}
NOT_MEASURED = "#d9d9d9"
# Red is harmful, as in the heatmap of a scan.
COLOURS = "RdBu"


def assay_figure(
    model: PottsModel, mutants: Mutants, effects: Effects, measured: Measurements
) -> Figure:
    """Return predicted against measured effects, and both along the sequence.

    Above, one panel for every number of mutations: log-odds against measured scores,
    as dots, or as their density where there are many. Below, where single mutants
    are measured, the mean rank at every site and the rank of every substitution,
    measured and predicted. Ranks run from 0, the most harmful of the measured single
    mutants, to 1: both sides have one scale, and only order is compared.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence.
    mutants : Mutants
        The library placed in it.
    effects : Effects
        Of the same mutants.
    measured : Measurements
        The scores.
    """
    singles = np.flatnonzero(~measured.partial & (measured.depths == 1))
    has_singles = len(singles) >= MIN_SINGLES
    letters = _letters(model)
    first, last, width, tall = 0, 0, NARROWEST, SCATTER_TALL
    if has_singles:
        columns = mutants.columns[mutants.offsets[measured.rows[singles]]]
        first, last = int(columns.min()), int(columns.max()) + 1
        width = float(np.clip((last - first) * SITE + MARGINS, NARROWEST, WIDEST))
        below = LINE_TALL + 2 * len(letters) * LETTER_TALL + GAPS_TALL
        tall += below
    figure = Figure(figsize=(width, tall), layout="constrained")
    # Names may hold signs that Matplotlib would read as a formula.
    figure.suptitle(model.focus_name or "focus sequence", parse_math=False)
    if not has_singles:
        _draw_classes(figure, effects, measured, wide=False)
        return figure
    halves = figure.subfigures(2, 1, squeeze=False, height_ratios=[SCATTER_TALL, below])
    upper, lower = halves[:, 0]
    _draw_classes(upper, effects, measured, wide=width > WIDE)
    ranks = _rank_maps(model, mutants, effects, measured, singles)
    heights = [LINE_TALL, *[len(letters) * LETTER_TALL] * 2]
    line, above, under = lower.subplots(3, 1, sharex=True, height_ratios=heights)
    _draw_sites(line, ranks[:, first:last])
    for axes, values, name in (
        (above, ranks[0], "measured"),
        (under, ranks[1], "predicted"),
    ):
        _draw_map(axes, values[first:last, letters], model, letters, first, name)
    scale = under.collections[0]
    bar = lower.colorbar(scale, ax=[above, under], pad=0.01, fraction=0.02)
    bar.set_label("rank; 0 = most harmful", fontsize=LABELS)
    bar.ax.tick_params(labelsize=LABELS)
    _mark_sites(under, model, first, last)
    return figure


def _letters(model: PottsModel) -> NDArray[np.int64]:
    """Return the codes of the rows of a map, those of alike chemistry together."""
    order = model.alphabet.letters[1:]
    if model.alphabet == PROTEIN:
        order = "".join(CHEMISTRY.values())
    return np.array([model.alphabet.letters.index(letter) for letter in order])


def _draw_classes(
    figure: Figure | SubFigure, effects: Effects, measured: Measurements, wide: bool
) -> None:
    classes = [
        (WORDS[name], members)
        for name, members in depth_classes(measured).items()
        if name in WORDS
    ]
    # One class alone does not fill the width; a wide figure has room for three.
    n_panels = max(len(classes), 3 if wide else 2)
    panels = figure.subplots(1, n_panels, squeeze=False)[0]
    for axes, (words, members) in zip(panels, classes, strict=False):
        predicted = effects.log_odds[measured.rows[members]]
        scores = measured.scores[members]
        if len(members) > MAX_DOTS:
            drawn = axes.hexbin(
                predicted,
                scores,
                gridsize=45,
                bins="log",
                mincnt=1,
                cmap="viridis",
                linewidths=0.1,
            )
            bar = axes.figure.colorbar(drawn, ax=axes, pad=0.02)
            bar.set_label("mutants", fontsize=LABELS)
            bar.ax.tick_params(labelsize=LABELS)
        else:
            axes.plot(predicted, scores, "o", color=MEASURED, ms=2.5, mew=0, alpha=0.5)
        axes.set_title(
            f"{words}, n = {len(members):,}\n"
            f"Spearman {spearman(scores, predicted):.3f}",
            fontsize=10,
        )
        axes.set_xlabel("predicted log-odds (nats)", fontsize=LABELS)
        axes.set_ylabel("measured score", fontsize=LABELS)
        axes.tick_params(labelsize=LABELS)
    for axes in panels[len(classes) :]:
        axes.set_axis_off()


def _rank_maps(
    model: PottsModel,
    mutants: Mutants,
    effects: Effects,
    measured: Measurements,
    singles: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return ranks of measured scores and log-odds: (2, L, q), NaN where none."""
    rows = measured.rows[singles]
    places = mutants.offsets[rows]
    columns, letters = mutants.columns[places], mutants.letters[places]
    result = np.full((2, *model.fields.shape), np.nan)
    for side, values in enumerate((measured.scores[singles], effects.log_odds[rows])):
        result[side, columns, letters] = (rankdata(values) - 0.5) / len(values)
    return result


def _draw_sites(axes: Axes, ranks: NDArray[np.float64]) -> None:
    """Draw the mean rank of every site's substitutions, both sides."""
    counts = np.isfinite(ranks).sum(axis=2)
    means = np.divide(
        np.nansum(ranks, axis=2),
        counts,
        out=np.full(counts.shape, np.nan),
        where=counts > 0,
    )
    middles = np.arange(ranks.shape[1]) + 0.5
    known = counts[0] > 0
    correlation = spearman(means[0, known], means[1, known])
    for values, name, colour, marker in (
        (means[0], "measured", MEASURED, "o"),
        (means[1], "predicted", PREDICTED, "s"),
    ):
        axes.plot(
            middles, values, marker=marker, ms=3, lw=1.2, color=colour, label=name
        )
    axes.set_title(
        f"mean rank of a site's substitutions (Spearman of the means "
        f"{correlation:.3f})",
        fontsize=10,
        loc="left",
    )
    axes.set_ylim(0, 1)
    axes.set_ylabel("mean rank", fontsize=LABELS)
    axes.grid(axis="y", color="#e5e5e5", linewidth=0.6)
    axes.tick_params(labelsize=LABELS, bottom=False)
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1, 1),
        ncols=2,
        frameon=False,
        fontsize=LABELS,
        borderaxespad=0.2,
    )


def _draw_map(
    axes: Axes,
    values: NDArray[np.float64],
    model: PottsModel,
    letters: NDArray[np.int64],
    first: int,
    name: str,
) -> None:
    """Draw the ranks of substitutions (sites, letters), a dot at the wild type."""
    axes.set_facecolor(NOT_MEASURED)
    axes.pcolormesh(values.T, vmin=0, vmax=1, cmap=COLOURS)
    focus = model.require_focus()[first : first + len(values)]
    sites, rows = np.nonzero(focus[:, np.newaxis] == letters)
    axes.plot(sites + 0.5, rows + 0.5, "o", color="black", ms=1.6)
    names = [model.alphabet.letters[code] for code in letters]
    axes.set_yticks(np.arange(len(letters)) + 0.5, names)
    axes.tick_params(labelsize=6.5, length=0)
    axes.set(xlim=(0, len(values)), ylim=(len(letters), 0))
    axes.set_title(f"{name}, every single substitution", fontsize=10, loc="left")


def _mark_sites(axes: Axes, model: PottsModel, first: int, last: int) -> None:
    """Label about every tenth site with its residue number."""
    positions = model.numbering.positions[first:last]
    step = 10 if len(positions) <= 200 else 20
    labelled = np.flatnonzero(positions % step == 0)
    axes.set_xticks(labelled + 0.5, [str(number) for number in positions[labelled]])
    axes.tick_params(axis="x", labelsize=LABELS, length=2)
    axes.set_xlabel(
        "residue number (dots: wild type; grey: not measured)", fontsize=LABELS
    )
