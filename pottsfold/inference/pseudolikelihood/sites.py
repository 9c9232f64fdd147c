"""One site of the pseudolikelihood given its couplings: what both forms share."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps, first_state, site_frequencies
from pottsfold.inference.pseudolikelihood.patterns import Patterns, find_patterns
from pottsfold.lazy import lazy_module
from pottsfold.model.graph import PairGraph
from pottsfold.model.independent import independent_fields
from pottsfold.simd.arrays import aligned_zeros

if TYPE_CHECKING:
    from pottsfold.inference.pseudolikelihood import kernels
else:
    kernels = lazy_module("pottsfold.inference.pseudolikelihood.kernels")

Table = NDArray[np.float32]

# Sequences at a time. Their logits, 24 floats a row, stream past; what pays is that
# groups of patterns are met seldom: at L = 1,500 a visit takes 0.6 times what it does
# with 2,048, on families of 100 columns it makes no difference.
BLOCK = 32768
# Rows are padded to whole vectors of this many floats.
LANES = 8
# Fields are solved until a step would gain less than this share of the objective.
FIELD_ACCURACY = 1e-8
# A logit that no letter can win with: what pads a row.
NEVER = -1e30


class Sites:
    """The L sites of an alignment, each with the fields that suit its couplings.

    A site's couplings come as a table, (L, s + 1, W) float32: ``table[j, b, a]`` is
    J_ij(a, b) over the s modelled letters, rows padded to W; zero where j is the
    site itself, in row s, and in the padding. Between visits the fields and their
    Hessians are kept, to start the next from. Here every site is coupled to all
    others; :class:`~.masked_sites.MaskedSites` have few partners each.

    Parameters
    ----------
    alignment : Alignment
        Weighted alignment.
    gaps : {"missing", "state"}
        Gap treatment.
    lambda_h : float
        Penalty on fields.
    """

    def __init__(self, alignment: Alignment, gaps: Gaps, lambda_h: float) -> None:
        self.length = alignment.length
        self.n_sequences = alignment.n_sequences
        self.first = first_state(gaps)
        self.full_size = alignment.alphabet.size
        self.size = self.full_size - self.first
        self.neff = alignment.neff
        self.width = -(-self.size // LANES) * LANES
        self._lambda_h = lambda_h
        self.weights = alignment.sequence_weights
        self._by_column = self._states_by_column(alignment)
        self._set_up()
        self._lanes = (0,) * self.width
        self._scratch = threading.local()
        frequencies = site_frequencies(alignment, gaps=gaps)[:, self.first :]
        self.fields = independent_fields(frequencies, alignment.neff, lambda_h)
        self._factors = np.zeros((self.length, self.size + 1, self.size))

    def _set_up(self) -> None:
        """Prepare what logits are summed by."""
        self.graph = PairGraph.complete(self.length)
        self._patterns = find_patterns(self._by_column, self.size + 1)

    def _patterns_of(self, site: int) -> Patterns:
        """Return the patterns of the columns that a site is coupled to."""
        return self._patterns

    @property
    def table_shape(self) -> tuple[int, int, int]:
        """Shape of a table."""
        return self.graph.most_partners, self.size + 1, self.width

    def empty_table(self) -> Table:
        """Return a table of zeros."""
        return aligned_zeros(self.table_shape, np.float32)

    def pairs_of(self, site: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return a site's partners and the numbers of their pairs, as in its table."""
        places = self.graph.of_site(site)
        return self.graph.partners[places], self.graph.pair_numbers[places]

    def full_fields(self) -> NDArray[np.float32]:
        """Return the fields over the whole alphabet, (L, q) float32."""
        fields = np.zeros((self.length, self.full_size), np.float32)
        fields[:, self.first :] = self.fields
        return fields

    def forget(self, site: int) -> None:
        """Drop the Hessian kept for a site."""
        self._factors[site] = 0

    def visit(self, site: int, table: Table, slopes: Table) -> float:
        """Solve one site's fields for its couplings.

        Returns - sum_n w_n log P(x_n,site | the others) + lambda_h sum_a h(a)^2 at
        the best fields, and writes its derivatives by the couplings to ``slopes``,
        like a table; row s and the site itself hold what means nothing.
        """
        scratch = self._summed(site, table)
        value = kernels.best_fields(
            self._by_column[site],
            self.weights,
            self._lambda_h,
            FIELD_ACCURACY,
            scratch.logits,
            self.fields[site],
            self._factors[site],
            scratch.padded,
            scratch.residuals,
            self._lanes,
        )
        self._parted(site, scratch, slopes)
        return float(value)

    def losses(
        self, site: int, table: Table, fields: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Return - w_n log P(x_n,site | the others) under given parameters, (N,).

        Zero where the letter is absent.

        Parameters
        ----------
        site : int
            From 0.
        table : (L, s + 1, W) float32
            Its couplings.
        fields : (s,) float32
            Its fields.
        """
        from scipy.special import log_softmax

        states = self._by_column[site]
        present = np.flatnonzero(states < self.size)
        logits = self._summed(site, table).logits[present, : self.size] + fields
        log_p = log_softmax(logits.astype(np.float64), axis=1)
        found = log_p[np.arange(len(present)), states[present]]
        losses = np.zeros(self.n_sequences)
        losses[present] = -self.weights[present] * found
        return losses

    @property
    def letters_weights(self) -> NDArray[np.float64]:
        """Every sequence's weight times the number of its letters, (N,)."""
        letters = (self._by_column < self.size).sum(axis=0)
        weights: NDArray[np.float64] = letters * self.weights
        return weights

    def _summed(self, site: int, table: Table) -> Scratch:
        """Return this thread's arrays with the logits of one site's couplings."""
        scratch = self._thread_scratch()
        patterns, lanes = self._patterns_of(site), self._lanes
        nodes = (patterns.parents, patterns.columns, patterns.letters)
        rows = scratch.rows[: patterns.n_nodes]
        kernels.sum_patterns(table, *nodes, rows, lanes)
        kernels.sum_logits(
            patterns.of_sequences,
            patterns.bases,
            rows,
            BLOCK,
            scratch.logits,
            lanes,
        )
        return scratch

    def _parted(self, site: int, scratch: Scratch, slopes: Table) -> None:
        """Write the derivatives by the couplings from those by the logits."""
        patterns, lanes = self._patterns_of(site), self._lanes
        nodes = (patterns.parents, patterns.columns, patterns.letters)
        rows = scratch.rows[: patterns.n_nodes]
        kernels.sum_slopes(
            patterns.of_sequences,
            patterns.bases,
            scratch.residuals,
            BLOCK,
            rows,
            lanes,
        )
        kernels.part_patterns(rows, *nodes, slopes, lanes)

    def _states_by_column(self, alignment: Alignment) -> NDArray[np.uint8]:
        """Return modelled letters as 0..s-1 and absent ones as s, shape (L, N)."""
        state_of_code = np.full(self.full_size + 1, self.size, np.uint8)
        state_of_code[self.first : -1] = np.arange(self.size)
        return np.ascontiguousarray(state_of_code[alignment.codes].T)

    def _thread_scratch(self) -> Scratch:
        """Return this thread's arrays."""
        if not hasattr(self._scratch, "arrays"):
            self._scratch.arrays = Scratch(
                self.n_sequences, self._most_nodes, self.width
            )
        arrays: Scratch = self._scratch.arrays
        return arrays

    @property
    def _most_nodes(self) -> int:
        return self._patterns.n_nodes


class Scratch:
    """Arrays that one thread works in: W floats a row."""

    def __init__(self, n_sequences: int, n_nodes: int, width: int) -> None:
        self.rows = aligned_zeros((n_nodes, width), np.float32)
        self.logits = aligned_zeros((n_sequences, width), np.float32)
        self.residuals = aligned_zeros((n_sequences, width), np.float32)
        self.padded = np.full(width, NEVER, np.float32)
