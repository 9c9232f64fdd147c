"""Couplings as a map: which residues touch.

A pair of sites is scored by the Frobenius norm of its couplings in the zero-sum
gauge, over the letters that are not the gap, after the average product correction;
the plain norm and information are there to compare with.
Whether any score stands out from noise is told by the map's own scores, and how likely
a pair is a contact by how far its score does.
Two residues are in contact when heavy atoms of theirs come closer than 8 angstrom;
pairs closer than 6 residues along the chain are not counted, since they touch
whatever the fold. A structure's residues are found by alignment with the focus
sequence; in a homo-oligomer residues of two chains may touch as well.
"""

from pottsfold.contacts.accessibility import (
    Accessibility,
    accessibility_table,
    site_accessibility,
)
from pottsfold.contacts.chain_map import ChainMap, SiteResidues, map_structure
from pottsfold.contacts.coupling_map import (
    CouplingMap,
    Score,
    average_maps,
    average_product_correction,
    coupling_map,
    coupling_norms,
    ranked_pairs,
)
from pottsfold.contacts.distances import minimal_distances
from pottsfold.contacts.information import direct_information, mutual_information
from pottsfold.contacts.mask import DEFAULT_CUTOFF, ContactMask, contact_mask
from pottsfold.contacts.pair_matrix import centred_couplings, pair_matrix
from pottsfold.contacts.pairs_file import read_pairs
from pottsfold.contacts.precision import (
    CONTACT_DISTANCE,
    SEPARATIONS,
    ContactPrecision,
    TopPairs,
    contact_precision,
    precision_curve,
)
from pottsfold.contacts.probability import (
    contact_probabilities,
    share_above_noise,
)
from pottsfold.contacts.ranking import (
    DEFAULT_SEPARATION,
    pairs_asked,
    strongest_pairs,
)
from pottsfold.contacts.structure import (
    Chain,
    StructureChains,
    read_chains,
    read_structure,
)
from pottsfold.contacts.summary import contacts_summary_lines, precision_line

__all__ = [
    "CONTACT_DISTANCE",
    "DEFAULT_CUTOFF",
    "DEFAULT_SEPARATION",
    "SEPARATIONS",
    "Accessibility",
    "Chain",
    "ChainMap",
    "ContactMask",
    "ContactPrecision",
    "CouplingMap",
    "Score",
    "SiteResidues",
    "StructureChains",
    "TopPairs",
    "accessibility_table",
    "average_maps",
    "average_product_correction",
    "contact_probabilities",
    "centred_couplings",
    "contact_mask",
    "contact_precision",
    "contacts_summary_lines",
    "coupling_map",
    "coupling_norms",
    "direct_information",
    "map_structure",
    "minimal_distances",
    "mutual_information",
    "pair_matrix",
    "pairs_asked",
    "precision_curve",
    "precision_line",
    "ranked_pairs",
    "read_chains",
    "read_pairs",
    "read_structure",
    "share_above_noise",
    "site_accessibility",
    "strongest_pairs",
]
