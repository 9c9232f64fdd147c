"""A comparison as a table and as a few lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.landscape.comparison.comparing import Comparison
from pottsfold.landscape.comparison.spreads import Spread

if TYPE_CHECKING:
    import pandas as pd

# Name of a column of Comparison, and how people read it.
STATISTICS = {
    "one_site": "one-site",
    "two_sites": "two-site",
    "three_sites": "three-site",
}
Row = tuple[str, float, float]


def comparison_table(comparison: Comparison) -> pd.DataFrame:
    """Return a comparison as a table.

    Parameters
    ----------
    comparison : Comparison
        From :func:`pottsfold.landscape.comparison.compare`.

    Returns
    -------
    DataFrame
        ``quantity``; ``value`` of the samples; ``reachable``, what natural sequences
        have in their place: the yardstick for correlations and distances, the natural
        mean for means. NaN where a quantity has none. Energies are in nats.
    """
    import pandas as pd

    rows: list[Row] = []
    for name, words in STATISTICS.items():
        found = getattr(comparison, name)
        rows += [
            (f"{words} Pearson", found.pearson, found.reachable_pearson),
            (f"{words} slope", found.slope, found.reachable_slope),
            (f"{words} Pearson, cap by noise of samples", found.ceiling, np.nan),
        ]
    rows += _rows_of("energy", comparison.energy)
    rows += _rows_of("pairwise identity", comparison.identity)
    rows += _rows_of("identity to nearest natural", comparison.nearest)
    copies = [np.mean(side == 1) for side in _values(comparison.nearest)]
    rows.append(("share of copies of natural sequences", copies[0], copies[1]))
    for number, spread in enumerate(comparison.principal, start=1):
        rows += _rows_of(f"principal component {number}", spread)
    return pd.DataFrame(rows, columns=["quantity", "value", "reachable"])


def comparison_lines(comparison: Comparison) -> list[str]:
    """Return a comparison as a few lines of text.

    Parameters
    ----------
    comparison : Comparison
        From :func:`pottsfold.landscape.comparison.compare`.
    """
    lines = [
        f"{comparison.n_sampled} samples against {comparison.n_natural} natural "
        f"sequences (Neff {comparison.neff:.0f}); in brackets: {comparison.yardstick}"
    ]
    for name, words in STATISTICS.items():
        found = getattr(comparison, name)
        lines.append(
            f"{words} statistics: Pearson {found.pearson:.3f} "
            f"({found.reachable_pearson:.3f}), slope {found.slope:.2f} "
            f"({found.reachable_slope:.2f}); noise of the samples caps Pearson at "
            f"{found.ceiling:.3f}"
        )
    energy, identity, nearest = (
        [_mean(side) for side in _values(spread)]
        for spread in (comparison.energy, comparison.identity, comparison.nearest)
    )
    spread = comparison.energy
    lines.append(
        f"energies: samples {energy[0]:.1f} +- {_sd(spread.sampled):.1f} nats, natural "
        f"{energy[1]:.1f} +- {_sd(spread.natural):.1f}; Kolmogorov-Smirnov distance "
        f"{spread.distance:.2f} ({spread.reachable:.2f})"
    )
    lines.append(
        f"pairwise identity: samples {identity[0]:.1%}, natural {identity[1]:.1%}"
    )
    copies = int((comparison.nearest.sampled == 1).sum())
    lines.append(
        f"identity to the nearest natural sequence: samples {nearest[0]:.1%}, natural "
        f"to the nearest other {nearest[1]:.1%}; {copies} samples are copies"
    )
    return lines


def _rows_of(name: str, spread: Spread) -> list[Row]:
    sampled, natural = _values(spread)
    return [
        (f"{name}, mean", _mean(sampled), _mean(natural)),
        (f"{name}, SD", _sd(sampled), _sd(natural)),
        (f"{name}, KS distance", spread.distance, spread.reachable),
    ]


def _values(spread: Spread) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return spread.sampled, spread.natural


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else np.nan


def _sd(values: NDArray[np.float64]) -> float:
    return float(values.std()) if len(values) else np.nan
