"""Lists and maps of contacts in the formats of other programs.

A format is a :class:`ContactFormat`, a value that says what it needs and how it is
written; ``CONTACT_FORMATS`` has all of them by name. A new one is a file here, and a
line in the registry. The pairs that are written are rows of
:func:`pottsfold.contacts.ranked_pairs`, the strongest first.
"""

from pottsfold.contacts.formats.casp_rr import casp_rr_text
from pottsfold.contacts.formats.chimerax import chimerax_commands, pseudobond_text
from pottsfold.contacts.formats.contact_format import ContactFormat, Contacts
from pottsfold.contacts.formats.links import End, Link, linked_pairs
from pottsfold.contacts.formats.plain import (
    ccmpred_text,
    evcouplings_table,
    plmc_text,
)
from pottsfold.contacts.formats.pymol import pymol_text
from pottsfold.contacts.formats.registry import CONTACT_FORMATS, write_contacts
from pottsfold.contacts.formats.restraints import restraints_table

__all__ = [
    "CONTACT_FORMATS",
    "ContactFormat",
    "Contacts",
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
    "write_contacts",
]
