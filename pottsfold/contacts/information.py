"""Strength of coupling as information: how much one site tells of another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import UsageError
from pottsfold.model import PottsModel

# Fitting stops when no letter's frequency is wrong by more than this.
FREQUENCY_ERROR = 1e-7
MAX_ROUNDS = 1000


def direct_information(model: PottsModel) -> NDArray[np.float64]:
    """Return the information that direct couplings alone carry between sites.

    Of every pair a two-site model P(a, b) ~ exp(J_ij(a, b) + u(a) + v(b)) is made
    whose fields u and v give the sites their letter frequencies f; the direct
    information is sum_ab P(a, b) log(P(a, b) / (f_i(a) f_j(b))) [1]_. It is the same
    in every gauge, and runs over all modelled letters, the gap among them if it is
    one.

    Parameters
    ----------
    model : PottsModel
        With letter frequencies.

    Returns
    -------
    (L, L) float64
        Symmetric, in nats, zero where i = j.

    Raises
    ------
    UsageError
        If the model has no letter frequencies.

    References
    ----------
    .. [1] Weigt et al. (2009), PNAS 106, 67.
    """
    if model.frequencies is None:
        raise UsageError(
            "this model has no letter frequencies, which direct information needs; "
            "take another score, or fit the model with pottsfold"
        )
    letters = model.states
    frequencies = model.frequencies[:, letters]
    result = np.zeros((model.length, model.length))
    for i in range(model.length - 1):
        partners, blocks = model.later(i)
        if not len(partners):
            continue
        couplings = blocks[:, letters, letters].astype(np.float64)
        joint = _two_site_models(couplings, frequencies[i], frequencies[partners])
        result[i, partners] = _information(joint)
    return result + result.T


def mutual_information(pair_frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return sum_ab f_ij(a, b) log(f_ij(a, b) / (f_i(a) f_j(b))) of all pairs.

    A model does not hold pair frequencies: they come from an alignment.

    Parameters
    ----------
    pair_frequencies : (L, L, q, q) float64
        From :func:`pottsfold.alignment.pair_frequencies`.

    Returns
    -------
    (L, L) float64
        Symmetric, in nats, zero where i = j.

    Examples
    --------
    >>> same = np.diag([0.5, 0.5])
    >>> mutual_information(np.array([[same, same], [same, same]])).round(3)
    array([[0.   , 0.693],
           [0.693, 0.   ]])
    """
    length = len(pair_frequencies)
    result = np.zeros((length, length))
    for i in range(length - 1):
        result[i, i + 1 :] = _information(pair_frequencies[i, i + 1 :])
    return result + result.T


def _two_site_models(
    couplings: NDArray[np.float64],
    first: NDArray[np.float64],
    second: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return P(a, b) = x(a) exp(J(a, b)) y(b) with the given marginals.

    couplings (K, s, s), first (s,) and second (K, s); P is (K, s, s). Rows and
    columns are scaled in turn, which converges since every weight is above 0.
    """
    weights = np.exp(couplings - couplings.max(axis=(1, 2), keepdims=True))
    y = np.ones(second.shape)
    for _ in range(MAX_ROUNDS):
        x = first / np.einsum("kab,kb->ka", weights, y)
        y = second / np.einsum("kab,ka->kb", weights, x)
        of_rows = x * np.einsum("kab,kb->ka", weights, y)
        if np.abs(of_rows - first).max() < FREQUENCY_ERROR:
            break
    return np.asarray(x[:, :, np.newaxis] * weights * y[:, np.newaxis])


def _information(joint: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return sum P log(P / (P_a P_b)) of every block, with 0 log 0 = 0; (K,)."""
    apart = joint.sum(axis=2)[:, :, np.newaxis] * joint.sum(axis=1)[:, np.newaxis]
    ratio = np.divide(joint, apart, out=np.ones_like(joint), where=joint > 0)
    return np.asarray((joint * np.log(ratio)).sum(axis=(1, 2)))
