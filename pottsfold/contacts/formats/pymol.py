"""A PyMOL script that colours and connects pairs on a structure, ``.pml``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pottsfold.contacts.formats.contact_format import (
    ContactFormat,
    Contacts,
    write_text,
)
from pottsfold.contacts.formats.links import (
    COLOURS,
    RADII,
    End,
    Link,
    linked_contacts,
)
from pottsfold.contacts.ranking import DEFAULT_SEPARATION

OBJECT = "pottsfold"
BLAND, TOUCHED = "0xD0D0D0", "0x56B4E9"


def pymol_text(links: Sequence[Link], structure: str | Path) -> str:
    """Return commands that load the structure and draw links as dashes.

    Every kind of link is a distance object of its own, named after the kind, to
    switch on and off: thick and blue in contact, thick and green between chains,
    thin and orange not in contact. Residues of any link are coloured.

    The syntax is that of PyMOL's commands ``distance``, ``color`` and ``set`` and of
    its selections ``chain``, ``resi``, ``name`` and ``first`` [1]_; file names go
    through Python, which takes any.

    Parameters
    ----------
    links : sequence of Link
        From :func:`pottsfold.contacts.formats.linked_pairs`.
    structure : str or Path
        File of the structure they are in.

    References
    ----------
    .. [1] https://pymolwiki.org, "Distance", "Selection Algebra", "Set".
    """
    path = json.dumps(str(Path(structure).absolute()))
    lines = [
        f"cmd.load({path}, {OBJECT!r})",
        f"hide everything, {OBJECT}",
        f"show cartoon, {OBJECT}",
        f"color {BLAND}, {OBJECT}",
    ]
    for link in links:
        for end in (link.first, link.second):
            lines.append(f"color {TOUCHED}, {_residue(end)}")
    for kind, colour in COLOURS.items():
        drawn = [link for link in links if link.kind == kind]
        for link in drawn:
            ends = ", ".join(_atom(end) for end in (link.first, link.second))
            lines.append(f"distance {kind}, {ends}, label=0")
        if drawn:
            lines += [
                f"color {colour.replace('#', '0x')}, {kind}",
                f"set dash_radius, {RADII[kind]:g}, {kind}",
                f"set dash_gap, {0.0 if RADII[kind] > 0.2 else 0.4:g}, {kind}",
            ]
    return "\n".join([*lines, f"zoom {OBJECT}", ""])


def _residue(end: End) -> str:
    # A number below 0 would be read as a range without its beginning.
    number = end.number.replace("-", "\\-")
    return f"({OBJECT} and chain {json.dumps(end.chain)} and resi {number})"


def _atom(end: End) -> str:
    """Return one atom, of alternate locations the first."""
    return f"first ({_residue(end)} and name {end.atom})"


def _write(path: str, contacts: Contacts) -> int:
    links, structure = linked_contacts(contacts)
    write_text(path, pymol_text(links, structure))
    return len(links)


PYMOL = ContactFormat(
    "pymol",
    "on_structure",
    _write,
    ".pml",
    top="L",
    separation=DEFAULT_SEPARATION,
)
