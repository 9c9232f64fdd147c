"""What a foreign format is, and what comes of reading a file of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from pottsfold.model.fit import Fit
from pottsfold.model.formats.content import Content
from pottsfold.model.potts import PottsModel

# What a format may hold beside fields and couplings.
FOCUS, FOCUS_NAME, NUMBERING = "focus sequence", "focus name", "numbering"
FREQUENCIES, NEFF, OCCUPANCY = "letter frequencies", "Neff", "occupancy of sites"
GRAPH = "pairs with couplings"


@dataclass(frozen=True)
class Reading:
    """A model read from a foreign file, and what that file says beside it.

    Parameters
    ----------
    model : PottsModel
        The model.
    notes : tuple of str
        How the file was understood, one sentence each.
    settings : dict
        Settings of the program that fitted it.
    n_sequences : int
        Sequences it was fitted to; 0 when the file does not say.
    """

    model: PottsModel
    notes: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    n_sequences: int = 0


@dataclass(frozen=True)
class ModelFormat:
    """One foreign format.

    Parameters
    ----------
    name : str
        What ``convert`` calls it.
    title : str
        What people call it.
    ending : str
        Ending of a file's name that chooses it, or the empty string.
    conventions : str
        Letters, sign, index base, in words.
    holds : frozenset of str
        What it can hold beside fields and couplings.
    recognise : callable
        Whether a file's content is of this format.
    read : callable or None
        From content to a reading; None for a format that is only written.
    write : callable or None
        From a fit to an open file; None for a format that is only read.
    changes : callable
        What of a model is written in another way, one sentence each.
    """

    name: str
    title: str
    ending: str
    conventions: str
    holds: frozenset[str]
    recognise: Callable[[Content], bool] = lambda content: False
    read: Callable[[Content], Reading] | None = None
    write: Callable[[BinaryIO, Fit], None] | None = None
    changes: Callable[[PottsModel], list[str]] = lambda model: []
