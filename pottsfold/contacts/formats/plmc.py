"""plmc's list of couplings, ``_ECs.txt``, which ConKit calls evfold."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def plmc_text(pairs: pd.DataFrame) -> str:
    """Return pairs as lines ``i A_i j A_j 0 score``, in order of i, then of j.

    Six decimals, blanks between, no header; letters are ``-`` without a focus. The
    fifth column is 0 in plmc too.

    Parameters
    ----------
    pairs : DataFrame
        From :func:`pottsfold.contacts.ranked_pairs`.
    """
    ordered = pairs.sort_values(["i", "j"])
    columns = [ordered[name].tolist() for name in ("i", "aa_i", "j", "aa_j", "score")]
    return "".join(
        f"{i} {aa_i} {j} {aa_j} 0 {score:.6f}\n"
        for i, aa_i, j, aa_j, score in zip(*columns, strict=True)
    )
