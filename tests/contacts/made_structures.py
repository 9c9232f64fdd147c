"""Small structure files, written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

THREE = {
    **{"A": "ALA", "C": "CYS", "D": "ASP", "E": "GLU", "F": "PHE", "G": "GLY"},
    **{"H": "HIS", "I": "ILE", "K": "LYS", "L": "LEU", "M": "MET", "N": "ASN"},
    **{"P": "PRO", "Q": "GLN", "R": "ARG", "S": "SER", "T": "THR", "V": "VAL"},
    **{"W": "TRP", "Y": "TYR"},
}
# A sequence with every letter exchanged aligns with itself, of no identity.
ALIKE = str.maketrans("ACDEFGHIKLMNPQRSTVWY", "SSEDYANVRMLDAEKTSIYF")


@dataclass(frozen=True)
class Atom:
    """One line of a structure file."""

    residue: str
    number: int
    x: float
    y: float = 0.0
    z: float = 0.0
    name: str = "CA"
    element: str = "C"
    chain: str = "A"
    insertion: str = ""
    alternate: str = ""
    hetero: bool = False
    occupancy: float = 1.0


def chain_atoms(
    sequence: str, *, chain: str = "A", first: int = 1, y: float = 0.0
) -> list[Atom]:
    """Return one CA a residue, 3 angstrom apart on a line."""
    return [
        Atom(THREE[letter], first + k, 3.0 * k, y, chain=chain)
        for k, letter in enumerate(sequence)
    ]


def backbone_atoms(
    sequence: str, *, chain: str = "A", first: int = 1, x: float = 0.0, y: float = 0.0
) -> list[Atom]:
    """Return N, CA, C, O and CB of residues that are bonded, stretched along x."""
    places = {"N": (0, 0), "CA": (1.4, 0.3), "C": (2.5, -0.3), "O": (2.6, -1.5)}
    places["CB"] = (1.5, 1.8)
    return [
        Atom(
            THREE[letter],
            first + k,
            x + 3.8 * k + along,
            y + up,
            name=name,
            element=name[0],
            chain=chain,
        )
        for k, letter in enumerate(sequence)
        for name, (along, up) in places.items()
        if (letter, name) != ("G", "CB")
    ]


def atom_lines(atoms: Sequence[Atom]) -> list[str]:
    """Return the lines of atoms in a PDB file, without TER and END."""
    return [line for line in pdb_text(atoms).splitlines() if len(line) > 6]


def pdb_text(atoms: Sequence[Atom]) -> str:
    """Return a PDB file, each chain ended by TER before its hetero atoms."""
    lines = []
    for k, atom in enumerate(atoms, start=1):
        record = "HETATM" if atom.hetero else "ATOM  "
        name = atom.name if len(atom.name) == 4 else f" {atom.name:<3}"
        lines.append(
            f"{record}{k:>5} {name}{atom.alternate:1}{atom.residue:>3} "
            f"{atom.chain:1}{atom.number:>4}{atom.insertion:1}   "
            f"{atom.x:8.3f}{atom.y:8.3f}{atom.z:8.3f}{atom.occupancy:6.2f}"
            f"  0.00          {atom.element:>2}"
        )
        last = k == len(atoms) or atoms[k].chain != atom.chain
        if last and not atom.hetero:
            lines.append("TER")
    return "\n".join([*lines, "END", ""])


def mmcif_text(atoms: Sequence[Atom]) -> str:
    """Return an mmCIF file that names chains by author and by itself (``Z``...)."""
    items = "group_PDB id type_symbol label_atom_id label_alt_id label_comp_id "
    items += "label_asym_id label_entity_id label_seq_id pdbx_PDB_ins_code Cartn_x "
    items += "Cartn_y Cartn_z occupancy B_iso_or_equiv auth_seq_id auth_asym_id "
    items += "pdbx_PDB_model_num"
    lines = ["data_MADE", "loop_", *(f"_atom_site.{item}" for item in items.split())]
    for k, atom in enumerate(atoms, start=1):
        own = "Z" + atom.chain
        lines.append(
            f"{'HETATM' if atom.hetero else 'ATOM'} {k} {atom.element} {atom.name} "
            f"{atom.alternate or '.'} {atom.residue} {own} 1 "
            f"{'.' if atom.hetero else atom.number} {atom.insertion or '?'} "
            f"{atom.x} {atom.y} {atom.z} {atom.occupancy} 0.0 "
            f"{atom.number} {atom.chain} 1"
        )
    return "\n".join([*lines, "#", ""])
