"""The collective modes of a family, in which sites vary together.

Were sites independent, the Fisher matrix of couplings J_ij(a, b) would be diagonal,
1 / (f_i(a) f_j(b)), and a step of the gradient over it the natural one. Gaps that come
together and subfamilies make directions in which a family varies L times as much;
there that step is too long, and since chains also move slowly in them, the learning
swings. For a Gaussian the natural step is C^-1 (C_data - C_model) C^-1, with the whole
covariance C: here its leading eigenvectors are treated so, and the others as
independent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pottsfold.inference.boltzmann.statistics import FamilyStatistics

# Modes at most, and the least variance of one, in units of independent letters':
# sampling noise alone makes about 3 of PF00014's 1,100 letters and 2,000 sequences.
MAX_MODES, MIN_VARIANCE = 30, 3.0
# Letters up to which all eigenvectors are made: among so few an iterative search may
# run out of directions, and go on with a random one.
FEW_LETTERS = 512
# Added to frequencies in the scale of single letters.
FLOOR = 0.01


@dataclass(frozen=True, eq=False)
class Modes:
    """Leading eigenvectors of the letters' correlation matrix.

    Parameters
    ----------
    vectors : (L, K, W) float32
        vectors[i, k, a]; orthonormal over i, a.
    gains : (K,) float64
        1 - 1 / variance: how much of a step along a mode is taken away.
    scale : (L, W) float64
        1 / sqrt(f_i(a) + 0.01), in which letters are measured.
    """

    vectors: NDArray[np.float32]
    gains: NDArray[np.float64]
    scale: NDArray[np.float64]

    def damped(self, slopes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a vector over letters (L, W) with its modes damped."""
        along = np.einsum("ika,ia->k", self.vectors, slopes)
        taken = np.einsum("ika,k->ia", self.vectors, self.gains * along)
        return np.asarray(slopes - taken, np.float64)

    def halved(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return B of (1 - P) X (1 - P) = X - V B^T - B V^T, P = V G V^T.

        Parameters
        ----------
        images : (L, K, W) float32
            X V.

        Returns
        -------
        (L, K, W) float32
            X V G - V G (V^T X V) G / 2.
        """
        between = np.einsum("ika,ila->kl", self.vectors, images, dtype=np.float64)
        between *= self.gains[:, np.newaxis] * self.gains / 2
        half = images * self.gains[:, np.newaxis] - np.einsum(
            "kl,ila->ika", between, self.vectors
        )
        return np.ascontiguousarray(half, np.float32)


def leading_modes(statistics: FamilyStatistics) -> Modes:
    """Return the modes in which a family varies most; none where none is strong."""
    length, width = statistics.profile.shape
    scale = 1 / np.sqrt(statistics.profile + FLOOR)
    values, vectors = _leading_eigenvectors(_scaled_covariance(statistics, scale))
    kept = values > MIN_VARIANCE
    shaped = vectors[:, kept].reshape(length, width, -1).transpose(0, 2, 1)
    return Modes(
        np.ascontiguousarray(shaped, np.float32),
        1 - 1 / values[kept].astype(np.float64),
        scale,
    )


def _leading_eigenvectors(
    matrix: NDArray[np.float32],
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return up to MAX_MODES eigenvalues of a matrix (n, n), and vectors (n, K)."""
    n = len(matrix)
    count = min(MAX_MODES, n - 1)
    if n <= FEW_LETTERS:
        values, vectors = np.linalg.eigh(matrix)
        return values[-count:], vectors[:, -count:]
    from scipy.sparse.linalg import LinearOperator, eigsh

    operator = LinearOperator((n, n), matvec=lambda x: matrix @ x, dtype=np.float32)
    # A start of its own makes the same modes every time.
    start = np.random.default_rng(0).random(n).astype(np.float32)
    values, vectors = eigsh(operator, count, v0=start)
    return values, vectors


def _scaled_covariance(
    statistics: FamilyStatistics, scale: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return the covariance of the letters, each times its scale, (L W, L W)."""
    length, width = statistics.profile.shape
    size = statistics.size
    matrix = np.zeros((length, width, length, width), np.float32)
    start = 0
    for i in range(length):
        f = statistics.profile[i]
        matrix[i, :, i, :] = np.diag(f) - np.outer(f, f)
        later = statistics.correlations[start : start + length - 1 - i]
        matrix[i, :, i + 1 :, :size] = later.transpose(2, 0, 1)
        matrix[i + 1 :, :size, i, :] = later
        start += len(later)
        # Nothing is written to this row any more: earlier sites have filled it.
        matrix[i] *= scale[i, :, np.newaxis, np.newaxis]
        matrix[i] *= scale
    return matrix.reshape(length * width, length * width)
