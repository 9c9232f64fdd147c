"""Natural sequences to hold a model against."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pottsfold.alignment import Alignment, read_alignment, reweight
from pottsfold.commands.console import say
from pottsfold.errors import AlignmentError
from pottsfold.model import PottsModel
from pottsfold.model.sites import read_family


def natural_sequences(
    model: PottsModel, path: Path, threads: int | None = None
) -> Alignment:
    """Read sequences at a model's sites, weighted at 80 % identity.

    Parameters
    ----------
    model : PottsModel
        With or without a focus sequence.
    path : Path
        Their alignment; where it has no focus sequence its columns must be the sites,
        and this is said.
    threads : int, optional
        Every core by default.

    Raises
    ------
    AlignmentError
        If its columns cannot be the model's sites.
    """
    if model.focus is not None:
        try:
            return reweight(read_family(model, path), threads=threads)
        except AlignmentError:
            # Held-out sequences lack the focus: their columns must then be the sites.
            family = read_alignment(path, focus=None, alphabet=model.alphabet)
            if family.length != model.length or _names(family, model.focus_name):
                raise
    else:
        family = read_alignment(path, focus=None, alphabet=model.alphabet)
        if family.length != model.length:
            raise AlignmentError(
                f"{family.length} columns for a model of {model.length} sites",
                path=str(path),
            )
    say(f"{path}: no focus sequence; its {family.length} columns are taken for sites")
    family = replace(family, numbering=model.numbering)
    return reweight(family, threads=threads)


def _names(family: Alignment, focus: str) -> bool:
    """Return whether a sequence bears the name, with or without /start-end."""
    bare = focus.split("/")[0]
    return any(
        name in (focus, bare) or name.split("/")[0] == focus for name in family.names
    )
