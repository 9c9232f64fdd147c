"""Symmetric pseudolikelihood: each letter of a sequence given all its others.

Minimised, over fields h and one coupling block a pair,

    - sum_n w_n sum_i log P(x_ni | x_n,-i) + lambda_h sum h^2
                                          + lambda_j sum_{i<j} ||J_ij||^2

(Ekeberg et al. 2013, Phys Rev E 87:012707; sums not divided by Neff, no 1/2, each
pair penalised once: the objective of plmc, CCMpred and GREMLIN).

The fields are not left to the optimiser. Given the couplings they are L separate
convex problems of q unknowns, which Newton steps solve at every evaluation for a
small share of its cost; L-BFGS then minimises over the couplings alone what is left
(variable projection; Golub & Pereyra 1973, SIAM J Numer Anal 10:413). The weakly
penalised fields are what makes the joint problem ill-conditioned: without them a
relative gap of 1e-5 takes 19 evaluations instead of 220 (1atzA, 3,000 x 75).
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
from pottsfold.inference.lbfgs import Progress, Vector, minimize
from pottsfold.inference.memory import FLOAT32, check_memory, model_bytes
from pottsfold.inference.preparation import finished_fit
from pottsfold.inference.regularization import Regularization, customary
from pottsfold.model.fit import Fit
from pottsfold.model.independent import independent_fields
from pottsfold.provenance import Stopwatch
from pottsfold.threads import Workers, chosen_threads

TOLERANCE = 3e-6
MOST_ITERATIONS = 1000
MEMORY = 6
# Sequences at a time: their logits, 24 floats a row, take half of a 48 KB cache.
BLOCK = 256
LANES = 8
# Columns that the kernels take at a time.
COLUMNS = 8
# Fields are solved until a step would gain less than this share of the objective.
FIELD_ACCURACY = 1e-8
# A logit that no letter can win with: what pads a row.
NEVER = -1e30


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
        Converged when a step gains less than this share of the objective; the
        distance to the optimum is then of that size too.
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
            first_step=objective.first_step(),
            memory=MEMORY,
            progress=progress,
        )
        fields, couplings = objective.full_parameters(minimum.point)
    if not minimum.converged:
        warnings.warn(f"not converged: {minimum.stopped_because}", NotConverged, 2)
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
    coupling each; at the end the point beside the model with both triangles.
    """
    states = size - first_state(gaps)
    parameters = length * (length - 1) // 2 * states**2
    while_fitting = (2 * MEMORY + 7) * parameters * FLOAT32
    at_the_end = 3 * parameters * FLOAT32 + 2 * model_bytes(length, size)
    return max(while_fitting, at_the_end)


class Pseudolikelihood:
    """The objective as a function of the couplings, minimised over the fields.

    The vector holds one (s, s) block a pair i < j, i outer, over the s modelled
    letters. Between evaluations the fields and their Hessians are kept, to start
    the next from.

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
        self.neff = alignment.neff
        self.regularization = regularization
        self._workers = workers
        self._weights = alignment.sequence_weights
        self._by_column = self._states_by_column(alignment)
        self._lanes = (0,) * (-(-self.size // LANES) * LANES)
        self._scratch = threading.local()
        self._adding = threading.Lock()
        frequencies = site_frequencies(alignment, gaps=gaps)[:, self.first :]
        self.fields = independent_fields(
            frequencies, alignment.neff, regularization.fields
        )
        self._factors = np.zeros((self.length, self.size + 1, self.size))
        self._fields_are_of: Vector | None = None

    @property
    def n_parameters(self) -> int:
        """Number of couplings."""
        return self.length * (self.length - 1) // 2 * self.size**2

    def start(self) -> Vector:
        """Return couplings of zero, where the fit begins."""
        return np.zeros(self.n_parameters, np.float32)

    def first_step(self) -> float:
        """Return a guess of the inverse curvature along the first gradient.

        The penalty's curvature, and a share of what N sequences give in L columns
        that vary together; measured within a factor of two on families of 40 to 256
        columns. The line search mends what it misses.
        """
        from_data = 0.004 * self.length * self.neff
        return 1.0 / (2 * self.regularization.couplings + from_data)

    def __call__(self, point: Vector, gradient: Vector) -> float:
        """Return the objective at ``point`` and write its gradient."""
        couplings = point.reshape(-1, self.size, self.size)
        slopes = gradient.reshape(couplings.shape)
        slopes[:] = 0

        def visit(site: int) -> float:
            scratch = self._thread_scratch()
            kernels.gather_table(couplings, self.length, site, scratch.table)
            value = self._visit(site, scratch)
            # Each pair is added to by its two sites only. Adding two numbers to
            # zero gives the same in either order, so threads cannot change it.
            with self._adding:
                kernels.scatter_table(scratch.slopes, self.length, site, slopes)
            return value

        values = self._workers.map(visit, range(self.length))
        self._fields_are_of = point
        strength = self.regularization.couplings
        kernels.add_scaled(2 * strength, point, gradient)
        return float(np.sum(values) + strength * kernels.dot(point, point))

    def _visit(self, site: int, scratch: _Scratch) -> float:
        """Solve one site's fields; return its part of the objective."""
        kernels.sum_logits(
            self._by_column, scratch.table, BLOCK, scratch.logits, self._lanes
        )
        value = kernels.best_fields(
            self._by_column[site],
            self._weights,
            self.regularization.fields,
            FIELD_ACCURACY,
            scratch.logits,
            self.fields[site],
            self._factors[site],
            scratch.padded,
            scratch.residuals,
            self._lanes,
        )
        kernels.sum_slopes(
            self._by_column,
            scratch.residuals,
            BLOCK,
            scratch.slopes,
            self._lanes,
        )
        return float(value)

    def full_parameters(
        self, point: Vector
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return fields (L, q) and couplings (L, L, q, q) over the whole alphabet."""
        if self._fields_are_of is not point:
            self(point, np.empty_like(point))
        couplings = point.reshape(-1, self.size, self.size)
        full_fields = np.zeros((self.length, self.full_size), np.float32)
        full_fields[:, self.first :] = self.fields
        shape = (self.length, self.length, self.full_size, self.full_size)
        full = np.zeros(shape, np.float32)
        letters = full[:, :, self.first :, self.first :]
        rows, columns = np.triu_indices(self.length, 1)
        letters[rows, columns] = couplings
        letters[columns, rows] = couplings.transpose(0, 2, 1)
        return full_fields, full

    def _states_by_column(self, alignment: Alignment) -> NDArray[np.uint8]:
        """Return modelled letters as 0..s-1 and absent ones as s.

        Shape (columns, N), with columns of absent letters up to a multiple of eight.
        """
        state_of_code = np.full(alignment.alphabet.size + 1, self.size, np.uint8)
        state_of_code[self.first : -1] = np.arange(self.size)
        columns = -(-self.length // COLUMNS) * COLUMNS
        by_column = np.full((columns, alignment.n_sequences), self.size, np.uint8)
        by_column[: self.length] = state_of_code[alignment.codes].T
        return by_column

    def _thread_scratch(self) -> _Scratch:
        """Return this thread's arrays."""
        if not hasattr(self._scratch, "arrays"):
            self._scratch.arrays = _Scratch(
                self._by_column.shape, self.size, len(self._lanes)
            )
        arrays: _Scratch = self._scratch.arrays
        return arrays


class _Scratch:
    """Arrays that one thread works in: W floats a row."""

    def __init__(self, shape: tuple[int, int], size: int, width: int) -> None:
        columns, n_rows = shape
        self.table = np.zeros((columns, size + 1, width), np.float32)
        self.slopes = np.zeros((columns, size + 1, width), np.float32)
        self.logits = np.zeros((n_rows, width), np.float32)
        self.residuals = np.zeros((n_rows, width), np.float32)
        self.padded = np.full(width, NEVER, np.float32)
