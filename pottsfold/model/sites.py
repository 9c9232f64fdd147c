"""Alignments at the sites of a model: its own family, or any natural sequences."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment import Alignment, read_alignment, reweight
from pottsfold.errors import AlignmentError, shown
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
            f"its focus sequence is not the model's "
            f"({shown(model.focus_name or 'nameless')}, "
            f"{model.length} sites){alike}; give the alignment the model was fitted to",
            path=str(path),
        )
    return replace(family, numbering=model.numbering)


def natural_sequences(
    model: PottsModel, path: str | Path, threads: int | None = None
) -> Alignment:
    """Read natural sequences at a model's sites, weighted at 80 % identity.

    They are read by :func:`read_family` where the model's focus sequence is among
    them. Sequences held out of a fit lack it: their columns must then be the sites,
    and the last sentence of the history says that they were taken so.

    Parameters
    ----------
    model : PottsModel
        With or without a focus sequence.
    path : str or Path
        Their alignment.
    threads : int, optional
        Number of threads; all cores by default.

    Raises
    ------
    AlignmentError
        If its columns cannot be the model's sites.
    """
    if model.focus is not None:
        try:
            family = read_family(model, path)
        except AlignmentError:
            family = _without_focus(model, path)
            if family.length != model.length or _names(family, model.focus_name):
                raise
    else:
        family = _without_focus(model, path)
        if family.length != model.length:
            raise AlignmentError(
                f"{family.length} columns for a model of {model.length} sites",
                path=str(path),
            )
    return reweight(family, threads=threads)


def _without_focus(model: PottsModel, path: str | Path) -> Alignment:
    """Return an alignment whose columns are taken for sites, if they are as many."""
    family = read_alignment(path, focus=None, alphabet=model.alphabet)
    if family.length != model.length:
        return family
    note = f"no focus sequence; its {family.length} columns are taken for sites"
    return replace(family, numbering=model.numbering, history=(*family.history, note))


def _names(family: Alignment, focus: str) -> bool:
    """Return whether a sequence bears the name, with or without /start-end."""
    bare = focus.split("/")[0]
    return any(
        name in (focus, bare) or name.split("/")[0] == focus for name in family.names
    )


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
