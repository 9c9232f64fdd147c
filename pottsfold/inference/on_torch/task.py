"""What is fitted on a device, as a value."""

from __future__ import annotations

from dataclasses import dataclass

from pottsfold.alignment.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps, first_state
from pottsfold.inference.on_torch.devices import Device
from pottsfold.inference.on_torch.ranks import Ranks
from pottsfold.inference.regularization import Regularization
from pottsfold.model.graph import PairGraph


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
