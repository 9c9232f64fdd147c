"""How buried sites are, from their accessibility to solvent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def burial_of(accessibility: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 - accessibility.

    Parameters
    ----------
    accessibility : (L,) float64
        Relative solvent accessibility of the sites, NaN where not known. Above 1, as
        residues at the ends of a chain may be, it counts as 1.

    Returns
    -------
    (L,) float64
        0 = exposed, 1 = buried; NaN where not known.
    """
    result: NDArray[np.float64] = 1 - np.clip(accessibility, 0, 1)
    return result
