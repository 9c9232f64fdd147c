"""Atoms as a structure file has them, whatever its format."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

Place = tuple[float, float, float]
# Programs write 9999 for a coordinate that they do not know (X-PLOR, CHARMM).
FAR = 9998.0
# So many atoms at one point are dummies that were never placed.
MIN_STACKED = 3
DECIMAL = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


class Atom(NamedTuple):
    """One atom.

    Parameters
    ----------
    model : int
        Ordinal of its model in the file, from 0.
    chain, segment : str
        Names; blank for none. In mmCIF the segment is blank.
    piece : str
        Differs between atoms that the file itself says to be of different chains,
        beyond the chain's name: after a TER, or of another ``label_asym_id``.
    residue : str
        Its name, in upper case.
    number : str
        Number and insertion code.
    hetero : bool
        Whether it is marked as HETATM.
    in_sequence : bool
        Whether the file says that the residue is one of a polymer's sequence.
    name, alternate, element : str
        Of the atom; blank for none.
    place : (float, float, float)
        Coordinates, in angstrom.
    occupancy : float
        From 0 to 1; 1 where the file has none.
    b_factor : float
        Or what a program has put in its column; NaN where the file has none.
    """

    model: int
    chain: str
    segment: str
    piece: str
    residue: str
    number: str
    hetero: bool
    in_sequence: bool
    name: str
    alternate: str
    element: str
    place: Place
    occupancy: float
    b_factor: float


@dataclass
class AtomList:
    """Atoms of a file, and how many had to be left out.

    Parameters
    ----------
    atoms : list of Atom
        Those that have a place, in the order of the file.
    n_models : int
        Models in the file, of which the first are read.
    left_out : Counter
        Atoms left out, by the cause, as ``"without readable coordinates"``.
    ended : set of (str, str)
        Piece and chain of what the file ends by a record of its own (TER).
    notes : list of str
        Further clauses on what was read.
    """

    atoms: list[Atom] = field(default_factory=list)
    n_models: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    ended: set[tuple[str, str]] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def decimal(text: str) -> float:
    """Return a number, NaN for what is none: stars, blanks, ``nan``, ``inf``, ``?``."""
    found = DECIMAL.fullmatch(text.strip())
    return float(found[0]) if found else math.nan


def is_place(place: Place) -> bool:
    """Tell whether three coordinates are somewhere."""
    x, y, z = map(abs, place)
    return x < FAR and y < FAR and z < FAR  # which NaN is not


def without_stacked(found: AtomList) -> None:
    """Leave out atoms that stand on one point with two others of their model.

    The alternatives of an atom may well do so, and are one here.
    """
    counts = Counter((atom.model, atom.place) for atom in found.atoms)
    stacks: dict[tuple[int, Place], set[tuple[str, ...]]] = {
        where: set() for where, count in counts.items() if count >= MIN_STACKED
    }
    if not stacks:
        return
    for atom in found.atoms:
        stack = stacks.get((atom.model, atom.place))
        if stack is not None:
            stack.add((atom.chain, atom.piece, atom.number, atom.name))
    dummies = {where for where, stack in stacks.items() if len(stack) >= MIN_STACKED}
    if dummies:
        kept = [each for each in found.atoms if (each.model, each.place) not in dummies]
        found.left_out["stacked on one point"] += len(found.atoms) - len(kept)
        found.atoms = kept
