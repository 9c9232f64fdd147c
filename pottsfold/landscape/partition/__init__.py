"""The partition function of a model: what log-likelihoods and entropies need.

P(x) = exp(-E(x) / T) / Z over the sequences of the model's letters. Tiny models are
summed (:func:`exact_log_partition`); for others :func:`estimate_log_partition` leads
chains from independent sites, whose Z is known, to the model and weighs them (annealed
importance sampling), and :func:`integrate_log_partition` checks that along the same
path by thermodynamic integration. Everything is in nats and in the gauge of the
model: log Z is worth nothing beside energies of another gauge.
"""

from pottsfold.landscape.partition.annealed_model import Landscape
from pottsfold.landscape.partition.annealing import estimate_log_partition
from pottsfold.landscape.partition.exact import exact_log_partition
from pottsfold.landscape.partition.integration import integrate_log_partition
from pottsfold.landscape.partition.likelihood import (
    MeanLogLikelihood,
    complete,
    independent_log_likelihoods,
    log_likelihoods,
    mean_log_likelihood,
    weighted_mean,
)
from pottsfold.landscape.partition.values import AnnealedPartition, LogPartition, Trial

__all__ = [
    "AnnealedPartition",
    "Landscape",
    "LogPartition",
    "MeanLogLikelihood",
    "Trial",
    "complete",
    "estimate_log_partition",
    "exact_log_partition",
    "independent_log_likelihoods",
    "integrate_log_partition",
    "log_likelihoods",
    "mean_log_likelihood",
    "weighted_mean",
]
