"""What is fitted on a device, and where it ended, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps, first_state
from pottsfold.inference.on_torch.devices import Device
from pottsfold.inference.on_torch.ranks import Ranks
from pottsfold.inference.regularization import Regularization
from pottsfold.model.graph import PairGraph


@dataclass(frozen=True)
class Outcome:
    """Parameters over the whole alphabet and how they were reached."""

    fields: NDArray[np.float32]
    couplings: NDArray[np.float32]
    objectives: Sequence[float]
    gradient_norm: float
    n_evaluations: int
    converged: bool
    stopped_because: str


@dataclass(frozen=True)
class Task:
    """One fit on a device: what is fitted, where, and when it ends."""

    alignment: Alignment
    gaps: Gaps
    graph: PairGraph | None
    penalties: Regularization
    tolerance: float
    max_iterations: int
    device: Device
    ranks: Ranks

    @property
    def all_pairs(self) -> PairGraph:
        """The graph, that of all pairs where none was given."""
        complete = PairGraph.complete(self.alignment.length)
        return complete if self.graph is None else self.graph

    @property
    def size(self) -> int:
        """Number of modelled letters s."""
        return self.alignment.alphabet.size - first_state(self.gaps)
