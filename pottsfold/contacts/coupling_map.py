"""The strength of coupling between sites, and its list of pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment import Numbering
from pottsfold.alphabet import GAP
from pottsfold.contacts.chain_map import ChainMap
from pottsfold.contacts.information import direct_information
from pottsfold.contacts.precision import CONTACT_DISTANCE
from pottsfold.contacts.ranking import strongest_pairs
from pottsfold.errors import UsageError
from pottsfold.model import PottsModel
from pottsfold.model.gauge import centre_blocks

if TYPE_CHECKING:
    import pandas as pd

Score = Literal["frobenius-apc", "frobenius", "direct-information"]


@dataclass(frozen=True, eq=False)
class CouplingMap:
    """Coupling strengths of all pairs of sites.

    Parameters
    ----------
    norms : (L, L) float64
        Strengths as they are, the table's ``raw_score``: by default those of
        :func:`coupling_norms`.
    scores : (L, L) float64
        What pairs are ranked by, the table's ``score``: by default the same after
        :func:`average_product_correction`. NaN for pairs that are not to be ranked,
        as those without couplings are not.
    numbering : Numbering
        Residue number of every site.
    letters : str
        Focus letter of every site, ``-`` where there is no focus.
    name : str
        Name of the focus sequence, empty where there is none.

    Raises
    ------
    ValueError
        If shapes disagree.
    """

    norms: NDArray[np.float64]
    scores: NDArray[np.float64]
    numbering: Numbering
    letters: str
    name: str = ""

    def __post_init__(self) -> None:
        length = len(self.numbering)
        if len(self.letters) != length:
            raise ValueError(f"{len(self.letters)} letters for {length} sites")
        for field in ("norms", "scores"):
            checked = np.ascontiguousarray(getattr(self, field), np.float64).view()
            if checked.shape != (length, length):
                raise ValueError(f"{field} are {checked.shape} for {length} sites")
            checked.flags.writeable = False
            object.__setattr__(self, field, checked)

    @property
    def length(self) -> int:
        """Number of sites L."""
        return len(self.numbering)

    @property
    def is_complete(self) -> bool:
        """Whether every pair has a score."""
        return not bool(np.isnan(self.scores).any())


def coupling_map(model: PottsModel, score: Score = "frobenius-apc") -> CouplingMap:
    """Return the strengths of coupling of a model's pairs of sites.

    Where a model couples some pairs alone, only these have a score.

    Parameters
    ----------
    model : PottsModel
        In any gauge.
    score : {"frobenius-apc", "frobenius", "direct-information"}
        :func:`coupling_norms` with or without :func:`average_product_correction`,
        or :func:`direct_information`, uncorrected.

    Raises
    ------
    UsageError
        If direct information is asked of a model without letter frequencies.
    """
    information = score == "direct-information"
    norms = direct_information(model) if information else coupling_norms(model)
    coupled = _coupled(model)
    if score == "frobenius-apc":
        scores = average_product_correction(norms, coupled)
    elif coupled is None:
        scores = norms
    else:
        scores = np.where(coupled | np.eye(model.length, dtype=bool), norms, np.nan)
    return CouplingMap(
        norms=norms,
        scores=scores,
        numbering=model.numbering,
        letters=model.focus_sequence or GAP * model.length,
        name=model.focus_name,
    )


def _coupled(model: PottsModel) -> NDArray[np.bool_] | None:
    """Return which pairs have couplings, (L, L); None where all have."""
    if model.graph.is_complete:
        return None
    coupled = np.zeros((model.length, model.length), bool)
    coupled[model.graph.sites, model.graph.partners] = True
    return coupled


def average_maps(maps: Sequence[CouplingMap]) -> CouplingMap:
    """Return the mean of several maps of the same sites.

    What one fit finds by chance another, of other penalties or with gaps taken
    otherwise, may not. A pair is scored where every map scores it.

    Parameters
    ----------
    maps : sequence of CouplingMap
        At least one; the first gives letters and name.

    Raises
    ------
    UsageError
        If their sites are not numbered alike.
    """
    first = maps[0]
    for other in maps[1:]:
        if other.numbering != first.numbering:
            raise UsageError(
                f"maps of {first.length} and {other.length} sites, or of other residue "
                "numbers, cannot be averaged; fit them to the same columns"
            )
    return replace(
        first,
        norms=np.mean([each.norms for each in maps], axis=0),
        scores=np.mean([each.scores for each in maps], axis=0),
    )


def coupling_norms(model: PottsModel) -> NDArray[np.float64]:
    """Return the Frobenius norm of every pair's couplings.

    Blocks are brought to the zero-sum gauge over all modelled letters first, the gap
    among them if it is one, and the norm is then taken over the letters that are
    not the gap [1]_. So norms are the same whatever gauge the model is in.

    Parameters
    ----------
    model : PottsModel
        In any gauge.

    Returns
    -------
    (L, L) float64
        Symmetric, in nats, zero where i = j.

    References
    ----------
    .. [1] Ekeberg et al. (2013), Phys. Rev. E 87, 012707.
    """
    norms = np.zeros((model.length, model.length))
    letters = model.states
    first = 1 - letters.start
    for i in range(model.length - 1):
        partners, blocks = model.later(i)
        centred, _ = centre_blocks(blocks[:, letters, letters])
        norms[i, partners] = np.sqrt((centred[:, first:, first:] ** 2).sum(axis=(1, 2)))
    return norms + norms.T


def average_product_correction(
    norms: NDArray[np.float64], coupled: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """Return S_ij - S_i S_j / S, which takes away what a site does to all its pairs.

    S_i is the mean of S_ij over the L - 1 other sites j, and S the mean over all
    pairs [1]_. Where some pairs alone have couplings, both are means over these: the
    zeros of the others would tell how many partners a site has.

    Parameters
    ----------
    norms : (L, L) float64
        Symmetric, at least two sites; the diagonal is not used.
    coupled : (L, L) bool, optional
        Which pairs have couplings, symmetric; by default all.

    Returns
    -------
    (L, L) float64
        Symmetric, zero where i = j; all zero where the norms are. NaN for pairs that
        are not coupled.

    References
    ----------
    .. [1] Dunn, Wahl, Gloor (2008), Bioinformatics 24, 333.

    Examples
    --------
    >>> average_product_correction(np.array([[0, 3, 3], [3, 0, 6], [3, 6, 0]]))
    array([[ 0.    , -0.375 , -0.375 ],
           [-0.375 ,  0.    ,  0.9375],
           [-0.375 ,  0.9375,  0.    ]])
    """
    length = len(norms)
    strengths = np.where(np.eye(length, dtype=bool), 0.0, norms)
    if coupled is None:
        of_sites = strengths.sum(axis=1) / (length - 1)
        of_all = of_sites.mean()
    else:
        strengths[~coupled] = 0
        n_partners = coupled.sum(axis=1)
        of_sites = strengths.sum(axis=1) / np.maximum(n_partners, 1)
        of_all = strengths.sum() / max(n_partners.sum(), 1)
    if of_all > 0:
        strengths -= np.outer(of_sites, of_sites) / of_all
    if coupled is not None:
        strengths[~coupled] = np.nan
    np.fill_diagonal(strengths, 0)
    return strengths


def ranked_pairs(
    coupling: CouplingMap,
    *,
    separation: int = 1,
    distances: NDArray[np.float64] | None = None,
    chain: ChainMap | None = None,
    probabilities: NDArray[np.float64] | None = None,
) -> pd.DataFrame:
    """Return the table of pairs, the strongest first.

    Parameters
    ----------
    coupling : CouplingMap
        Of L sites.
    separation : int
        Smallest ``j - i``, in residue numbers.
    distances : (L, L) float64, optional
        Of a structure, in angstrom; NaN where a residue is missing. By default the
        chain's.
    chain : ChainMap, optional
        The sites in a structure.
    probabilities : (L, L) float64, optional
        Probability of contact of every pair.

    Returns
    -------
    DataFrame
        Columns ``i, j, aa_i, aa_j, score, raw_score, rank``, i < j, residue numbers
        and letters of the focus, rank from 1. With distances also ``distance`` and
        ``contact`` (closer than 8 angstrom), both missing where a residue is. With a
        chain also ``distance_cb``, and, of several chains alike, ``distance_intra``
        and ``distance_inter``: the smallest within a chain and between two. Last
        ``probability``, where given.
    """
    import pandas as pd

    positions = coupling.numbering.positions
    rows, columns = strongest_pairs(coupling.scores, positions, separation)
    letters = np.array(list(coupling.letters))
    table = pd.DataFrame(
        {
            "i": positions[rows],
            "j": positions[columns],
            "aa_i": letters[rows],
            "aa_j": letters[columns],
            "score": coupling.scores[rows, columns],
            "raw_score": coupling.norms[rows, columns],
            "rank": np.arange(1, len(rows) + 1),
        }
    )
    if distances is None and chain is not None:
        distances = chain.distances
    if distances is not None:
        apart = distances[rows, columns]
        contact = pd.Series(apart < CONTACT_DISTANCE, dtype="boolean")
        table["distance"] = apart
        table["contact"] = contact.mask(np.isnan(apart))
    if chain is not None and chain.distances_cb is not None:
        table["distance_cb"] = chain.distances_cb[rows, columns]
    if chain is not None and chain.distances_inter is not None:
        table["distance_intra"] = chain.within_chains[rows, columns]
        table["distance_inter"] = chain.distances_inter[rows, columns]
    if probabilities is not None:
        table["probability"] = probabilities[rows, columns]
    return table
