"""Log-likelihoods of sequences, once the partition function is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment import Alignment
from pottsfold.errors import UsageError
from pottsfold.landscape.partition.values import LogPartition
from pottsfold.model import PottsModel, energy, independent_fields


@dataclass(frozen=True)
class MeanLogLikelihood:
    """Mean of log P(x) over the complete sequences of an alignment, by weight.

    Parameters
    ----------
    value, error : float
        In nats; the error is of the sequences, as if independent. That of log Z comes
        on top, the same for all sequences.
    n_sequences, n_left_out : int
        Complete sequences, and those with missing letters.
    neff : float
        Sum of the complete sequences' weights.
    """

    value: float
    error: float
    n_sequences: int
    n_left_out: int
    neff: float


def log_likelihoods(
    model: PottsModel, codes: NDArray[np.uint8], log_partition: LogPartition
) -> NDArray[np.float64]:
    """Return log P(x) = - E(x) / T - log Z of sequences.

    Parameters
    ----------
    model : PottsModel
        Model of L sites.
    codes : (N, L) uint8
        Sequences.
    log_partition : LogPartition
        Of the model; T is its temperature.

    Returns
    -------
    (N,) float64
        In nats; NaN for sequences with an unknown letter, or a gap where the model
        takes gaps as missing data: these are no sequences of the model.
    """
    values = -energy(model, codes) / log_partition.temperature - log_partition.value
    values[~complete(model, codes)] = np.nan
    return values


def independent_log_likelihoods(
    model: PottsModel, codes: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """Return log P(x) under the site-independent model of the model's alignment.

    Its fields are those of :func:`pottsfold.model.independent_fields`, at the
    default penalty.

    Returns
    -------
    (N,) float64
        In nats; NaN as for :func:`log_likelihoods`, and for all sequences when the
        model does not know its alignment's letter frequencies and effective number.
    """
    from scipy.special import log_softmax

    values = np.full(len(codes), np.nan)
    if model.frequencies is None or model.neff <= 0:
        return values
    letters = model.states
    logs = np.zeros(model.fields.shape)
    fields = independent_fields(model.frequencies[:, letters], model.neff)
    logs[:, letters] = log_softmax(fields, axis=1)
    rows = complete(model, codes)
    values[rows] = logs[np.arange(model.length), codes[rows]].sum(axis=1)
    return values


def complete(model: PottsModel, codes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return which sequences have a letter of the model at every site, (N,) bool."""
    states = model.states
    known = (codes >= states.start) & (codes < states.stop)
    return np.asarray(known.all(axis=1))


def mean_log_likelihood(
    model: PottsModel, alignment: Alignment, log_partition: LogPartition
) -> MeanLogLikelihood:
    """Return the weighted mean log-likelihood of an alignment's sequences.

    Parameters
    ----------
    model : PottsModel
        Model of the alignment's columns.
    alignment : Alignment
        Its weights are used.
    log_partition : LogPartition
        Of the model.

    Raises
    ------
    UsageError
        If no sequence is complete.
    """
    return weighted_mean(
        log_likelihoods(model, alignment.codes, log_partition),
        alignment.sequence_weights,
    )


def weighted_mean(
    values: NDArray[np.float64], weights: NDArray[np.float64]
) -> MeanLogLikelihood:
    """Return the mean of log-likelihoods that are not NaN.

    Parameters
    ----------
    values, weights : (N,) float64
        Log-likelihoods in nats and weights.

    Raises
    ------
    UsageError
        If all are NaN.
    """
    known = ~np.isnan(values)
    if not known.any():
        raise UsageError(
            f"none of the {len(values)} sequences has a known letter at every site; a "
            "model fitted with `gaps=state` takes gapped ones"
        )
    x, w = values[known], weights[known]
    total = w.sum()
    mean = (w * x).sum() / total
    # A weight says how much of a sequence is new: the variance is per unit of weight.
    variance = (w * (x - mean) ** 2).sum() / max(total - 1, 1)
    return MeanLogLikelihood(
        float(mean),
        float(np.sqrt(variance / total)),
        int(known.sum()),
        int((~known).sum()),
        float(total),
    )
