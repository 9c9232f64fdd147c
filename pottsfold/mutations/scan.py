"""Every single substitution of the focus sequence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.model import PottsModel
from pottsfold.mutations.adjustment import Goal, adjusted_log_odds
from pottsfold.mutations.burial import burial_of
from pottsfold.mutations.effects import independent_log_odds, single_log_odds
from pottsfold.mutations.notation import Substitution

if TYPE_CHECKING:
    import pandas as pd


def scan_table(
    model: PottsModel,
    goal: Goal = "function",
    accessibility: NDArray[np.float64] | None = None,
) -> pd.DataFrame:
    """Score every single substitution of the focus sequence.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence.
    goal : {"function", "stability"}
        What effects are adjusted for.
    accessibility : (L,) float64, optional
        Relative solvent accessibility of the sites, NaN where not known: adds the
        columns ``accessibility`` and ``buried_log_odds``, the log-odds times
        1 - accessibility (at most 1), and effects are adjusted by it.

    Returns
    -------
    DataFrame
        Columns ``mutant, position, wild_type, substitution, log_odds, independent,
        frequency, conservation, occupancy, adjusted``, by site, then by letter in the
        alphabet's order; no gap, and no site where the focus has no letter of the
        model. Log-odds in nats, negative = harmful; ``frequency`` is the new letter's
        in the alignment, ``conservation`` the site's, see :func:`conservation`;
        ``occupancy`` is the share of the alignment, by weight, that has a letter at
        the site, not a gap; ``adjusted`` see
        :mod:`pottsfold.mutations.adjustment`. What needs facts about the alignment is
        NaN for a model that has none.

    Raises
    ------
    UsageError
        If the model has no focus sequence.
    """
    import pandas as pd

    letters = np.array(list(model.alphabet.letters))
    log_odds = single_log_odds(model)
    scored = np.isfinite(log_odds)
    scored[:, 0] = False
    has_wild_type = np.flatnonzero(scored.any(axis=1))
    focus = model.require_focus()
    scored[has_wild_type, focus[has_wild_type]] = False
    sites, codes = np.nonzero(scored)
    frequencies = model.frequencies
    if frequencies is None:
        frequencies = np.full(model.fields.shape, np.nan)
    occupancy = model.occupancy
    if occupancy is None:
        occupancy = np.full(model.length, np.nan)
    changes = [
        Substitution(str(wild_type), int(position), str(letter))
        for wild_type, position, letter in zip(
            letters[focus[sites]],
            model.numbering.positions[sites],
            letters[codes],
            strict=True,
        )
    ]
    table = pd.DataFrame(
        {
            "mutant": pd.Series(map(str, changes), dtype="str"),
            "position": model.numbering.positions[sites],
            "wild_type": pd.Series([c.wild_type for c in changes], dtype="str"),
            "substitution": pd.Series([c.letter for c in changes], dtype="str"),
            "log_odds": log_odds[sites, codes],
            "independent": independent_log_odds(model)[sites, codes],
            "frequency": frequencies[sites, codes],
            "conservation": conservation(frequencies)[sites],
            "occupancy": occupancy[sites],
            "adjusted": adjusted_log_odds(model, log_odds, goal, accessibility)[
                sites, codes
            ],
        }
    )
    if accessibility is not None:
        table["accessibility"] = accessibility[sites]
        table["buried_log_odds"] = burial_of(accessibility)[sites] * table["log_odds"]
    return table


def conservation(frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 - entropy / log(number of letters) of every site, gaps left out.

    Parameters
    ----------
    frequencies : (L, q) float64
        Letter frequencies, the gap first. Those of the q - 1 other letters are
        divided by their sum, so gaps do not make a site look conserved or varied.

    Returns
    -------
    (L,) float64
        1 where one letter stands alone, 0 where all are alike, NaN at a site of
        gaps only.
    """
    letters = frequencies[:, 1:]
    total = letters.sum(axis=1, keepdims=True)
    shares = np.divide(
        letters, total, out=np.full(letters.shape, np.nan), where=total > 0
    )
    terms = np.array([[_entropy_term(share) for share in row] for row in shares])
    result: NDArray[np.float64] = 1 - terms.sum(axis=1) / np.log(letters.shape[1])
    return result


def _entropy_term(share: float) -> float:
    """Return - p log p, 0 for p = 0, NaN for NaN."""
    return -share * math.log(share) if share > 0 else share * 0.0
