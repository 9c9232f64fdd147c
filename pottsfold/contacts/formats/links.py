"""Pairs as lines between atoms of the user's own structure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pottsfold.contacts.chain_alignment import named
from pottsfold.contacts.chain_map import ChainMap
from pottsfold.contacts.coupling_map import CouplingMap
from pottsfold.contacts.formats.contact_format import Contacts
from pottsfold.contacts.precision import CONTACT_DISTANCE
from pottsfold.contacts.structure import InFile
from pottsfold.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["in_contact", "between_chains", "not_in_contact"]
# Okabe and Ito's; drawn thick and thin as well.
COLOURS: dict[Kind, str] = {
    "in_contact": "#0072B2",
    "between_chains": "#009E73",
    "not_in_contact": "#D55E00",
}
# Angstrom.
RADII: dict[Kind, float] = {
    "in_contact": 0.25,
    "between_chains": 0.25,
    "not_in_contact": 0.1,
}


@dataclass(frozen=True)
class End:
    """An atom of a structure.

    Parameters
    ----------
    chain : str
        Name of the chain, may be blank.
    number : str
        Residue number and insertion code, as ``52A``.
    atom : str
        CB, CA of a glycine.
    model : int, optional
        Model that the chain is in, from 1, where the file has several.
    """

    chain: str
    number: str
    atom: str
    model: int | None = None


@dataclass(frozen=True)
class Link:
    """A pair of residues to draw.

    Parameters
    ----------
    first, second : End
        Of sites i and j.
    kind : {"in_contact", "between_chains", "not_in_contact"}
        Whether they touch within a chain, between two only, or not at all.
    """

    first: End
    second: End
    kind: Kind


def linked_pairs(
    pairs: pd.DataFrame, coupling: CouplingMap, chain: ChainMap
) -> list[Link]:
    """Return a line for every pair whose residues are in the structure.

    It is drawn in the chain that is mapped, or in the first that has both residues;
    a pair that touches between two chains only goes from one to the other, where it
    is closest.

    Parameters
    ----------
    pairs : DataFrame
        From :func:`pottsfold.contacts.ranked_pairs`.
    coupling : CouplingMap
        The map they are from.
    chain : ChainMap
        Its sites in the structure, from :func:`pottsfold.contacts.map_structure`.
    """
    numbering = coupling.numbering
    links = []
    for i, j in zip(pairs["i"].tolist(), pairs["j"].tolist(), strict=True):
        link = _link(chain, numbering.column(i), numbering.column(j))
        if link is not None:
            links.append(link)
    return links


def linked_contacts(contacts: Contacts) -> tuple[list[Link], str]:
    """Return the lines to draw, and the file of the structure they are in.

    Raises
    ------
    UsageError
        If residue numbers do not name one residue each.
    """
    chain = contacts.chain
    assert chain is not None  # write_contacts sees to it
    for each in chain.chains:
        if each.in_file is not None and each.in_file.repeated:
            raise UsageError(
                f"{chain.path}: residue numbers of {named(each.name)} come again under "
                "the same name, so a script cannot tell the residues apart; give each "
                "chain a letter of its own in the file"
            )
    return linked_pairs(contacts.pairs, contacts.coupling, chain), chain.path


def _link(chain: ChainMap, i: int | None, j: int | None) -> Link | None:
    if i is None or j is None:
        return None
    within = chain.within_chains[i, j] < CONTACT_DISTANCE
    inter, partners = chain.distances_inter, chain.partners
    if not within and inter is not None and partners is not None:
        if inter[i, j] < CONTACT_DISTANCE:
            a, b = partners[i, j]
            return Link(_end(chain, a, i), _end(chain, b, j), "between_chains")
    for k in _having(chain, i, j):
        kind: Kind = "in_contact" if within else "not_in_contact"
        return Link(_end(chain, k, i), _end(chain, k, j), kind)
    return None


def _having(chain: ChainMap, i: int, j: int) -> Iterator[int]:
    """Give the chains that have both residues."""
    for k, residues in enumerate(chain.chains):
        if residues.numbers[i] and residues.numbers[j]:
            yield k


def _end(chain: ChainMap, k: int, site: int) -> End:
    residues = chain.chains[k]
    place = residues.in_file or InFile(residues.name)
    return End(
        place.chain.strip(), residues.numbers[site], residues.anchors[site], place.model
    )
