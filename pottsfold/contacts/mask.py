"""Which pairs of sites may have couplings: contacts of a structure, or a list.

Two residues are in contact here when heavy atoms of their *side chains* come close (CA
of glycine), as in StructureDCA [1]_. On 36 domains a model coupled along such contacts
ranks measured stability better than one coupled along contacts of any heavy atoms, or
of CB atoms.

References
----------
.. [1] 3BioCompBio, StructureDCA 1.1 (2026), https://github.com/3BioCompBio/StructureDCA
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pottsfold.contacts.chain_alignment import AlignedChain, named
from pottsfold.contacts.chain_choice import (
    MIN_CONFIDENCE,
    ChosenChains,
    choose_chains,
    is_nucleic,
)
from pottsfold.contacts.distances import Residues, minimal_distances
from pottsfold.errors import StructureError, UsageError
from pottsfold.files import sha256_of
from pottsfold.model import PairGraph, PottsModel
from pottsfold.provenance import recorded_name

# In angstrom.
DEFAULT_CUTOFF = 8.0
BACKBONE = frozenset(("N", "CA", "C", "O", "OXT", "OT1", "OT2"))


@dataclass(frozen=True, eq=False)
class ContactMask:
    """The pairs of sites in contact in a structure.

    Parameters
    ----------
    graph : PairGraph
        Of L sites.
    lines : tuple of str
        How it was made, one sentence each.
    """

    graph: PairGraph
    lines: tuple[str, ...]


def contact_mask(
    model: PottsModel,
    path: str | Path,
    chain: str | None = None,
    *,
    cutoff: float = DEFAULT_CUTOFF,
) -> ContactMask:
    """Return the pairs of a model's sites whose side chains touch in a structure.

    Heavy atoms of two side chains come closer than the cutoff, within a chain or
    between chains alike; CA stands for a side chain that is not there, of a glycine or
    in a structure without side chains; nucleotides count with all their heavy atoms.
    Residues of a prediction with a pLDDT below 70 touch nothing.

    Parameters
    ----------
    model, path, chain
        As for :func:`pottsfold.contacts.map_structure`.
    cutoff : float
        In angstrom.

    Raises
    ------
    UsageError
        If the model has no focus sequence, or the cutoff is not above 0.
    StructureError
        As for :func:`pottsfold.contacts.map_structure`; or if no pair is in contact.
    """
    if not 0 < cutoff < np.inf:
        raise UsageError("a number above 0 is needed", parameter="cutoff", value=cutoff)
    chosen = choose_chains(model, path, chain)
    whole = is_nucleic(model)
    chains = [
        _side_chains(each, sure, whole)
        for each, sure in zip(chosen.used, chosen.confident, strict=True)
    ]
    near = np.zeros((model.length, model.length), bool)
    for k, one in enumerate(chains):
        for other in chains[k:]:
            # Of a site without atoms the distance is NaN, which is not below.
            near |= minimal_distances(one, other) < cutoff
    pairs = np.argwhere(np.triu(near | near.T, 1))
    if not len(pairs):
        raise StructureError(
            str(path),
            f"no side chains within {cutoff:g} angstrom; give a larger `cutoff`",
        )
    graph = PairGraph.of_pairs(model.length, pairs)
    return ContactMask(graph, _lines(chosen, chains, graph, cutoff))


def _side_chains(
    aligned: AlignedChain, confident: NDArray[np.bool_], whole: bool
) -> Residues:
    """Return the atoms of the residues at the sites, None where none is to count."""
    chain = aligned.chain
    result: list[NDArray[np.float64] | None] = []
    for k in aligned.sites.tolist():
        if k < 0 or not confident[k]:
            result.append(None)
            continue
        names = chain.atom_names[k]
        kept = [n for n, name in enumerate(names) if whole or name not in BACKBONE]
        kept = kept or [n for n, name in enumerate(names) if name == "CA"]
        result.append(chain.coordinates[k][kept] if kept else None)
    return result


def _lines(
    chosen: ChosenChains, chains: list[Residues], graph: PairGraph, cutoff: float
) -> tuple[str, ...]:
    names = ", ".join(each.chain.name.strip() for each in chosen.used)
    first = chosen.used[0]
    lines = [
        f"couplings of the {graph.n_pairs} pairs of {len(first.sites)} sites whose "
        f"side chains are within {cutoff:g} angstrom in {named(first.chain.name)} of "
        f"{recorded_name(chosen.path)}"
        + (f" (within and between chains {names})" if len(chosen.used) > 1 else "")
        + f", SHA-256 {sha256_of(chosen.path)}",
        *chosen.structure.notes,
    ]
    low = sum(
        int((~sure[each.sites[each.sites >= 0]]).sum())
        for each, sure in zip(chosen.used, chosen.confident, strict=True)
    )
    if low:
        lines.append(f"{low} residues of pLDDT below {MIN_CONFIDENCE:g} touch nothing")
    lines += lonely_lines(graph)
    bare = sum(
        len(first.chain.atom_names[k]) == 1 for k in first.sites.tolist() if k >= 0
    )
    if 2 * bare > (first.sites >= 0).sum():
        lines.append(
            "the structure has no side chains: CA atoms stand for them, and contacts "
            "are fewer"
        )
    return tuple(lines)


def lonely_lines(graph: PairGraph) -> list[str]:
    """Return the sentence on sites without partners, if there are any."""
    lonely = int((np.diff(graph.offsets) == 0).sum())
    if not lonely:
        return []
    return [f"{lonely} sites have no partner: they stand for themselves"]
