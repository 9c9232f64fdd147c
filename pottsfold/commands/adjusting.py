"""What effects are adjusted for and by: options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from cyclopts import Parameter

from pottsfold.commands.console import say
from pottsfold.commands.structures import check_of_structure
from pottsfold.errors import UsageError
from pottsfold.model import PottsModel
from pottsfold.mutations.adjustment import Goal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pottsfold.contacts import Accessibility

For = Annotated[Goal, Parameter(name="--for")]


def accessibility_of(
    model: PottsModel, structure: Path | None, chain: str | None
) -> NDArray[np.float64] | None:
    """Return the relative accessibility of a model's sites in a structure, and tell.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence.
    structure, chain
        As given; None without a structure.

    Raises
    ------
    StructureError
        If the structure does not fit the model, or shows no accessibility.
    """
    if structure is None:
        return None
    from pottsfold.contacts import site_accessibility

    found = site_accessibility(model, structure, chain)
    tell_accessibility(found)
    if model.graph.is_complete:
        say(
            "the model couples all pairs of sites; one fitted with this `structure` "
            "couples those in contact, and ranks mutants better"
        )
    return found.relative


def tell_accessibility(found: Accessibility) -> None:
    """Say what a structure was mapped on, and what was left out of it."""
    say(str(found.mapping))
    for note in (*found.mapping.notes, *found.notes):
        say(note)


def check_use(goal: Goal, structure: Path | None, chain: str | None) -> None:
    """Refuse a structure that would change no score, and a chain without one."""
    check_of_structure(structure, chain=chain)
    if structure is not None and goal == "function":
        raise UsageError(
            "what burial does was learnt for stability alone; give `goal=stability`",
            parameter="structure",
        )


def tell_adjusted(
    adjusted: NDArray[np.float64], goal: Goal, structure: Path | None
) -> None:
    """Say what adjusted effects rank by, or why there are none."""
    if not np.isfinite(adjusted).any():
        say(
            "no adjusted effects: they are for proteins, and for models that know "
            "their family's letter frequencies"
        )
    elif goal == "function" and structure is None:
        say("adjusted ranks by function (`goal=stability`: by stability)")
    elif goal == "function":
        say(
            "adjusted ranks by function and does not use the structure "
            "(`goal=stability`: it does)"
        )
    elif structure is None:
        say("adjusted ranks by stability; with a `structure` it ranks clearly better")
    else:
        say("adjusted ranks by stability, with the structure's accessibility")
