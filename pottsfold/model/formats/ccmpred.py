"""What CCMpred's text and msgpack files have in common.

Letters ARNDCQEGHILKMFPSTWYV and the gap, in this order, so proteins only; the gap
has couplings and no field. The sign is ours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pottsfold.model.formats.foreign import (
    gap_note,
    require_alphabet,
    silent_gap_change,
    upper_blocks,
)
from pottsfold.model.potts import PottsModel

ORDER = "ARNDCQEGHILKMFPSTWYV-"
SIZE = len(ORDER)
CONVENTIONS = (
    f"letters {ORDER}, no field for the gap; a higher parameter is more probable; "
    "sites counted from 0"
)


def with_gap_field(fields: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return fields (L, 21) of the file's (L, 20): the gap's are zero."""
    return np.pad(fields, ((0, 0), (0, 1)))


def written_parameters(
    model: PottsModel, title: str
) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
    """Return a model's parameters in the file's order and gauge.

    The gap's field goes into the gap's couplings, in even parts to all partners:
    h_i(-) = sum_j J_ij(-, b) for any b. Energies of sequences, couplings between
    residues and zero-sum scores stay as they are.

    Parameters
    ----------
    model : PottsModel
        A protein's.
    title : str
        The format, for errors.

    Returns
    -------
    fields : (L, 20) float32
        In nats.
    blocks : list of (L - 1 - i, 21, 21) float32
        J_ij of all j > i, for every i.
    """
    require_alphabet(model, ORDER, title)
    places = model.alphabet.encode(ORDER)
    shares = model.fields[:, 0] / np.float32(model.length - 1)
    blocks = []
    for i, later in upper_blocks(model, ORDER):
        later[:, SIZE - 1, :] += shares[i]
        later[:, :, SIZE - 1] += shares[i + 1 :, np.newaxis]
        blocks.append(later)
    return model.fields[:, places[:-1]], blocks


def changes(model: PottsModel) -> list[str]:
    """Return what is written in another way, one sentence each."""
    if model.gaps == "state" and model.fields[:, 0].any():
        return [
            "the gap's field is moved into its couplings, evenly over the partners; "
            "energies stay"
        ]
    return silent_gap_change(model)


def notes(model: PottsModel) -> tuple[str, ...]:
    """Return how a file was understood, one sentence each."""
    return (
        f"letters {ORDER}; {gap_note(model)}; a higher parameter is more probable, as "
        "here",
        "no focus sequence nor numbers: sites are numbered from 1",
    )
