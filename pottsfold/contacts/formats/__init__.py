"""Lists and maps of contacts in the formats of other programs.

One file a format. Those that are tables or texts are returned, not written; the pairs
they take are rows of :func:`pottsfold.contacts.ranked_pairs`, the strongest first.
"""

from pottsfold.contacts.formats.casp_rr import casp_rr_text
from pottsfold.contacts.formats.ccmpred import ccmpred_text
from pottsfold.contacts.formats.chimerax import chimerax_commands, pseudobond_text
from pottsfold.contacts.formats.evcouplings import evcouplings_table
from pottsfold.contacts.formats.links import End, Link, linked_pairs
from pottsfold.contacts.formats.plmc import plmc_text
from pottsfold.contacts.formats.pymol import pymol_text
from pottsfold.contacts.formats.restraints import restraints_table

__all__ = [
    "End",
    "Link",
    "casp_rr_text",
    "ccmpred_text",
    "chimerax_commands",
    "evcouplings_table",
    "linked_pairs",
    "plmc_text",
    "pseudobond_text",
    "pymol_text",
    "restraints_table",
]
