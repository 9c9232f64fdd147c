"""Running chains until they have mixed, and saying whether they have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pottsfold.model import energy
from pottsfold.sampling.chains import REPLICAS, Chains, random_states
from pottsfold.sampling.diagnostics import (
    MIN_RECORDS,
    autocorrelation_time,
    effective_size,
    principal_projections,
    split_rhat,
)
from pottsfold.sampling.sampler import Sampler
from pottsfold.threads import Workers

# Called with the sweeps just made.
Progress = Callable[[int], None]

# Records of every chain in a stretch that is judged.
RECORDS = 100
# Sweeps of the first stretch, and at most of the last one.
MIN_SWEEPS, MAX_SWEEPS = 100, 6400
# Vehtari et al. 2021 ask for this R-hat, and an effective size of 400.
MAX_RHAT = 1.01
MIN_SIZE = 400.0
# Fewer chains, or starts, cannot show that another region was missed.
MIN_CHAINS = 4
# Below this share of swaps the rungs of a ladder hardly talk.
MIN_SWAPS = 0.05


@dataclass(frozen=True)
class Diagnosis:
    """How well chains agree over a stretch of sweeps.

    Parameters
    ----------
    n_chains, n_starts : int
        Number of chains, and of different sequences that they started from.
    sweeps : int
        Length of the stretch.
    rhat, size, time : dict
        Split rank-normalized R-hat, effective sample size and integrated
        autocorrelation time in sweeps, by quantity: ``energy``, ``projection 1``,
        ``projection 2``. Empty for a stretch of less than eight records.
    mixing_time : int or None
        Sweeps after which chains were no more like their replicas, which start from the
        same sequence, than like other chains; None if that was not seen.
    swaps : (R - 1,) float64
        Share of swaps taken between neighbouring temperatures.
    """

    n_chains: int
    n_starts: int
    sweeps: int
    rhat: dict[str, float]
    size: dict[str, float]
    time: dict[str, float]
    mixing_time: int | None
    swaps: NDArray[np.float64]

    @property
    def steady(self) -> bool:
        """Whether chains agree with themselves and with one another."""
        return (
            bool(self.rhat)
            and max(self.rhat.values()) <= MAX_RHAT
            and min(self.size.values()) >= MIN_SIZE
        )

    @property
    def mixed(self) -> bool:
        """Whether every test was made and passed."""
        return self.steady and self.mixing_time is not None and not self._doubt

    @property
    def slowest(self) -> float:
        """The longest autocorrelation time in sweeps, the stretch where unknown."""
        return max(self.time.values(), default=float(self.sweeps))

    @property
    def _doubt(self) -> str:
        if self.n_chains < MIN_CHAINS:
            return f"{self.n_chains} chains are too few; set `chains` to 4 or more"
        if self.n_starts < MIN_CHAINS:
            return (
                f"the chains started from {self.n_starts} sequences and may all have "
                "missed a region; compare with random starts, without `start`"
            )
        if not self.rhat:
            return f"{self.sweeps} sweeps are too few; increase `sweeps`"
        if min(self.size.values()) < MIN_SIZE:
            return f"a size of {MIN_SIZE:g} is needed; increase `chains` or `sweeps`"
        return ""

    @property
    def verdict(self) -> str:
        """The judgement in a sentence, with the way out."""
        if self.finding.startswith("NOT"):
            return (
                f"{self.finding}. Do not use these sequences as samples of the model; "
                "increase `sweeps`, use `algorithm=tempering`, or raise `temperature`"
            )
        return self.finding

    @property
    def finding(self) -> str:
        """The judgement."""
        if not self.rhat:
            return f"mixing UNKNOWN: {self._doubt}"
        rhat, size = max(self.rhat.values()), min(self.size.values())
        found = (
            f"R-hat {rhat:.3f} (limit {MAX_RHAT:g}), effective sample size {size:.0f}"
        )
        if self.mixing_time is None:
            found += f", replica chains still alike after {self.sweeps} sweeps"
        if self.mixed:
            return f"mixed: {found}, mixing time {self.mixing_time} sweeps"
        agree = rhat <= MAX_RHAT and self.mixing_time is not None
        if agree or self.n_chains < MIN_CHAINS:
            return f"mixing UNKNOWN: {found}; {self._doubt}"
        return f"NOT mixed: {found}"


@dataclass(frozen=True, eq=False)
class Stretch:
    """What chains went through.

    Parameters
    ----------
    chains : Chains
        At its end.
    codes : (N, D, L) uint8
        D records of each of N chains, at the wanted temperature.
    energies : (N, D) float64
        Theirs, in nats.
    diagnosis : Diagnosis
        Without a mixing time.
    """

    chains: Chains
    codes: NDArray[np.uint8]
    energies: NDArray[np.float64]
    diagnosis: Diagnosis


def settle(
    sampler: Sampler,
    chains: Chains,
    workers: Workers,
    *,
    seed: int,
    sweeps: int | None,
    progress: Progress,
    n_starts: int | None = None,
) -> tuple[Chains, Diagnosis, int]:
    """Return chains after stretches, each twice as long, until one of them is steady.

    Every stretch is judged by itself, so what came before is burn-in. Where the number
    of sweeps is given, their second half is the one stretch.

    Parameters
    ----------
    sampler : Sampler
        How chains are moved.
    chains : Chains
        Where they start.
    workers : Workers
        The threads.
    seed : int
        Random seed, for the replica chains.
    sweeps : int or None
        Sweeps to make; by default as many as it takes, within bounds.
    progress : callable
        Called with the sweeps just made.
    n_starts : int, optional
        Number of different sequences that the chains come from, if not those they are
        at.

    Returns
    -------
    chains : Chains
        At the end of the last stretch.
    diagnosis : Diagnosis
        Of that stretch.
    sweeps : int
        Made in all.
    """
    if n_starts is None:
        n_starts = len(np.unique(sampler.wanted(chains).codes, axis=0))
    made, stretch = 0, MIN_SWEEPS
    while sweeps is not None and made < sweeps // 2:
        part = min(RECORDS, sweeps // 2 - made)
        chains, _ = sampler.step(chains, part, workers)
        progress(part)
        made += part
    if sweeps is not None:
        stretch = sweeps - made
    while True:
        found = run_stretch(sampler, chains, workers, stretch, n_starts, progress)
        chains, diagnosis = found.chains, found.diagnosis
        made += stretch
        if diagnosis.steady or sweeps is not None or 2 * stretch > MAX_SWEEPS:
            break
        stretch *= 2
    time = mixing_time(sampler, chains, workers, seed, stretch, progress)
    judged = {**vars(diagnosis), "mixing_time": time}
    return chains, Diagnosis(**judged), made


def mixing_time(
    sampler: Sampler,
    chains: Chains,
    workers: Workers,
    seed: int,
    longest: int,
    progress: Progress,
) -> int | None:
    """Return after how many sweeps replica chains have forgotten their common start.

    Chains and replicas of them with other random numbers run on; after 1, 2, 3, 4, 6,
    8, 12, ... sweeps the letters that a chain shares with its replica are compared with
    those that it shares with the replica of its neighbour. The time is the first of two
    looks in a row at which the mean difference is below two standard errors.

    Returns
    -------
    int or None
        None if that was not seen within ``longest`` sweeps, or of a single chain.
    """
    states = random_states(seed, REPLICAS, len(chains))
    replicas = Chains(chains.codes, chains.energies, states)
    made, found = 0, None
    while len(chains) > sampler.rungs:
        sweeps = 1 if made < 4 else made // 2 if made & (made - 1) == 0 else made // 3
        made += sweeps
        if made > longest:
            break
        chains, _ = sampler.step(chains, sweeps, workers)
        replicas, _ = sampler.step(replicas, sweeps, workers)
        progress(2 * sweeps)
        if not _alike(sampler.wanted(chains).codes, sampler.wanted(replicas).codes):
            if found is not None:
                return found
            found = made
        else:
            found = None
    return None


def _alike(codes: NDArray[np.uint8], replicas: NDArray[np.uint8]) -> bool:
    """Return whether chains are more like their replica than like another's."""
    own = (codes == replicas).sum(axis=1)
    strange = (codes == np.roll(replicas, 1, axis=0)).sum(axis=1)
    more = own - strange
    error = more.std(ddof=1) / np.sqrt(len(more))
    return bool(more.mean() > 2 * error)


def run_stretch(
    sampler: Sampler,
    chains: Chains,
    workers: Workers,
    sweeps: int,
    n_starts: int,
    progress: Progress,
) -> Stretch:
    """Move chains by ``sweeps`` and judge what about 100 records of them show.

    Parameters
    ----------
    sampler : Sampler
        How chains are moved.
    chains : Chains
        Where they start.
    workers : Workers
        The threads.
    sweeps : int
        To make.
    n_starts : int
        Number of different sequences that the chains come from.
    progress : callable
        Called with the sweeps just made.
    """
    stride = -(-sweeps // RECORDS)
    codes, swaps = [], []
    parts = [stride] * (sweeps // stride)
    for part in [sweeps % stride, *parts] if sweeps % stride else parts:
        chains, info = sampler.step(chains, part, workers)
        progress(part)
        swaps.append(info.swaps)
        if part == stride:
            codes.append(sampler.wanted(chains).codes)
    series = {}
    records = np.stack(codes, axis=1)
    # Summed anew: running sums differ by rounding from chain to chain, which ranks
    # would take for a difference between equal sequences.
    model = sampler.target.model
    energies = np.stack(workers.map(lambda rows: energy(model, rows), codes), axis=1)
    if len(codes) >= 2 * MIN_RECORDS:
        series["energy"] = energies
        projections = principal_projections(records)
        for k, projection in enumerate(projections):
            if projection.any():
                series[f"projection {k + 1}"] = projection
    diagnosis = Diagnosis(
        n_chains=len(chains) // sampler.rungs,
        n_starts=n_starts,
        sweeps=sweeps,
        rhat={name: split_rhat(x) for name, x in series.items()},
        size={name: effective_size(x) for name, x in series.items()},
        time={name: stride * autocorrelation_time(x) for name, x in series.items()},
        mixing_time=None,
        swaps=np.mean(swaps, axis=0),
    )
    return Stretch(chains, records, energies, diagnosis)
