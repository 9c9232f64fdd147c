"""Good sequences soon, without a proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.design.problem import Problem
from pottsfold.lazy import lazy_module
from pottsfold.model import energy
from pottsfold.sampling import random_states

if TYPE_CHECKING:
    from pottsfold.design import kernels
else:
    kernels = lazy_module("pottsfold.design.kernels")

# Chains, one in two from the wild type where there is one, and the temperatures of
# their sweeps: from where most letters still change to where none does.
CHAINS = 16
TEMPERATURES = np.geomspace(2.0, 0.02, 200)
# Streams of random numbers of a seed, apart from those of samples.
LETTERS, STEPS = 10, 11


def anneal(
    problem: Problem,
    seed: int = 0,
    *,
    chains: int = CHAINS,
    temperatures: NDArray[np.float64] = TEMPERATURES,
) -> NDArray[np.uint8] | None:
    """Return the best sequence that cooled chains find, (L,) uint8, or None.

    Parameters
    ----------
    problem : Problem
        The rules.
    seed : int
        Of all random numbers: the same one gives the same sequence.
    chains : int
        Number of chains.
    temperatures : (T,) float64
        One sweep each, falling.
    """
    model = problem.model
    codes = _starts(problem, chains, seed)
    graph = model.graph
    references = np.array([each.reference for each in problem.distances], np.uint8)
    bounds = [(each.least, each.most) for each in problem.distances]
    found = kernels.anneal(
        codes,
        random_states(seed, STEPS, chains),
        temperatures,
        problem.allowed,
        *(model.fields, graph.offsets, graph.partners, model.blocks),
        references.reshape(-1, model.length),
        np.array(bounds, np.int64).reshape(-1, 2),
    )
    if not found.any():
        return None
    good = codes[found]
    return np.asarray(good[int(np.argmin(energy(model, good)))])


def _starts(problem: Problem, chains: int, seed: int) -> NDArray[np.uint8]:
    """Return random allowed letters, in every second row the wild type's if allowed."""
    model = problem.model
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(LETTERS,)))
    order = np.argsort(~problem.allowed, axis=1, kind="stable").astype(np.uint8)
    picks = rng.random((chains, model.length)) * problem.allowed.sum(axis=1)
    codes = order[np.arange(model.length), picks.astype(np.int64)]
    if model.focus is not None:
        known = np.append(problem.allowed, np.zeros((model.length, 1), bool), axis=1)
        kept = known[np.arange(model.length), model.focus]
        codes[::2, kept] = model.focus[kept]
    return np.asarray(codes)
