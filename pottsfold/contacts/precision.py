"""How many of the strongest pairs touch in a structure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pottsfold.contacts.ranking import DEFAULT_SEPARATION, strongest_pairs

CONTACT_DISTANCE = 8.0
SEPARATIONS = (DEFAULT_SEPARATION, 12, 24)
DEPTHS = {"L/10": (1, 10), "L/5": (1, 5), "L/2": (1, 2), "L": (1, 1), "2L": (2, 1)}


@dataclass(frozen=True)
class TopPairs:
    """What became of the strongest pairs down to one depth.

    Parameters
    ----------
    depth : str
        ``"L/10"``, ``"L/5"``, ``"L/2"``, ``"L"`` or ``"2L"``.
    n_pairs : int
        Pairs looked at.
    n_contacts : int
        Those that touch.
    """

    depth: str
    n_pairs: int
    n_contacts: int

    @property
    def precision(self) -> float:
        """Share of the pairs that touch; NaN when there are none."""
        return self.n_contacts / self.n_pairs if self.n_pairs else float("nan")


@dataclass(frozen=True)
class ContactPrecision:
    """Agreement of a ranking of pairs with a structure.

    Parameters
    ----------
    n_sites : int
        L: sites with a residue in the structure.
    n_pairs : int
        Pairs that could be judged.
    n_contacts : int
        Those that touch, whatever their score.
    n_left_out : int
        Pairs far enough apart along the chain that could not be judged, since a
        residue is missing from the structure or the pair has no score.
    top : tuple of TopPairs
        At L/10, L/5, L/2, L and 2L.
    separation : int
        Smallest difference of residue numbers that was asked for.
    """

    n_sites: int
    n_pairs: int
    n_contacts: int
    n_left_out: int
    top: tuple[TopPairs, ...]
    separation: int

    def at(self, depth: str) -> TopPairs:
        """Return what became of the strongest pairs at a depth, as ``"L/5"``."""
        return next(top for top in self.top if top.depth == depth)


def contact_precision(
    scores: NDArray[np.float64],
    distances: NDArray[np.float64],
    positions: NDArray[np.int64],
    *,
    separation: int = DEFAULT_SEPARATION,
    threshold: float = CONTACT_DISTANCE,
) -> ContactPrecision:
    """Return the precision of the top L/10, L/5, L/2, L and 2L pairs.

    Only pairs whose residues are both in the structure are ranked, and L is the
    number of sites with a residue, so that a structure of one half of a protein is
    not asked for the contacts of the whole. Parts of L are rounded down.

    Parameters
    ----------
    scores : (L, L) float64
        Symmetric, high = close; NaN for a pair that was not predicted.
    distances : (L, L) float64
        Symmetric, in angstrom; NaN where a residue is missing.
    positions : (L,) int64
        Residue numbers, increasing.
    separation : int
        Smallest difference of residue numbers, in residues.
    threshold : float
        Two residues touch when they are closer than this, in angstrom.

    Raises
    ------
    ValueError
        If the shapes disagree.

    Examples
    --------
    >>> sites = np.arange(10.0)
    >>> distances = abs(sites[:, np.newaxis] - sites)
    >>> result = contact_precision(-distances, distances, np.arange(10))
    >>> result.n_contacts, [top.precision for top in result.top]
    (7, [1.0, 1.0, 1.0, 0.7, 0.7])
    """
    touching = _touching_in_order(scores, distances, positions, separation, threshold)
    apart = positions[np.newaxis] - positions[:, np.newaxis] >= separation
    n_sites = int(present_sites(distances).sum())
    top = []
    for depth, (times, part) in DEPTHS.items():
        best = touching[: times * n_sites // part]
        top.append(TopPairs(depth, len(best), int(best.sum())))
    return ContactPrecision(
        n_sites=n_sites,
        n_pairs=len(touching),
        n_contacts=int(touching.sum()),
        n_left_out=int(np.triu(apart, 1).sum()) - len(touching),
        top=tuple(top),
        separation=separation,
    )


def precision_curve(
    scores: NDArray[np.float64],
    distances: NDArray[np.float64],
    positions: NDArray[np.int64],
    *,
    separation: int = DEFAULT_SEPARATION,
    threshold: float = CONTACT_DISTANCE,
) -> NDArray[np.float64]:
    """Return the precision of the strongest 1, 2, 3, ... pairs that can be judged.

    Parameters
    ----------
    scores, distances, positions, separation, threshold
        As for :func:`contact_precision`.

    Returns
    -------
    (K,) float64
        One a pair, in order of rank.

    Examples
    --------
    >>> scores = np.array([[0, 1, 3], [1, 0, 2], [3, 2, 0]], dtype=float)
    >>> distances = np.array([[0, 9, 5], [9, 0, 9], [5, 9, 0]], dtype=float)
    >>> precision_curve(scores, distances, np.arange(3), separation=1).tolist()
    [1.0, 0.5, 0.3333333333333333]
    """
    touching = _touching_in_order(scores, distances, positions, separation, threshold)
    return np.asarray(np.cumsum(touching) / np.arange(1, len(touching) + 1))


def _touching_in_order(
    scores: NDArray[np.float64],
    distances: NDArray[np.float64],
    positions: NDArray[np.int64],
    separation: int,
    threshold: float,
) -> NDArray[np.bool_]:
    """Return which pairs that can be judged touch, the strongest first, (K,)."""
    length = len(positions)
    for name, array in (("scores", scores), ("distances", distances)):
        if array.shape != (length, length):
            raise ValueError(f"{name} are {array.shape} for {length} positions")
    rows, columns = strongest_pairs(
        np.where(np.isnan(distances), np.nan, scores), positions, separation
    )
    return np.asarray(distances[rows, columns] < threshold)


def present_sites(distances: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which sites have a distance to any other site, shape (L,)."""
    known = ~np.isnan(distances)
    np.fill_diagonal(known, False)
    return np.asarray(known.any(axis=1))
