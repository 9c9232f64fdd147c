"""Sites that have few partners each: couplings on a graph of pairs."""

from __future__ import annotations

from pottsfold.alignment.alignment import Alignment
from pottsfold.alignment.frequencies import Gaps
from pottsfold.inference.pseudolikelihood.patterns import Patterns, find_patterns
from pottsfold.inference.pseudolikelihood.sites import Sites
from pottsfold.model.graph import PairGraph


class MaskedSites(Sites):
    """The L sites of an alignment, coupled along the pairs of a graph alone.

    Tables have a block for each partner, in the graph's order, up to the number of
    partners of the site that has most. Each site takes its partners' columns together
    in its own way.

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
        self._of_sites = [
            find_patterns(self._by_column[self.pairs_of(site)[0]], self.size + 1)
            for site in range(self.length)
        ]

    def _patterns_of(self, site: int) -> Patterns:
        return self._of_sites[site]

    @property
    def _most_nodes(self) -> int:
        return max(patterns.n_nodes for patterns in self._of_sites)


def sites_of(
    alignment: Alignment, gaps: Gaps, lambda_h: float, graph: PairGraph | None
) -> Sites:
    """Return the sites of an alignment, coupled along a graph or all with all."""
    if graph is None:
        return Sites(alignment, gaps, lambda_h)
    return MaskedSites(alignment, gaps, lambda_h, graph)
