"""ChimeraX commands and pseudobonds that show pairs on a structure: ``.cxc``, ``.pb``.

Atoms are named ``/CHAIN:NUMBER@ATOM``, without the model: open the command file in a
session that has no other structure. In a pseudobond file every line names two atoms
and a colour; lines that begin with a semicolon set ``halfbond``, ``radius`` and
``dashes`` for what follows [1]_.

References
----------
.. [1] https://www.rbvi.ucsf.edu/chimerax/docs/user/pseudobonds.html and
   .../docs/user/commands/atomspec.html
"""

from __future__ import annotations

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
from pottsfold.errors import UsageError

# By name: after atoms a number sign could begin the name of a model.
BLAND, TOUCHED = "lightgray", "cornflowerblue"


def pseudobond_text(links: Sequence[Link]) -> str:
    """Return links as a pseudobond file: thick where in contact, else thin.

    Parameters
    ----------
    links : sequence of Link
        From :func:`pottsfold.contacts.formats.linked_pairs`.
    """
    lines = ["; halfbond = false", "; dashes = 0"]
    for kind, colour in COLOURS.items():
        drawn = [link for link in links if link.kind == kind]
        if drawn:
            lines += [f"; {kind.replace('_', ' ')}", f"; radius = {RADII[kind]:g}"]
        lines += [f"{_atom(one.first)} {_atom(one.second)} {colour}" for one in drawn]
    return "\n".join([*lines, ""])


def chimerax_commands(
    links: Sequence[Link], structure: str | Path, pseudobonds: str | Path
) -> str:
    """Return commands that open a structure and its pseudobonds, and colour it.

    Parameters
    ----------
    links : sequence of Link
        From :func:`pottsfold.contacts.formats.linked_pairs`.
    structure, pseudobonds : str or Path
        Files to open; they are named by their whole paths.

    Raises
    ------
    UsageError
        If a path has a quotation mark in it, which no command can hold.
    """
    ends = list(
        dict.fromkeys(end for link in links for end in (link.first, link.second))
    )
    commands = [
        f"open {_quoted(structure)}",
        "hide atoms",
        "show cartoons",
        # A line is shown with the atoms at its ends, which cartoons would hide.
        "cartoon suppress false",
        f"color {BLAND}",
    ]
    if ends:
        residues = _union({end: "" for end in ends})
        atoms = _union({end: f"@{end.atom}" for end in ends})
        commands += [f"color {residues} {TOUCHED}", f"show {atoms} atoms"]
    return "\n".join([*commands, f"open {_quoted(pseudobonds)}", "view", ""])


def _union(ends: dict[End, str]) -> str:
    """Return all residues, or the atoms that follow their numbers, as one name."""
    numbers: dict[tuple[str, str], list[str]] = {}
    for end, atom in ends.items():
        numbers.setdefault((end.chain, atom), []).append(end.number)
    return " | ".join(
        f"{_chain(chain)}:{','.join(dict.fromkeys(found))}{atom}"
        for (chain, atom), found in numbers.items()
    )


def _atom(end: End) -> str:
    return f"{_chain(end.chain)}:{end.number}@{end.atom}"


def _chain(name: str) -> str:
    return f"/{name}" if name else ""


def _quoted(path: str | Path) -> str:
    text = str(Path(path).absolute())
    if '"' in text:
        raise UsageError(f"{text}: ChimeraX cannot open a path with a quotation mark")
    return f'"{text}"'


def _write(path: str, contacts: Contacts) -> int:
    links, structure = linked_contacts(contacts)
    bonds = Path(path).with_suffix(".pb")
    commands = chimerax_commands(links, structure, bonds)
    write_text(str(bonds), pseudobond_text(links))
    write_text(path, commands)
    return len(links)


CHIMERAX = ContactFormat(
    "chimerax",
    "on_structure",
    _write,
    ".cxc",
    top="L",
    separation=DEFAULT_SEPARATION,
    standard_output=False,
)
