"""EVcouplings' table of couplings, ``CouplingScores.csv``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def evcouplings_table(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return pairs in EVcouplings' columns, the strongest first.

    ``i, A_i, j, A_j, fn, cn, score``, and ``probability`` where it is known. ``fn``
    is the strength before correction, which EVcouplings leaves 0 in its files; ``cn``
    and ``score`` are the score.

    Parameters
    ----------
    pairs : DataFrame
        From :func:`pottsfold.contacts.ranked_pairs`.
    """
    names = {
        **{"i": "i", "aa_i": "A_i", "j": "j", "aa_j": "A_j"},
        **{"raw_score": "fn", "score": "cn", "probability": "probability"},
    }
    kept = [name for name in names if name in pairs]
    return pairs[kept].rename(columns=names).assign(score=pairs["score"])
