"""Predicted epistasis beside measured epistasis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pottsfold.model import PottsModel
from pottsfold.mutations.epistasis.measured_epistasis import MeasuredEpistasis
from pottsfold.mutations.epistasis.ranking import (
    epistasis_table,
    in_order,
    pairs_of,
    rank,
)

if TYPE_CHECKING:
    import pandas as pd


def measured_table(
    model: PottsModel, measured: MeasuredEpistasis, count: int
) -> pd.DataFrame:
    """Return the measured pairs of substitutions, the strongest predicted first.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence.
    measured : MeasuredEpistasis
        Of double mutants whose single ones are measured too. Those with a deletion
        are left out.
    count : int
        How many pairs at most.

    Returns
    -------
    DataFrame
        The columns of :func:`pottsfold.mutations.epistasis.epistasis_table`; then
        ``measured_1, measured_2, measured_12`` (scores), ``measured_epistasis`` (raw)
        and ``corrected_epistasis`` (corrected for assay nonlinearity), in the
        assay's unit, positive = better together than apart.
    """
    pairs = pairs_of(model, measured.columns, measured.letters.astype(np.int64))
    order = rank(pairs, count)
    order = order[np.isfinite(pairs.epistasis[order])]
    table = epistasis_table(model, in_order(pairs, order))
    for name, values in (
        ("measured_1", measured.score_1),
        ("measured_2", measured.score_2),
        ("measured_12", measured.score_12),
        ("measured_epistasis", measured.raw),
        ("corrected_epistasis", measured.corrected),
    ):
        table[name] = values[order]
    return table
