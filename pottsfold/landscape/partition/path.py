"""The path from independent sites to a model, and chains that walk it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.landscape.partition.annealed_model import Landscape
from pottsfold.lazy import lazy_module
from pottsfold.sampling import kernels as sweeping
from pottsfold.sampling.chains import random_states
from pottsfold.sampling.sampler import check_temperatures
from pottsfold.threads import Workers

if TYPE_CHECKING:
    from pottsfold.landscape.partition import kernels
else:
    kernels = lazy_module("pottsfold.landscape.partition.kernels")

# Points between two exact sums of the couplings' energies; differences of float32 are
# added up meanwhile. An exact sum costs a third to one of a sweep.
STRETCH = 16
# Chains whose first letters are drawn at once.
BLOCK = 4096
# Added to every letter's frequency, so that none is shut out.
PSEUDOCOUNT = 1e-3
# Streams of random numbers drawn from one seed: of each run's first letters, of its
# sweeps. Those of sampling come before.
FIRST_STREAM = 100


@dataclass(frozen=True, eq=False)
class Path:
    """E_b(x) = (1 - b) E_0(x) + b E(x) / T, from b = 0 to b = 1.

    E_0 = - sum_i log P_i(x_i) is of independent sites, so that Z_0 = 1.

    Parameters
    ----------
    landscape : Landscape
        What lies at the end.
    temperature : float
        T.
    start : (L, W) float64
        log P_i(a), rows as wide as the fields'; zero, and not looked at, for letters
        that are not drawn.

    Raises
    ------
    UsageError
        If the temperature is no positive number.
    """

    landscape: Landscape
    temperature: float
    start: NDArray[np.float64]
    end: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        check_temperatures([self.temperature])
        # h / T
        fields = np.where(self.landscape.drawn, self.landscape.fields, 0.0)
        end = fields * self.scale(1.0)
        for name, array in (("start", self.start), ("end", end)):
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    def rows(self, b: float) -> NDArray[np.float32]:
        """Return the fields that :func:`gibbs_sweeps` takes at a scale."""
        rows = ((1 - b) * self.start + b * self.end) / self.scale(b)
        rows[~self.landscape.drawn] = sweeping.FORBIDDEN
        return np.asarray(rows, np.float32)

    def scale(self, b: float) -> float:
        """Return b / T for the unit of the landscape's table."""
        return b * self.landscape.table.unit / self.temperature


@dataclass(frozen=True, eq=False)
class Walkers:
    """Chains on the way.

    Parameters
    ----------
    codes : (N, J) uint8
        Letters, padded to the table's columns.
    states : (N, 4) uint64
        States of xoshiro256++.
    start, end : (N,) float64
        E_0 and E / T.
    """

    codes: NDArray[np.uint8]
    states: NDArray[np.uint64]
    start: NDArray[np.float64]
    end: NDArray[np.float64]

    def __post_init__(self) -> None:
        for array in (self.codes, self.states, self.start, self.end):
            array.flags.writeable = False


def cooling_path(landscape: Landscape, temperature: float) -> Path:
    """Return the path from all letters alike: along it a model cools."""
    drawn = landscape.drawn
    alike = -np.log(drawn.sum(axis=1, keepdims=True))
    return Path(landscape, temperature, np.where(drawn, alike, 0.0))


def path_from(
    landscape: Landscape, temperature: float, frequencies: NDArray[np.float64]
) -> Path:
    """Return the path from the profile of some sequences.

    P_i(a) ~ f_i(a) + 0.001. It is as broad as the model where f is of all its regions.
    A model without couplings is its own profile.

    Parameters
    ----------
    landscape : Landscape
        The end.
    temperature : float
        T.
    frequencies : (L, q) float64
        f, letter frequencies of the model or near them.
    """
    drawn = landscape.drawn
    raised = np.full(drawn.shape, PSEUDOCOUNT)
    raised[:, : frequencies.shape[1]] += frequencies
    logs = np.log(raised)
    if not landscape.table.rows.any():
        logs = landscape.fields * (landscape.table.unit / temperature)
    logs = np.where(drawn, logs, -np.inf)
    logs -= np.logaddexp.reduce(logs, axis=1, keepdims=True)
    return Path(landscape, temperature, np.where(drawn, logs, 0.0))


def departing(path: Path, n: int, seed: int, run: int) -> Walkers:
    """Return n chains drawn from the independent sites.

    Parameters
    ----------
    path : Path
        The way.
    n : int
        Number of chains.
    seed, run : int
        Of all random numbers: runs of one seed are independent.
    """
    landscape, stream = path.landscape, FIRST_STREAM + 2 * run
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stream,)))
    codes = np.zeros((n, landscape.table.columns), np.uint8)
    letters = [np.flatnonzero(row) for row in landscape.drawn]
    sums = [
        np.cumsum(np.exp(row[a])) for row, a in zip(path.start, letters, strict=True)
    ]
    for first in range(0, n, BLOCK):
        rows = codes[first : first + BLOCK]
        uniform = rng.random((len(rows), landscape.length))
        for i, (a, total) in enumerate(zip(letters, sums, strict=True)):
            # Divided, so that the last one is 1 and above every draw.
            picks = np.searchsorted(total / total[-1], uniform[:, i], side="right")
            rows[:, i] = a[picks]
    states = random_states(seed, stream + 1, n)
    start, end = np.empty(n), np.empty(n)
    _sum_energies(path, codes, start, end)
    return Walkers(codes, states, start, end)


def walk(
    path: Path, walkers: Walkers, points: Sequence[float], workers: Workers
) -> tuple[Walkers, NDArray[np.float64], NDArray[np.float64]]:
    """Return the chains after one Gibbs sweep at each point, one point after another.

    Parameters
    ----------
    path : Path
        The way.
    walkers : Walkers
        Not changed.
    points : sequence of float
        Values of b above 0, a few: energies are summed anew only before the first.
    workers : Workers
        The threads over which chains are spread; their number changes nothing.

    Returns
    -------
    walkers : Walkers
        Energies summed anew.
    start, end : (K, N) float64
        E_0 and E / T after each sweep.
    """
    table, n = path.landscape.table, len(walkers.codes)
    sweep, sites = sweeping.gibbs_sweeps, np.arange(path.landscape.length)
    sites.flags.writeable = False
    codes, states = walkers.codes.copy(), walkers.states.copy()
    start, end = np.empty((len(points), n)), np.empty((len(points), n))
    rows = [path.rows(b) for b in points]
    last_start, last_end = np.empty(n), np.empty(n)

    def advance(block: slice) -> None:
        x, s = codes[block], states[block]
        e_0, h, energies = (np.empty(len(x)) for _ in range(3))
        kernels.sum_fields(x, path.start, e_0)
        kernels.sum_fields(x, path.end, h)
        couplings = walkers.end[block] - h
        for k, b in enumerate(points):
            scale = path.scale(b)
            # What the sweep lowers is E_b / scale.
            energies[:] = ((1 - b) * e_0 + b * (couplings + h)) / scale
            scales = np.full(len(x), scale, np.float32)
            sweep(
                x,
                energies,
                s,
                scales,
                *table.arrays,
                rows[k],
                sites,
                1,
                table.lanes,
            )
            kernels.sum_fields(x, path.start, e_0)
            kernels.sum_fields(x, path.end, h)
            couplings = (scale * energies - (1 - b) * e_0) / b - h
            start[k, block], end[k, block] = e_0, couplings + h
        _sum_energies(path, x, last_start[block], last_end[block])

    edges = np.linspace(0, n, min(workers.threads, n) + 1).astype(np.int64)
    workers.map(advance, [slice(a, b) for a, b in itertools.pairwise(edges)])
    start[-1], end[-1] = last_start, last_end
    return Walkers(codes, states, last_start, last_end), start, end


def rounding(path: Path, walkers: Walkers) -> NDArray[np.float64]:
    """Return how far E / T that is meant lies above the table's, (N,) float64.

    Chains of the table, with this taken off their log-weights, are the model's.
    """
    exact = path.landscape.energies(walkers.codes)
    if exact is None:
        return np.zeros(len(walkers.codes))
    return exact / path.temperature - walkers.end


def _sum_energies(
    path: Path,
    codes: NDArray[np.uint8],
    start: NDArray[np.float64],
    end: NDArray[np.float64],
) -> None:
    """Write E_0 and E / T, summed anew."""
    fields = np.empty(len(codes))
    kernels.sum_fields(codes, path.start, start)
    kernels.sum_fields(codes, path.end, fields)
    kernels.sum_couplings(codes, *path.landscape.table.arrays, end)
    end *= path.scale(1.0)
    end += fields
