"""Residues of one chain, of atoms in the order of the file."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pottsfold.contacts.structure.atoms import Atom, Place
from pottsfold.contacts.structure.chain import UNKNOWN_RESIDUE
from pottsfold.contacts.structure.names import is_heavy, letter_of

# Angstrom. Two atoms of a name in a residue are one, seen twice, up to here.
MAX_SHIFT = 2.0
MAX_BOND = 2.2
# From any atom of a residue to any other.
MAX_EXTENT = 20.0
# Of CA or C1' atoms of neighbours in a chain.
MAX_STEP = {"CA": 4.5, "C1'": 8.0}
BACKBONE = {False: "CA", True: "C1'"}
ANCHORS = ("CB", "CA", "C1'")


@dataclass
class Residue:
    """A residue that may be one of a chain: its heavy atoms, by name and alternative.

    Parameters
    ----------
    letter : str
        Of its parent, ``X`` where it has none.
    first : Atom
        Its first atom, for what all of them share.
    atoms : dict
        Keys are name and alternative.
    others : list of Residue
        Residues of other names at the same place (point mutations).
    """

    letter: str
    first: Atom
    atoms: dict[tuple[str, str], Atom] = field(default_factory=dict)
    others: list[Residue] = field(default_factory=list)

    @property
    def number(self) -> str:
        """Number and insertion code."""
        return self.first.number

    @property
    def name(self) -> str:
        """Of the residue."""
        return self.first.residue

    def place(self, name: str) -> Place | None:
        """Return where an atom is, of alternatives the first; None without it."""
        return next(
            (atom.place for key, atom in self.atoms.items() if key[0] == name), None
        )

    def is_apart(self, other: Residue) -> bool:
        """Tell whether two residues share no atom of one name and alternative."""
        return self.atoms.keys().isdisjoint(other.atoms)

    def is_alternative(self, other: Residue) -> bool:
        """Tell whether atoms of the two that share a name are all alternatives."""
        mine = {alternate for _, alternate in self.atoms}
        return "" not in mine and mine.isdisjoint(alt for _, alt in other.atoms)


def candidate_residues(
    atoms: Iterable[Atom], nucleic: bool, left_out: Counter[str]
) -> list[Residue]:
    """Return what may be residues of a chain, in the order of the file.

    Water, ligands that are no amino acids (or nucleotides), ions and hydrogens are
    left out. Of two atoms of one name in a residue the first counts, unless they are
    too far apart for that: the residue is the next one then.

    Parameters
    ----------
    atoms : iterable of Atom
        Of one chain of one model.
    nucleic : bool
        Whether nucleotides are wanted, or amino acids.
    left_out : Counter
        Gets the number of atoms given twice.
    """
    found: list[Residue] = []
    last = None
    for atom in atoms:
        letter = letter_of(atom.residue, nucleic)
        if letter == "" or not is_heavy(atom.name, atom.element, atom.residue):
            continue
        key = (atom.number, atom.residue, atom.piece, atom.segment)
        slot = (atom.name, atom.alternate)
        if key == last and slot in found[-1].atoms:
            if _distance(found[-1].atoms[slot].place, atom.place) <= MAX_SHIFT:
                left_out["given twice"] += 1
                continue
            last = None
        if key != last:
            found.append(Residue(letter or UNKNOWN_RESIDUE, atom))
            last = key
        found[-1].atoms[slot] = atom
    return [each for each in found if _has_backbone(each, nucleic)]


def _has_backbone(residue: Residue, nucleic: bool) -> bool:
    """Tell a residue of an unheard-of name from a ligand: caps have no backbone."""
    if letter_of(residue.name, nucleic) is not None:
        return True
    atoms = [atom for key, atom in residue.atoms.items() if key[0] == BACKBONE[nucleic]]
    return bool(atoms) and atoms[0].element != "CA"  # which is calcium


def is_bonded(one: Residue, other: Residue) -> bool:
    """Tell whether a residue is bonded to the one after it."""
    for first, second in (("C", "N"), ("O3'", "P")):
        apart = _shortest(one, other, first, second)
        if apart is not None:
            return apart <= MAX_BOND
    return False


def are_neighbours(one: Residue, other: Residue) -> bool:
    """Tell whether two residues may follow each other in a chain, by distance."""
    if is_bonded(one, other):
        return True
    for name, longest in MAX_STEP.items():
        apart = _shortest(one, other, name, name)
        if apart is not None and (len(one.atoms) == 1 or len(other.atoms) == 1):
            return apart <= longest
    return False


def are_near(one: Residue, other: Residue) -> bool:
    """Tell whether two residues can be parts of one, by distance."""
    return _distance(one.first.place, other.first.place) <= MAX_EXTENT


def are_in_one_place(one: Residue, other: Residue) -> bool:
    """Tell whether two residues stand where only one can be."""
    for name in MAX_STEP:
        apart = _shortest(one, other, name, name)
        if apart is not None:
            return apart <= MAX_SHIFT
    return False


def can_be_bridged(one: Residue, other: Residue) -> bool:
    """Tell whether residues that are missing by their numbers could lie between."""
    steps = max(_number(other) - _number(one), 1)
    for name, longest in MAX_STEP.items():
        apart = _shortest(one, other, name, name)
        if apart is not None:
            return apart <= longest * steps + MAX_BOND
    return True


def _number(residue: Residue) -> int:
    digits = residue.number.rstrip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    )
    # Of more digits no program makes a number.
    sensible = len(digits) < 10 and digits.lstrip("-").isdecimal()
    return int(digits) if sensible else 0


def _shortest(one: Residue, other: Residue, first: str, second: str) -> float | None:
    pairs = [
        _distance(a, b) for a in _places(one, first) for b in _places(other, second)
    ]
    return min(pairs, default=None)


def _places(residue: Residue, name: str) -> Iterator[Place]:
    for key, atom in residue.atoms.items():
        if key[0] == name:
            yield atom.place


def _distance(one: Place, other: Place) -> float:
    return math.dist(one, other)


@dataclass(frozen=True)
class Chosen:
    """One alternative of a residue: what is kept of it.

    Parameters
    ----------
    letter, name : str
        Of the residue.
    atoms : tuple of Atom
        Those of no alternative, and those of the fullest one.
    occupancy : float
        Of the alternative.
    """

    letter: str
    name: str
    atoms: tuple[Atom, ...]
    occupancy: float

    @property
    def anchor(self) -> Atom:
        """The atom that stands for the residue."""
        by_name = {atom.name: atom for atom in reversed(self.atoms)}
        return next(
            (by_name[name] for name in ANCHORS if name in by_name), self.atoms[0]
        )


def fullest(residue: Residue) -> Chosen:
    """Return the alternative of highest occupancy, the first of equals, throughout."""
    chosen = [_fullest(each) for each in (residue, *residue.others)]
    return max(chosen, key=lambda each: each.occupancy)


def _fullest(residue: Residue) -> Chosen:
    occupancies: dict[str, float] = {}
    for (_, alternate), atom in residue.atoms.items():
        if alternate:
            occupancies[alternate] = max(
                occupancies.get(alternate, 0.0), atom.occupancy
            )
    best = max(occupancies, key=lambda name: occupancies[name], default="")
    return Chosen(
        letter=residue.letter,
        name=residue.name,
        atoms=tuple(
            atom
            for (_, alternate), atom in residue.atoms.items()
            if alternate in ("", best)
        ),
        occupancy=occupancies.get(best, 1.0),
    )
