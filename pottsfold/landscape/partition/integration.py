"""The partition function by thermodynamic integration."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import UsageError
from pottsfold.landscape.partition.annealed_model import Landscape, landscape_of
from pottsfold.landscape.partition.annealing import pilot_frequencies
from pottsfold.landscape.partition.path import (
    STRETCH,
    departing,
    path_from,
    rounding,
    walk,
)
from pottsfold.landscape.partition.values import LogPartition
from pottsfold.model import PottsModel
from pottsfold.sampling.mixing import Progress
from pottsfold.sampling.target import Target
from pottsfold.threads import Workers

# Of the random numbers of its run; runs of annealing count from 0.
NUMBER = 50


def integrate_log_partition(
    model: PottsModel | Target | Landscape,
    *,
    chains: int = 200,
    nodes: int = 17,
    sweeps: int = 100,
    temperature: float = 1.0,
    seed: int = 0,
    workers: Workers,
    progress: Progress = lambda _sweeps: None,
) -> LogPartition:
    """Return log Z as the integral of <E_0 - E / T> over b from 0 to 1.

    Independent of the weights of :func:`estimate_log_partition`, on the same path. The
    integral is by Clenshaw and Curtis' rule; chains go from node to node, make
    ``sweeps`` sweeps at each and are averaged over the second half of them. It is
    right only if that half is in equilibrium.

    Parameters
    ----------
    model : PottsModel, Target or Landscape
        As there.
    chains : int
        Their number.
    nodes : int
        Values of b, ends included: one more than a multiple of 4.
    sweeps : int
        Gibbs sweeps at each but the first, where chains are drawn independently.
    temperature : float
        T in P(x) ~ exp(-E(x) / T).
    seed : int
        Of all random numbers: the same one gives the same bits for any threads.
    workers : Workers
        The threads.
    progress : callable
        Called with the sweeps just made.

    Returns
    -------
    LogPartition
        The error of log Z holds that between chains and that of the rule, the
        difference from every other node.

    Raises
    ------
    UsageError
        If a number is out of range or a site fixed.
    """
    for name, number in (("chains", chains), ("sweeps", sweeps)):
        if number < 2:
            raise UsageError("at least 2 are needed", parameter=name, value=number)
    if nodes < 5 or nodes % 4 != 1:
        raise UsageError(
            "one more than a multiple of 4 is needed", parameter="nodes", value=nodes
        )
    landscape = landscape_of(model)
    frequencies = pilot_frequencies(landscape, temperature, seed, workers, progress)
    path = path_from(landscape, temperature, frequencies)
    walkers = departing(path, chains, seed, NUMBER)
    points, weights = clenshaw_curtis(nodes)
    # E_0 - E / T of every chain, averaged at each node.
    slopes = [walkers.start - walkers.end]
    for b in points[1:]:
        kept = np.zeros(chains)
        energies = np.zeros(chains)
        for part in _parts(sweeps // 2, sweeps):
            walkers, start, end = walk(path, walkers, [b] * len(part), workers)
            progress(len(part))
            if part.start >= sweeps // 2:
                kept += (start - end).sum(axis=0)
                energies += end.sum(axis=0)
        slopes.append(kept / (sweeps - sweeps // 2))
    energies /= sweeps - sweeps // 2
    # log <exp(-above)>, to the first order: it varies by hundredths of a nat.
    above = rounding(path, walkers)
    energies += above
    table = np.array(slopes) - above
    integrals = weights @ table
    coarse = clenshaw_curtis(nodes // 2 + 1)[1] @ table[::2]
    rule = float(abs(integrals.mean() - coarse.mean()))
    spread, energy_error, entropy_error = (
        float(x.std(ddof=1) / math.sqrt(chains))
        for x in (integrals, energies, integrals + energies)
    )
    value, mean = float(integrals.mean()), float(energies.mean())
    return LogPartition(
        value=value,
        error=math.hypot(spread, rule),
        mean_energy=temperature * mean,
        mean_energy_error=temperature * energy_error,
        entropy=mean + value,
        entropy_error=math.hypot(entropy_error, rule),
        temperature=temperature,
        length=landscape.length,
    )


def clenshaw_curtis(nodes: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the points and weights of Clenshaw and Curtis' rule on [0, 1].

    Parameters
    ----------
    nodes : int
        Odd, at least 3; every other node is the rule of (nodes + 1) / 2.

    Returns
    -------
    points, weights : (nodes,) float64
        Points rise from 0 to 1; polynomials up to degree nodes - 1 are exact.
    """
    n = nodes - 1
    angles = np.pi * np.arange(nodes) / n
    weights = np.ones(nodes)
    for k in range(1, n // 2 + 1):
        factor = 1.0 if 2 * k == n else 2.0
        weights -= factor * np.cos(2 * k * angles) / (4 * k * k - 1)
    weights[1:-1] *= 2
    return (1 - np.cos(angles)) / 2, weights / (2 * n)


def _parts(*edges: int) -> list[range]:
    """Return stretches that end at every edge."""
    parts, first = [], 0
    for edge in edges:
        while first < edge:
            parts.append(range(first, min(first + STRETCH, edge)))
            first = parts[-1].stop
    return parts
