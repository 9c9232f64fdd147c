"""What a number of measurements is worth: learning curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.model import PottsModel
from pottsfold.mutations.assays.assay_table import MIN_MUTANTS, Measurements
from pottsfold.mutations.assays.augmented import (
    Augmented,
    augmented_scores,
    fit_augmented,
)
from pottsfold.mutations.assays.metrics import spearman
from pottsfold.mutations.effects import Effects
from pottsfold.mutations.mutants import Mutants

if TYPE_CHECKING:
    import pandas as pd

SIZES = (24, 96, 240)
SPLITS = 10


def learning_curve(
    model: PottsModel,
    mutants: Mutants,
    effects: Effects,
    measured: Measurements,
    *,
    seed: int = 0,
) -> pd.DataFrame:
    """Train on 24, 96 and 240 random mutants and predict the rest.

    Parameters
    ----------
    model, mutants, effects
        As in :func:`pottsfold.mutations.assays.fit_augmented`.
    measured : Measurements
        The library; its partly covered mutants are left out.
    seed : int
        For the random splits, ten a size.

    Returns
    -------
    DataFrame
        One row a size that leaves at least 10 mutants to predict, after one for the
        model alone (``n_training`` 0). Columns ``n_training``, ``n_splits``,
        ``n_test``, ``spearman`` (mean over splits, on the mutants not trained on),
        ``sd`` (over splits), ``model_alone`` (on the same mutants),
        ``coverage`` (share of those mutants within their 90 % interval),
        ``half_width`` (of that interval, the assay's unit).
    """
    import pandas as pd

    whole = np.flatnonzero(~measured.partial)
    alone = spearman(measured.scores[whole], effects.ranking[measured.rows[whole]])
    rows: list[dict[str, float]] = [
        {
            "n_training": 0,
            "n_splits": 0,
            "n_test": len(whole),
            "spearman": alone,
            "model_alone": alone,
        }
    ]
    for size, child in zip(SIZES, np.random.SeedSequence(seed).spawn(3), strict=True):
        if len(whole) - size < MIN_MUTANTS:
            break
        splits = [
            _split(model, mutants, effects, measured, whole, size, one)
            for one in child.spawn(SPLITS)
        ]
        mean = np.mean(splits, axis=0)
        rows.append(
            {
                "n_training": size,
                "n_splits": SPLITS,
                "n_test": len(whole) - size,
                "spearman": mean[0],
                "sd": float(np.std(splits, axis=0, ddof=1)[0]),
                "model_alone": mean[1],
                "coverage": mean[2],
                "half_width": mean[3],
            }
        )
    names = ("sd", "model_alone", "coverage", "half_width")
    return pd.DataFrame(rows).reindex(
        columns=["n_training", "n_splits", "n_test", "spearman", *names]
    )


def _split(
    model: PottsModel,
    mutants: Mutants,
    effects: Effects,
    measured: Measurements,
    whole: NDArray[np.int64],
    size: int,
    seed: np.random.SeedSequence,
) -> tuple[float, float, float, float]:
    """Train on a random choice; return how the rest is predicted.

    Spearman's correlation, the model's own, coverage and half-width of the interval.
    """
    order = np.random.default_rng(seed).permutation(whole)
    training, rest = order[:size], order[size:]
    learnt = fit_augmented(
        model,
        mutants,
        effects,
        measured.rows[training],
        measured.scores[training],
        seed=seed,
    )
    truth, rows = measured.scores[rest], measured.rows[rest]
    predicted = augmented_scores(learnt, mutants, effects)
    inside = (predicted.low[rows] <= truth) & (truth <= predicted.high[rows])
    return (
        spearman(truth, predicted.prediction[rows]),
        spearman(truth, effects.ranking[rows]),
        float(inside.mean()),
        learnt.half_width,
    )


def learning_lines(curve: pd.DataFrame, learnt: Augmented) -> list[str]:
    """Return a learning curve and what was learnt from all mutants in words.

    Parameters
    ----------
    curve : DataFrame
        From :func:`learning_curve`.
    learnt : Augmented
        From all mutants.
    """
    alone, *trained = curve.to_dict("records")
    lines = [
        f"the model alone ranks {alone['n_test']} mutants at Spearman "
        f"{alone['spearman']:.3f}"
    ]
    lines += [
        f"trained on {row['n_training']} of them: {row['spearman']:.3f} on the rest "
        f"(SD {row['sd']:.3f} over {row['n_splits']} random training sets); "
        f"{row['coverage']:.0%} of the rest lie in their {learnt.level:.0%} interval"
        for row in trained
    ]
    lines.append(
        f"trained on all {learnt.n_training}: {learnt.correlation:.3f} in "
        f"cross-validation, {learnt.level:.0%} interval +-{learnt.half_width:.3g} "
        f"in the assay's unit, penalty {learnt.strength:.2g}"
    )
    return lines
