"""Symmetric pseudolikelihood: each letter of a sequence given all its others.

Minimised, over fields h and one coupling block a pair,

    - sum_n w_n sum_i log P(x_ni | x_n,-i) + lambda_h sum h^2
                                          + lambda_j sum_{i<j} ||J_ij||^2

(Ekeberg et al. 2013, Phys Rev E 87:012707; sums not divided by Neff, no 1/2, each
pair penalised once: the objective of plmc, CCMpred and GREMLIN).
"""

from __future__ import annotations

import threading
import warnings

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps, first_state, site_frequencies
from pottsfold.errors import NotConverged, UsageError
from pottsfold.inference import kernels
from pottsfold.inference.independent import independent_fields
from pottsfold.inference.lbfgs import Progress, Vector, minimize
from pottsfold.inference.memory import FLOAT32, check_memory, model_bytes
from pottsfold.inference.preparation import finished_fit
from pottsfold.inference.regularization import Regularization, customary
from pottsfold.model.fit import Fit
from pottsfold.provenance import Stopwatch
from pottsfold.threads import Workers, chosen_threads

TOLERANCE = 1e-5
MOST_ITERATIONS = 1000
MEMORY = 6
# Sequences at a time: their logits, 24 floats a row, take half of a 48 KB cache.
BLOCK = 256
LANES = 8


def fit_pseudolikelihood(
    alignment: Alignment,
    *,
    gaps: Gaps = "missing",
    regularization: Regularization | None = None,
    tolerance: float = TOLERANCE,
    max_iterations: int = MOST_ITERATIONS,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Fit:
    """Fit a Potts model by symmetric pseudolikelihood.

    Parameters
    ----------
    alignment : Alignment
        Weighted alignment.
    gaps : {"missing", "state"}
        ``missing``: terms of sites with a gap are skipped, and a gap at j adds
        nothing at i. ``state``: the gap is a letter.
    regularization : Regularization, optional
        By custom 0.01 for fields, 0.01 (q - 1)(L - 1) for couplings.
    tolerance : float
        Converged when the last five iterations together lowered the objective by
        less than this share of it.
    max_iterations : int
        Iterations of L-BFGS at most.
    threads : int, optional
        Every core by custom; the result does not depend on it.
    progress : callable, optional
        Called as ``progress(iteration, objective, gradient_norm)``.

    Returns
    -------
    Fit
        Couplings in the gauge that the penalty leaves.

    Raises
    ------
    MemoryShort
        If the fit would not fit in memory.
    UsageError
        If a setting is out of its range.

    Warns
    -----
    NotConverged
        If the iterations end before the test is met.
    """
    if not tolerance > 0 or max_iterations < 1:
        raise UsageError("tolerance above 0 and at least 1 iteration are needed")
    clock = Stopwatch()
    used = chosen_threads(threads)
    n_states = alignment.alphabet.size - first_state(gaps)
    strengths = regularization or customary(alignment.length, n_states)
    check_memory(
        pseudolikelihood_bytes(alignment.length, alignment.alphabet.size, gaps),
        "leave out gap-rich columns with --max-column-gaps, or use --method mean-field "
        "on fewer columns",
    )
    with Workers(used) as workers:
        objective = Pseudolikelihood(alignment, gaps, strengths, workers)
        minimum = minimize(
            objective,
            objective.start(),
            tolerance=tolerance,
            max_iterations=max_iterations,
            memory=MEMORY,
            progress=progress,
        )
    if not minimum.converged:
        warnings.warn(f"not converged: {minimum.stopped_because}", NotConverged, 2)
    fields, couplings = objective.full_parameters(minimum.point)
    return finished_fit(
        alignment,
        method="pseudolikelihood",
        gaps=gaps,
        fields=fields,
        couplings=couplings,
        settings={
            "lambda_h": strengths.fields,
            "lambda_j": strengths.couplings,
            "tolerance": tolerance,
            "max_iterations": max_iterations,
        },
        threads=used,
        clock=clock,
        converged=minimum.converged,
        stopped_because=minimum.stopped_because,
        objectives=minimum.objectives,
        gradient_norm=minimum.gradient_norm,
        n_evaluations=minimum.n_evaluations,
    )


def pseudolikelihood_bytes(length: int, size: int, gaps: Gaps) -> int:
    """Return the peak bytes of a symmetric fit.

    Point, gradient, their trial copies, direction and L-BFGS memory, one float32 a
    parameter each; at the end the point beside the model with both triangles.
    """
    states = size - first_state(gaps)
    parameters = length * states + length * (length - 1) // 2 * states**2
    while_fitting = (2 * MEMORY + 7) * parameters * FLOAT32
    at_the_end = 3 * parameters * FLOAT32 + 2 * model_bytes(length, size)
    return max(while_fitting, at_the_end)


class Pseudolikelihood:
    """The objective, as a function of one flat float32 vector.

    The vector holds the fields, (L, s), then the couplings, one (s, s) block a
    pair i < j, i outer, over the s modelled letters.

    Parameters
    ----------
    alignment : Alignment
        Weighted alignment.
    gaps : {"missing", "state"}
        Gap treatment.
    regularization : Regularization
        Strengths of the penalties.
    workers : Workers
        Sites are spread over these threads.
    """

    def __init__(
        self,
        alignment: Alignment,
        gaps: Gaps,
        regularization: Regularization,
        workers: Workers,
    ) -> None:
        self.length = alignment.length
        self.first = first_state(gaps)
        self.size = alignment.alphabet.size - self.first
        self.full_size = alignment.alphabet.size
        self.regularization = regularization
        self._workers = workers
        self._weights = alignment.sequence_weights
        self._by_column = self._states_by_column(alignment)
        self._stride = -(-self.size // LANES) * LANES
        self._scratch = threading.local()
        self._adding = threading.Lock()
        frequencies = site_frequencies(alignment, gaps=gaps)[:, self.first :]
        self._independent = independent_fields(
            frequencies, alignment.neff, regularization.fields
        )

    @property
    def n_fields(self) -> int:
        """Number of field parameters."""
        return self.length * self.size

    @property
    def n_parameters(self) -> int:
        """Number of parameters."""
        return self.n_fields + self.length * (self.length - 1) // 2 * self.size**2

    def start(self) -> Vector:
        """Return the optimum without couplings, where the fit begins."""
        point = np.zeros(self.n_parameters, np.float32)
        point[: self.n_fields] = self._independent.ravel()
        return point

    def __call__(self, point: Vector, gradient: Vector) -> float:
        """Return the objective at ``point`` and write its gradient."""
        fields, couplings = self._views(point)
        field_slopes, coupling_slopes = self._views(gradient)
        coupling_slopes[:] = 0

        def visit(site: int) -> float:
            table, slopes, own_slopes = self._tables()
            kernels.gather_table(couplings, site, table)
            value = kernels.visit_site(
                self._by_column,
                self._weights,
                fields[site],
                table,
                site,
                BLOCK,
                slopes,
                own_slopes,
            )
            field_slopes[site] = own_slopes
            # Each pair is added to by its two sites only. Adding two numbers to
            # zero gives the same in either order, so threads cannot change it.
            with self._adding:
                kernels.scatter_table(slopes, site, coupling_slopes)
            return float(value)

        values = self._workers.map(visit, range(self.length))
        strengths = self.regularization
        n = self.n_fields
        kernels.add_scaled(2 * strengths.fields, point[:n], gradient[:n])
        kernels.add_scaled(2 * strengths.couplings, point[n:], gradient[n:])
        return float(
            np.sum(values)
            + strengths.fields * kernels.dot(point[:n], point[:n])
            + strengths.couplings * kernels.dot(point[n:], point[n:])
        )

    def full_parameters(
        self, point: Vector
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return fields (L, q) and couplings (L, L, q, q) over the whole alphabet."""
        fields, couplings = self._views(point)
        full_fields = np.zeros((self.length, self.full_size), np.float32)
        full_fields[:, self.first :] = fields
        shape = (self.length, self.length, self.full_size, self.full_size)
        full = np.zeros(shape, np.float32)
        letters = full[:, :, self.first :, self.first :]
        rows, columns = np.triu_indices(self.length, 1)
        letters[rows, columns] = couplings
        letters[columns, rows] = couplings.transpose(0, 2, 1)
        return full_fields, full

    def _views(self, vector: Vector) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        fields = vector[: self.n_fields].reshape(self.length, self.size)
        return fields, vector[self.n_fields :].reshape(-1, self.size, self.size)

    def _states_by_column(self, alignment: Alignment) -> NDArray[np.uint8]:
        """Return modelled letters as 0..s-1 and absent ones as s, shape (L, N)."""
        state_of_code = np.full(alignment.alphabet.size + 1, self.size, np.uint8)
        state_of_code[self.first : -1] = np.arange(self.size)
        return np.ascontiguousarray(state_of_code[alignment.codes].T)

    def _tables(
        self,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float64]]:
        """Return this thread's table, slopes and field slopes."""
        scratch = self._scratch
        if not hasattr(scratch, "table"):
            shape = (self.length, self.size + 1, self._stride)
            scratch.table = np.zeros(shape, np.float32)
            scratch.slopes = np.zeros(shape, np.float32)
            scratch.field_slopes = np.zeros(self.size)
        return scratch.table, scratch.slopes, scratch.field_slopes
