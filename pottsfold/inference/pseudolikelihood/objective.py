"""The objective of the symmetric fit, and its gradient."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps, first_state, site_frequencies
from pottsfold.inference import vectors
from pottsfold.inference.pseudolikelihood import kernels
from pottsfold.inference.pseudolikelihood.patterns import find_patterns
from pottsfold.inference.regularization import Regularization
from pottsfold.inference.vectors import Vector
from pottsfold.model.independent import independent_fields
from pottsfold.threads import Workers

# Sequences at a time: their logits, 24 floats a row, take a fifth of a 1 MB cache.
BLOCK = 2048
# Rows are padded to whole vectors of this many floats.
LANES = 8
CACHE_LINE = 64
# Fields are solved until a step would gain less than this share of the objective.
FIELD_ACCURACY = 1e-8
# A logit that no letter can win with: what pads a row.
NEVER = -1e30


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
        self._patterns = find_patterns(self._by_column, self.size + 1)
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
        vectors.add_scaled(self._workers, 2 * strength, point, gradient)
        return float(
            np.sum(values) + strength * vectors.dot(self._workers, point, point)
        )

    def _visit(self, site: int, scratch: _Scratch) -> float:
        """Solve one site's fields; return its part of the objective."""
        patterns, lanes = self._patterns, self._lanes
        nodes = (patterns.parents, patterns.columns, patterns.letters)
        kernels.sum_patterns(scratch.table, *nodes, scratch.rows, lanes)
        kernels.sum_logits(
            patterns.of_sequences,
            patterns.bases,
            scratch.rows,
            BLOCK,
            scratch.logits,
            lanes,
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
            lanes,
        )
        kernels.sum_slopes(
            patterns.of_sequences,
            patterns.bases,
            scratch.residuals,
            BLOCK,
            scratch.rows,
            lanes,
        )
        kernels.part_patterns(scratch.rows, *nodes, scratch.slopes, lanes)
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
        """Return modelled letters as 0..s-1 and absent ones as s, shape (L, N)."""
        state_of_code = np.full(alignment.alphabet.size + 1, self.size, np.uint8)
        state_of_code[self.first : -1] = np.arange(self.size)
        return np.ascontiguousarray(state_of_code[alignment.codes].T)

    def _thread_scratch(self) -> _Scratch:
        """Return this thread's arrays."""
        if not hasattr(self._scratch, "arrays"):
            length, n_rows = self._by_column.shape
            self._scratch.arrays = _Scratch(
                length, n_rows, self._patterns.n_nodes, self.size, len(self._lanes)
            )
        arrays: _Scratch = self._scratch.arrays
        return arrays


class _Scratch:
    """Arrays that one thread works in: W floats a row."""

    def __init__(
        self, length: int, n_rows: int, n_nodes: int, size: int, width: int
    ) -> None:
        self.table = aligned_zeros(length, size + 1, width)
        self.slopes = aligned_zeros(length, size + 1, width)
        self.rows = aligned_zeros(n_nodes, width)
        self.logits = aligned_zeros(n_rows, width)
        self.residuals = aligned_zeros(n_rows, width)
        self.padded = np.full(width, NEVER, np.float32)


def aligned_zeros(*shape: int) -> NDArray[np.float32]:
    """Return zeros that begin at a cache line: rows across two lines cost a fifth."""
    n_bytes = int(np.prod(shape)) * np.dtype(np.float32).itemsize
    raw = np.zeros(n_bytes + CACHE_LINE, np.uint8)
    start = -raw.ctypes.data % CACHE_LINE
    return raw[start : start + n_bytes].view(np.float32).reshape(shape)
