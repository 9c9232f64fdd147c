"""What effects are adjusted for and by: options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from cyclopts import Parameter

from pottsfold.commands.console import say
from pottsfold.errors import UsageError
from pottsfold.model import PottsModel
from pottsfold.mutations import single_log_odds
from pottsfold.mutations.adjustment import Goal, adjusted_log_odds

if TYPE_CHECKING:
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


def adjusted_singles(
    model: PottsModel, goal: Goal, structure: Path | None, chain: str | None
) -> NDArray[np.float64]:
    """Return the adjusted effects of single substitutions, (L, q) float64.

    Raises
    ------
    UsageError, StructureError
        From :func:`accessibility_of`.
    """
    accessibility = accessibility_of(model, structure, chain)
    return adjusted_log_odds(model, single_log_odds(model), goal, accessibility)


def check_use(goal: Goal, structure: Path | None) -> None:
    """Refuse a structure that would change no score."""
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
    elif goal == "function":
        say("adjusted ranks by function (`goal=stability`: by stability)")
    elif structure is None:
        say("adjusted ranks by stability; with a `structure` it ranks clearly better")
    else:
        say("adjusted ranks by stability, with the structure's accessibility")
