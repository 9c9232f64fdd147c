"""The asymmetric form: each site a regression of its own, then symmetrized.

Site i minimises, over its fields and its own couplings to all others,

    - sum_n w_n log P(x_ni | x_n,-i) + lambda_h sum_a h_i(a)^2
                                     + lambda_j / 2 sum_{j != i} ||J^i_ij||^2

and J_ij is the mean of J^i_ij and J^j_ij (Ekeberg et al. 2014, J Comput Phys
276:341). With half the penalty on each copy the sum over sites is the symmetric
objective wherever the copies agree. At the end the fields are solved once more, for
the symmetrized couplings. A site needs memory for its own couplings alone, and no
site waits for another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pottsfold.inference.optimize import vectors
from pottsfold.inference.optimize.lbfgs import Minimum, Progress, minimize
from pottsfold.inference.optimize.vectors import OnThreads, Vector
from pottsfold.inference.pseudolikelihood.plan import MEMORY
from pottsfold.inference.pseudolikelihood.sites import Sites, Table
from pottsfold.inference.pseudolikelihood.symmetric import first_step
from pottsfold.model.graph import PairGraph
from pottsfold.threads import Workers


@dataclass(frozen=True)
class AsymmetricResult:
    """Couplings of all sites, and how their regressions went.

    Parameters
    ----------
    couplings : (L, L, q, q) float32
        Symmetrized, over the whole alphabet; (M, q, q) on a graph of some pairs.
    objectives : tuple of float
        Sums over the sites, at the start and at the end.
    gradient_norm : float
        Largest of the sites'.
    n_evaluations : int
        Evaluations of all sites together.
    n_converged : int
        Sites whose test was met.
    """

    couplings: NDArray[np.float32]
    objectives: tuple[float, ...]
    gradient_norm: float
    n_evaluations: int
    n_converged: int


def fit_sites(
    sites: Sites,
    penalty: float,
    workers: Workers,
    *,
    tolerance: float,
    max_iterations: int,
    progress: Progress | None = None,
) -> AsymmetricResult:
    """Fit every site, symmetrize, and solve the fields that go with it.

    ``penalty`` is lambda_j, the rest as in :func:`fit_pseudolikelihood`. The fields
    are left in ``sites``. ``progress`` is called with the number of sites done, the
    sum of their objectives and the last one's gradient norm.
    """
    length, first, q = sites.length, sites.first, sites.full_size
    graph = sites.graph
    blocks = np.zeros((len(graph.partners), q, q), np.float32)
    done: list[float] = []

    def fit(site: int) -> Minimum[Vector]:
        regression = _Regression(sites, site, penalty)
        minimum = minimize(
            regression,
            sites.empty_table().ravel(),
            OnThreads(regression.workers),
            tolerance=tolerance,
            max_iterations=max_iterations,
            first_step=regression.first_step(),
            memory=MEMORY,
        )
        places = graph.of_site(site)
        table = minimum.point.reshape(regression.shape)[: places.stop - places.start]
        own = table[:, : sites.size, : sites.size]
        blocks[places, first:, first:] = own.transpose(0, 2, 1) / 2
        done.append(minimum.objectives[-1])
        if progress is not None:
            progress(len(done), sum(done), minimum.gradient_norm)
        # The point is in the couplings now: L of them would take as much again.
        return replace(minimum, point=np.empty(0, np.float32))

    minima = workers.map(fit, range(length))
    symmetrize(blocks, graph)
    _solve_fields(sites, blocks, workers)
    return AsymmetricResult(
        couplings=graph.couplings(blocks),
        objectives=(
            sum(minimum.objectives[0] for minimum in minima),
            sum(minimum.objectives[-1] for minimum in minima),
        ),
        gradient_norm=max(minimum.gradient_norm for minimum in minima),
        n_evaluations=sum(minimum.n_evaluations for minimum in minima),
        n_converged=sum(minimum.converged for minimum in minima),
    )


def symmetrize(blocks: NDArray[np.float32], graph: PairGraph) -> None:
    """Add to every block the transpose of its mirror, in place."""
    for i in range(graph.length - 1):
        places = graph.later_of_site(i)
        blocks[places] += blocks[graph.mirrors[places]].transpose(0, 2, 1)
        graph.mirror(blocks, i)


def _solve_fields(sites: Sites, blocks: NDArray[np.float32], workers: Workers) -> None:
    """Leave in ``sites`` the fields that are best for the couplings."""

    def solve(site: int) -> None:
        table, slopes = sites.empty_table(), sites.empty_table()
        own = blocks[sites.graph.of_site(site), sites.first :, sites.first :]
        table[: len(own), : sites.size, : sites.size] = own.transpose(0, 2, 1)
        sites.visit(site, table, slopes)

    workers.map(solve, range(sites.length))


class _Regression:
    """One site's objective as a function of its table, flat."""

    def __init__(self, sites: Sites, site: int, penalty: float) -> None:
        self.shape = sites.table_shape
        # Sites run side by side, so one of them uses one thread.
        self.workers = Workers(1)
        self._sites = sites
        self._site = site
        self._penalty = penalty

    def first_step(self) -> float:
        """Return a guess of the inverse curvature, as for the symmetric form."""
        # Half the penalty, and one conditional of two.
        sites = self._sites
        return 2 * first_step(sites.graph, sites.neff, self._penalty)

    def __call__(self, point: Vector, gradient: Vector) -> float:
        """Return the objective at ``point`` and write its gradient."""
        table: Table = point.reshape(self.shape)
        slopes: Table = gradient.reshape(self.shape)
        value = self._sites.visit(self._site, table, slopes)
        _, pairs = self._sites.pairs_of(self._site)
        slopes[: len(pairs)][pairs < 0] = 0
        slopes[:, self._sites.size] = 0
        vectors.add_scaled(self.workers, self._penalty, point, gradient)
        return value + self._penalty / 2 * vectors.dot(self.workers, point, point)
