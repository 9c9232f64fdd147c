"""Epistasis measured by an assay, raw and corrected for assay nonlinearity."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.model import PottsModel
from pottsfold.mutations.epistasis.ranking import (
    epistasis_table,
    in_order,
    pairs_of,
    rank,
)
from pottsfold.mutations.mutants import OK, Mutants

if TYPE_CHECKING:
    import pandas as pd

# Letters are uint8, so a substitution's key is its column times this, and its letter.
LETTERS = 256


@dataclass(frozen=True, eq=False)
class MeasuredEpistasis:
    """n double mutants both of whose single mutants are measured too.

    Scores are in the assay's own unit, higher = fitter, replicates averaged; so is
    epistasis, positive = better together than apart. Sorted by the first substitution,
    column before letter, then by the second.

    Parameters
    ----------
    columns : (n, 2) int64
        The two columns, from 0, the lower first.
    letters : (n, 2) uint8
        Codes of the new letters.
    score_1, score_2, score_12 : (n,) float64
        Scores of the two single mutants and of the double.
    raw : (n,) float64
        score_12 - score_1 - score_2 + wild_type. Right for log-scale scores of an
        assay without floor and ceiling; shifted by a constant if ``wild_type`` is.
    corrected : (n,) float64
        score_12 - g(score_1 + score_2), with g the increasing function that fits the
        doubles best; it needs no wild type.
    wild_type : float
        The wild type's score, measured or estimated; see :func:`measured_epistasis`.
    """

    columns: NDArray[np.int64]
    letters: NDArray[np.uint8]
    score_1: NDArray[np.float64]
    score_2: NDArray[np.float64]
    score_12: NDArray[np.float64]
    raw: NDArray[np.float64]
    corrected: NDArray[np.float64]
    wild_type: float

    def __post_init__(self) -> None:
        for field in fields(self):
            values = getattr(self, field.name)
            if isinstance(values, np.ndarray):
                values = values.view()
                values.flags.writeable = False
                object.__setattr__(self, field.name, values)

    def __len__(self) -> int:
        return len(self.score_12)


def measured_epistasis(
    model: PottsModel, mutants: Mutants, scores: NDArray[np.float64]
) -> MeasuredEpistasis:
    """Return the epistasis of every double mutant whose singles are measured.

    The correction is the one of Sarkisyan et al. 2016 (doi:10.1038/nature17995) and
    Otwinowski et al. 2018 (doi:10.1073/pnas.1804015115) in its plainest form: an
    assay that saturates bends every double by the same curve, which is no
    interaction. The curve is an isotonic regression of the doubles' scores on the
    sums of their singles' scores, all doubles together.

    Where no wild type is measured, its score is the median of
    score_1 + score_2 - score_12 over the doubles of which both singles are in the
    upper half of the singles: there neither floor nor broken proteins bend the sum.
    Noise in the singles biases it upwards: four log-scale libraries gave 0.05, 0.06,
    0.17 and 0.68 where 0 is due, one of ratios 1.29 where 1 is. It shifts all raw
    values alike, so no rank depends on it.

    Parameters
    ----------
    model : PottsModel
        The model the mutants are placed in.
    mutants : Mutants
        n of them; only those with status ``ok`` count.
    scores : (n,) float64
        Higher = fitter, at best on a log scale; NaN where not measured.

    Returns
    -------
    MeasuredEpistasis
        Empty when there is no such double mutant.

    Raises
    ------
    ValueError
        If there is not one score a mutant.
    """
    scores = np.asarray(scores, dtype=np.float64)
    if scores.shape != (len(mutants),):
        raise ValueError(f"scores are {scores.shape} for {len(mutants)} mutants")
    depths = np.diff(mutants.offsets)
    usable = (mutants.statuses == OK) & np.isfinite(scores)
    keys = mutants.columns * LETTERS + mutants.letters
    span = model.length * LETTERS
    single = _single_means(mutants, keys, usable & (depths == 1), scores, span)
    rows = np.flatnonzero(usable & (depths == 2))
    first = mutants.offsets[rows]
    pairs = np.sort(np.stack([keys[first], keys[first + 1]], axis=1), axis=1)
    both = np.isfinite(single[pairs]).all(axis=1)
    # One row a mutant: replicates share a key and are averaged.
    names, which = np.unique(pairs[both] @ np.array([span, 1]), return_inverse=True)
    score_12 = _means(which, scores[rows[both]], len(names))
    keys_12 = np.stack(np.divmod(names, span), axis=1)
    score_1, score_2 = single[keys_12].T
    measured = scores[usable & (depths == 0)]
    if measured.size:
        wild_type = float(measured.mean())
    else:
        wild_type = _wild_type_estimate(single, score_1, score_2, score_12)
    return MeasuredEpistasis(
        columns=keys_12 // LETTERS,
        letters=(keys_12 % LETTERS).astype(np.uint8),
        score_1=score_1,
        score_2=score_2,
        score_12=score_12,
        raw=score_12 - score_1 - score_2 + wild_type,
        corrected=score_12 - _increasing_fit(score_1 + score_2, score_12),
        wild_type=wild_type,
    )


def measured_table(
    model: PottsModel,
    measured: MeasuredEpistasis,
    count: int,
    adjusted: NDArray[np.float64] | None = None,
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
    adjusted : (L, q) float64, optional
        As for :func:`pottsfold.mutations.epistasis.epistasis_table`.

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
    table = epistasis_table(model, in_order(pairs, order), adjusted)
    for name, values in (
        ("measured_1", measured.score_1),
        ("measured_2", measured.score_2),
        ("measured_12", measured.score_12),
        ("measured_epistasis", measured.raw),
        ("corrected_epistasis", measured.corrected),
    ):
        table[name] = values[order]
    return table


def _single_means(
    mutants: Mutants,
    keys: NDArray[np.int64],
    rows: NDArray[np.bool_],
    scores: NDArray[np.float64],
    span: int,
) -> NDArray[np.float64]:
    """Return the mean score of every single mutant by its key, NaN where none."""
    return _means(keys[mutants.offsets[:-1][rows]], scores[rows], span)


def _means(
    groups: NDArray[np.int64], values: NDArray[np.float64], n_groups: int
) -> NDArray[np.float64]:
    """Return the mean of every group's values, NaN for a group without any."""
    counts = np.bincount(groups, minlength=n_groups)
    sums = np.bincount(groups, values, n_groups)
    result: NDArray[np.float64] = np.divide(
        sums, counts, out=np.full(n_groups, np.nan), where=counts > 0
    )
    return result


def _wild_type_estimate(
    single: NDArray[np.float64],
    score_1: NDArray[np.float64],
    score_2: NDArray[np.float64],
    score_12: NDArray[np.float64],
) -> float:
    if not score_12.size:
        return float("nan")
    middle = np.nanmedian(single)
    mild = (score_1 >= middle) & (score_2 >= middle)
    if not mild.any():
        mild[:] = True
    return float(np.median((score_1 + score_2 - score_12)[mild]))


def _increasing_fit(
    x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the increasing function of x nearest to y (least squares), at every x."""
    from scipy.optimize import isotonic_regression

    if not x.size:
        return np.empty(0)
    levels, which, counts = np.unique(x, return_inverse=True, return_counts=True)
    # Equal x must get one value, which the regression alone does not promise.
    means = np.bincount(which, y, len(levels)) / counts
    fitted: NDArray[np.float64] = isotonic_regression(means, weights=counts).x
    return fitted[which]
