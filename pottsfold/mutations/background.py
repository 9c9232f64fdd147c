"""Another wild type than the focus sequence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import UsageError
from pottsfold.model import PottsModel
from pottsfold.mutations.library.files import read_library
from pottsfold.mutations.library.parsing import place_sequences, place_texts
from pottsfold.mutations.mutants import OK, Mutants


def in_background(model: PottsModel, background: str) -> PottsModel:
    """Return a model whose focus is another sequence.

    Effects are then told against that sequence, and it is its letters that mutants
    name as the wild type.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence.
    background : str
        A mutant of the focus such as ``A23T:G56D``, or a FASTA file of one sequence,
        aligned to the model's sites or read by residue number as
        :func:`place_sequences` does.

    Raises
    ------
    UsageError
        If it is neither, or cannot be scored by the model.
    TableError
        If the file cannot be read.
    """
    is_file = Path(background).is_file()
    if is_file:
        records = read_library(background)
        if "name" not in records or len(records) != 1:
            raise UsageError(
                f"FASTA of one sequence is needed; it holds {len(records)} rows",
                parameter="background",
                value=background,
            )
        name = str(records["name"][0])
        mutants = place_sequences(model, records["mutated_sequence"])
    else:
        name = f"{model.focus_name} {background}".strip()
        mutants = place_texts(model, [background])
    if mutants.statuses[0] != OK:
        (issue,) = mutants.issues.values()
        raise UsageError(
            issue.message
            + ("" if is_file else "; or name a FASTA file of one sequence"),
            parameter="background",
            value=background,
        )
    return replace(model, focus=_changed(model, mutants), focus_name=name)


def _changed(model: PottsModel, mutants: Mutants) -> NDArray[np.uint8]:
    focus = model.require_focus().copy()
    focus[mutants.columns] = mutants.letters
    return focus
