"""Gauge: the same distribution written with other parameters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pottsfold.model.potts import PottsModel


def zero_sum(model: PottsModel) -> PottsModel:
    """Return the model in the zero-sum gauge.

    Fields and the rows and columns of every coupling block then sum to zero over
    the modelled letters; what leaves the couplings goes into the fields, so the
    energies of sequences change by one constant only. With ``gaps="missing"``
    that holds for sequences without gaps or unknown letters.

    Parameters
    ----------
    model : PottsModel
        In any gauge.

    Returns
    -------
    PottsModel
        With ``gauge="zero-sum"``.
    """
    letters = model.states
    fields = np.zeros(model.fields.shape)
    h = model.fields[:, letters].astype(np.float64)
    fields[:, letters] = h - h.mean(axis=1, keepdims=True)
    blocks = np.zeros_like(model.blocks)
    graph = model.graph
    for i in range(model.length):
        places = graph.of_site(i)
        centred, row_means = centre_blocks(model.blocks[places, letters, letters])
        blocks[places, letters, letters] = centred
        fields[i, letters] += row_means.sum(axis=0)
    # Rounding of the two halves may differ in the last bit; one half decides.
    for i in range(model.length):
        graph.mirror(blocks, i)
    return replace(
        model,
        fields=fields.astype(np.float32),
        couplings=graph.couplings(blocks),
        gauge="zero-sum",
    )


def centre_blocks(
    blocks: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return coupling blocks with zero row and column sums, and what rows lost.

    Parameters
    ----------
    blocks : (K, s, s) float32
        Coupling blocks over the modelled letters, the first letter's site first.

    Returns
    -------
    centred : (K, s, s) float64
        J(a, b) - mean_b J - mean_a J + mean_ab J.
    row_means : (K, s) float64
        mean_b J(a, b) - mean_ab J, the part that belongs to the first site's field.
    """
    wide = blocks.astype(np.float64)
    over_b = wide.mean(axis=2, keepdims=True)
    over_a = wide.mean(axis=1, keepdims=True)
    over_both = wide.mean(axis=(1, 2), keepdims=True)
    return wide - over_b - over_a + over_both, (over_b - over_both)[:, :, 0]
