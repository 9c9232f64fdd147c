"""Agreement of a model with a measured library, by number of mutations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.mutations.assays.assay_table import MIN_MUTANTS, Measurements
from pottsfold.mutations.assays.metrics import (
    area_under_curve,
    ndcg,
    spearman,
    spearman_intervals,
    top_recall,
)
from pottsfold.mutations.effects import Effects
from pottsfold.mutations.epistasis.measured_epistasis import MeasuredEpistasis

if TYPE_CHECKING:
    import pandas as pd

SCORES = ("log_odds", "additive", "independent", "adjusted")
CEILING = "measured_singles"
ALL, PART = "all", "partial"


def depth_classes(measured: Measurements) -> dict[str, NDArray[np.int64]]:
    """Return the mutants of every class of depth, as indices; no empty class.

    Classes are ``1``, ``2``, ``3+`` and ``all`` for mutants that the model covers
    whole, and ``partial`` for the others, which are in no other class.
    """
    whole = ~measured.partial
    members = {
        "1": whole & (measured.depths == 1),
        "2": whole & (measured.depths == 2),
        "3+": whole & (measured.depths >= 3),
        ALL: whole,
        PART: measured.partial,
    }
    return {name: np.flatnonzero(here) for name, here in members.items() if here.any()}


def agreement_table(
    measured: Measurements,
    effects: Effects,
    epistasis: MeasuredEpistasis | None = None,
    *,
    seed: int = 0,
) -> pd.DataFrame:
    """Return how well a model ranks the measured mutants.

    Parameters
    ----------
    measured : Measurements
        The library.
    effects : Effects
        Of every row of the library.
    epistasis : MeasuredEpistasis, optional
        Adds a row of class ``2`` named ``measured_singles``: how well the sum of the
        two *measured* singles ranks the doubles that have them. No model of single
        effects can do better than its singles allow, so this is a ceiling for
        ``additive``, and near one for the others.
    seed : int
        For the bootstrap.

    Returns
    -------
    DataFrame
        Columns ``n_mutations`` (the class, see :func:`depth_classes`), ``score``
        (one of ``SCORES``), ``n``, ``spearman``, ``low``
        and ``high`` (its 95 % bootstrap interval), ``auc``, ``ndcg``,
        ``top_recall``; see :mod:`pottsfold.mutations.assays.metrics`. NaN in classes
        of fewer than 10 mutants.
    """
    import pandas as pd

    # One seed a class, so that no class's numbers depend on another's.
    names = ("1", "2", "3+", ALL, PART, CEILING)
    seeds = dict(zip(names, np.random.SeedSequence(seed).spawn(6), strict=True))
    rows = []
    for name, members in depth_classes(measured).items():
        predictions = {
            score: getattr(effects, score)[measured.rows[members]] for score in SCORES
        }
        scores, fit = measured.scores[members], measured.fit[members]
        labelled = measured.labelled[members]
        rows += _rows(name, scores, fit, labelled, predictions, seeds[name])
        if name == "2" and epistasis is not None and len(epistasis):
            singles = {CEILING: epistasis.score_1 + epistasis.score_2}
            # The same cut between fit and unfit as for all other rows.
            doubles = epistasis.score_12
            cut = _cut(measured)
            labelled = np.ones(len(doubles), np.bool_)
            rows += _rows(
                name, doubles, doubles > cut, labelled, singles, seeds[CEILING]
            )
    return pd.DataFrame(rows)


def _cut(measured: Measurements) -> float:
    """Return the highest score that still counts as unfit."""
    unfit = measured.scores[~measured.fit & measured.labelled & ~measured.partial]
    return float(unfit.max()) if unfit.size else -np.inf


def _rows(
    name: str,
    scores: NDArray[np.float64],
    fit: NDArray[np.bool_],
    labelled: NDArray[np.bool_],
    predictions: dict[str, NDArray[np.float64]],
    seed: np.random.SeedSequence,
) -> list[dict[str, object]]:
    nothing = (float("nan"),) * 2
    judged = {
        score: values
        for score, values in predictions.items()
        if len(scores) >= MIN_MUTANTS and np.isfinite(values).all()
    }
    ends = dict.fromkeys(predictions, nothing)
    if judged:
        found = spearman_intervals(scores, np.array(list(judged.values())), seed)
        ends.update(zip(judged, map(tuple, found.tolist()), strict=True))
    return [
        {
            "n_mutations": name,
            "score": score,
            "n": len(scores),
            "spearman": spearman(scores, values) if score in judged else np.nan,
            "low": ends[score][0],
            "high": ends[score][1],
            "auc": area_under_curve(fit[labelled], values[labelled])
            if score in judged
            else np.nan,
            "ndcg": ndcg(scores, values) if score in judged else np.nan,
            "top_recall": top_recall(scores, values) if score in judged else np.nan,
        }
        for score, values in predictions.items()
    ]
