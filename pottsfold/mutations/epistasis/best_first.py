"""The highest of very many values, of which few are held at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BATCH = 128


class TopK(NamedTuple):
    """The highest values, in falling order; ties by block, then by place.

    Parameters
    ----------
    blocks, places : (n,) int64
        Which block a value stands in, and where in it.
    values : (n,) float64
        The values.
    n_opened : int
        Blocks that had to be opened.
    """

    blocks: NDArray[np.int64]
    places: NDArray[np.int64]
    values: NDArray[np.float64]
    n_opened: int


def best_first(
    bounds: NDArray[np.float64],
    open_blocks: Callable[[NDArray[np.int64]], NDArray[np.float64]],
    count: int,
) -> TopK:
    """Return the ``count`` highest values of many blocks, opening as few as possible.

    Blocks are opened in falling order of their bounds, until the last of the values
    kept is above the next bound. So the answer is exact if no value lies above its
    block's bound, and at most about 2 count values are held beside one batch of
    blocks.

    Parameters
    ----------
    bounds : (K,) float64
        No value of a block lies above its bound; minus infinity for an empty block.
    open_blocks : callable
        Takes indices of blocks, (B,), and returns their values, (B, ...); NaN or
        minus infinity where there is none.
    count : int
        How many to find, 1 or more; fewer come back if there are no more.
    """
    order = np.argsort(-bounds, kind="stable")
    order = order[bounds[order] > -np.inf]
    kept = TopK(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), 0)
    threshold = -np.inf
    n_opened = 0
    for start in range(0, len(order), BATCH):
        chunk = order[start : start + BATCH]
        # Blocks that reach just the threshold count: their place may come before.
        chunk = chunk[bounds[chunk] >= threshold]
        if not len(chunk):
            break
        values = open_blocks(chunk).reshape(len(chunk), -1)
        n_opened += len(chunk)
        rows, places = np.nonzero((values >= threshold) & (values > -np.inf))
        kept = TopK(
            np.concatenate([kept.blocks, chunk[rows]]),
            np.concatenate([kept.places, places]),
            np.concatenate([kept.values, values[rows, places]]),
            n_opened,
        )
        if len(kept.values) >= 2 * count:
            kept = _sorted(kept, count)
            threshold = kept.values[-1]
    return _sorted(kept, count)


def _sorted(found: TopK, count: int) -> TopK:
    """Return the first ``count`` in their order."""
    order = np.lexsort((found.places, found.blocks, -found.values))[:count]
    return TopK(
        found.blocks[order], found.places[order], found.values[order], found.n_opened
    )
