"""Couplings as products take them: strips of a block of sites.

Couplings are a vector of (s, s) blocks, one a pair i < j of a graph, i outer, as in the
Numba core. A strip holds what some sites see of them: ``blocks[i, k, b, a]`` is
J_ij(a, b), j being site i's partner number k, and zero where there is none. Where all
sites are coupled, a strip is a matrix (L s, I s) and one product with the one-hot rows
of sequences gives the logits of I sites. On a graph of some pairs each site has its own
partners: a stack of I small matrices.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch

from pottsfold.inference.on_torch.devices import Device
from pottsfold.model.graph import PairGraph


def one_hot(codes: torch.Tensor, size: int, kind: torch.dtype) -> torch.Tensor:
    """Return one-hot rows, codes' shape and (s,) more; letters from s on have zeros.

    Parameters
    ----------
    codes : uint8 tensor
        Letters from 0; ``size`` or more where there is none.
    size : int
        Number of letters s.
    kind : torch.dtype
        Of the result.
    """
    letters = torch.arange(size, dtype=torch.uint8, device=codes.device)
    return (codes.unsqueeze(-1) == letters).to(kind)


@dataclass(frozen=True, eq=False)
class Places:
    """Where some blocks of pairs stand in strips, ordered by site; (n,) int64 tensors.

    Parameters
    ----------
    offsets : list of int
        Site i has those from ``offsets[i]`` to ``offsets[i + 1] - 1``.
    sites, slots, numbers
        The site, its partner's number, and the pair's in the vector.
    """

    offsets: list[int]
    sites: torch.Tensor
    slots: torch.Tensor
    numbers: torch.Tensor

    def of(self, sites: range) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the places of a block of sites: site in the block, slot, pair."""
        part = slice(self.offsets[sites.start], self.offsets[sites.stop])
        return self.sites[part] - sites.start, self.slots[part], self.numbers[part]


class Pairs(ABC):
    """The pairs of a graph, on a device.

    Parameters
    ----------
    graph : PairGraph
        Which pairs have couplings.
    size : int
        Number of modelled letters s.
    device : Device
        Where.
    """

    def __init__(self, graph: PairGraph, size: int, device: Device) -> None:
        self.length, self.size, self.device = graph.length, size, device
        self.n_couplings = graph.n_pairs * size**2
        # Slots of a strip for each site.
        self.n_slots = graph.most_partners
        sites = graph.sites.astype(np.int64)
        slots = np.arange(len(sites)) - graph.offsets[sites]
        self._earlier, self._later = (
            self._places(graph, sites, slots, chosen)
            for chosen in (graph.partners < sites, graph.partners > sites)
        )

    def _places(
        self,
        graph: PairGraph,
        sites: np.ndarray,
        slots: np.ndarray,
        chosen: np.ndarray,
    ) -> Places:
        counts = np.bincount(sites[chosen], minlength=self.length)
        offsets = [0, *np.cumsum(counts).tolist()]
        numbers = graph.pair_numbers[chosen]
        tensors = (
            torch.from_numpy(array).to(self.device.name)
            for array in (sites[chosen], slots[chosen], numbers)
        )
        return Places(offsets, *tensors)

    def empty_strip(self, sites: range) -> torch.Tensor:
        """Return a strip of zeros for a block of sites."""
        shape = self._strip_shape(len(sites))
        return torch.zeros(shape, dtype=torch.float32, device=self.device.name)

    def strip(self, couplings: torch.Tensor, sites: range) -> torch.Tensor:
        """Return what a block of sites sees of the couplings, (P s s,) float32."""
        blocks = couplings.view(-1, self.size, self.size)
        strip = self.empty_strip(sites)
        seen = self.blocks(strip)
        site, slot, number = self._earlier.of(sites)
        seen[site, slot] = blocks[number]
        site, slot, number = self._later.of(sites)
        seen[site, slot] = blocks[number].transpose(1, 2)
        return strip

    def add_slopes(
        self, strip: torch.Tensor, sites: range, gradient: torch.Tensor
    ) -> None:
        """Add a strip of slopes to the gradient by the couplings, (P s s,) float32."""
        blocks = gradient.view(-1, self.size, self.size)
        seen = self.blocks(strip)
        # Each pair is met once in a call, so the order of additions is the same always.
        site, slot, number = self._earlier.of(sites)
        blocks.index_add_(0, number, seen[site, slot])
        site, slot, number = self._later.of(sites)
        blocks.index_add_(0, number, seen[site, slot].transpose(1, 2))

    def keep_pairs(self, strip: torch.Tensor, sites: range) -> torch.Tensor:
        """Return a strip with zeros where there is no pair."""
        kept = self.empty_strip(sites)
        to, of = self.blocks(kept), self.blocks(strip)
        for places in (self._earlier, self._later):
            site, slot, _ = places.of(sites)
            to[site, slot] = of[site, slot]
        return kept

    @abstractmethod
    def _strip_shape(self, n_sites: int) -> tuple[int, ...]:
        """Return the shape of a strip."""

    @abstractmethod
    def blocks(self, strip: torch.Tensor) -> torch.Tensor:
        """Return a strip's blocks, (I, slots, s, s), a view: partner's letter, own."""

    @abstractmethod
    def seen(self, codes: torch.Tensor, sites: range) -> torch.Tensor:
        """Return what some sites see of sequences, codes (B, L)."""

    @abstractmethod
    def logits(self, seen: torch.Tensor, strip: torch.Tensor) -> torch.Tensor:
        """Return sum_j J_ij(a, x_nj), (B, I, s), of that and a strip as a factor."""

    @abstractmethod
    def slopes(self, seen: torch.Tensor, residuals: torch.Tensor) -> torch.Tensor:
        """Return a strip of sum_n residuals[n, i, a] [x_nj = b]; residuals a factor."""


class AllPairs(Pairs):
    """Every site coupled to all others: strips are matrices (L s, I s)."""

    def _strip_shape(self, n_sites: int) -> tuple[int, ...]:
        return self.length * self.size, n_sites * self.size

    def blocks(self, strip: torch.Tensor) -> torch.Tensor:
        """Return a strip's blocks, (I, L, s, s), a view."""
        shape = (self.length, self.size, -1, self.size)
        return strip.view(shape).permute(2, 0, 1, 3)

    def seen(self, codes: torch.Tensor, sites: range) -> torch.Tensor:
        """Return one-hot rows, (B, L s), the same for all sites."""
        return one_hot(codes, self.size, self.device.factor_type).flatten(1)

    def logits(self, seen: torch.Tensor, strip: torch.Tensor) -> torch.Tensor:
        """Return (B, I, s) by one product."""
        return self.device.product(seen, strip).unflatten(1, (-1, self.size))

    def slopes(self, seen: torch.Tensor, residuals: torch.Tensor) -> torch.Tensor:
        """Return (L s, I s) by one product."""
        return self.device.product(seen.T, residuals.flatten(1))


class SomePairs(Pairs):
    """Sites coupled along a graph: strips are stacks (I, K s, s), K partners at most.

    Sites of fewer partners are filled up with a column that has no letters. Logits are
    gathered: with few partners that moves less than one-hot columns have numbers.
    """

    def __init__(self, graph: PairGraph, size: int, device: Device) -> None:
        super().__init__(graph, size, device)
        self.n_slots = max(self.n_slots, 1)
        partners = np.full((graph.length, self.n_slots), graph.length, np.int64)
        slots = np.arange(len(graph.partners)) - graph.offsets[graph.sites]
        partners[graph.sites, slots] = graph.partners
        self._partners = torch.from_numpy(partners).to(device.name)

    def _strip_shape(self, n_sites: int) -> tuple[int, ...]:
        return n_sites, self.n_slots * self.size, self.size

    def blocks(self, strip: torch.Tensor) -> torch.Tensor:
        """Return a strip's blocks, (I, K, s, s), a view."""
        return strip.view(-1, self.n_slots, self.size, self.size)

    def seen(self, codes: torch.Tensor, sites: range) -> torch.Tensor:
        """Return the letters of each site's partners, (I, K, B) uint8."""
        filled = torch.nn.functional.pad(codes, (0, 1), value=self.size)
        return filled.T.contiguous()[self._partners[sites.start : sites.stop]]

    def logits(self, seen: torch.Tensor, strip: torch.Tensor) -> torch.Tensor:
        """Return (B, I, s), rows of couplings added up: few are, and none is made."""
        n_sites, n_slots, n_rows = seen.shape
        # A block's letters and a row of zeros for none, one block after another.
        blocks = self.blocks(strip.to(torch.float32))
        table = torch.nn.functional.pad(blocks, (0, 0, 0, 1)).flatten(0, 2)
        begins = torch.arange(n_sites * n_slots, device=seen.device)
        begins = begins.view(n_sites, n_slots, 1) * (self.size + 1)
        rows = (seen + begins).transpose(1, 2).reshape(-1, n_slots)
        sums = torch.nn.functional.embedding_bag(rows, table, mode="sum")
        return sums.view(n_sites, n_rows, self.size).transpose(0, 1)

    def slopes(self, seen: torch.Tensor, residuals: torch.Tensor) -> torch.Tensor:
        """Return (I, K s, s) by a stack of products with one-hot columns."""
        letters = torch.arange(self.size, dtype=torch.uint8, device=seen.device)
        columns = (seen.unsqueeze(2) == letters[:, None]).to(residuals.dtype)
        own = residuals.transpose(0, 1).contiguous()
        return self.device.product(columns.flatten(1, 2), own)


def pairs_of(graph: PairGraph | None, length: int, size: int, device: Device) -> Pairs:
    """Return the pairs of a graph on a device, all where there is none."""
    if graph is None:
        return AllPairs(PairGraph.complete(length), size, device)
    return SomePairs(graph, size, device)
