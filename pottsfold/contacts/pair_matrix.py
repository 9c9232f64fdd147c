"""The couplings between the letters of one pair of sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import UsageError
from pottsfold.model import PottsModel
from pottsfold.model.gauge import centre_blocks

if TYPE_CHECKING:
    import pandas as pd


def pair_matrix(model: PottsModel, i: int, j: int) -> pd.DataFrame:
    """Return J_ij(a, b) in the zero-sum gauge, for all letters a at i and b at j.

    Parameters
    ----------
    model : PottsModel
        In any gauge.
    i, j : int
        Residue numbers.

    Returns
    -------
    DataFrame
        (s, s) float64, in nats, positive = a favourable pair of letters; index and
        columns are the modelled letters, named by the residues, as ``K12``.

    Raises
    ------
    UsageError
        If a number is no site of the model, or both are one.
    """
    import pandas as pd

    sites = []
    for position in (i, j):
        site = model.numbering.column(position)
        if site is None:
            first, last = model.numbering.positions[[0, -1]]
            raise UsageError(
                f"{position} is no site of the model; it has {model.length} between "
                f"{first} and {last}"
            )
        sites.append(site)
    if i == j:
        raise UsageError(f"a pair has two residues; {i} is given twice")
    letters = list(model.alphabet.letters[model.states])
    focus = model.focus_sequence
    names = [
        f"{focus[site] if focus else ''}{position}"
        for site, position in zip(sites, (i, j), strict=True)
    ]
    return pd.DataFrame(
        centred_couplings(model, *sites),
        index=pd.Index(letters, name=names[0]),
        columns=pd.Index(letters, name=names[1]),
    )


def centred_couplings(model: PottsModel, i: int, j: int) -> NDArray[np.float64]:
    """Return J_ij(a, b) of sites i and j in the zero-sum gauge, modelled letters.

    Parameters
    ----------
    model : PottsModel
        With s modelled letters, in any gauge.
    i, j : int
        Sites, counted from 0.

    Returns
    -------
    (s, s) float64
        In nats.
    """
    letters = model.states
    block = model.block(i, j)[letters, letters]
    centred, _ = centre_blocks(block[np.newaxis])
    return np.asarray(centred[0])
