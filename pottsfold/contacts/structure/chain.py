"""What a structure file is read into."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UNKNOWN_RESIDUE = "X"


@dataclass(frozen=True)
class InFile:
    """Where a chain stands in its file, for programs that open the file themselves.

    Parameters
    ----------
    chain : str
        Its name there; blank where the file has none.
    model : int, optional
        Which model it is in, from 1; None when the file has one only.
    repeated : bool
        Whether a residue number comes again in it, or in another chain of that name
        and model, so that it does not name one residue.
    """

    chain: str
    model: int | None = None
    repeated: bool = False


@dataclass(frozen=True, eq=False)
class Chain:
    """The residues of one chain that have coordinates, in order.

    Parameters
    ----------
    name : str
        As in the file (mmCIF: the author's name); may be blank in a PDB file. Where
        several chains have one name, or none, each gets its own: the name of its
        segment, or ``A``, ``A-2``, ``A-3`` as the PDB names the copies of an assembly.
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
    atom_names : tuple of (tuple of str)
        Names of the heavy atoms of every residue, as ``coordinates`` has them.
    b_factors : tuple of (k,) float64
        Their B factors, or what the file has in place of those; NaN for none.
    in_file : InFile, optional
        Where it stands in the file; by default under its name.
    """

    name: str
    letters: str
    labels: tuple[str, ...]
    coordinates: tuple[NDArray[np.float64], ...]
    numbers: tuple[str, ...]
    anchors: tuple[str, ...]
    anchor_places: NDArray[np.float64]
    atom_names: tuple[tuple[str, ...], ...]
    b_factors: tuple[NDArray[np.float64], ...]
    in_file: InFile | None = None


@dataclass(frozen=True, eq=False)
class StructureChains:
    """The chains of a structure file, and what was left out or decided in reading.

    Parameters
    ----------
    chains : tuple of Chain
        In the order of the file.
    notes : tuple of str
        Each a clause, as ``"only the first of 20 models is used"``.
    predicted : bool, optional
        Whether the file says that it is a prediction with pLDDT in place of B
        factors; None if it says nothing.
    """

    chains: tuple[Chain, ...]
    notes: tuple[str, ...] = ()
    predicted: bool | None = None
