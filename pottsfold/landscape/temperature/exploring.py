"""Chains taken from hot to cold in search of a temperature."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from pottsfold.errors import UsageError
from pottsfold.landscape.temperature.criteria import (
    Natural,
    Records,
    Sampled,
    recorded,
    sampled_values,
)
from pottsfold.model import PottsModel, energy
from pottsfold.sampling.chains import Chains, start_chains
from pottsfold.sampling.draw import cooling
from pottsfold.sampling.mixing import (
    MIN_SWEEPS,
    Diagnosis,
    Progress,
    mixing_time,
    run_stretch,
)
from pottsfold.sampling.sampler import Sampler, anneal
from pottsfold.sampling.target import Target
from pottsfold.threads import Workers

# Where a temperature is sought, and by which ratio the first look goes down.
MIN_TEMPERATURE, MAX_TEMPERATURE, RATIO = 0.2, 3.0, 1.25
# Records of a first look, and sweeps before each.
LOOKS, BETWEEN = 5, 20
# Sweeps of the longest stretch at one temperature, and how many of its 100 records of
# a chain are kept: one in so many, since energies take as long as sweeps.
MAX_SWEEPS, EVERY = 800, 4
# Records are weighted anew as long as so large a share of them counts.
MIN_SHARE = 0.5
# How near, in log T, to a temperature its chains are judged.
NEAR = 0.02
# Steps of a search, and the one in log T that ends it.
MAX_STEPS, ENOUGH = 30, 1e-4


class Bracket(NamedTuple):
    """Temperatures between which, and near which, something is sought."""

    low: float
    high: float
    guess: float


class Explorer:
    """Chains at the temperatures visited so far.

    They start at random, at the hottest temperature; every other one is reached from
    the nearest hotter one visited.

    Parameters
    ----------
    model : PottsModel
        What is sampled.
    natural : Natural
        What it is matched with.
    chains, seed : int
        Number of chains; of all random numbers.
    workers : Workers
        The threads.
    progress : callable
        Called with the sweeps just made.
    """

    def __init__(
        self,
        model: PottsModel,
        natural: Natural,
        chains: int,
        seed: int,
        workers: Workers,
        progress: Progress,
    ) -> None:
        self.target = Target(model)
        self.natural = natural
        self.seed = seed
        self.workers = workers
        self.progress = progress
        self.start = start_chains(self.target, chains, seed)
        self.n_starts = len(np.unique(self.start.codes, axis=0))
        self.looks: dict[float, Records] = {}
        self.settled: dict[float, Records] = {}
        self.diagnoses: dict[float, Diagnosis] = {}

    def bracket(self, what: str, excess: Callable[[Sampled], float]) -> Bracket:
        """Return where ``excess``, which rises with the temperature, changes its sign.

        Raises
        ------
        UsageError
            If it does not between 0.2 and 3.
        """
        rungs = (
            math.ceil(math.log(MAX_TEMPERATURE / MIN_TEMPERATURE) / math.log(RATIO)) + 1
        )
        temperatures = np.geomspace(MAX_TEMPERATURE, MIN_TEMPERATURE, rungs).tolist()
        values = []
        for temperature in temperatures:
            if temperature not in self.looks:
                self.looks[temperature] = self._look(temperature)
            records = self.looks[temperature]
            values.append(excess(sampled_values(records, self.natural, temperature)))
            if values[-1] <= 0:
                break
        if values[0] <= 0 or values[-1] > 0:
            beyond = (
                f"above {MAX_TEMPERATURE:g}"
                if values[0] <= 0
                else f"below {MIN_TEMPERATURE:g}"
            )
            raise UsageError(
                f"no matched temperature: samples would have the mean {what} of the "
                f"natural sequences {beyond} only; is it a model of their family, and "
                "regularized strongly enough?"
            )
        high, low = temperatures[len(values) - 2 : len(values)]
        share = values[-1] / (values[-1] - values[-2])
        return Bracket(low, high, low * (high / low) ** share)

    def solve(self, bracket: Bracket, excess: Callable[[Sampled], float]) -> Sampled:
        """Return the sampled side where ``excess``, in log T, is nil: Newton's steps.

        Parameters
        ----------
        bracket : Bracket
            Where to seek, and where to begin.
        excess : callable
            How much too high log T is, by the value and slope there.
        """
        low, high = math.log(bracket.low), math.log(bracket.high)
        there = math.log(bracket.guess)
        for _ in range(MAX_STEPS):
            value = self.value(math.exp(there))
            step = -excess(value)
            if abs(step) < ENOUGH or high - low < ENOUGH:
                break
            low, high = (there, high) if step > 0 else (low, there)
            there += step
            if not low < there < high:
                there = (low + high) / 2
        return value

    def value(self, temperature: float) -> Sampled:
        """Return the sampled side from settled records nearby, made if need be."""
        return self._nearby(temperature)[0]

    def judged(self, temperature: float) -> tuple[Sampled, Diagnosis]:
        """Return the sampled side, and whether the chains have mixed there."""
        value, records = self._nearby(temperature, NEAR)
        time = mixing_time(
            Sampler(self.target, np.array([records.temperature])),
            records.chains,
            self.workers,
            self.seed,
            MAX_SWEEPS,
            self.progress,
        )
        diagnosis = self.diagnoses[records.temperature]
        return value, replace(diagnosis, mixing_time=time)

    def _nearby(
        self, temperature: float, near: float = math.inf
    ) -> tuple[Sampled, Records]:
        distances = {
            abs(math.log(visited / temperature)): records
            for visited, records in self.settled.items()
        }
        if distances and min(distances) <= near:
            records = distances[min(distances)]
            value = sampled_values(records, self.natural, temperature)
            if value.share >= MIN_SHARE:
                return value, records
        records, self.diagnoses[temperature] = self._settle(temperature)
        self.settled[temperature] = records
        return sampled_values(records, self.natural, temperature), records

    def _cooled(self, temperature: float) -> Chains:
        """Return chains at a temperature, from the nearest hotter one visited."""
        visited = self.looks | self.settled
        hotter = [other for other in visited if other > temperature]
        if not hotter:
            return self.start
        nearest = min(hotter)
        schedule = cooling(nearest, temperature)
        chains = anneal(self.target, visited[nearest].chains, schedule, self.workers)
        self.progress(len(schedule))
        return chains

    def _look(self, temperature: float) -> Records:
        """Return a few records, good enough to find where to settle."""
        sampler = Sampler(self.target, np.array([temperature]))
        chains, codes = self._cooled(temperature), []
        for _ in range(LOOKS):
            chains, _info = sampler.step(chains, BETWEEN, self.workers)
            self.progress(BETWEEN)
            codes.append(chains.codes)
        model = self.target.model
        energies = self.workers.map(lambda rows: energy(model, rows), codes)
        return recorded(
            self.natural,
            temperature,
            np.stack(codes, axis=1),
            np.stack(energies, axis=1),
            chains,
            self.workers,
        )

    def _settle(self, temperature: float) -> tuple[Records, Diagnosis]:
        """Return records of a steady stretch, or of the longest, and its judgement."""
        sampler = Sampler(self.target, np.array([temperature]))
        chains, sweeps = self._cooled(temperature), MIN_SWEEPS
        while True:
            found = run_stretch(
                sampler, chains, self.workers, sweeps, self.n_starts, self.progress
            )
            chains = found.chains
            if found.diagnosis.steady or 2 * sweeps > MAX_SWEEPS:
                break
            sweeps *= 2
        records = recorded(
            self.natural,
            temperature,
            found.codes[:, ::EVERY],
            found.energies[:, ::EVERY],
            chains,
            self.workers,
        )
        return records, found.diagnosis
