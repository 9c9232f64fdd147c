"""A PyMOL script that colours and connects pairs on a structure, ``.pml``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pottsfold.contacts.formats.checked_text import (
    CheckedText,
    Dialect,
    python_string,
)
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
# Quotation marks, commas, semicolons, parentheses and wildcards part or mean more.
SCRIPT = Dialect("a PyMOL script", r"[A-Za-z0-9_.][A-Za-z0-9_.-]*|")
ATOMS = Dialect("a PyMOL script", r"[A-Za-z0-9_']+")


def pymol_text(links: Sequence[Link], structure: str | Path) -> CheckedText:
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
    fill = SCRIPT.fill
    ends = [end for link in links for end in (link.first, link.second)]
    lines = [fill(f"cmd.load({{}}, {OBJECT!r})", python_string(structure))]
    drawn_on = OBJECT
    by_model = any((end.model or 1) > 1 for end in ends)
    if by_model:
        # Models are states of one object, and no line goes from one to another.
        lines += [fill(f"split_states {OBJECT}"), fill(f"delete {OBJECT}")]
        drawn_on = f"{OBJECT}_*"
    lines += [
        fill(f"hide everything, {drawn_on}"),
        fill(f"show cartoon, {drawn_on}"),
        fill(f"color {BLAND}, {drawn_on}"),
    ]
    residues = {end: _residue(end, by_model) for end in ends}
    lines += [fill(f"color {TOUCHED}, {{}}", residues[end]) for end in ends]
    for kind, colour in COLOURS.items():
        drawn = [link for link in links if link.kind == kind]
        for link in drawn:
            one, other = (
                # Of alternate locations the first.
                ATOMS.fill("first ({} and name {})", residues[end], end.atom)
                for end in (link.first, link.second)
            )
            lines.append(fill(f"distance {kind}, {{}}, {{}}, label=0", one, other))
        if drawn:
            lines += [
                fill(f"color {colour.replace('#', '0x')}, {kind}"),
                fill(f"set dash_radius, {RADII[kind]:g}, {kind}"),
                fill(f"set dash_gap, {0.0 if RADII[kind] > 0.2 else 0.4:g}, {kind}"),
            ]
    return SCRIPT.lines([*lines, fill(f"zoom {drawn_on}")])


def _residue(end: End, by_model: bool) -> CheckedText:
    # A number below 0 would be read as a range without its beginning.
    sign, digits = (
        ("\\-", end.number[1:]) if end.number[:1] == "-" else ("", end.number)
    )
    within = f"{OBJECT}_{end.model or 1:04d}" if by_model else OBJECT
    return SCRIPT.fill(
        f'({within} and chain "{{}}" and resi {sign}{{}})', end.chain, digits
    )


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
