"""Which couplings J_ij(a, b) a sparse model has.

An element is one J_ij(a, b), i < j. Learning keeps the fields *centred*: the mean
influence of the other sites, under the family's own frequencies f, is counted with
them, and an element that appears or goes away moves the energy by
J (d_i(a) - f_i(a)) (d_j(b) - f_j(b)) alone, d_i(a) being 1 where site i has letter a.
Were sites independent, this has variance J^2 v, v = f_i(a) (1 - f_i(a)) f_j(b)
(1 - f_j(b)), and to second order

- an element that is off could gain (C_data - C_model)^2 / (2 v) nats per sequence;
- an element that is on gives J^2 v / 2, the divergence between the models with it
  and without. In this gauge an element is not weak because the fields, or others of
  its row, do its work.

The gain's v is damped: pairs of letters seen once or twice gain much by chance, and
little for the family's correlations. Both differ from the formulas of Calvanese et
al. 2024 and Barrat-Charlaix et al. 2021, which take f_ij(a, b) for a number of its
own, that fields do not move.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.inference.boltzmann.learner import State, chain_frequencies
from pottsfold.inference.boltzmann.statistics import FamilyStatistics
from pottsfold.lazy import lazy_module
from pottsfold.threads import Workers

if TYPE_CHECKING:
    from pottsfold.inference.boltzmann import kernels
else:
    kernels = lazy_module("pottsfold.inference.boltzmann.kernels")

# Added to v of gains.
DAMPING = 0.01


def modelled_elements(statistics: FamilyStatistics) -> NDArray[np.bool_]:
    """Return which elements have letters that are modelled, (P, q, W) bool."""
    some = statistics.profile > 0
    mask = np.zeros(statistics.correlations.shape, np.bool_)
    for i, pairs in _later_pairs(statistics.length):
        mask[pairs] = some[i + 1 :, : statistics.size, np.newaxis] & some[i]
    return mask


def gains_of(
    state: State, statistics: FamilyStatistics, workers: Workers
) -> tuple[NDArray[np.float32], float]:
    """Return what elements that are off could gain, and how the chains do.

    Parameters
    ----------
    state : State
        With a mask for every pair.
    statistics : FamilyStatistics
        Of the family.
    workers : Workers
        The threads; results do not depend on them.

    Returns
    -------
    gains : (P, q, W) float32
        In nats per sequence, damped; -1 for others.
    pearson : float
        Correlation of the chains' C_ij(a, b) with the family's, freed of the noise of
        their number: of the variance of C_ij(a, b) over chains, v / N is chance.
    """
    length, width = statistics.profile.shape
    found = chain_frequencies(state.codes, statistics)
    gains = np.empty(statistics.correlations.shape, np.float32)
    moments = np.zeros((length, 7))

    def one_site(site: int) -> None:
        counts = np.empty((length, statistics.size, width), np.int32)
        kernels.count_later(state.codes, site, counts)
        kernels.activation_gains(
            site,
            counts,
            len(state.codes),
            found,
            statistics.correlations,
            statistics.profile,
            DAMPING,
            state.mask,
            gains,
            moments[site],
        )

    workers.map(one_site, range(length - 1))
    n, x, y, xx, yy, xy, v = moments.sum(axis=0)
    yy -= v / len(state.codes)
    natural, sampled, both = n * xx - x * x, n * yy - y * y, n * xy - x * y
    if natural <= 0 or sampled <= 0:
        return gains, 0.0
    return gains, min(1.0, float(both / np.sqrt(natural * sampled)))


def strengths_of(state: State, statistics: FamilyStatistics) -> NDArray[np.float32]:
    """Return what active elements give, in nats per sequence; -1 for others, (P, q, W).

    J^2 v / 2, with the mean J of the state.
    """
    spreads = statistics.profile * (1 - statistics.profile)
    strengths = np.empty(state.mask.shape, np.float32)
    for i, pairs in _later_pairs(statistics.length):
        both = spreads[i + 1 :, : statistics.size, np.newaxis] * spreads[i]
        given = both * np.square(state.mean_couplings[pairs], dtype=np.float64) / 2
        strengths[pairs] = np.where(state.mask[pairs], given, -1)
    return strengths


def strongest(values: NDArray[np.float32], count: int) -> NDArray[np.bool_]:
    """Return which are the ``count`` largest of values of at least zero.

    Of equal ones the first are taken; fewer where there are not so many.
    """
    flat = values.reshape(-1)
    if count <= 0:
        return np.zeros(values.shape, np.bool_)
    if count >= flat.size:
        return values >= 0
    cut = np.partition(flat, flat.size - count)[flat.size - count]
    chosen: NDArray[np.bool_] = flat > cut
    equal = np.flatnonzero(flat == cut)
    chosen[equal[: count - np.count_nonzero(chosen)]] = True
    chosen &= flat >= 0
    return chosen.reshape(values.shape)


def _later_pairs(length: int) -> list[tuple[int, slice]]:
    """Return every site with the numbers of its pairs with later ones."""
    ends = np.cumsum(np.arange(length - 1, 0, -1))
    return [(i, slice(end - (length - 1 - i), end)) for i, end in enumerate(ends)]
