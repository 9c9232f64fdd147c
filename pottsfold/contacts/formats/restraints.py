"""Distance restraints for folding and docking programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.contacts.formats.contact_format import ContactFormat, as_table
from pottsfold.contacts.ranking import DEFAULT_SEPARATION

if TYPE_CHECKING:
    import pandas as pd

# Angstrom. Of the L strongest pairs that touch (heavy atoms below 8) nine in ten have
# their CB atoms closer than 9.3 to 10.4, in families of 53 to 256 residues.
UPPER_BOUND = 10.0


def restraints_table(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return an upper bound on the distance of CB atoms for every pair.

    Parameters
    ----------
    pairs : DataFrame
        From :func:`pottsfold.contacts.ranked_pairs`, as many as are wanted.

    Returns
    -------
    DataFrame
        ``i, aa_i, atom_i, j, aa_j, atom_j``: residue numbers and letters of the
        focus, and CB, or CA of a glycine; ``upper``, in angstrom; ``weight``, from
        0 to 1: the probability of contact where it is known, else the score scaled.
    """
    atoms = {
        side: np.where(pairs[f"aa_{side}"] == "G", "CA", "CB") for side in ("i", "j")
    }
    table = pairs[["i", "aa_i", "j", "aa_j"]].reset_index(drop=True)
    table.insert(2, "atom_i", atoms["i"])
    table["atom_j"] = atoms["j"]
    table["upper"] = UPPER_BOUND
    table["weight"] = likelihoods(pairs)
    return table


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


RESTRAINTS = ContactFormat(
    "restraints",
    "table",
    as_table(restraints_table),
    top="L",
    separation=DEFAULT_SEPARATION,
)
