"""Sequences drawn from a model."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import UsageError
from pottsfold.model import energy
from pottsfold.sampling.chains import start_chains
from pottsfold.sampling.mixing import Diagnosis, Progress, settle
from pottsfold.sampling.sampler import MAX_TEMPERATURE, Sampler, anneal
from pottsfold.threads import Workers

# Least chains and ladders by default. Burn-in costs every chain alike, but a
# site's table comes from memory once for all of them, at the price of some 90 updates:
# with S sweeps of burn-in and s between sequences, sqrt(90 n s / S) chains make n
# sequences soonest, about sqrt(n). Fewer than 100 would show less.
CHAINS, LADDERS = 100, 20
# Chains that are cooled make a sweep at every temperature, each lower by this in log T.
COOLING = 0.01


@dataclass(frozen=True, eq=False)
class Samples:
    """n sequences from chains, with where they come from.

    Parameters
    ----------
    codes : (n, L) uint8
        Letters.
    energies : (n,) float64
        In nats.
    chains, sweeps : (n,) int64
        Chain, counted from 0, and sweeps it had made.
    diagnosis : Diagnosis
        Of the last stretch before the first of them.
    spacing : int
        Sweeps between two sequences of one chain.
    """

    codes: NDArray[np.uint8]
    energies: NDArray[np.float64]
    chains: NDArray[np.int64]
    sweeps: NDArray[np.int64]
    diagnosis: Diagnosis
    spacing: int


def draw_samples(
    sampler: Sampler,
    number: int,
    *,
    chains: int | None = None,
    sweeps: int | None = None,
    seed: int = 0,
    start: NDArray[np.uint8] | None = None,
    anneal_from: float | None = None,
    workers: Workers,
    progress: Progress = lambda _sweeps: None,
) -> Samples:
    """Draw sequences from a target.

    Chains run until a stretch is steady, each stretch twice as long as the one
    before; then each chain gives a sequence at once and, if more are wanted, one
    after every two autocorrelation times of its slowest quantity.

    Parameters
    ----------
    sampler : Sampler
        How chains are moved.
    number : int
        Number of sequences.
    chains : int, optional
        Number of chains, or of ladders; by default the square root of ``number`` and
        at least 100, or 20 ladders.
    sweeps : int, optional
        Sweeps before the first sequence; by default as many as mixing takes, 12,700 at
        most.
    seed : int
        Of all random numbers: the same one gives the same sequences.
    start : (M, L) uint8, optional
        Sequences to start from; by default random ones.
    anneal_from : float, optional
        Cool the chains from this temperature first; for one temperature, not a ladder.
        Their sweeps on the way come before ``sweeps``.
    workers : Workers
        The threads; their number changes nothing.
    progress : callable
        Called with the sweeps just made.

    Raises
    ------
    UsageError
        If a number, the seed or ``anneal_from`` is out of range, or as
        :func:`pottsfold.sampling.start_chains`.
    """
    if chains is None:
        chains = (
            LADDERS if sampler.rungs > 1 else max(CHAINS, math.isqrt(max(number, 0)))
        )
    for name, value, least in (
        ("number", number, 1),
        ("chains", chains, 1),
        ("sweeps", sweeps, 1),
        ("seed", seed, 0),
    ):
        if value is not None and value < least:
            raise UsageError(f"at least {least} is needed", parameter=name, value=value)
    target = sampler.target
    schedule = _schedule(sampler, anneal_from)
    moving = start_chains(target, chains, seed, rungs=sampler.rungs, sequences=start)
    # Random starts are independent, even where conditions leave few of them.
    n_starts = chains
    if start is not None:
        n_starts = len(np.unique(sampler.wanted(moving).codes, axis=0))
    moving = anneal(target, moving, schedule, workers, move=sampler.move)
    progress(len(schedule))
    moving, diagnosis, made = settle(
        sampler,
        moving,
        workers,
        seed=seed,
        sweeps=sweeps,
        progress=progress,
        n_starts=n_starts,
    )
    made += len(schedule)
    spacing = math.ceil(2 * diagnosis.slowest)
    codes = [sampler.wanted(moving).codes]
    for _ in range(math.ceil(number / chains) - 1):
        moving, _info = sampler.step(moving, spacing, workers)
        progress(spacing)
        codes.append(sampler.wanted(moving).codes)
    order = np.arange(number)
    drawn = np.concatenate(codes)[:number]
    return Samples(
        drawn,
        energy(target.model, drawn),
        order % chains,
        made + spacing * (order // chains),
        diagnosis,
        spacing,
    )


def cooling(hottest: float, temperature: float) -> NDArray[np.float64]:
    """Return temperatures in equal ratios of at most a hundredth, the last one wanted.

    Parameters
    ----------
    hottest : float
        Where chains come from; not visited again.
    temperature : float
        Where they go, not above it.

    Returns
    -------
    (n,) float64
        Empty if both are the same.
    """
    steps = math.ceil(math.log(hottest / temperature) / COOLING)
    return np.geomspace(hottest, temperature, steps + 1)[1:]


def _schedule(sampler: Sampler, anneal_from: float | None) -> NDArray[np.float64]:
    if anneal_from is None:
        return np.empty(0)
    if sampler.rungs > 1:
        raise UsageError(
            "tempering has hot chains of its own; leave one of them out",
            parameter="anneal_from",
        )
    temperature = float(sampler.temperatures[0])
    if not temperature < anneal_from <= MAX_TEMPERATURE:
        raise UsageError(
            f"chains are cooled from a temperature above that of the samples, "
            f"{temperature:g}, up to {MAX_TEMPERATURE:g}",
            parameter="anneal_from",
            value=f"{anneal_from:g}",
        )
    return cooling(anneal_from, temperature)
