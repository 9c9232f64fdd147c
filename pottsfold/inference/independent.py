"""The site-independent model: conservation without couplings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps, first_state, site_frequencies
from pottsfold.inference.preparation import finished_fit
from pottsfold.inference.regularization import Regularization
from pottsfold.model.fit import Fit
from pottsfold.provenance import Stopwatch

CUSTOMARY_FIELDS = 0.01
MOST_STEPS = 200


def fit_independent(
    alignment: Alignment,
    *,
    gaps: Gaps = "missing",
    lambda_h: float = CUSTOMARY_FIELDS,
    threads: int = 1,
) -> Fit:
    """Fit fields alone, by penalised maximum likelihood; couplings are zero.

    Parameters
    ----------
    alignment : Alignment
        Weighted alignment.
    gaps : {"missing", "state"}
        Whether gaps are left out or are a letter.
    lambda_h : float
        Strength of the penalty lambda_h sum h^2.
    threads : int
        For the report only; the work is small.

    Returns
    -------
    Fit
        Fields sum to zero at every site.
    """
    clock = Stopwatch()
    Regularization(lambda_h, 1.0)  # checks lambda_h
    frequencies = site_frequencies(alignment, gaps=gaps)
    start = first_state(gaps)
    fields = np.zeros(frequencies.shape)
    fields[:, start:] = independent_fields(
        frequencies[:, start:], alignment.neff, lambda_h
    )
    length, size = frequencies.shape
    return finished_fit(
        alignment,
        method="independent",
        gaps=gaps,
        fields=fields,
        couplings=np.zeros((length, length, size, size), np.float32),
        settings={"lambda_h": lambda_h},
        threads=threads,
        clock=clock,
    )


def independent_fields(
    frequencies: NDArray[np.float64], neff: float, lambda_h: float = CUSTOMARY_FIELDS
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
    """
    from scipy.special import logsumexp

    def objective(h: NDArray[np.float64]) -> NDArray[np.float64]:
        fit = neff * (logsumexp(h, axis=1) - (frequencies * h).sum(axis=1))
        return np.asarray(fit + lambda_h * (h * h).sum(axis=1))

    length, size = frequencies.shape
    fields = np.zeros((length, size))
    value = objective(fields)
    identity = np.eye(size)
    for _ in range(MOST_STEPS):
        p = np.exp(fields - logsumexp(fields, axis=1)[:, np.newaxis])
        gradient = neff * (p - frequencies) + 2 * lambda_h * fields
        hessian = neff * (p[:, :, np.newaxis] * (identity - p[:, np.newaxis, :]))
        hessian += 2 * lambda_h * identity
        step = np.linalg.solve(hessian, gradient[..., np.newaxis])[..., 0]
        scale = np.ones((length, 1))
        for _ in range(40):
            trial = fields - scale * step
            worse = objective(trial) > value
            if not worse.any():
                break
            scale[worse] /= 2
        fields, value = trial, objective(trial)
        if np.abs(scale * step).max() < 1e-12:
            break
    return fields
