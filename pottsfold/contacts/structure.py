"""Chains of a structure file, PDB or mmCIF, as letters and coordinates.

Only residues of the polymer count: water and ligands are left out, and a modified
residue goes by the letter of its parent (selenomethionine is M). Of alternate
locations the first is taken, throughout a residue: atoms of two alternatives are
never there together.
"""

from __future__ import annotations

from dataclasses import dataclass
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
    """

    name: str
    letters: str
    labels: tuple[str, ...]
    coordinates: tuple[NDArray[np.float64], ...]


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


def _chain(chain: gemmi.Chain, nucleic: bool) -> Chain:
    letters, labels, coordinates = [], [], []
    for residue in chain.get_polymer().first_conformer():
        letter = _letter(residue, nucleic)
        heavy = _heavy_atoms(residue)
        if letter and heavy:
            letters.append(letter)
            labels.append(f"{residue.name}{residue.seqid}")
            coordinates.append(np.array(heavy))
    return Chain(chain.name, "".join(letters), tuple(labels), tuple(coordinates))


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


def _heavy_atoms(residue: gemmi.Residue) -> list[list[float]]:
    """Return the places of the atoms common to all alternatives or of the first."""
    alternatives = [atom.altloc for atom in residue if atom.has_altloc()]
    return [
        atom.pos.tolist()
        for atom in residue
        if not atom.is_hydrogen()
        and (not atom.has_altloc() or atom.altloc == alternatives[0])
    ]


def minimal_distances(
    coordinates: tuple[NDArray[np.float64] | None, ...],
) -> NDArray[np.float64]:
    """Return the smallest distance between atoms of any two sites.

    Parameters
    ----------
    coordinates : tuple of (k, 3) float64, or None
        Atoms of every site, in angstrom; None where it has no residue.

    Returns
    -------
    (L, L) float64
        In angstrom, symmetric, zero where i = j; NaN where a site has no residue.

    Examples
    --------
    >>> minimal_distances((np.zeros((1, 3)), None, np.array([[0.0, 3.0, 4.0]])))
    array([[ 0., nan,  5.],
           [nan, nan, nan],
           [ 5., nan,  0.]])
    """
    length = len(coordinates)
    distances = np.full((length, length), np.nan)
    present = [site for site, atoms in enumerate(coordinates) if atoms is not None]
    residues = [atoms for atoms in coordinates if atoms is not None]
    if not residues:
        return distances
    atoms = np.concatenate(residues)
    starts = np.cumsum([0, *(len(residue) for residue in residues[:-1])])
    for k, residue in enumerate(residues):
        rest = atoms[starts[k] :]
        squares = np.zeros((len(residue), len(rest)))
        for axis in range(3):
            squares += (residue[:, axis, np.newaxis] - rest[:, axis]) ** 2
        nearest = np.minimum.reduceat(squares.min(axis=0), starts[k:] - starts[k])
        # Coordinates have three decimals: this takes away rounding and nothing else,
        # so that 8.000 is not below 8.
        row = np.round(np.sqrt(nearest), 9)
        distances[present[k], present[k:]] = row
        distances[present[k:], present[k]] = row
    return distances
