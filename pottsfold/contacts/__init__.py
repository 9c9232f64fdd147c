"""Couplings as a map: which residues touch.

A pair of sites is scored by the Frobenius norm of its couplings in the zero-sum
gauge, over the letters that are not the gap, after the average product correction.
Two residues are in contact when heavy atoms of theirs come closer than 8 angstrom;
pairs closer than 6 residues along the chain are not counted, since they touch
whatever the fold. A structure's residues are found by alignment with the focus
sequence.
"""

from pottsfold.contacts.chain_map import ChainMap, map_structure
from pottsfold.contacts.coupling_map import (
    CouplingMap,
    average_product_correction,
    coupling_map,
    coupling_norms,
    ranked_pairs,
)
from pottsfold.contacts.precision import (
    CONTACT_DISTANCE,
    ContactPrecision,
    TopPairs,
    contact_precision,
)
from pottsfold.contacts.ranking import CUSTOMARY_SEPARATION, strongest_pairs
from pottsfold.contacts.structure import Chain, minimal_distances, read_chains
from pottsfold.contacts.summary import contacts_summary_lines, precision_line

__all__ = [
    "CONTACT_DISTANCE",
    "CUSTOMARY_SEPARATION",
    "Chain",
    "ChainMap",
    "ContactPrecision",
    "CouplingMap",
    "TopPairs",
    "average_product_correction",
    "contact_precision",
    "contacts_summary_lines",
    "coupling_map",
    "coupling_norms",
    "map_structure",
    "minimal_distances",
    "precision_line",
    "ranked_pairs",
    "read_chains",
    "strongest_pairs",
]
