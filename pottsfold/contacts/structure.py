"""Chains of a structure file, PDB or mmCIF, as letters and coordinates.

Only residues of the polymer count: water and ligands are left out, and a modified
residue goes by the letter of its parent (selenomethionine is M). Of alternate
locations the one of the highest occupancy is taken, the first of equals, throughout
a residue: atoms of two alternatives are never there together. Of several models the
first is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import gemmi
import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import StructureError

UNKNOWN_RESIDUE = "X"


@dataclass(frozen=True, eq=False)
class Chain:
    """The residues of one chain that have coordinates, in order.

    Parameters
    ----------
    name : str
        As in the file (mmCIF: the author's name); may be blank in a PDB file.
    letters : str
        One a residue, ``X`` for one without a parent.
    labels : tuple of str
        Residue name, number and insertion code, as ``SER52A``.
    coordinates : tuple of (k, 3) float64
        Heavy atoms of every residue, in angstrom.
    numbers : tuple of str
        Number and insertion code of every residue, as ``52A``.
    anchors : tuple of str
        Name of the atom that stands for the residue: CB, or CA where there is no CB
        (glycine, models of CA alone); C1' of a nucleotide; the first atom failing
        that.
    anchor_places : (n, 3) float64
        Its coordinates, in angstrom.
    """

    name: str
    letters: str
    labels: tuple[str, ...]
    coordinates: tuple[NDArray[np.float64], ...]
    numbers: tuple[str, ...]
    anchors: tuple[str, ...]
    anchor_places: NDArray[np.float64]


def read_chains(path: str | Path, *, nucleic: bool = False) -> tuple[Chain, ...]:
    """Return the protein (or nucleic acid) chains of a file's first model.

    Parameters
    ----------
    path : str or Path
        PDB or mmCIF, plain or gz, told apart by content.
    nucleic : bool
        Whether nucleotides are wanted, or amino acids.

    Raises
    ------
    StructureError
        If there is no such file, it cannot be read, or has no such residue.
    """
    if not Path(path).is_file():
        raise StructureError(str(path), "no such file")
    if not Path(path).stat().st_size:
        raise StructureError(str(path), "empty; a PDB or mmCIF file is needed")
    try:
        structure = gemmi.read_structure(str(path), format=gemmi.CoorFormat.Detect)
        structure.setup_entities()
        found = [_chain(chain, nucleic) for chain in _first_model(structure)]
    except (RuntimeError, ValueError, IndexError, OSError) as error:
        cause = " ".join(str(error).replace(str(path), "").split())
        raise StructureError(
            str(path), f"cannot be read as PDB or mmCIF ({cause.strip(': ')})"
        ) from error
    chains = tuple(chain for chain in found if chain.letters)
    if not chains:
        kind = "nucleic acid" if nucleic else "protein"
        raise StructureError(
            str(path), f"no {kind} residues in it; a PDB or mmCIF file is needed"
        )
    return chains


def _first_model(structure: gemmi.Structure) -> gemmi.Model | list[gemmi.Chain]:
    return structure[0] if len(structure) else []


@dataclass(frozen=True)
class _Residue:
    """What is kept of one residue: letter, names, and atoms of one alternative."""

    letter: str
    name: str
    number: str
    atoms: tuple[str, ...]
    places: NDArray[np.float64]
    occupancy: float

    @property
    def anchor(self) -> int:
        """Index of the atom that stands for the residue."""
        for name in ("CB", "CA", "C1'"):
            if name in self.atoms:
                return self.atoms.index(name)
        return 0


def _chain(chain: gemmi.Chain, nucleic: bool) -> Chain:
    residues = list(_residues(chain, nucleic))
    anchors = [residue.anchor for residue in residues]
    places = [residue.places[k] for residue, k in zip(residues, anchors, strict=True)]
    return Chain(
        name=chain.name,
        letters="".join(residue.letter for residue in residues),
        labels=tuple(residue.name + residue.number for residue in residues),
        coordinates=tuple(residue.places for residue in residues),
        numbers=tuple(residue.number for residue in residues),
        anchors=tuple(
            residue.atoms[k] for residue, k in zip(residues, anchors, strict=True)
        ),
        anchor_places=np.array(places).reshape(-1, 3),
    )


def _residues(chain: gemmi.Chain, nucleic: bool) -> Iterator[_Residue]:
    """Give the residues, of several at one place the one of highest occupancy."""
    for _, alternatives in groupby(
        chain.get_polymer(), key=lambda residue: str(residue.seqid)
    ):
        found = [
            residue
            for each in alternatives
            if (residue := _residue(each, nucleic)) is not None
        ]
        if found:
            yield max(found, key=lambda residue: residue.occupancy)


def _residue(residue: gemmi.Residue, nucleic: bool) -> _Residue | None:
    """Return the heavy atoms common to all alternatives or of the fullest one."""
    letter = _letter(residue, nucleic)
    # An atom may lack a coordinate in mmCIF, and cannot be anywhere then.
    heavy = [
        atom
        for atom in residue
        if not atom.is_hydrogen() and all(map(np.isfinite, atom.pos.tolist()))
    ]
    if not letter or not heavy:
        return None
    occupancies: dict[str, float] = {}
    for atom in heavy:
        if atom.has_altloc():
            occupancies[atom.altloc] = max(occupancies.get(atom.altloc, 0.0), atom.occ)
    fullest = max(occupancies, key=lambda name: occupancies[name], default="")
    kept = [atom for atom in heavy if not atom.has_altloc() or atom.altloc == fullest]
    return _Residue(
        letter=letter,
        name=residue.name,
        number=str(residue.seqid),
        atoms=tuple(atom.name for atom in kept),
        places=np.array([atom.pos.tolist() for atom in kept]),
        occupancy=occupancies.get(fullest, 1.0),
    )


def _letter(residue: gemmi.Residue, nucleic: bool) -> str:
    """Return a residue's letter, or the empty string for one of another kind."""
    known = gemmi.find_tabulated_residue(residue.name)
    if known.is_amino_acid() or known.is_nucleic_acid():
        if known.is_nucleic_acid() != nucleic:
            return ""
        letter = known.one_letter_code.strip().upper()
        return letter or UNKNOWN_RESIDUE
    # An unheard-of residue counts if it has the backbone of one; caps have none.
    backbone = "C1'" if nucleic else "CA"
    return UNKNOWN_RESIDUE if residue.find_atom(backbone, "*") else ""
