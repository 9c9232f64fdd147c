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

from pottsfold.contacts.formats.checked_text import (
    CheckedText,
    Dialect,
    chimerax_string,
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

# By name: after atoms a number sign could begin the name of a model.
BLAND, TOUCHED = "lightgray", "cornflowerblue"
# A hyphen between names is a range, and * or ? stand for any.
SCRIPT = Dialect("a ChimeraX script", r"[A-Za-z0-9_]*")
ATOMS = Dialect("a ChimeraX script", r"[A-Za-z0-9_']+")
NUMBERS = Dialect("a ChimeraX script", r"-?[0-9]+[A-Za-z0-9]?")


def pseudobond_text(links: Sequence[Link]) -> CheckedText:
    """Return links as a pseudobond file: thick where in contact, else thin.

    Parameters
    ----------
    links : sequence of Link
        From :func:`pottsfold.contacts.formats.linked_pairs`.
    """
    fill = SCRIPT.fill
    lines = [fill("; halfbond = false"), fill("; dashes = 0")]
    for kind, colour in COLOURS.items():
        drawn = [link for link in links if link.kind == kind]
        if drawn:
            lines += [fill(f"; {kind.replace('_', ' ')}")]
            lines += [fill("; radius = {:g}", RADII[kind])]
        ends = [(_atom(one.first), _atom(one.second)) for one in drawn]
        lines += [fill(f"{{}} {{}} {colour}", *pair) for pair in ends]
    return SCRIPT.lines(lines)


def chimerax_commands(
    links: Sequence[Link], structure: str | Path, pseudobonds: str | Path
) -> CheckedText:
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
        If a path or a name has a character in it that no command can hold.
    """
    ends = list(
        dict.fromkeys(end for link in links for end in (link.first, link.second))
    )
    fill = SCRIPT.fill
    commands = [
        fill("open {}", chimerax_string(structure)),
        fill("hide atoms"),
        fill("show cartoons"),
        # A line is shown with the atoms at its ends, which cartoons would hide.
        fill("cartoon suppress false"),
        fill(f"color {BLAND}"),
    ]
    if ends:
        residues = _union({end: fill("") for end in ends})
        atoms = _union({end: ATOMS.fill("@{}", end.atom) for end in ends})
        commands += [
            fill(f"color {{}} {TOUCHED}", residues),
            fill("show {} atoms", atoms),
        ]
    commands += [fill("open {}", chimerax_string(pseudobonds)), fill("view")]
    return SCRIPT.lines(commands)


def _union(ends: dict[End, CheckedText]) -> CheckedText:
    """Return all residues, or the atoms that follow their numbers, as one name."""
    numbers: dict[tuple[CheckedText, CheckedText], list[CheckedText]] = {}
    for end, atom in ends.items():
        numbers.setdefault((_chain(end), atom), []).append(_number(end))
    parts = [
        (chain, CheckedText(",".join(dict.fromkeys(found))), atom)
        for (chain, atom), found in numbers.items()
    ]
    return CheckedText(" | ".join(SCRIPT.fill("{}:{}{}", *part) for part in parts))


def _atom(end: End) -> CheckedText:
    return ATOMS.fill("{}:{}@{}", _chain(end), _number(end), end.atom)


def _number(end: End) -> CheckedText:
    return NUMBERS.fill("{}", end.number)


def _chain(end: End) -> CheckedText:
    """Return a chain, with its model where the file has several."""
    model = "" if end.model is None else f"#1.{end.model:d}"
    return SCRIPT.fill(model + "/{}" if end.chain else model, end.chain)


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
