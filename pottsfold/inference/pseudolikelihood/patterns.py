"""Columns taken together, since alignments repeat themselves.

A sequence's energy at a site is a sum over the L other columns. Neighbouring columns
show far fewer combinations of letters, *patterns*, than sequences: summing each
pattern's table rows once a site and adding one row a sequence and group of columns
gives the same sums with a third of the additions, and run backwards the same slopes.

A pattern is a node of a tree: the pattern of one column less, its parent, and a
letter. Node 0 is empty. The nodes of a group's last column are the patterns that
sequences have; the others serve to build them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.lazy import lazy_module

if TYPE_CHECKING:
    from pottsfold.inference.pseudolikelihood import kernels
else:
    kernels = lazy_module("pottsfold.inference.pseudolikelihood.kernels")


# A group's rows beyond this leave the second-level cache.
MAX_PATTERNS = 1024
MAX_COLUMNS = 24
# Cost of building and parting a node, in units of a sequence's row; measured.
NODE_COST = 1.5
# Groups that the kernels take at a time.
TOGETHER = 8


@dataclass(frozen=True, eq=False)
class Patterns:
    """Groups of columns and the pattern of every sequence in each.

    Parameters
    ----------
    of_sequences : (G, N) uint16
        Pattern of sequence n in group g, counted from the group's base. G is a
        multiple of eight; groups that fill it up have the empty pattern.
    bases : (G,) int64
        Node of every group's pattern 0.
    parents, columns, letters : (R,) int32
        What every node is made of.
    """

    of_sequences: NDArray[np.uint16]
    bases: NDArray[np.int64]
    parents: NDArray[np.int32]
    columns: NDArray[np.int32]
    letters: NDArray[np.int32]

    @property
    def n_nodes(self) -> int:
        """Number of nodes R, the empty one among them."""
        return len(self.parents)


def find_patterns(by_column: NDArray[np.uint8], n_letters: int) -> Patterns:
    """Return the groups of adjacent columns that cost least.

    Parameters
    ----------
    by_column : (L, N) uint8
        Letters below ``n_letters``.
    n_letters : int
        Number of letters, the absent one among them.
    """
    groups = cheapest_groups(by_column, n_letters)
    n_rows = by_column.shape[1]
    padded = -(-len(groups) // TOGETHER) * TOGETHER
    of_sequences = np.zeros((padded, n_rows), np.uint16)
    bases = np.zeros(padded, np.int64)
    nodes = [np.zeros((1, 3), np.int32)]
    n_nodes = 1
    lookup = np.empty(max(MAX_PATTERNS, n_letters) * n_letters, np.int32)
    for g, (start, stop) in enumerate(groups):
        ids = np.zeros(n_rows, np.int32)
        n_patterns, base = 1, 0
        for column in range(start, stop):
            before = ids.copy()
            n_patterns = kernels.extend_patterns(
                by_column[column], n_letters, ids, n_patterns, np.iinfo(int).max, lookup
            )
            _, first = np.unique(ids, return_index=True)
            level = np.empty((n_patterns, 3), np.int32)
            level[:, 0] = base + before[first]
            level[:, 1] = column
            level[:, 2] = by_column[column, first]
            nodes.append(level)
            base = n_nodes
            n_nodes += n_patterns
        of_sequences[g] = ids
        bases[g] = base
    parents, columns, letters = np.concatenate(nodes).T.copy()
    return Patterns(of_sequences, bases, parents, columns, letters)


def cheapest_groups(
    by_column: NDArray[np.uint8], n_letters: int
) -> list[tuple[int, int]]:
    """Return the borders (start, stop) of groups, by dynamic programming.

    A group costs one row a sequence, and ``NODE_COST`` a node.
    """
    length, n_rows = by_column.shape
    # least[j] is the least cost of the columns from j on; best[j] the first group.
    least = np.full(length + 1, np.inf)
    least[length] = 0.0
    best = np.zeros(length, int)
    counts = np.empty(MAX_COLUMNS, np.int64)
    for start in range(length - 1, -1, -1):
        width = kernels.count_patterns(
            by_column, start, n_letters, MAX_PATTERNS, counts
        )
        costs = n_rows + NODE_COST * np.cumsum(counts[:width])
        costs += least[start + 1 : start + 1 + width]
        best[start] = start + 1 + int(np.argmin(costs))
        least[start] = costs.min()
    groups = []
    start = 0
    while start < length:
        groups.append((start, int(best[start])))
        start = int(best[start])
    return groups
