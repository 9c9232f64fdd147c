"""Sequences parted so that relatives stay together.

What a model knows of a sequence left out is worth something only if no close relative
stayed in.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment.alignment import Alignment
from pottsfold.lazy import lazy_module

if TYPE_CHECKING:
    from pottsfold.alignment import kernels
else:
    kernels = lazy_module("pottsfold.alignment.kernels")

# Identities at which clusters are tried, the most distant relatives first.
IDENTITIES = (0.5, 0.6, 0.7, 0.8, 0.9)
# The largest cluster's weight, in units of a fold's, beyond which folds are unequal.
MAX_CLUSTER = 1.5


def clusters(
    codes: NDArray[np.uint8], identity: float, order: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the cluster of every sequence, numbered from 0.

    Sequences are taken in an order; each joins the first cluster whose founder is at
    least this identical to it, counted over all L columns, a gap matching a gap, or
    founds one (Hobohm et al. 1992, Protein Sci 1:409).

    Parameters
    ----------
    codes : (N, L) uint8
        Aligned sequences.
    identity : float
        Above 0 and at most 1.
    order : (N,) int64
        In which they are taken.

    Returns
    -------
    (N,) int64
    """
    n_sequences, length = codes.shape
    if len(order) and not 0 <= order.min() <= order.max() < n_sequences:
        raise ValueError(f"an order of other than these {n_sequences} sequences")
    labels = np.empty(n_sequences, np.int64)
    most = length - math.ceil(identity * length - 1e-9)
    codes = np.require(codes, np.uint8, ["C", "W"])
    kernels.found_clusters(codes, order, most, labels)
    return labels


def clustered_folds(
    alignment: Alignment, n_folds: int, seed: int
) -> tuple[NDArray[np.int64], float]:
    """Part sequences into folds of like weight, clusters whole.

    Parameters
    ----------
    alignment : Alignment
        Weighted alignment.
    n_folds : int
        At least 2.
    seed : int
        Of the order in which clusters are founded.

    Returns
    -------
    (N,) int64
        Fold of every sequence, 0..n_folds - 1.
    float
        The identity at which clusters were made: the least of 0.5 to 0.9 that leaves
        none too large for a fold.
    """
    folds, _, identity = folds_and_clusters(alignment, n_folds, seed)
    return folds, identity


def folds_and_clusters(
    alignment: Alignment, n_folds: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], float]:
    """Part sequences as :func:`clustered_folds` does, and return the clusters too.

    Returns
    -------
    (N,) int64
        Fold of every sequence.
    (N,) int64
        Cluster of every sequence.
    float
        The identity at which clusters were made.
    """
    order = np.random.default_rng(seed).permutation(alignment.n_sequences)
    weights = alignment.sequence_weights
    most = MAX_CLUSTER * weights.sum() / n_folds
    for identity in IDENTITIES:
        labels = clusters(alignment.codes, identity, order)
        sizes = np.bincount(labels, weights)
        if sizes.max() <= most:
            break
    folds = np.empty(len(sizes), np.int64)
    loads = np.zeros(n_folds)
    for cluster in np.argsort(-sizes, kind="stable"):
        folds[cluster] = loads.argmin()
        loads[folds[cluster]] += sizes[cluster]
    return folds[labels], labels, identity
