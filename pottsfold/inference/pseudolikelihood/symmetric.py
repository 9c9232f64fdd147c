"""The symmetric form: one block of couplings a pair, shared by both conditionals."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.inference.optimize import vectors
from pottsfold.inference.optimize.vectors import Vector
from pottsfold.inference.pseudolikelihood.sites import Sites
from pottsfold.lazy import lazy_module
from pottsfold.model.graph import PairGraph
from pottsfold.threads import Workers

if TYPE_CHECKING:
    from pottsfold.inference.pseudolikelihood import kernels
else:
    kernels = lazy_module("pottsfold.inference.pseudolikelihood.kernels")


class Pseudolikelihood:
    """The objective as a function of the couplings, minimised over the fields.

    The vector holds one (s, s) block a pair i < j of the sites' graph, i outer, over
    the s modelled letters.

    Parameters
    ----------
    sites : Sites
        The sites, with the penalty on their fields.
    penalty : float
        Penalty on couplings.
    workers : Workers
        Sites are spread over these threads.
    """

    def __init__(self, sites: Sites, penalty: float, workers: Workers) -> None:
        self.sites = sites
        self.graph: PairGraph = sites.graph
        self.length, self.size = sites.length, sites.size
        self._penalty = penalty
        self._workers = workers
        self._scratch = threading.local()
        self._adding = threading.Lock()
        self._fields_are_of: Vector | None = None

    @property
    def n_parameters(self) -> int:
        """Number of couplings."""
        return self.graph.n_pairs * self.size**2

    def start(self) -> Vector:
        """Return couplings of zero, where the fit begins."""
        return np.zeros(self.n_parameters, np.float32)

    def first_step(self) -> float:
        """Return a guess of the inverse curvature along the first gradient."""
        return first_step(self.graph, self.sites.neff, self._penalty)

    def __call__(self, point: Vector, gradient: Vector) -> float:
        """Return the objective at ``point`` and write its gradient."""
        couplings = point.reshape(-1, self.size, self.size)
        slopes = gradient.reshape(couplings.shape)
        slopes[:] = 0

        def visit(site: int) -> float:
            table, of_site = self._tables()
            pairs = self.sites.pairs_of(site)
            kernels.gather_table(couplings, site, *pairs, table)
            value = self.sites.visit(site, table, of_site)
            # Each pair is added to by its two sites only. Adding two numbers to
            # zero gives the same in either order, so threads cannot change it.
            with self._adding:
                kernels.scatter_table(of_site, site, *pairs, slopes)
            return value

        values = self._workers.map(visit, range(self.length))
        self._fields_are_of = point
        vectors.add_scaled(self._workers, 2 * self._penalty, point, gradient)
        penalty = self._penalty * vectors.dot(self._workers, point, point)
        return float(np.sum(values) + penalty)

    def full_parameters(
        self, point: Vector
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return fields (L, q) and couplings over the whole alphabet.

        Couplings are as a model of the graph has them: (L, L, q, q) or (M, q, q).
        """
        if self._fields_are_of is not point:
            self(point, np.empty_like(point))
        couplings = full_couplings(point, self.graph, self.size, self.sites.full_size)
        return self.sites.full_fields(), couplings

    def _tables(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return this thread's table and slopes."""
        if not hasattr(self._scratch, "tables"):
            empty = self.sites.empty_table
            self._scratch.tables = (empty(), empty())
        tables: tuple[NDArray[np.float32], NDArray[np.float32]] = self._scratch.tables
        return tables


def first_step(graph: PairGraph, neff: float, penalty: float) -> float:
    """Return a guess of the inverse curvature along the first gradient.

    The penalty's curvature, and a share of what N sequences give in the columns of a
    site's partners, which vary together; measured within a factor of two on families
    of 40 to 256 columns. The line search mends what it misses.
    """
    columns = len(graph.partners) / graph.length
    return 1.0 / (2 * penalty + 0.004 * columns * neff)


def full_couplings(
    point: Vector, graph: PairGraph, size: int, full_size: int
) -> NDArray[np.float32]:
    """Return couplings over the whole alphabet, as a model of the graph has them.

    Parameters
    ----------
    point : (P s s,) float32
        Blocks of the pairs i < j, i outer.
    graph : PairGraph
        The pairs.
    size, full_size : int
        Letters s that are modelled, the last of the alphabet's q.

    Returns
    -------
    (L, L, q, q) or (M, q, q) float32
    """
    blocks = point.reshape(-1, size, size)
    q, first = full_size, full_size - size
    full = np.zeros((len(graph.partners), q, q), np.float32)
    for i in range(graph.length - 1):
        later = blocks[graph.starts[i] : graph.starts[i + 1]]
        full[graph.later_of_site(i), first:, first:] = later
        graph.mirror(full, i)
    return graph.couplings(full)
