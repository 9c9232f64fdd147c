"""The best sequence within a few mutations, proven by branch and bound.

A solver for cost-function networks bounds all couplings of all positions at once. Where
only k letters may change, k (k - 1) / 2 couplings change with both ends, so bounds of
single changes and of their best partners lie closer.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.design.problem import Distance, Problem
from pottsfold.lazy import lazy_module
from pottsfold.model import energy, local_fields

if TYPE_CHECKING:
    from pottsfold.design import kernels
else:
    kernels = lazy_module("pottsfold.design.kernels")

# Larger budgets are left to the other solver.
MAX_CHANGES = 40
# Sequences that one call of the kernel may visit: less than a second, so that Ctrl-C
# and the end of the time are heard.
LIMIT = 100_000
# Nats by which a sequence has to be better: local fields are sums of rounded numbers.
LEAST_GAIN = 1e-6


@dataclass(frozen=True, eq=False)
class Search:
    """What a search within few changes found.

    Parameters
    ----------
    codes : (L,) uint8 or None
        The best sequence, None if none better than the one it began with was found.
    bound : float
        Energy in nats below which there is none.
    complete : bool
        Whether there is none better.
    interrupted : bool
        Whether Ctrl-C ended it.
    """

    codes: NDArray[np.uint8] | None
    bound: float
    complete: bool
    interrupted: bool = False


def budget_of(problem: Problem) -> Distance | None:
    """Return the smallest budget of changes, None without one.

    All letters of the sequence that is changed must be allowed.
    """
    length, size = problem.allowed.shape
    fit = [
        each
        for each in problem.distances
        if each.most <= min(MAX_CHANGES, length - 1)
        and (each.reference < size).all()
        and problem.allowed[np.arange(length), each.reference].all()
    ]
    return min(fit, key=lambda each: each.most, default=None)


def search_few_changes(
    problem: Problem, best: NDArray[np.uint8] | None, seconds: float
) -> Search:
    """Look for the best sequence within the problem's budget of changes.

    Parameters
    ----------
    problem : Problem
        With a budget, see :func:`budget_of`.
    best : (L,) uint8 or None
        A sequence that obeys the rules.
    seconds : float
        Wall time after which it gives up, some seconds more if need be.
    """
    budget = budget_of(problem)
    assert budget is not None
    model, wild_type = problem.model, budget.reference
    start = float(energy(model, wild_type)[0])
    known = -np.inf
    if best is not None:
        known = start - float(energy(model, best)[0]) + LEAST_GAIN
    branching = _Branching(problem, budget, known, time.monotonic() + seconds)
    interrupted = False
    try:
        still_open = branching.run()
    except KeyboardInterrupt:
        interrupted, still_open = True, np.inf
    gain = float(branching.gains[1])
    codes = branching.best if gain > known else None
    bound = start - max(gain, still_open) - LEAST_GAIN
    return Search(codes, bound, still_open == -np.inf, interrupted)


class _Branching:
    """A search under way.

    Parameters
    ----------
    problem : Problem
        The rules.
    budget : Distance
        The sequence that is changed, and how often at most.
    known : float
        Gain that has to be exceeded.
    end : float
        When to give up, by the monotonic clock.
    """

    def __init__(
        self, problem: Problem, budget: Distance, known: float, end: float
    ) -> None:
        model, distances = problem.model, problem.distances
        self.problem, self.budget, self.end = problem, budget, end
        self.best = budget.reference.copy()
        # What a sequence has gained, and the best so far.
        self.gains = np.array([0.0, known])
        self.references = np.array([each.reference for each in distances], np.uint8)
        self.bounds = np.array([(each.least, each.most) for each in distances])
        self.graph = (model.graph.offsets, model.graph.partners, model.blocks)
        self.partner_gains = gains_with_partners(
            problem, budget.reference, max(1, budget.most)
        )

    def run(self) -> float:
        """Return the largest gain of sequences not yet seen, -inf if all are."""
        wild_type, most = self.budget.reference, self.budget.most
        closed = ~self.problem.allowed
        if most == 0:
            closed[:] = True
        closed[np.arange(len(wild_type)), wild_type] = True
        return self.branch(wild_type, closed, 0.0, max(1, most))

    def branch(
        self,
        row: NDArray[np.uint8],
        closed: NDArray[np.bool_],
        gain: float,
        left: int,
    ) -> float:
        """Search the sequences that at most ``left`` more changes of a row make.

        Parameters
        ----------
        row : (L,) uint8
            Not changed.
        closed : (L, q) bool
            Changes that may not be made.
        gain : float
            What the row has gained.
        left : int
            At least 1.

        Returns
        -------
        float
            The largest gain that a sequence not yet seen can have, -inf if all are.
        """
        self.gains[0] = gain
        if kernels.search_changes(
            row.copy(),
            self.best,
            closed,
            self.partner_gains[:left],
            self.problem.model.fields,
            self.graph,
            self.references,
            self.bounds,
            self.gains,
            LIMIT,
        ):
            return -np.inf
        # Too many for one call: one for each next change, the best bound first.
        sites = np.arange(len(row))
        local = local_fields(self.problem.model, row)
        single = local - local[sites, row][:, np.newaxis]
        highest = single + self.partner_gains[left - 1] / 2
        order = np.argsort(np.where(closed, np.inf, -highest), axis=None)
        order = order[: int((~closed).sum())]
        falling = np.maximum(highest.ravel()[order], 0.0)
        # What the best changes from each place on can add up to.
        sums = gain + np.convolve(falling, np.ones(left))[left - 1 :]
        sums = np.append(sums[: len(order)], -np.inf)
        if time.monotonic() > self.end or left == 1:
            return float(sums[0])
        closed = closed.copy()
        for k, place in enumerate(order):
            if sums[k] <= self.gains[1]:
                break
            site, letter = divmod(int(place), closed.shape[1])
            closed[site, letter] = True
            changed, inside = row.copy(), closed.copy()
            changed[site], inside[site] = letter, True
            still_open = self.branch(
                changed, inside, gain + single[site, letter], left - 1
            )
            if still_open > -np.inf:
                return float(max(still_open, sums[k + 1]))
        return -np.inf


def gains_with_partners(
    problem: Problem, wild_type: NDArray[np.uint8], most: int
) -> NDArray[np.float64]:
    """Return what other changes can add to each change by couplings, at most.

    Parameters
    ----------
    problem : Problem
        The rules.
    wild_type : (L,) uint8
        The sequence that is changed.
    most : int
        Number of changes K, at least 1.

    Returns
    -------
    (K, L, q) float64
        In row t the sum, over the t best partners j of site i, of the largest
        e_ij(a, b) = J_ij(a, b) - J_ij(a, x_j) - J_ij(x_i, b) + J_ij(x_i, x_j) above 0.
    """
    model = problem.model
    result = np.zeros((most, *problem.allowed.shape))
    for site in problem.free:
        places = model.graph.of_site(int(site))
        partners = model.graph.partners[places]
        blocks = model.blocks[places].astype(np.float64)
        with_wild = blocks[np.arange(len(partners)), :, wild_type[partners]]
        pair = blocks - with_wild[:, :, np.newaxis]
        pair -= pair[:, wild_type[site]][:, np.newaxis].copy()
        pair[~np.broadcast_to(problem.allowed[partners][:, np.newaxis], pair.shape)] = 0
        best = np.sort(pair.max(axis=2, initial=0.0), axis=0)[::-1][: most - 1]
        result[1 : len(best) + 1, site] = np.cumsum(best, axis=0)
        result[len(best) + 1 :, site] = best.sum(axis=0)
    return result
