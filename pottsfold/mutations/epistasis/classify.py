"""Kinds of epistasis between two substitutions.

With s_1 and s_2 the log-odds of two substitutions alone and s_12 of both together,
e = s_12 - s_1 - s_2 is their epistasis. Substitution 1 has the effect s_1 in the wild
type and s_1 + e beside substitution 2, and the other way round. Of what is closer to
zero than ``MIN_EFFECT`` the sign does not count.

===============  =============================================================
type             what it means
===============  =============================================================
none             the size of e is below MIN_EFFECT
magnitude        effects change in size; none changes its sign
sign             one of the substitutions is harmful on one background, by
                 MIN_EFFECT or more, and beneficial by as much on the other
reciprocal_sign  both are: the two single mutants are both worse, or both
                 better, than wild type and double mutant
===============  =============================================================

Sign epistasis was defined by Weinreich et al. (2005), Evolution 59, 1165; reciprocal
sign epistasis, without which a landscape has one peak, by Poelwijk et al. (2007),
Nature 445, 383.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

KINDS = ("none", "magnitude", "sign", "reciprocal_sign")
MIN_EFFECT = 0.2
"""In nats. Of a fitted model's pairs a few to a third have more epistasis than this."""


def epistasis_kinds(
    log_odds_1: NDArray[np.float64],
    log_odds_2: NDArray[np.float64],
    log_odds_12: NDArray[np.float64],
    min_effect: float = MIN_EFFECT,
) -> NDArray[np.int64]:
    """Return the kind of epistasis of pairs of substitutions.

    Parameters
    ----------
    log_odds_1, log_odds_2, log_odds_12 : (n,) float64
        Of the two single mutants and of the double one, in nats.
    min_effect : float
        What is closer to zero than this, in nats, counts as zero.

    Returns
    -------
    (n,) int64
        Index in ``KINDS``; the same if 1 and 2 change places.

    Examples
    --------
    >>> singles, other = np.array([-2.0, -2.0, -2.0, -2.0]), np.full(4, -1.0)
    >>> together = np.array([-3.1, -2.5, -0.5, -1.5])
    >>> [KINDS[k] for k in epistasis_kinds(singles, other, together)]
    ['none', 'magnitude', 'reciprocal_sign', 'sign']
    """
    epistasis = log_odds_12 - (log_odds_1 + log_odds_2)
    turned = np.zeros(np.shape(epistasis), np.int64)
    for alone in (log_odds_1, log_odds_2):
        beside = alone + epistasis
        turned += (np.minimum(alone, beside) <= -min_effect) & (
            np.maximum(alone, beside) >= min_effect
        )
    return np.where(np.abs(epistasis) < min_effect, 0, 1 + turned)
