"""Structure files as chains: letters and coordinates.

Reading goes in steps, a file each: bytes become text of a known format
(:mod:`content`), text becomes atoms (:mod:`pdb`, :mod:`mmcif`), atoms become residues
(:mod:`residues`), residues become chains (:mod:`parting`), and of several models the
first is taken or all, as one assembly (:mod:`assembly`).
"""

from pottsfold.contacts.structure.chain import (
    UNKNOWN_RESIDUE,
    Chain,
    InFile,
    StructureChains,
)
from pottsfold.contacts.structure.reading import read_chains, read_structure

__all__ = [
    "UNKNOWN_RESIDUE",
    "Chain",
    "InFile",
    "StructureChains",
    "read_chains",
    "read_structure",
]
