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
MAX_CHANGES = 8
# Sequences that one call of the kernel may visit: some seconds.
LIMIT = 500_000
# Nats by which a sequence has to be better: local fields are sums of rounded numbers.
LEAST_GAIN = 1e-6


@dataclass(frozen=True, eq=False)
class Search:
    """What a search within few changes found.

    Parameters
    ----------
    codes : (L,) uint8 or None
        The best sequence, None if none better than the one it began with was found.
    complete : bool
        Whether there is none better.
    interrupted : bool
        Whether Ctrl-C ended it.
    """

    codes: NDArray[np.uint8] | None
    complete: bool
    interrupted: bool = False


def budget_of(problem: Problem) -> Distance | None:
    """Return the smallest distance in which this search can be made, None without one.

    All letters of its sequence must be allowed.
    """
    length, size = problem.allowed.shape
    fit = [
        each
        for each in problem.distances
        if each.most <= MAX_CHANGES
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
    gains = np.array([0.0, -np.inf])
    if best is not None:
        gains[1] = start - float(energy(model, best)[0]) + LEAST_GAIN
    found = wild_type.copy()
    before = gains[1]
    try:
        complete = _search(problem, budget, gains, found, seconds)
    except KeyboardInterrupt:
        return Search(None, False, interrupted=True)
    return Search(found if gains[1] > before else None, complete)


def _search(
    problem: Problem,
    budget: Distance,
    gains: NDArray[np.float64],
    found: NDArray[np.uint8],
    seconds: float,
) -> bool:
    """Go through the first changes, best bound first; return whether all are done."""
    end = time.monotonic() + seconds
    model, wild_type = problem.model, budget.reference
    references = np.array([each.reference for each in problem.distances], np.uint8)
    bounds = np.array([(each.least, each.most) for each in problem.distances], np.int64)
    graph = (model.graph.offsets, model.graph.partners, model.blocks)
    if problem.broken(wild_type) is None and gains[1] < 0:
        gains[1] = 0.0
        found[:] = wild_type
    if budget.most == 0:
        return True
    partner_gains = gains_with_partners(problem, wild_type, budget.most)
    local = local_fields(model, wild_type)
    closed = ~problem.allowed
    closed[np.arange(len(wild_type)), wild_type] = True
    single = local - local[np.arange(len(wild_type)), wild_type][:, np.newaxis]
    values = np.where(closed, -np.inf, single + partner_gains[-1] / 2)
    order = np.argsort(-values, axis=None)
    falling = np.maximum(values.ravel()[order], 0.0)
    # What the best changes from each place on can add up to.
    sums = np.convolve(falling, np.ones(budget.most))[budget.most - 1 :]
    for place, total in zip(order, sums, strict=True):
        site, letter = divmod(int(place), closed.shape[1])
        if not np.isfinite(values[site, letter]) or total <= gains[1]:
            break
        row = wild_type.copy()
        row[site] = letter
        closed[site, letter] = True
        gains[0] = single[site, letter]
        inside = closed.copy()
        inside[site] = True
        if not kernels.search_changes(
            row,
            found,
            inside,
            partner_gains[: max(1, budget.most - 1)],
            model.fields,
            graph,
            references,
            bounds,
            gains,
            LIMIT,
        ):
            return False
        if time.monotonic() > end:
            return False
    return True


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
