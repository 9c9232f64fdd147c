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
from pottsfold.threads import Workers, chosen_threads

if TYPE_CHECKING:
    from pottsfold.alignment import kernels
else:
    kernels = lazy_module("pottsfold.alignment.kernels")

# Identities at which clusters are tried, the most distant relatives first.
IDENTITIES = (0.5, 0.6, 0.7, 0.8, 0.9)
# The largest cluster's weight, in units of a fold's, beyond which folds are unequal.
MAX_CLUSTER = 1.5
# Sequences that a thread compares with others at a time.
ROWS_AT_ONCE = 8192


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


def relatives(
    codes: NDArray[np.uint8],
    chosen: NDArray[np.int64],
    identity: float,
    *,
    threads: int | None = None,
) -> NDArray[np.bool_]:
    """Return which sequences are near one of some, these among them.

    Parameters
    ----------
    codes : (N, L) uint8
        Aligned sequences.
    chosen : (K,) int64
        Rows of some of them.
    identity : float
        Above 0 and at most 1: near ones are at least this identical, counted over all L
        columns, a gap matching a gap.
    threads : int, optional
        Number of threads; all cores by default.

    Returns
    -------
    (N,) bool

    Examples
    --------
    >>> codes = np.array([[1, 2, 3, 4], [1, 2, 3, 0], [4, 4, 4, 4]], np.uint8)
    >>> relatives(codes, np.array([0]), 0.75).tolist()
    [True, True, False]
    """
    n_sequences, length = codes.shape
    most = length - math.ceil(identity * length - 1e-9)
    them = codes[chosen]
    near = np.empty(n_sequences, np.bool_)

    def find(first: int) -> None:
        part = slice(first, first + ROWS_AT_ONCE)
        # Some at a time: where they are read-only this copies, maybe from a file.
        some = np.require(codes[part], np.uint8, ["C", "W"])
        kernels.find_relatives(some, them, most, near[part])

    with Workers(chosen_threads(threads)) as workers:
        workers.map(find, range(0, n_sequences, ROWS_AT_ONCE))
    return near


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
