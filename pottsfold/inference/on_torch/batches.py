"""Sequences in batches, each drawn as often as it weighs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from pottsfold.alignment.alignment import Alignment
from pottsfold.alignment.clusters import relatives
from pottsfold.alignment.frequencies import Gaps
from pottsfold.errors import UsageError
from pottsfold.inference.on_torch.devices import Device
from pottsfold.inference.on_torch.objective import Batch, batch_of, modelled_letters

# Sequences held out: this share of the effective ones, this many at most.
HELD_OUT_SHARE, MOST_HELD_OUT = 0.05, 1000
# Identity of relatives where weights were made with none.
DEFAULT_IDENTITY = 0.8


@dataclass(frozen=True, eq=False)
class Parts:
    """Which sequences are fitted, and which judge the fit.

    Parameters
    ----------
    fitted : (N,) bool
        Not a relative of one that judges.
    judges : (K,) int64
        Rows, each drawn by its weight, so that they count alike.
    """

    fitted: NDArray[np.bool_]
    judges: NDArray[np.int64]


def parted(alignment: Alignment, seed: int, threads: int) -> Parts:
    """Draw sequences that judge a fit, and leave their relatives out of it.

    Relatives are at least as identical as sequences that share their weight. Those of
    the focus sequence are fitted.
    """
    rng = np.random.default_rng([seed, 0])
    codes, identity = alignment.codes, alignment.identity or DEFAULT_IDENTITY
    weights = alignment.sequence_weights.copy()
    if alignment.focus is not None:
        rows = np.array([alignment.focus])
        weights[relatives(codes, rows, identity, threads=threads)] = 0
    count = min(int(HELD_OUT_SHARE * weights.sum()), MOST_HELD_OUT)
    if count < 1:
        raise UsageError(
            f"too few relatives to hold some out: {alignment.neff:.0f} effective "
            "sequences; leave it out and fit to all at once",
            parameter="batch",
        )
    chances = weights / weights.sum()
    judges = rng.choice(len(weights), count, replace=False, p=chances)
    judges.sort()
    near = relatives(codes, judges, identity, threads=threads)
    return Parts(~near, judges)


def drawn(weights: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return rows in random order, each with a chance in proportion to its weight.

    The heaviest are there always, no row is twice: systematic sampling, so that as many
    are drawn as their chances sum to, rounded up or down.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> sorted(drawn(np.array([1.0, 0.5, 0.5, 1.0]), rng).tolist()) in (
    ...     [0, 1, 3],
    ...     [0, 2, 3],
    ... )
    True
    """
    ends = np.floor(np.cumsum(weights / weights.max()) + rng.random())
    rows = np.flatnonzero(np.diff(ends, prepend=0.0) > 0)
    return rng.permutation(rows)


class Batches:
    """Batches of the sequences that are fitted.

    Parameters
    ----------
    alignment : Alignment
        Weighted alignment; its codes may be in a file.
    fitted : (N,) bool
        Sequences to draw from.
    gaps : {"missing", "state"}
        Gap treatment.
    size : int
        Sequences of a batch.
    seed : int
        Of the draws.
    device : Device
        Where they are wanted.
    """

    def __init__(
        self,
        alignment: Alignment,
        fitted: NDArray[np.bool_],
        gaps: Gaps,
        size: int,
        seed: int,
        device: Device,
    ) -> None:
        self._alignment, self._gaps, self.size = alignment, gaps, size
        self._rows = np.flatnonzero(fitted)
        self._weights = alignment.sequence_weights[self._rows]
        self._seed, self._device = seed, device

    @property
    def neff(self) -> float:
        """Effective number of sequences that are fitted."""
        return float(self._weights.sum())

    @property
    def per_pass(self) -> int:
        """Batches of one pass."""
        if not len(self._weights):
            return 0
        return int(self.neff / self._weights.max()) // self.size

    def of_pass(self, number: int, skipped: int = 0) -> Iterator[Batch]:
        """Yield the batches of a pass, the same for one number and seed.

        The first ones may be skipped. A few sequences that fill none are left for other
        passes.
        """
        rng = np.random.default_rng([self._seed, 1, number])
        rows = self._rows[drawn(self._weights, rng)]
        ends = len(rows) - self.size + 1
        for first in range(skipped * self.size, ends, self.size):
            # In the order of the file.
            yield self.batch(np.sort(rows[first : first + self.size]))

    def batch(self, rows: NDArray[np.int64]) -> Batch:
        """Return some sequences, each with a weight of one."""
        return self._on_device(self._alignment.codes[rows], np.ones(len(rows)))

    def all(self, rows: int) -> Iterator[Batch]:
        """Yield all sequences of the alignment with their weights, some at a time."""
        weights = self._alignment.sequence_weights
        for first in range(0, len(weights), rows):
            part = slice(first, first + rows)
            yield self._on_device(self._alignment.codes[part], weights[part])

    def _on_device(
        self, codes: NDArray[np.uint8], weights: NDArray[np.float64]
    ) -> Batch:
        size = self._alignment.alphabet.size
        return batch_of(
            modelled_letters(codes, size, self._gaps), weights, self._device
        )


def n_letters(batch: Batch, size: int) -> float:
    """Return how many letters are present, by weight."""
    of_sequences = (batch.codes < size).sum(1, dtype=torch.int64)
    return float((of_sequences.to(batch.weights) * batch.weights).sum())
