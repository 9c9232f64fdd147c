"""How likely a pair is said to be, in formats that want a number from 0 to 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd


def likelihoods(pairs: pd.DataFrame) -> NDArray[np.float64]:
    """Return the probability of contact, or failing that the score scaled.

    Parameters
    ----------
    pairs : DataFrame
        K rows with ``score``, the strongest first, and ``probability`` where it is
        known.

    Returns
    -------
    (K,) float64
        Probabilities where there are any, 0 for a pair without one. Else scores
        over the largest, and 0 for those below 0; all 1 when none is above.
    """
    if "probability" in pairs and pairs["probability"].notna().any():
        return pairs["probability"].fillna(0.0).to_numpy(np.float64)
    scores = pairs["score"].to_numpy(np.float64)
    largest = scores.max(initial=0.0)
    return np.clip(scores / largest, 0, 1) if largest > 0 else np.ones_like(scores)
