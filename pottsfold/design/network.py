"""A design problem as a cost-function network in whole numbers, for an exact solver."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pottsfold.design.problem import Problem

# The finest steps of a nat. Whole costs below 2^50 stay exact as float64 too.
MAX_STEPS, MAX_COST = 2.0**24, 2.0**50
# Bytes for every pair of letters of every pair of sites: the tables here and on their
# way, 32, and most that the solver was seen to take, 180, and some more.
BYTES_PER_COST = 256


@dataclass(frozen=True, eq=False)
class Network:
    """The free sites of a problem as variables, their allowed letters as values.

    The energy of an assignment is ``base + cost / steps`` to within ``rounding``.

    Parameters
    ----------
    problem : Problem
        What it was made of.
    letters : tuple of (n,) uint8
        The letters of each variable's values.
    unary : tuple of (n,) float64
        Costs of the values, whole numbers from 0.
    pairs : (P, 2) int64
        Variables i < j whose couplings differ among their values.
    costs : tuple of (n_i, n_j) float64
        Costs of each pair's values, whole numbers from 0.
    base : float
        Energy of no cost, in nats.
    steps : float
        Costs of a nat, a power of two.
    """

    problem: Problem
    letters: tuple[NDArray[np.uint8], ...]
    unary: tuple[NDArray[np.float64], ...]
    pairs: NDArray[np.int64]
    costs: tuple[NDArray[np.float64], ...]
    base: float
    steps: float

    @property
    def rounding(self) -> float:
        """By how many nats a cost can miss an energy at most."""
        return 0.5 * (len(self.unary) + len(self.costs)) / self.steps

    def values(self, codes: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return the values of a sequence (L,), -1 where a letter is not allowed."""
        found = np.full(len(self.letters), -1)
        for variable, (site, letters) in enumerate(
            zip(self.problem.free, self.letters, strict=True)
        ):
            places = np.flatnonzero(letters == codes[site])
            if len(places):
                found[variable] = places[0]
        return found

    def codes(self, values: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return the sequence (L,) of values (F,)."""
        codes = self.problem.allowed.argmax(axis=1).astype(np.uint8)
        for site, letters, value in zip(
            self.problem.free, self.letters, values, strict=True
        ):
            codes[site] = letters[value]
        return np.asarray(codes)

    def cost(self, values: NDArray[np.int64]) -> float:
        """Return the cost of values (F,)."""
        own = sum(costs[value] for costs, value in zip(self.unary, values, strict=True))
        return float(own) + float(
            sum(
                costs[values[i], values[j]]
                for (i, j), costs in zip(self.pairs, self.costs, strict=True)
            )
        )

    def highest(self) -> float:
        """Return a cost above that of every assignment."""
        tables = (*self.unary, *self.costs)
        return 1.0 + float(sum(table.max() for table in tables))

    def bounds(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the distances to keep among the variables.

        Returns
        -------
        references : (R, F) int64
            Values of the sequences to differ from; -1 where a variable has no such
            value, so always differs.
        bounds : (R, 2) int64
            At how many of the other variables to differ, least and most.
        """
        fixed = np.setdiff1d(np.arange(self.problem.model.length), self.problem.free)
        own = self.problem.allowed[fixed].argmax(axis=1)
        references = np.empty((len(self.problem.distances), len(self.letters)), int)
        bounds = np.empty((len(references), 2), int)
        for r, distance in enumerate(self.problem.distances):
            references[r] = self.values(distance.reference)
            apart = (own != distance.reference[fixed]).sum() + (references[r] < 0).sum()
            bounds[r] = max(0, distance.least - apart), distance.most - apart
        return references, bounds


def network_of(problem: Problem, energy: float | None = None) -> Network:
    """Return a problem as a network.

    Parameters
    ----------
    problem : Problem
        With one free site at least.
    energy : float, optional
        That of a sequence which obeys the rules. Costs that no better sequence can
        have, those of a letter forbidden by -1e9 for instance, are cut off above it,
        so that the steps can be finer.
    """
    model, free = problem.model, problem.free
    letters = [np.flatnonzero(problem.allowed[i]) for i in free]
    codes = problem.allowed.argmax(axis=1)
    fixed = np.setdiff1d(np.arange(model.length), free)
    base = -float(model.fields[fixed, codes[fixed]].sum(dtype=np.float64))
    for k, i in enumerate(fixed):
        later = fixed[k + 1 :]
        base -= float(model.coupling(i, later, codes[i], codes[later]).sum())
    unary, costs, pairs = [], [], []
    variable = np.full(model.length, -1)
    variable[free] = np.arange(len(free))
    for k, i in enumerate(free):
        own = -model.fields[i, letters[k]].astype(np.float64)
        places = model.graph.of_site(int(i))
        partners, blocks = model.graph.partners[places], model.blocks[places]
        for j, block in zip(partners, blocks, strict=True):
            if variable[j] < 0:
                own -= block[letters[k], codes[j]]
            elif j > i:
                table = -block[np.ix_(letters[k], letters[variable[j]])]
                if table.min() == table.max():
                    base += float(table.min())
                    continue
                costs.append(table)
                pairs.append((k, variable[j]))
        unary.append(own)
    lows = [float(table.min()) for table in (*unary, *costs)]
    base += math.fsum(lows)
    tables = [
        table.astype(np.float64) - low
        for table, low in zip((*unary, *costs), lows, strict=True)
    ]
    # One nat above what a better sequence can cost.
    most = (
        sum(float(table.max()) for table in tables)
        if energy is None
        else (energy - base)
    )
    limit = most + 1.0
    steps = min(MAX_STEPS, 2.0 ** math.floor(math.log2(MAX_COST / limit)))
    whole = [np.rint(np.minimum(table, limit) * steps) for table in tables]
    return Network(
        problem,
        tuple(each.astype(np.uint8) for each in letters),
        tuple(whole[: len(unary)]),
        np.array(pairs, np.int64).reshape(-1, 2),
        tuple(whole[len(unary) :]),
        base,
        steps,
    )


def network_bytes(problem: Problem) -> int:
    """Return the bytes that an exact solver takes for a problem, about."""
    sizes = problem.allowed.sum(axis=1).astype(np.int64)
    sizes[sizes < 2] = 0
    graph = problem.model.graph
    return BYTES_PER_COST * int((sizes[graph.sites] * sizes[graph.partners]).sum() // 2)
