"""Energies of sequences and conditional probabilities of letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.lazy import lazy_module
from pottsfold.model.potts import PottsModel

if TYPE_CHECKING:
    from pottsfold.model import kernels
else:
    kernels = lazy_module("pottsfold.model.kernels")


def energy(model: PottsModel, codes: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return E(x) = - sum_i h_i(x_i) - sum_{i<j} J_ij(x_i, x_j) of sequences.

    Parameters
    ----------
    model : PottsModel
        Model of L sites.
    codes : (N, L) or (L,) uint8
        Sequences; an unknown letter, and a gap under ``gaps="missing"``, adds
        nothing.

    Returns
    -------
    (N,) float64
        In nats; low is probable.
    """
    rows = _checked(model, np.atleast_2d(codes))
    energies = np.empty(len(rows))
    graph = model.graph
    partners = None if graph.is_complete else graph.partners
    kernels.sum_energies(
        *(rows, model.fields, graph.offsets, graph.later, partners),
        *(model.blocks, energies),
    )
    return energies


def local_fields(model: PottsModel, codes: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return H_i(a) = h_i(a) + sum_{j != i} J_ij(a, x_j) of one sequence.

    H_i(b) - H_i(x_i) is the log-odds of putting letter b at site i.

    Parameters
    ----------
    model : PottsModel
        Model of L sites.
    codes : (L,) uint8
        The background sequence.

    Returns
    -------
    (L, q) float64
        In nats.
    """
    row = _checked(model, codes[np.newaxis])[0]
    known = np.flatnonzero(row < model.alphabet.size)
    local = model.fields.astype(np.float64)
    # One site after the other, so that sums are made in the order of the sites.
    for site in known:
        # The rows of its letter are contiguous; its own block is zero.
        places = model.graph.of_site(int(site))
        local[model.graph.partners[places]] += model.blocks[places, row[site]]
    return local


def conditional_log_probabilities(
    model: PottsModel, codes: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """Return log P(x_i = a | the other letters) at every site of one sequence.

    Parameters
    ----------
    model : PottsModel
        Model of L sites.
    codes : (L,) uint8
        The sequence.

    Returns
    -------
    (L, q) float64
        Over the modelled letters; minus infinity for a gap that is not one.
    """
    from scipy.special import log_softmax

    local = local_fields(model, codes)
    result = np.full(local.shape, -np.inf)
    result[:, model.states] = log_softmax(local[:, model.states], axis=1)
    return result


def _checked(model: PottsModel, rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if rows.shape[1] != model.length:
        raise ValueError(f"{rows.shape[1]} letters for a model of {model.length} sites")
    checked = np.ascontiguousarray(rows, dtype=np.uint8).view()
    checked.flags.writeable = False
    return checked
