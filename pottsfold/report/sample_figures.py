"""Sampled beside natural sequences, as one page of figures."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import (
    LogLocator,
    MaxNLocator,
    NullFormatter,
    PercentFormatter,
)
from numpy.typing import NDArray

from pottsfold.landscape.comparison import Agreement, Comparison, Spread

WIDTH, HEIGHT = 14.0, 7.4
# Okabe and Ito's; told apart by filling too: natural filled, samples a line.
NATURAL, SAMPLED = "#56B4E9", "#D55E00"
GUIDE = "#777777"
BINS = 50
CELLS = 60
# Histograms end where so small a share of either side lies beyond.
BEYOND = 0.001
# More dots than this hide one another: their density is drawn instead.
MAX_DOTS = 5000


def comparison_figure(comparison: Comparison, name: str = "") -> Figure:
    """Return one page: statistics of letters above, single sequences below.

    Above, sampled against natural frequencies and connected correlations, with the
    line of equality, and the identity of pairs. Below, energies, the identity to the
    nearest natural sequence (of natural ones, to the nearest other), and the plane of
    the two leading principal components of the natural sequences, natural and sampled
    ones side by side on one scale. Histograms leave out the last thousandth at either
    end. Numbers in brackets are those natural sequences reach in the samples' place;
    the noise cap is the Pearson that so few samples could at most have.

    Parameters
    ----------
    comparison : Comparison
        From :func:`pottsfold.landscape.comparison.compare`.
    name : str
        The family's, for the title.
    """
    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    axes = figure.subplots(2, 4)
    title = (
        f"{comparison.n_sampled:,} samples against {comparison.n_natural:,} natural "
        f"sequences (Neff {comparison.neff:,.0f})\n"
        f"in brackets: {comparison.yardstick}; noise cap: the Pearson that so many "
        "samples can have at most"
    )
    # Names may hold signs that Matplotlib would read as a formula.
    figure.suptitle(
        f"{name}: {title}" if name else title, fontsize=11, parse_math=False
    )
    for panel, agreement, what, counted in (
        (axes[0, 0], comparison.one_site, "one-site frequency", "letters"),
        (axes[0, 1], comparison.two_sites, "two-site correlation", "pairs of letters"),
        (
            axes[0, 2],
            comparison.three_sites,
            "three-site correlation",
            "triples of letters",
        ),
    ):
        _draw_agreement(panel, agreement, what, counted)
    step = 1 / comparison.length
    _draw_spread(axes[0, 3], comparison.identity, "identity of two sequences", step)
    _draw_spread(axes[1, 0], comparison.energy, "energy (nats)")
    _draw_spread(
        axes[1, 1], comparison.nearest, "identity to the nearest natural", step
    )
    _draw_planes(axes[1, 2], axes[1, 3], comparison)
    return figure


def _draw_agreement(axes: Axes, agreement: Agreement, what: str, counted: str) -> None:
    """Draw sampled against natural values as dots, or as a density if many."""
    natural, sampled = agreement.points.T
    low, high = _limits(agreement.points)
    if len(natural) > MAX_DOTS:
        mesh = axes.hexbin(
            natural,
            sampled,
            gridsize=CELLS,
            extent=(low, high, low, high),
            bins="log",
            mincnt=1,
            cmap="viridis",
            linewidths=0.2,
        )
        axes.figure.colorbar(mesh, ax=axes, label=counted, shrink=0.8, pad=0.01)
    else:
        axes.plot(natural, sampled, ".", color=SAMPLED, markersize=3, alpha=0.6)
    (line,) = axes.plot((low, high), (low, high), "--", color=GUIDE, linewidth=1)
    axes.legend([line], ["equal"], frameon=False, fontsize=9, loc="upper left")
    axes.set_box_aspect(1)
    axes.set(xlim=(low, high), ylim=(low, high))
    axes.set(xlabel=f"natural {what}", ylabel="sampled")
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.set_title(
        f"Pearson {_number(agreement.pearson)} ({_number(agreement.reachable_pearson)})"
        f"\nslope {_number(agreement.slope, 2)} "
        f"({_number(agreement.reachable_slope, 2)}), "
        f"noise cap {_number(agreement.ceiling, 2)}",
        fontsize=10,
    )


def _draw_spread(axes: Axes, spread: Spread, what: str, step: float = 0.0) -> None:
    """Draw two histograms over the same bins, as densities.

    Values are whole multiples of ``step``, if it is not 0.
    """
    sides = [side for side in (spread.natural, spread.sampled) if len(side)]
    ends = [np.quantile(side, (BEYOND, 1 - BEYOND)) for side in sides]
    low, high = _limits(np.concatenate(ends))
    bins = np.linspace(low, high, BINS + 1)
    if step:
        # Each bin takes as many of the possible values, else there are false gaps.
        width = step * max(1, round((high - low) / BINS / step))
        start = (np.ceil(low / step) - 0.5) * step
        bins = np.arange(start, high + width, width)
        axes.set_xlim(start, min(float(bins[-1]), 1 + width))
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    style: dict[str, Any] = {"bins": bins, "density": True}
    if len(spread.natural):
        axes.hist(
            spread.natural,
            label="natural",
            color=NATURAL,
            histtype="stepfilled",
            **style,
        )
    axes.hist(
        spread.sampled,
        label="sampled",
        color=SAMPLED,
        histtype="step",
        linewidth=1.6,
        **style,
    )
    axes.set(xlabel=what, ylabel="density", yticks=[])
    axes.xaxis.set_major_locator(MaxNLocator(5))
    # Room for the legend above the bars.
    axes.set_ylim(0, 1.2 * axes.get_ylim()[1])
    axes.legend(frameon=False, fontsize=9)
    sampled, natural = (
        _mean(side, step > 0) for side in (spread.sampled, spread.natural)
    )
    axes.set_title(
        f"mean: sampled {sampled}, natural {natural}\n"
        f"KS distance {_number(spread.distance, 2)} ({_number(spread.reachable, 2)})",
        fontsize=10,
    )


def _draw_planes(left: Axes, right: Axes, comparison: Comparison) -> None:
    """Draw natural and sampled sequences in the same plane."""
    first, second = comparison.principal
    ends = [
        _limits(np.concatenate([spread.natural, spread.sampled]))
        for spread in (first, second)
    ]
    sides = (
        (left, "natural", first.natural, second.natural),
        (right, "sampled", first.sampled, second.sampled),
    )
    meshes = []
    for axes, side, x, y in sides:
        # Shares, since the two sides have unlike numbers of sequences.
        mesh = axes.hexbin(
            x,
            y,
            C=np.full(len(x), 100 / max(1, len(x))),
            reduce_C_function=np.sum,
            gridsize=CELLS // 2,
            extent=(*ends[0], *ends[1]),
            norm="log",
            cmap="viridis",
            linewidths=0.2,
        )
        meshes.append(mesh)
        axes.set(xlim=ends[0], ylim=ends[1])
        axes.set_xlabel(f"component 1 ({comparison.shares[0]:.1%} of variance)")
        axes.set_title(f"{side} sequences, principal components", fontsize=10)
    left.set_ylabel(f"component 2 ({comparison.shares[1]:.1%})")
    values = np.concatenate([mesh.get_array() for mesh in meshes])
    for mesh in meshes:
        mesh.set_clim(values.min(), values.max())
    bar = right.figure.colorbar(
        mesh, ax=right, label="% of the side's sequences in a cell", pad=0.01
    )
    # A scale of less than two decades has too few powers of ten to be read by.
    bar.ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    bar.ax.yaxis.set_major_formatter("{x:g}")
    bar.ax.yaxis.set_minor_formatter(NullFormatter())


def _limits(values: NDArray[Any]) -> tuple[float, float]:
    """Return ends a little beyond the values."""
    if not values.size:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    margin = 0.03 * (high - low) or 0.5
    return low - margin, high + margin


def _number(value: float, decimals: int = 3) -> str:
    return "none" if np.isnan(value) else f"{value:.{decimals}f}"


def _mean(values: NDArray[np.float64], share: bool) -> str:
    if not len(values):
        return "none"
    return f"{values.mean():.1%}" if share else f"{values.mean():.1f}"
