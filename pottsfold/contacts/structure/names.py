"""Names of residues and atoms: letters, and what is no residue or no heavy atom.

The names of the PDB's chemical components are gemmi's business; here stand those that
programs give residues by their protonation, bonds and place in the chain.
"""

from __future__ import annotations

import re
from functools import lru_cache

import gemmi

from pottsfold.contacts.structure.chain import UNKNOWN_RESIDUE

AMINO_ACIDS = {
    **{"ALA": "A", "CYS": "C", "ASP": "D", "GLU": "E", "PHE": "F", "GLY": "G"},
    **{"HIS": "H", "ILE": "I", "LYS": "K", "LEU": "L", "MET": "M", "ASN": "N"},
    **{"PRO": "P", "GLN": "Q", "ARG": "R", "SER": "S", "THR": "T", "VAL": "V"},
    **{"TRP": "W", "TYR": "Y"},
}
# Of AMBER, CHARMM, GROMOS, OPLS, AMOEBA, Rosetta and MCCE; the PDB's own components
# are in gemmi's table.
FORCE_FIELD_NAMES = {
    "C": "CYX CYM CYZ CYF CYH CYD CYS1 CYS2 CYSH CYSS CYSX CYSM CYSP CYSN",
    "D": "ASH ASZ ASPH ASPP AS4",
    "E": "GLH GLZ GLUH GLUP GL4",
    "H": "HID HIE HIP HIZ HSD HSE HSP HSC HSM HIN HD1 HE2 HISA HISB HISH HISD HISE "
    "HISP HISN HIS1 HIS2",
    "K": "LYN LYP LYZ LSN LYSH LYSN LYSP",
    "N": "ASNH",
    "Q": "GLNH",
    "R": "ARN ARGN ARGP ARGH",
    "S": "S1P S2P SP1 SP2",
    "T": "T1P T2P THP1 THP2",
    "W": "TRPH",
    "Y": "TYM TYN TYRU TYRM Y1P Y2P TP1 TP2",
}
# Before a name of three letters: the first residue of a chain, the last, or one of the
# other hand (AMBER, GROMACS).
PREFIXES = "NCD"
# Nucleotides of force fields: R and D for the sugar, 5, 3 and N for the ends.
NUCLEOTIDE = re.compile(r"([RD]?)([ACGTU])([53N]?)")
NUCLEOTIDE_WORDS = {"ADE": "A", "CYT": "C", "GUA": "G", "THY": "T", "URA": "U"}
HYDROGENS = ("H", "D")
# Hydrogens, lone pairs and the pseudo-atoms of NMR and force fields.
NOT_HEAVY = (*HYDROGENS, "T", "Q", "L", "M", "X")


KNOWN = AMINO_ACIDS | {
    name: letter
    for letter, names in FORCE_FIELD_NAMES.items()
    for name in names.split()
}


@lru_cache(maxsize=4096)
def letter_of(name: str, nucleic: bool) -> str | None:
    """Return a residue's letter, by its name.

    Parameters
    ----------
    name : str
        In upper case.
    nucleic : bool
        Whether nucleotides are wanted, or amino acids.

    Returns
    -------
    str or None
        The letter of its parent, ``X`` where it has none; the empty string for what
        is known to be something else, and None for an unheard-of name.
    """
    letter = _amino_acid(name)
    if letter:
        return "" if nucleic else letter
    known = gemmi.find_tabulated_residue(name)
    if known.is_amino_acid() or known.is_nucleic_acid():
        if known.is_nucleic_acid() != nucleic:
            return ""
        return known.one_letter_code.strip().upper() or UNKNOWN_RESIDUE
    found = NUCLEOTIDE.fullmatch(name)
    letter = found[2] if found else NUCLEOTIDE_WORDS.get(name, "")
    if letter:
        return letter if nucleic else ""
    return "" if known.found() else None


def _amino_acid(name: str) -> str:
    """Return the letter of a standard amino acid by any of its names, or nothing."""
    if len(name) == 4 and name not in KNOWN and name[0] in PREFIXES:
        name = name[1:]
    return KNOWN.get(name, "")


def is_long_name(name: str) -> bool:
    """Tell a residue's name of four letters from one of three and a letter more."""
    return bool(_amino_acid(name)) or not letter_of(name[:3], nucleic=False)


@lru_cache(maxsize=4096)
def is_element(symbol: str) -> bool:
    """Tell whether a text in upper case is the symbol of an element."""
    return symbol.isalpha() and gemmi.Element(symbol).name.upper() == symbol != "X"


@lru_cache(maxsize=4096)
def is_heavy(atom: str, element: str, residue: str) -> bool:
    """Tell an atom of a residue from hydrogens, lone pairs and pseudo-atoms.

    Parameters
    ----------
    atom, residue : str
        Their names.
    element : str
        Its symbol in upper case, blank where the file has none.
    """
    if element in HYDROGENS:
        return False
    first = atom.lstrip("0123456789'\"*")[:1].upper()
    if _amino_acid(residue):
        # An element may be wrong: HG of a serine is no mercury.
        return first not in NOT_HEAVY
    return bool(element) or first not in HYDROGENS
