"""Sites that have few partners each: couplings on a graph of pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps
from pottsfold.inference.pseudolikelihood.patterns import TOGETHER
from pottsfold.inference.pseudolikelihood.sites import BLOCK, Scratch, Sites, Table
from pottsfold.lazy import lazy_module
from pottsfold.model.graph import PairGraph

if TYPE_CHECKING:
    from pottsfold.inference.pseudolikelihood import kernels
else:
    kernels = lazy_module("pottsfold.inference.pseudolikelihood.kernels")


class MaskedSites(Sites):
    """The L sites of an alignment, coupled along the pairs of a graph alone.

    Tables have a block for each partner, in the graph's order, up to the number of
    partners of the site that has most. A sequence costs a row a partner: columns are
    not taken together, since each would serve few sites.

    Parameters
    ----------
    alignment, gaps, lambda_h
        As for :class:`Sites`.
    graph : PairGraph
        Of L sites, not the complete one.
    """

    def __init__(
        self, alignment: Alignment, gaps: Gaps, lambda_h: float, graph: PairGraph
    ) -> None:
        self.graph = graph
        super().__init__(alignment, gaps, lambda_h)

    def _set_up(self) -> None:
        """Nothing is prepared: columns are gathered as their sites are visited."""

    def _summed(self, site: int, table: Table) -> Scratch:
        scratch = self._thread_scratch()
        letters, bases = self._columns_of(site)
        rows = table.reshape(-1, self.width)
        kernels.sum_logits(letters, bases, rows, BLOCK, scratch.logits, self._lanes)
        return scratch

    def _parted(self, site: int, scratch: Scratch, slopes: Table) -> None:
        letters, bases = self._columns_of(site)
        rows = slopes.reshape(-1, self.width)
        kernels.sum_slopes(letters, bases, scratch.residuals, BLOCK, rows, self._lanes)

    def _columns_of(self, site: int) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
        """Return the letters of a site's partners, (G, N), and their first rows, (G,).

        Kernels take eight columns at a time: those that fill up the last eight have
        the first partner's row of an absent letter.
        """
        partners = self.graph.partners[self.graph.of_site(site)]
        n_columns = -(-len(partners) // TOGETHER) * TOGETHER
        letters = np.zeros((n_columns, self.n_sequences), np.uint16)
        letters[: len(partners)] = self._by_column[partners]
        bases = np.arange(n_columns) * (self.size + 1)
        bases[len(partners) :] = self.size
        return letters, bases

    def _new_scratch(self) -> Scratch:
        return Scratch(self.n_sequences, 1, self.width)


def sites_of(
    alignment: Alignment, gaps: Gaps, lambda_h: float, graph: PairGraph | None
) -> Sites:
    """Return the sites of an alignment, coupled along a graph or all with all."""
    if graph is None:
        return Sites(alignment, gaps, lambda_h)
    return MaskedSites(alignment, gaps, lambda_h, graph)
