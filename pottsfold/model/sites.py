"""A family's natural sequences, lined up with the sites of a model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment import Alignment, read_alignment
from pottsfold.errors import AlignmentError
from pottsfold.model import PottsModel


def read_family(model: PottsModel, path: str | Path) -> Alignment:
    """Read an alignment and keep the columns that are sites of a model.

    The model's focus sequence is sought by its name, and is the first row if no
    sequence bears it. Its letters must be those of the model, at every site: columns
    are matched one by one if there are as many as sites, else by residue number.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence.
    path : str or Path
        As :func:`pottsfold.alignment.read_alignment` reads it.

    Returns
    -------
    Alignment
        Of L columns, numbered as the model, with weights of one.

    Raises
    ------
    UsageError
        If the model has no focus sequence.
    AlignmentError
        If it cannot be read, or its focus sequence is another one.
    """
    expected = model.require_focus()
    family = _with_focus(model, path)
    if family.length != model.length:
        kept = np.isin(family.numbering.positions, model.numbering.positions)
        family = family.select(columns=kept, note="kept the sites of the model")
    focus = family.focus_codes
    assert focus is not None  # read with one
    if not np.array_equal(focus, expected):
        alike = "" if family.length != model.length else _first_difference(model, focus)
        raise AlignmentError(
            f"its focus sequence is not the model's ({model.focus_name or 'nameless'}, "
            f"{model.length} sites){alike}; give the alignment the model was fitted to",
            path=str(path),
        )
    return replace(family, numbering=model.numbering)


def _with_focus(model: PottsModel, path: str | Path) -> Alignment:
    if model.focus_name:
        try:
            return read_alignment(path, focus=model.focus_name, alphabet=model.alphabet)
        except AlignmentError:
            # Whatever else is wrong with the file comes up again.
            pass
    return read_alignment(path, alphabet=model.alphabet)


def _first_difference(model: PottsModel, focus: NDArray[np.uint8]) -> str:
    site = int(np.flatnonzero(focus != model.require_focus())[0])
    found, due = (
        model.alphabet.decode(codes[[site]]) for codes in (focus, model.require_focus())
    )
    return f": {found} where it has {due}{model.numbering.positions[site]}"
