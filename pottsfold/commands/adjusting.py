"""What effects are adjusted for and by: options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from pottsfold.commands.console import say
from pottsfold.errors import UsageError
from pottsfold.model import PottsModel
from pottsfold.mutations.adjustment import Goal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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
    UsageError
        If a chain is named and no structure.
    StructureError
        If the structure does not fit the model, or shows no accessibility.
    """
    if structure is None:
        if chain is not None:
            raise UsageError(
                "it names a chain of `structure`; give that too", parameter="chain"
            )
        return None
    from pottsfold.contacts import site_accessibility

    found = site_accessibility(model, structure, chain)
    say(str(found.mapping))
    for note in (*found.mapping.notes, *found.notes):
        say(note)
    return found.relative


def check_use(goal: Goal, structure: Path | None) -> None:
    """Refuse a structure that would change no score."""
    if structure is not None and goal == "function":
        raise UsageError(
            "what burial does was learnt for stability alone; give `goal=stability`",
            parameter="structure",
        )


def tell_adjusted(goal: Goal, structure: Path | None) -> None:
    """Say what the column ``adjusted`` ranks by."""
    if goal == "function":
        say("adjusted ranks by function (`goal=stability` for stability)")
    elif structure is None:
        say("adjusted ranks by stability; with a `structure` it ranks clearly better")
    else:
        say("adjusted ranks by stability, with the structure's accessibility")
