"""How well a fit to some sequences predicts the letters of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps
from pottsfold.inference.optimize.lbfgs import minimize
from pottsfold.inference.optimize.vectors import OnThreads, Vector
from pottsfold.inference.pseudolikelihood.masked_sites import sites_of
from pottsfold.inference.pseudolikelihood.plan import MEMORY
from pottsfold.inference.pseudolikelihood.symmetric import Pseudolikelihood
from pottsfold.lazy import lazy_module
from pottsfold.model.graph import PairGraph
from pottsfold.threads import Workers

if TYPE_CHECKING:
    from pottsfold.inference.pseudolikelihood import kernels
else:
    kernels = lazy_module("pottsfold.inference.pseudolikelihood.kernels")

# Losses are then within 1e-3 of those at the optimum, a tenth of their errors.
TOLERANCE = 1e-4
MAX_ITERATIONS = 200


class HeldOutLoss:
    """A part of an alignment to fit to and a part to predict.

    Parameters
    ----------
    fitted, predicted : Alignment
        Weighted, of the same columns.
    gaps : {"missing", "state"}
        Gap treatment.
    lambda_h : float
        Penalty on fields.
    graph : PairGraph, optional
        Which pairs have couplings; by default all.
    """

    def __init__(
        self,
        fitted: Alignment,
        predicted: Alignment,
        gaps: Gaps,
        lambda_h: float,
        graph: PairGraph | None = None,
    ) -> None:
        self._fitted = sites_of(fitted, gaps, lambda_h, graph)
        self._predicted = sites_of(predicted, gaps, lambda_h, graph)
        # Where the last fit ended.
        self._point: Vector | None = None
        self.weights = self._predicted.letters_weights

    def losses(self, lambda_j: float, workers: Workers) -> NDArray[np.float64]:
        """Return each predicted sequence's sum of - w log P(letter | the others), (N,).

        In nats; over ``weights`` they are means. The fit begins where the last one
        ended, so penalties should follow one another.
        """
        objective = Pseudolikelihood(self._fitted, lambda_j, workers)
        minimum = minimize(
            objective,
            objective.start() if self._point is None else self._point,
            OnThreads(workers),
            tolerance=TOLERANCE,
            max_iterations=MAX_ITERATIONS,
            first_step=objective.first_step(),
            memory=MEMORY,
        )
        self._point = minimum.point
        # Fields are solved for the couplings of the last visit: make it the best.
        objective(minimum.point, np.empty_like(minimum.point))
        sites = self._predicted
        blocks = minimum.point.reshape(-1, sites.size, sites.size)

        def losses_of(site: int) -> NDArray[np.float64]:
            table = sites.empty_table()
            kernels.gather_table(blocks, site, *sites.pairs_of(site), table)
            return sites.losses(site, table, self._fitted.fields[site])

        losses = np.array(workers.map(losses_of, range(sites.length)))
        of_sequences: NDArray[np.float64] = losses.sum(axis=0)
        return of_sequences
