"""Single effects adjusted by what other proteins teach.

A family shows which letters it uses at a site, but few of its sequences show any one
of the others, and it does not tell a site that holds the protein together from one
that does its work. What measured libraries of other proteins have in common helps: a
linear model (:mod:`~pottsfold.mutations.adjustment.coefficients`) predicts the rank
of each single substitution from the model's and the family's numbers
(:mod:`~pottsfold.mutations.adjustment.features`), and what is known of its letters.
*Function* and *stability* are two questions: each has coefficients of its own, learnt
from libraries of its kind.

With r the share of all single substitutions of the protein that are predicted to do
no better, and s the standard deviation of their log-odds, the adjusted effect is

    s log r,

0 for the best, and most for the few worst. Sums of logarithms rank mutants of several
substitutions better than sums of ranks or of log-odds: one bad substitution
decides, and good ones do not make up for it. The result ranks; it is no difference
of energies.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pottsfold.alphabet import PROTEIN
from pottsfold.model import PottsModel
from pottsfold.mutations.adjustment.coefficients import (
    GOALS,
    Goal,
    coefficients_for,
)
from pottsfold.mutations.adjustment.features import centred_ranks, substitutions_of
from pottsfold.mutations.burial import burial_of

__all__ = ["GOALS", "Goal", "adjusted_log_odds"]


def adjusted_log_odds(
    model: PottsModel,
    log_odds: NDArray[np.float64],
    goal: Goal = "function",
    accessibility: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return the effects of single substitutions, adjusted as this module says.

    Parameters
    ----------
    model : PottsModel
        Of proteins, with a focus sequence and letter frequencies.
    log_odds : (L, q) float64
        From :func:`pottsfold.mutations.single_log_odds`.
    goal : {"function", "stability"}
        What the mutants are to keep.
    accessibility : (L,) float64, optional
        Relative solvent accessibility of the sites, 0 = buried; NaN where not known.
        Used where it was learnt what it does: for stability.

    Returns
    -------
    (L, q) float64
        0 at the wild type and for the best substitution, negative = harmful; a
        deletion goes by its log-odds alone. NaN where the log-odds are; all NaN for
        another alphabet, or for a model that does not know its alignment's letter
        frequencies.

    Raises
    ------
    UsageError
        If the model has no focus sequence.
    """
    result = np.full(log_odds.shape, np.nan)
    if model.alphabet != PROTEIN or model.frequencies is None or not model.neff > 0:
        return result
    found = substitutions_of(model, log_odds)
    if not len(found.sites):
        return result
    burial = None
    if accessibility is not None:
        burial = burial_of(accessibility)[found.sites]
    predicted = coefficients_for(goal).predict(found, burial)
    plain = log_odds[found.sites, found.letters + 1]
    spread = plain.std()
    n = len(predicted)
    ranks = centred_ranks(predicted) + 0.5 + 0.5 / n
    result[found.sites, found.letters + 1] = spread * np.log(ranks)
    deletions = np.searchsorted(np.sort(plain), log_odds[:, 0], side="right") / n
    result[:, 0] = spread * np.log(np.maximum(deletions, 1 / n))
    result[np.isnan(log_odds)] = np.nan
    sites = np.unique(found.sites)
    result[sites, model.require_focus()[sites]] = 0
    return result
