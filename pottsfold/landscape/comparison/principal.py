"""The plane in which the sequences of a family differ most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pottsfold.sampling.eigenvectors import leading_eigenvectors

# Sequences that the directions are found from; the others are only projected.
MAX_ROWS = 1500


def principal_plane(
    codes: NDArray[np.uint8], size: int, first: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the two directions of most variance, of letters as indicators (one-hot).

    Parameters
    ----------
    codes : (N, L) uint8
        Sequences; at most 1,500 of them, drawn at random, are used.
    size : int
        Letters of the alphabet.
    first : int
        First modelled letter: others, and unknown ones, stand at the mean of those
        that are known.
    seed : int
        Of the draw.

    Returns
    -------
    (2, L, size + 1) float64
        What each letter at each site adds to a sequence's place; zeros along a
        direction in which the sequences do not differ.
    (2,) float64
        Share of the variance along each.
    """
    rng = np.random.default_rng(seed)
    if len(codes) > MAX_ROWS:
        codes = codes[np.sort(rng.choice(len(codes), MAX_ROWS, replace=False))]
    letters = np.arange(first, size, dtype=np.uint8)
    one_hot = (codes[:, :, np.newaxis] == letters).astype(np.float32)
    known = one_hot.sum(axis=2, keepdims=True)
    means = one_hot.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    centred = (one_hot - known * means).reshape(len(codes), -1)
    total = float(np.square(centred, dtype=np.float64).sum())
    directions = np.zeros((2, codes.shape[1], size + 1))
    shares = np.zeros(2)
    products = (centred @ centred.T).astype(np.float64)
    values, vectors = leading_eigenvectors(products, 2, rng)
    for k, (value, vector) in enumerate(zip(values, vectors.T, strict=True)):
        if value <= 1e-6 * max(1.0, total):
            break
        along = (vector @ centred).reshape(means.shape) / np.sqrt(value)
        # An eigenvector's sign is arbitrary: the largest entry is made positive.
        along *= np.sign(along.ravel()[np.abs(along).argmax()])
        along -= (means * along).sum(axis=1, keepdims=True)
        directions[k, :, first:size] = along
        shares[k] = value / total
    return directions, shares


def projected(
    direction: NDArray[np.float64], codes: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """Return the places of sequences (N, L) along one direction, shape (N,)."""
    sites = np.arange(codes.shape[1])
    places: NDArray[np.float64] = direction[sites, codes].sum(axis=1)
    return places
