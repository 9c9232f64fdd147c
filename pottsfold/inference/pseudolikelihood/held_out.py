"""How well a fit to some sequences predicts the letters of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pottsfold.alignment.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps
from pottsfold.inference.optimize.lbfgs import minimize
from pottsfold.inference.pseudolikelihood.plan import MEMORY
from pottsfold.inference.pseudolikelihood.sites import Sites
from pottsfold.inference.pseudolikelihood.symmetric import Pseudolikelihood
from pottsfold.inference.regularization import Regularization
from pottsfold.lazy import lazy_module
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
    """

    def __init__(self, fitted: Alignment, predicted: Alignment, gaps: Gaps) -> None:
        self._fitted = Sites(fitted, gaps, 1.0)
        self._predicted = Sites(predicted, gaps, 1.0)
        self._start: np.ndarray[tuple[int], np.dtype[np.float32]] | None = None
        self.weight = self._predicted.letters_weight

    def loss(self, penalties: Regularization, workers: Workers) -> float:
        """Return the mean of - log P(letter | the others) over the part predicted.

        In nats. The fit begins where the last one ended, so penalties should follow
        one another.
        """
        self._fitted.penalize(penalties.fields)
        objective = Pseudolikelihood(self._fitted, penalties.couplings, workers)
        start = objective.start() if self._start is None else self._start
        minimum = minimize(
            objective,
            start,
            workers,
            tolerance=TOLERANCE,
            max_iterations=MAX_ITERATIONS,
            first_step=objective.first_step(),
            memory=MEMORY,
        )
        self._start = minimum.point
        # Fields are solved for the couplings of the last visit: make it the best.
        objective(minimum.point, np.empty_like(minimum.point))
        sites = self._predicted
        blocks = minimum.point.reshape(-1, sites.size, sites.size)

        def loss_of(site: int) -> float:
            table = sites.empty_table()
            kernels.gather_table(blocks, sites.length, site, table)
            return sites.loss(site, table, self._fitted.fields[site])

        losses = workers.map(loss_of, range(sites.length))
        return float(np.sum(losses)) / self.weight
