"""The contact formats there are, by name."""

from __future__ import annotations

from pottsfold.contacts.formats.casp_rr import CASP_RR
from pottsfold.contacts.formats.chimerax import CHIMERAX
from pottsfold.contacts.formats.contact_format import ContactFormat, Contacts
from pottsfold.contacts.formats.plain import (
    CCMPRED,
    CSV,
    EVCOUPLINGS,
    MATRIX,
    NPY,
    PLMC,
)
from pottsfold.contacts.formats.pymol import PYMOL
from pottsfold.contacts.formats.restraints import RESTRAINTS
from pottsfold.errors import UsageError

CONTACT_FORMATS = {
    each.name: each
    for each in (
        CSV,
        CASP_RR,
        EVCOUPLINGS,
        PLMC,
        CCMPRED,
        NPY,
        MATRIX,
        RESTRAINTS,
        PYMOL,
        CHIMERAX,
    )
}


def write_contacts(path: str, chosen: ContactFormat, contacts: Contacts) -> str:
    """Write contacts, whole or not at all, and return what was written.

    Parameters
    ----------
    path : str
        Where; ``-`` is standard output. ChimeraX gets a second file beside it, ending
        in ``.pb``.
    chosen : ContactFormat
        One of ``CONTACT_FORMATS``.
    contacts : Contacts
        What to write.

    Returns
    -------
    str
        As ``"53 pairs"``.

    Raises
    ------
    UsageError
        If the format needs what there is not: a structure, a focus sequence.
    """
    if chosen.needs_structure and contacts.chain is None:
        raise UsageError(
            "draws on a structure; give `structure`",
            parameter="format",
            value=chosen.name,
        )
    n_written = chosen.write(path, contacts)
    if chosen.holds_all_pairs:
        length = contacts.coupling.length
        return f"{length} x {length} scores"
    n_lacking = len(contacts.pairs) - n_written
    more = f" ({n_lacking} more lack a residue)" if n_lacking else ""
    return f"{n_written} pairs{more}"
