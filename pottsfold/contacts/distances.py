"""Distances between the residues of chains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.lazy import lazy_module

if TYPE_CHECKING:
    from pottsfold.contacts import kernels
else:
    kernels = lazy_module("pottsfold.contacts.kernels")


Residues = Sequence[NDArray[np.float64] | None]


def minimal_distances(
    coordinates: Residues, others: Residues | None = None
) -> NDArray[np.float64]:
    """Return the smallest distance between atoms of any two sites.

    Parameters
    ----------
    coordinates : sequence of (k, 3) float64, or None
        Atoms of each of L sites, in angstrom; None where it has no residue.
    others : sequence of (k, 3) float64, or None, optional
        Atoms of the M sites of another chain; by default the same chain's.

    Returns
    -------
    (L, M) float64
        In angstrom; NaN where a site has no residue. Within a chain symmetric, zero
        where i = j.

    Examples
    --------
    >>> minimal_distances((np.zeros((1, 3)), None, np.array([[0.0, 3.0, 4.0]])))
    array([[ 0., nan,  5.],
           [nan, nan, nan],
           [ 5., nan,  0.]])
    """
    first = _joined(coordinates)
    second = first if others is None else _joined(others)
    squares = np.full((first.n_sites, second.n_sites), np.inf)
    kernels.lower_to_nearest(
        first.atoms, first.starts, second.atoms, second.starts, squares
    )
    # Coordinates have three decimals: this takes away rounding and nothing else, so
    # that 8.000 is not below 8.
    distances = np.round(np.sqrt(squares), 9)
    distances[np.isinf(distances)] = np.nan
    return np.asarray(distances)


@dataclass(frozen=True, eq=False)
class _Joined:
    """Atoms of all sites in one (n, 3) array, and where each site's begin."""

    atoms: NDArray[np.float64]
    starts: NDArray[np.int64]

    @property
    def n_sites(self) -> int:
        return len(self.starts) - 1


def _joined(coordinates: Residues) -> _Joined:
    sizes = [0 if atoms is None else len(atoms) for atoms in coordinates]
    present = [atoms for atoms in coordinates if atoms is not None]
    return _Joined(
        np.concatenate([np.empty((0, 3)), *present]),
        np.cumsum([0, *sizes], dtype=np.int64),
    )


@dataclass(frozen=True, eq=False)
class OligomerDistances:
    """Distances between L sites in one chain or several alike.

    Parameters
    ----------
    nearest : (L, L) float64
        Smallest between heavy atoms within a chain or between two, in angstrom; NaN
        where a residue is missing; zero where i = j.
    anchors : (L, L) float64
        Likewise between the atoms that stand for residues: CB, CA of glycine.
    intra : (L, L) float64
        Smallest between heavy atoms within any one chain.
    inter : (L, L) float64, or None
        Smallest between heavy atoms of any two chains, also for i = j; None for
        a single chain.
    partners : (L, L, 2) intp, or None
        In which chains site i and site j are where they are nearest between
        chains; -1 where they nowhere have residues.
    """

    nearest: NDArray[np.float64]
    anchors: NDArray[np.float64]
    intra: NDArray[np.float64]
    inter: NDArray[np.float64] | None = None
    partners: NDArray[np.intp] | None = None


def oligomer_distances(
    heavy: Sequence[Residues], anchors: Sequence[Residues]
) -> OligomerDistances:
    """Return the distances of L sites within chains alike, and between any two.

    Parameters
    ----------
    heavy : sequence of (sequence of (k, 3) float64, or None)
        For every chain the heavy atoms of its sites, in angstrom.
    anchors : sequence of (sequence of (1, 3) float64, or None)
        For every chain the atom that stands for each residue.
    """
    intra = _smallest([minimal_distances(chain) for chain in heavy])
    of_anchors = [minimal_distances(chain) for chain in anchors]
    if len(heavy) == 1:
        return OligomerDistances(intra, of_anchors[0], intra)
    length = len(intra)
    inter = np.full((length, length), np.inf)
    partners = np.full((length, length, 2), -1, dtype=np.intp)
    for a in range(len(heavy)):
        for b in range(a + 1, len(heavy)):
            # Site i may be the one in chain a, or the one in chain b.
            apart = minimal_distances(heavy[a], heavy[b])
            for distances, pair in ((apart, (a, b)), (apart.T, (b, a))):
                nearer = distances < inter
                inter[nearer] = distances[nearer]
                partners[nearer] = pair
            between = minimal_distances(anchors[a], anchors[b])
            of_anchors += [between, between.T]
    inter[np.isinf(inter)] = np.nan
    nearest, smallest = _smallest([intra, inter]), _smallest(of_anchors)
    for distances in (nearest, smallest):
        # A site is not apart from itself, though its copies are.
        np.fill_diagonal(distances, np.diagonal(intra))
    return OligomerDistances(nearest, smallest, intra, inter, partners)


def _smallest(matrices: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the smallest value in every place, NaN only where all are."""
    result = matrices[0].copy()
    for matrix in matrices[1:]:
        np.fmin(result, matrix, out=result)
    return result
