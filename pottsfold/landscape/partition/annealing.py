"""The partition function by annealed importance sampling."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import UsageError
from pottsfold.landscape.partition.annealed_model import Landscape, landscape_of
from pottsfold.landscape.partition.path import (
    STRETCH,
    Path,
    Walkers,
    cooling_path,
    departing,
    path_from,
    rounding,
    walk,
)
from pottsfold.landscape.partition.values import AnnealedPartition, Trial
from pottsfold.model import PottsModel
from pottsfold.provenance import about
from pottsfold.sampling.mixing import Progress
from pottsfold.sampling.target import Target
from pottsfold.threads import Workers

N_CHAINS, ACCURACY = 1000, 0.02
# Chains that are cooled for the profile, and sweeps over which it is averaged; that run
# has a number of its own, the others count from 0.
COOLED, RECORDED, COOLING = 200, 10, 99
# The pilot's chains and steps; cooling takes as many steps.
FEW_CHAINS, FEW_STEPS = 100, 50
# Steps chosen without being asked.
MIN_STEPS, MAX_STEPS = 100, 6400
# Sweeps at the end, for the mean energy: at least so many, and so many a step.
MIN_SWEEPS, SWEEPS_PER_STEP = 25, 0.25


@dataclass(frozen=True, eq=False)
class Run:
    """What chains brought along.

    Parameters
    ----------
    log_weights : (N,) float64
        Sum of (b_k - b_k+1) (E / T - E_0) at the K points before the last.
    spreads : (K,) float64
        Variance of E / T - E_0 over the chains at these points.
    energies : (N,) float64
        Mean of E / T of each chain over sweeps at the end.
    """

    log_weights: NDArray[np.float64]
    spreads: NDArray[np.float64]
    energies: NDArray[np.float64]

    def __post_init__(self) -> None:
        for array in (self.log_weights, self.spreads, self.energies):
            array.flags.writeable = False


def estimate_log_partition(
    model: PottsModel | Target | Landscape,
    *,
    chains: int = N_CHAINS,
    steps: int | None = None,
    accuracy: float = ACCURACY,
    temperature: float = 1.0,
    seed: int = 0,
    workers: Workers,
    progress: Progress = lambda _sweeps: None,
    announce: Callable[[str], None] = lambda _line: None,
) -> AnnealedPartition:
    """Estimate log Z by annealed importance sampling (Neal 2001, Stat Comput 11:125).

    Chains are drawn from independent sites and led to the model, one Gibbs sweep at
    each of K points; the mean of their weights is an unbiased estimate of Z. The
    independent sites are the profile of 200 chains cooled from random sequences. A
    pilot of 100 chains then finds the points (dense where E - E_0 varies) and how many
    are needed. If they do not suffice they are doubled.

    Parameters
    ----------
    model : PottsModel, Target or Landscape
        The model, or one with letters forbidden: Z is then over the others; or table
        and fields alone. A compact target, the default for a model, takes less time; a
        last weight makes up for what it rounds.
    chains : int
        Their number N.
    steps : int, optional
        K; by default as many as the accuracy takes, from 100 to 6,400.
    accuracy : float
        Standard error of log Z to reach, where steps are not given.
    temperature : float
        T in P(x) ~ exp(-E(x) / T).
    seed : int
        Of all random numbers: the same one gives the same bits for any threads.
    workers : Workers
        The threads.
    progress : callable
        Called with the sweeps just made.
    announce : callable
        Called with the plan, after the pilot.

    Returns
    -------
    AnnealedPartition
        Its ``verdict`` says whether to trust it. The mean of weights is unbiased, but
        its logarithm is low by about error^2 / 2, more when few weights count. A region
        that no chain found leaves no sign: if in doubt, compare with twice the steps.

    Raises
    ------
    UsageError
        If a number is out of range or a site fixed.
    """
    if chains < 2:
        raise UsageError("at least 2 are needed", parameter="chains", value=chains)
    if steps is not None and steps < 1:
        raise UsageError("at least 1 is needed", parameter="steps", value=steps)
    if seed < 0:
        raise UsageError("at least 0 is needed", parameter="seed", value=seed)
    if not accuracy > 0:
        raise UsageError(
            "a number above 0 is needed", parameter="accuracy", value=accuracy
        )
    landscape = landscape_of(model)
    frequencies = pilot_frequencies(landscape, temperature, seed, workers, progress)
    path = path_from(landscape, temperature, frequencies)
    few, even = departing(path, FEW_CHAINS, seed, 0), np.linspace(0, 1, FEW_STEPS + 1)
    pilot = annealed_run(path, few, even, 0, workers, progress)
    trials = [_trial(pilot, FEW_STEPS)]
    wanted = steps or steps_for(accuracy, chains, pilot)
    while True:
        sweeps = max(MIN_SWEEPS, round(SWEEPS_PER_STEP * wanted))
        schedule = schedule_of(pilot.spreads, wanted)
        walkers = departing(path, chains, seed, len(trials))
        seconds = (wanted + sweeps) * _seconds_per_sweep(path, walkers, workers)
        announce(
            f"{chains} chains, {wanted} steps from independent sites and {sweeps} "
            f"sweeps for the mean energy; {about(seconds)}"
        )
        run = annealed_run(path, walkers, schedule, sweeps, workers, progress)
        trials.append(_trial(run, wanted))
        done = trials[-1].enough and trials[-1].error <= accuracy
        if steps is not None or done or 2 * wanted > MAX_STEPS:
            break
        wanted *= 2
    asked = accuracy if steps is None else None
    return _judged(run, path, tuple(trials), asked)


def annealed_run(
    path: Path,
    walkers: Walkers,
    schedule: NDArray[np.float64],
    sweeps: int,
    workers: Workers,
    progress: Progress = lambda _sweeps: None,
) -> Run:
    """Lead chains along a path, and weigh them.

    Parameters
    ----------
    path : Path
        The way.
    walkers : Walkers
        N chains drawn from its beginning; not changed.
    schedule : (K + 1,) float64
        Rising values of b, from 0 to 1.
    sweeps : int
        Further sweeps at b = 1, over which energies are averaged.
    workers : Workers
        The threads.
    progress : callable
        Called with the sweeps just made.
    """
    n_steps = len(schedule) - 1
    points = np.concatenate([schedule[1:], np.ones(sweeps)])
    log_weights, energies = np.zeros_like(walkers.end), np.zeros_like(walkers.end)
    spreads = np.empty(n_steps)
    gap = walkers.end - walkers.start
    for first in range(0, len(points), STRETCH):
        part = points[first : first + STRETCH]
        walkers, start, end = walk(path, walkers, part.tolist(), workers)
        progress(len(part))
        for k, after in enumerate(end - start, first):
            if k < n_steps:
                log_weights -= (schedule[k + 1] - schedule[k]) * gap
                spreads[k] = gap.var()
            gap = after
        energies += end[max(0, n_steps - 1 - first) :].sum(axis=0)
    above = rounding(path, walkers)
    return Run(log_weights - above, spreads, energies / (sweeps + 1) + above)


def pilot_frequencies(
    landscape: Landscape,
    temperature: float,
    seed: int,
    workers: Workers,
    progress: Progress,
) -> NDArray[np.float64]:
    """Return frequencies of a few chains cooled from random sequences, (L, q)."""
    path = cooling_path(landscape, temperature)
    walkers = departing(path, COOLED, seed, COOLING)
    points = np.linspace(0, 1, FEW_STEPS + 1)[1:].tolist()
    walkers, _, _ = walk(path, walkers, points, workers)
    size = landscape.table.size
    counts = np.zeros((landscape.length, size))
    for _ in range(RECORDED):
        walkers, _, _ = walk(path, walkers, [1.0], workers)
        for i, column in enumerate(walkers.codes.T[: landscape.length]):
            counts[i] += np.bincount(column, minlength=size)
    progress(FEW_STEPS + RECORDED)
    return counts / (COOLED * RECORDED)


def _seconds_per_sweep(path: Path, walkers: Walkers, workers: Workers) -> float:
    """Return the wall seconds of a sweep, by two whose outcome is let go."""
    began = time.perf_counter()
    walk(path, walkers, [0.5, 0.5], workers)
    return (time.perf_counter() - began) / 2


def steps_for(accuracy: float, chains: int, pilot: Run) -> int:
    """Return the steps for an error: the log-weights' variance falls as 1 / steps."""
    # Weights whose logarithms have variance v leave an error of sqrt((e^v - 1) / N).
    allowed = math.log1p(chains * accuracy**2)
    steps = math.ceil(FEW_STEPS * float(pilot.log_weights.var()) / allowed)
    return min(max(steps, MIN_STEPS), MAX_STEPS)


def schedule_of(spreads: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """Return points, as dense as the standard deviation of E / T - E_0 is large.

    Parameters
    ----------
    spreads : (K,) float64
        Its variance at 0, 1/K, 2/K, ...
    steps : int
        Steps wanted.

    Returns
    -------
    (steps + 1,) float64
        From 0 to 1.
    """
    density = np.sqrt(spreads + spreads.mean() / 100)
    if not density.any():
        density[:] = 1
    lengths = np.concatenate([[0.0], np.cumsum(density)])
    even = np.linspace(0, 1, len(lengths))
    points = np.interp(np.linspace(0, lengths[-1], steps + 1), lengths, even)
    points[-1] = 1.0
    return points


def _trial(run: Run, steps: int) -> Trial:
    """Return log mean w, its error by the delta method, and the weights' size."""
    shares, value = _shares(run)
    size = float(len(shares) / (shares**2).mean())
    return Trial(len(shares), steps, value, _standard_error(shares), size)


def _shares(run: Run) -> tuple[NDArray[np.float64], float]:
    """Return the weights over their mean, and the logarithm of that."""
    highest = run.log_weights.max()
    weights = np.exp(run.log_weights - highest)
    mean = weights.mean()
    return weights / mean, float(highest + np.log(mean))


def _standard_error(values: NDArray[np.float64]) -> float:
    return float(values.std(ddof=1) / math.sqrt(len(values)))


def _judged(
    run: Run, path: Path, trials: tuple[Trial, ...], accuracy: float | None
) -> AnnealedPartition:
    """Return the result of the last run."""
    shares, value = _shares(run)
    mean = float((shares * run.energies).mean())
    # What each chain does to the mean energy; its share does as much to log Z.
    on_energy = shares * (run.energies - mean)
    return AnnealedPartition(
        value=value,
        error=trials[-1].error,
        mean_energy=path.temperature * mean,
        mean_energy_error=path.temperature * _standard_error(on_energy),
        entropy=mean + value,
        entropy_error=_standard_error(on_energy + shares),
        temperature=path.temperature,
        length=path.landscape.length,
        log_weights=run.log_weights,
        trials=trials,
        accuracy=accuracy,
    )
