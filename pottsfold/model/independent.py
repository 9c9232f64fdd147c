"""The fields of the site-independent model: conservation without couplings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import UsageError

DEFAULT_PENALTY = 0.01
MAX_STEPS = 200
ROUNDING = 1e-13


def independent_fields(
    frequencies: NDArray[np.float64], neff: float, lambda_h: float = DEFAULT_PENALTY
) -> NDArray[np.float64]:
    """Return the fields of the best site-independent model.

    At every site by itself they minimise

        - Neff sum_a f(a) log P(a) + lambda_h sum_a h(a)^2,  P = softmax(h).

    The problem is convex; Newton steps, halved while they do not descend, go to
    rounding. EVcouplings' independent model is the same minimum.

    Parameters
    ----------
    frequencies : (L, s) float64
        Rows over the modelled letters, summing to 1.
    neff : float
        Effective number of sequences, above 0.
    lambda_h : float
        Above 0.

    Returns
    -------
    (L, s) float64
        In nats; rows sum to zero.

    Raises
    ------
    UsageError
        If the penalty is so small that rounding hides it.
    """

    def objective(h: NDArray[np.float64]) -> NDArray[np.float64]:
        fit = neff * (log_sum_exp(h) - (frequencies * h).sum(axis=1))
        return np.asarray(fit + lambda_h * (h * h).sum(axis=1))

    length, size = frequencies.shape
    fields = np.zeros((length, size))
    value = objective(fields)
    identity = np.eye(size)
    for _ in range(MAX_STEPS):
        p = np.exp(fields - log_sum_exp(fields)[:, np.newaxis])
        gradient = neff * (p - frequencies) + 2 * lambda_h * fields
        hessian = neff * (p[:, :, np.newaxis] * (identity - p[:, np.newaxis, :]))
        hessian += 2 * lambda_h * identity
        try:
            step = np.linalg.solve(hessian, gradient[..., np.newaxis])[..., 0]
        except np.linalg.LinAlgError as error:
            raise UsageError(
                "rounding is larger; give a larger number",
                parameter="lambda_h",
                value=lambda_h,
            ) from error
        # Half the Newton decrement is what a site can still gain.
        open_sites = (gradient * step).sum(axis=1) > ROUNDING * np.abs(value)
        if not open_sites.any():
            break
        scale = np.where(open_sites, 1.0, 0.0)[:, np.newaxis]
        trial = fields - scale * step
        uphill = objective(trial) > value
        while uphill.any():
            scale[uphill] /= 2
            trial = fields - scale * step
            uphill = objective(trial) > value
        fields, value = trial, objective(trial)
    return fields


def log_sum_exp(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log sum_a exp(values[n, a]) of every row.

    As SciPy 1.15 and later reckon it, bit by bit: importing ``scipy.special`` takes as
    long as a small fit.

    Parameters
    ----------
    values : (N, s) float64
        Finite numbers.

    Returns
    -------
    (N,) float64
        The logarithms.
    """
    highest = values.max(axis=1, keepdims=True)
    is_highest = values == highest
    count = is_highest.sum(axis=1, keepdims=True, dtype=np.float64)
    others = np.exp(np.where(is_highest, -np.inf, values) - highest)
    share = others.sum(axis=1, keepdims=True) / count
    result: NDArray[np.float64] = (np.log1p(share) + np.log(count) + highest)[:, 0]
    return result
