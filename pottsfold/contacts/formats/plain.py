"""Plain lists and matrices of scores: csv, EVcouplings, plmc, CCMpred, NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.contacts.coupling_map import CouplingMap
from pottsfold.contacts.formats.checked_text import CheckedText, Dialect
from pottsfold.contacts.formats.contact_format import (
    ContactFormat,
    Contacts,
    as_table,
    as_text,
)
from pottsfold.files import written_whole

if TYPE_CHECKING:
    import pandas as pd


# Letters of an alphabet, parted by blanks.
COLUMNS = Dialect("a list of contacts", r"\S")


def evcouplings_table(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return pairs in the columns of EVcouplings' CouplingScores.csv, strongest first.

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


def plmc_text(pairs: pd.DataFrame) -> CheckedText:
    """Return pairs as lines ``i A_i j A_j 0 score``, in order of i, then of j.

    This is plmc's ``_ECs.txt``, which ConKit calls evfold. Six decimals, blanks
    between, no header; letters are ``-`` without a focus. The fifth column is 0 in
    plmc too.

    Parameters
    ----------
    pairs : DataFrame
        From :func:`pottsfold.contacts.ranked_pairs`.
    """
    ordered = pairs.sort_values(["i", "j"])
    columns = [ordered[name].tolist() for name in ("i", "aa_i", "j", "aa_j", "score")]
    return COLUMNS.rows("{} {} {} {} 0 {:.6f}", columns)


def ccmpred_text(coupling: CouplingMap) -> CheckedText:
    """Return the scores as CCMpred's ``.mat`` has them: L lines of L numbers.

    Every number has 21 digits and a tab after it, the last of a line too; the matrix
    is symmetric, its diagonal 0. Scores are those of the table: CCMpred moreover
    adds a constant to all pairs, so that its smallest is 0. Pairs without a score, as
    those without couplings, have the smallest of all. Residue numbers are lost: row k
    is site k.

    Parameters
    ----------
    coupling : CouplingMap
        Of L sites.
    """
    scores = _complete(coupling.scores)
    return COLUMNS.rows("{:.20e}\t" * coupling.length, scores.T.tolist())


def _complete(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return scores with the smallest in place of those that are not there."""
    missing = np.isnan(scores)
    return np.where(missing, scores[~missing].min(), scores)


def _write_npy(path: str, contacts: Contacts) -> int:
    with written_whole(path) as beside:
        np.save(beside, _complete(contacts.coupling.scores), allow_pickle=False)
    return len(contacts.pairs)


def _write_matrix(path: str, contacts: Contacts) -> int:
    chosen = NPY if path.endswith(NPY.ending) else CCMPRED
    return chosen.write(path, contacts)


CSV = ContactFormat("csv", "table", as_table(lambda pairs: pairs))
EVCOUPLINGS = ContactFormat("evcouplings", "table", as_table(evcouplings_table))
PLMC = ContactFormat("plmc", "text", as_text(lambda given: plmc_text(given.pairs)))
CCMPRED = ContactFormat(
    "ccmpred", "matrix", as_text(lambda given: ccmpred_text(given.coupling))
)
NPY = ContactFormat("npy", "matrix", _write_npy, ".npy", standard_output=False)
# Either of the two, by the ending.
MATRIX = ContactFormat("matrix", "matrix", _write_matrix)
