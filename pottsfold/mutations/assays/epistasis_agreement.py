"""Predicted against measured epistasis of pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.model import PottsModel
from pottsfold.mutations.assays.assay_table import MIN_MUTANTS
from pottsfold.mutations.assays.metrics import (
    INTERVAL,
    spearman,
    spearman_intervals,
)
from pottsfold.mutations.epistasis.measured_epistasis import MeasuredEpistasis

if TYPE_CHECKING:
    import pandas as pd

N_EXTREME = 100
SHARE_STRONGEST = 0.01
PERMUTATIONS = 1000
TAILS = np.array([(1 - INTERVAL) / 2, (1 + INTERVAL) / 2])


def predicted_epistasis(
    model: PottsModel, epistasis: MeasuredEpistasis
) -> NDArray[np.float64]:
    """Return the model's e_ij(a, b) of measured double mutants, in nats, shape (n,).

    See :func:`pottsfold.mutations.pair_epistasis`; positive = better together than
    apart.

    Raises
    ------
    UsageError
        If the model has no focus sequence.
    """
    (i, j), (a, b) = epistasis.columns.T, epistasis.letters.T
    focus = model.require_focus()
    u, v = focus[i], focus[j]
    result = np.zeros(len(epistasis))
    for sign, first, second in ((1, a, b), (-1, a, v), (-1, u, b), (1, u, v)):
        result += sign * model.coupling(i, j, first, second)
    return result


def epistasis_agreement_table(
    predicted: NDArray[np.float64], epistasis: MeasuredEpistasis, *, seed: int = 0
) -> pd.DataFrame:
    """Return how well predicted pair epistasis agrees with the measured.

    Parameters
    ----------
    predicted : (n,) float64
        From :func:`predicted_epistasis`.
    epistasis : MeasuredEpistasis
        The same n pairs.
    seed : int
        For bootstrap and permutations.

    Returns
    -------
    DataFrame
        Columns ``quantity``, ``n`` (pairs it is taken over), ``value``, ``low`` and
        ``high`` (95 % bootstrap interval), ``null_low`` and ``null_high`` (where 95 %
        of values lie when measured values are dealt to pairs at random). Rows:

        - ``spearman_raw``, ``spearman_corrected``: Spearman's correlation with raw
          and corrected measured epistasis, over all pairs;
        - ``spearman_raw_strongest``, ``spearman_corrected_strongest``: over the 1 %
          of pairs with the largest absolute prediction, at least 10;
        - ``mean_positive``: mean corrected epistasis, in standard deviations of all n,
          of the 100 pairs predicted most positive (better together). Useful when
          above ``null_high``;
        - ``mean_negative``: the same of the 100 predicted most negative. Useful when
          below ``null_low``.

        Fewer than 100 where fewer have that sign. Empty for fewer than 10 pairs.
    """
    import pandas as pd

    rows: list[dict[str, object]] = []
    if len(epistasis) >= MIN_MUTANTS:
        seeds = np.random.SeedSequence(seed).spawn(4)
        n_strongest = max(MIN_MUTANTS, round(SHARE_STRONGEST * len(epistasis)))
        everything = np.arange(len(epistasis))
        # Stable, so that equal predictions keep their order.
        strongest = np.argsort(-np.abs(predicted), kind="stable")[:n_strongest]
        for which, pairs, child in (
            ("", everything, seeds[0]),
            ("_strongest", strongest, seeds[1]),
        ):
            rows += _correlations(predicted, epistasis, pairs, which, child)
        for name, sign, child in (
            ("mean_positive", 1, seeds[2]),
            ("mean_negative", -1, seeds[3]),
        ):
            order = np.argsort(-sign * predicted, kind="stable")[:N_EXTREME]
            chosen = order[sign * predicted[order] > 0]
            rows.append(_mean_of(name, epistasis.corrected, chosen, child))
    names = ["quantity", "n", "value", "low", "high", "null_low", "null_high"]
    return pd.DataFrame(rows, columns=names)


def _correlations(
    predicted: NDArray[np.float64],
    epistasis: MeasuredEpistasis,
    pairs: NDArray[np.int64],
    which: str,
    seed: np.random.SeedSequence,
) -> list[dict[str, object]]:
    measured = {"raw": epistasis.raw[pairs], "corrected": epistasis.corrected[pairs]}
    # The correlation is symmetric: the one prediction takes the place of the target.
    ends = spearman_intervals(predicted[pairs], np.array(list(measured.values())), seed)
    # Over all permutations a correlation has mean 0 and variance 1 / (n - 1).
    chance = float(1.96 / np.sqrt(len(pairs) - 1))
    return [
        {
            "quantity": f"spearman_{name}{which}",
            "n": len(pairs),
            "value": spearman(values, predicted[pairs]),
            "low": low,
            "high": high,
            "null_low": -chance,
            "null_high": chance,
        }
        for (name, values), (low, high) in zip(measured.items(), ends, strict=True)
    ]


def _mean_of(
    name: str,
    corrected: NDArray[np.float64],
    chosen: NDArray[np.int64],
    seed: np.random.SeedSequence,
) -> dict[str, object]:
    """Return the mean corrected epistasis of chosen pairs, in SD of all."""
    rng = np.random.default_rng(seed)
    spread = corrected.std()
    values = corrected / spread if spread > 0 else np.zeros(len(corrected))
    n = len(chosen)
    if n == 0:
        return {"quantity": name, "n": 0}
    draws = values[chosen][rng.integers(n, size=(PERMUTATIONS, n))].mean(axis=1)
    dealt = [
        values[rng.choice(len(values), n, replace=False, shuffle=False)].mean()
        for _ in range(PERMUTATIONS)
    ]
    low, high = np.quantile(draws, TAILS)
    null_low, null_high = np.quantile(dealt, TAILS)
    return {
        "quantity": name,
        "n": n,
        "value": float(values[chosen].mean()),
        "low": low,
        "high": high,
        "null_low": null_low,
        "null_high": null_high,
    }
