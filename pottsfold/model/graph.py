"""Which pairs of sites have couplings.

A dense model couples every pair. In a masked one couplings live on a graph of pairs,
the contacts of a structure for instance, and those of other pairs do not exist: they
count as zero, and take neither memory nor time.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import UsageError


@dataclass(frozen=True, eq=False)
class PairGraph:
    """The partners of every site, M in all.

    Blocks of couplings stand in the order of ``partners``, so every pair has two, one
    as either of its sites sees it. In the complete graph each site is listed as a
    partner of itself too, with a block of zeros: its blocks are then an array
    (L, L, q, q).

    Parameters
    ----------
    offsets : (L + 1,) int64
        Site i has the places ``offsets[i]`` to ``offsets[i + 1] - 1``.
    partners : (M,) int32
        Sites, rising within those of one site; symmetric.
    """

    offsets: NDArray[np.int64]
    partners: NDArray[np.int32]

    def __post_init__(self) -> None:
        for array in (self.offsets, self.partners):
            array.flags.writeable = False

    @staticmethod
    @functools.lru_cache(maxsize=4)
    def complete(length: int) -> PairGraph:
        """Return the graph of all pairs of L sites."""
        return PairGraph(
            np.arange(length + 1, dtype=np.int64) * length,
            np.tile(np.arange(length, dtype=np.int32), length),
        )

    @staticmethod
    def of_pairs(length: int, pairs: NDArray[np.integer]) -> PairGraph:
        """Return the graph of some pairs, each given once or more, in any order.

        Parameters
        ----------
        length : int
            Number of sites L.
        pairs : (P, 2) int
            Sites, counted from 0.

        Raises
        ------
        UsageError
            If a site is outside 0 to L - 1, or paired with itself.
        """
        found = np.asarray(pairs, np.int64).reshape(-1, 2)
        outside = (found < 0) | (found >= length)
        if outside.any():
            site = int(found[outside][0])
            raise UsageError(f"a pair has site {site}; there are 0 to {length - 1}")
        same = found[:, 0] == found[:, 1]
        if same.any():
            raise UsageError(f"site {int(found[same][0, 0])} is paired with itself")
        keys = np.unique(
            np.concatenate(
                [found[:, 0] * length + found[:, 1], found[:, 1] * length + found[:, 0]]
            )
        )
        sites, partners = np.divmod(keys, length)
        offsets = np.searchsorted(sites, np.arange(length + 1)).astype(np.int64)
        return PairGraph(offsets, partners.astype(np.int32))

    @property
    def length(self) -> int:
        """Number of sites L."""
        return len(self.offsets) - 1

    @property
    def is_complete(self) -> bool:
        """Whether all pairs are there, and sites' own blocks."""
        return len(self.partners) == self.length**2

    @property
    def n_pairs(self) -> int:
        """Number of pairs P."""
        return (len(self.partners) - self.length * self.is_complete) // 2

    @property
    def pairs(self) -> NDArray[np.int32]:
        """The pairs i < j, i outer, (P, 2)."""
        sites = self.sites
        later = self.partners > sites
        return np.stack([sites[later], self.partners[later]], axis=1)

    @property
    def sites(self) -> NDArray[np.int32]:
        """The site that every place belongs to, (M,)."""
        return np.repeat(np.arange(self.length, dtype=np.int32), np.diff(self.offsets))

    @functools.cached_property
    def later(self) -> NDArray[np.int64]:
        """The first place of every site whose partner comes after it, (L,)."""
        if self.is_complete:
            return self.offsets[:-1] + np.arange(1, self.length + 1)
        before = self.partners < self.sites
        counts = np.bincount(self.sites[before], minlength=self.length)
        return self.offsets[:-1] + counts

    @functools.cached_property
    def starts(self) -> NDArray[np.int64]:
        """How many pairs i < j have a first site before each, (L + 1,)."""
        counts = self.offsets[1:] - self.later
        return np.concatenate([[0], np.cumsum(counts)])

    def of_site(self, site: int) -> slice:
        """Return the places of a site."""
        return slice(int(self.offsets[site]), int(self.offsets[site + 1]))

    def later_of_site(self, site: int) -> slice:
        """Return the places of a site whose partners come after it."""
        return slice(int(self.later[site]), int(self.offsets[site + 1]))

    def mirror(self, blocks: NDArray[np.float32], site: int) -> None:
        """Copy a site's blocks with later partners to where these see them.

        Parameters
        ----------
        blocks : (M, q, q) float32
            Changed in place.
        site : int
            From 0.
        """
        places = self.later_of_site(site)
        turned = blocks[places].transpose(0, 2, 1)
        if self.is_complete:
            # A slice, several times quicker than a list of places.
            blocks[(site + 1) * self.length + site :: self.length] = turned
        else:
            blocks[self.mirrors[places]] = turned

    def couplings(self, blocks: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return blocks (M, q, q) in the shape that a model of the graph has them."""
        if not self.is_complete:
            return blocks
        return blocks.reshape(self.length, self.length, *blocks.shape[1:])

    def places(
        self, i: NDArray[np.integer] | int, j: NDArray[np.integer] | int
    ) -> NDArray[np.int64]:
        """Return the places of pairs (i, j) as i sees them, -1 where there are none.

        Parameters
        ----------
        i, j : int arrays that broadcast
            Sites, from 0.
        """
        wanted = np.asarray(np.multiply(i, self.length, dtype=np.int64) + j)
        if self.is_complete:
            return wanted
        found = np.searchsorted(self._keys, wanted)
        # The last key is above all that can be wanted.
        return np.where(self._keys[found] == wanted, found, -1)

    @functools.cached_property
    def mirrors(self) -> NDArray[np.int64]:
        """The place of every pair as its other site sees it, (M,)."""
        return self.places(self.partners, self.sites)

    @functools.cached_property
    def pair_numbers(self) -> NDArray[np.int64]:
        """The number in :attr:`pairs` of the pair at every place, (M,).

        -1 where a site is its own partner.
        """
        numbers = np.full(len(self.partners), -1)
        later = np.flatnonzero(self.partners > self.sites)
        numbers[later] = numbers[self.mirrors[later]] = np.arange(len(later))
        return numbers

    @property
    def most_partners(self) -> int:
        """Partners of the site that has most, itself among them where listed."""
        return int(np.diff(self.offsets).max())

    @functools.cached_property
    def _keys(self) -> NDArray[np.int64]:
        """Sites and partners as one rising number each, and a last one above all."""
        keys = self.sites.astype(np.int64) * self.length + self.partners
        return np.append(keys, self.length**2)
