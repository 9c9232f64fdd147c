"""Kinds of rescue: what mends the mutant, and what would help the wild type too.

A rescue has the log-odds ``alone`` in the wild type and gains ``alone + epistasis``
in the mutant. What is closer to zero than ``MIN_EFFECT`` counts as zero.

========  ====================================================================
type      what it means
========  ====================================================================
specific  gains in the mutant and in it only: neutral or harmful alone
mixed     helps the wild type as well, and the mutant more
global    does for the mutant what it does for the wild type, or less: a
          stabilizer, often the family's most frequent letter
none      gains nothing
========  ====================================================================
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pottsfold.mutations.epistasis import MIN_EFFECT

KINDS = ("none", "global", "mixed", "specific")
NEUTRAL = 0.5
"""Alone, a rescue of less effect than this, in nats, is called neutral."""


def rescue_kinds(
    alone: NDArray[np.float64],
    epistasis: NDArray[np.float64],
    min_effect: float = MIN_EFFECT,
) -> NDArray[np.int64]:
    """Return the kind of rescues.

    Parameters
    ----------
    alone : (n,) float64
        Log-odds of the rescue in the wild type, in nats.
    epistasis : (n,) float64
        What it gains in the mutant beyond that.
    min_effect : float
        What is closer to zero than this, in nats, counts as zero.

    Returns
    -------
    (n,) int64
        Index in ``KINDS``.

    Examples
    --------
    >>> kinds = rescue_kinds(np.array([-1.0, 1.0, 1.0, 0.0]), np.array([2, 2, 0, 0]))
    >>> [KINDS[kind] for kind in kinds]
    ['specific', 'mixed', 'global', 'none']
    """
    gains = alone + epistasis >= min_effect
    return np.select(
        [~gains, epistasis < min_effect, alone >= min_effect], [0, 1, 2], default=3
    )
