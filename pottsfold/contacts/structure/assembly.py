"""Whether the models of a file are copies in one assembly, or views of one molecule.

The PDB writes the copies of a biological assembly as models of one file; an NMR
ensemble and a trajectory are models too. They differ in what a model is to the first:
a copy is its exact image by one rotation and translation, since it was made so, and
lies beside it. Conformers of an ensemble are superposed, and no two of them have the
same distances within; poses of a docking run move one chain and leave the other, and
overlap one another. So models are an assembly if

- all distances between atoms of the chains that a model shares with the first are the
  first's, to the rounding of coordinates; and
- no two models overlap.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pottsfold.contacts.structure.chain import Chain

# Angstrom: coordinates have three decimals, after a rotation of such.
MAX_DIFFERENCE = 0.02
# Atoms of two molecules come no closer, and of overlapping ones many do.
OVERLAP = 2.0
MAX_COMPARED = 400
MIN_COMPARED = 4


def are_one_assembly(models: Sequence[Sequence[Chain]]) -> bool:
    """Tell whether models are copies of the first, side by side.

    Parameters
    ----------
    models : sequence of sequence of Chain
        The chains of every model, by their names in the file.
    """
    first = models[0]
    return all(_is_image(first, model) for model in models[1:]) and not _overlap(models)


def _is_image(first: Sequence[Chain], model: Sequence[Chain]) -> bool:
    by_name = {chain.name: chain for chain in first}
    pairs = [(by_name[chain.name], chain) for chain in model if chain.name in by_name]
    if not pairs or any(one.labels != other.labels for one, other in pairs):
        return False
    one, other = (_places([pair[side] for pair in pairs]) for side in (0, 1))
    if one.shape != other.shape or len(one) < MIN_COMPARED:
        return False
    chosen = np.linspace(0, len(one) - 1, min(len(one), MAX_COMPARED)).astype(int)
    difference = np.abs(_distances(one[chosen]) - _distances(other[chosen]))
    return bool(difference.max() <= MAX_DIFFERENCE)


def _places(chains: Sequence[Chain]) -> NDArray[np.float64]:
    return np.concatenate([atoms for chain in chains for atoms in chain.coordinates])


def _distances(places: NDArray[np.float64]) -> NDArray[np.float64]:
    apart = places[:, np.newaxis] - places
    return np.asarray(np.sqrt((apart**2).sum(axis=2)))


def _overlap(models: Sequence[Sequence[Chain]]) -> bool:
    """Tell whether atoms of two models are where only one can be."""
    from scipy.spatial import cKDTree

    trees = [cKDTree(_places(model)) for model in models]
    return any(
        tree.count_neighbors(other, OVERLAP) > 0
        for k, tree in enumerate(trees)
        for other in trees[:k]
    )
