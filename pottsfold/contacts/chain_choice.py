"""Which chains of a structure are those of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pottsfold.alphabet import DNA, RNA
from pottsfold.contacts.chain_alignment import AlignedChain, align_chains, named
from pottsfold.contacts.structure import StructureChains, read_structure
from pottsfold.contacts.structure.confidence import residue_confidence
from pottsfold.errors import StructureError, UsageError
from pottsfold.model import PottsModel

MIN_IDENTITY = 0.3
MIN_MAPPED = 0.5
MIN_IDENTITY_OF_COPIES = 0.9
MAX_NAMED = 10
# Residues of a prediction that have less are left out of what is measured.
MIN_CONFIDENCE = 70.0


@dataclass(frozen=True, eq=False)
class ChosenChains:
    """A structure, and those of its chains that a model's sites are on.

    Parameters
    ----------
    path : str
        File of the structure.
    structure : StructureChains
        All that was read of it.
    used : tuple of AlignedChain
        Chains alike, the one that the sites are mapped on first.
    unused_copies : tuple of str
        Names of other chains of the same sequence, not used.
    """

    path: str
    structure: StructureChains
    used: tuple[AlignedChain, ...]
    unused_copies: tuple[str, ...]

    @property
    def confident(self) -> list[NDArray[np.bool_]]:
        """Which residues of each used chain have a pLDDT of 70 or more.

        All of them where the file is no prediction.
        """
        chains = self.structure.chains
        found = residue_confidence(chains, self.structure.predicted)
        if found is None:
            return [np.ones(len(each.chain.letters), bool) for each in self.used]
        by_chain = {
            id(c): ~(v < MIN_CONFIDENCE) for c, v in zip(chains, found, strict=True)
        }
        return [by_chain[id(each.chain)] for each in self.used]


def is_nucleic(model: PottsModel) -> bool:
    """Tell whether a model's chains are sought among nucleic acids."""
    return set(model.alphabet.letters) <= {*RNA.letters, *DNA.letters}


def choose_chains(
    model: PottsModel,
    path: str | Path,
    chain: str | None = None,
    *,
    force: bool = False,
) -> ChosenChains:
    """Read a structure, and find a model's sites in its chains.

    Parameters and errors are those of :func:`pottsfold.contacts.map_structure`.
    """
    if model.focus_sequence is None:
        raise UsageError(
            "this model has no focus sequence to find in a structure; fit with one, "
            "or add one with pottsfold convert"
        )
    nucleic = is_nucleic(model)
    structure = read_structure(path, nucleic=nucleic)
    aligned = align_chains(model, structure.chains, nucleic=nucleic)
    wanted = aligned if chain is None else _chosen(str(path), aligned, chain)
    fitting = [each for each in wanted if _fits(each, force=force)]
    if not fitting or (chain is not None and fitting[0] is not wanted[0]):
        refused = wanted if chain is None else wanted[:1]
        raise StructureError(str(path), _refusal(refused, force=force))
    if chain is None:
        first = max(fitting, key=lambda each: each.score)
    else:
        first = fitting[0]
    copies = [each for each in aligned if each is first or _copies(first, each)]
    used = copies if chain is None else wanted
    for each in used:
        if each not in copies:
            raise StructureError(str(path), _unlike(first, each))
    return ChosenChains(
        path=str(path),
        structure=structure,
        used=(first, *(each for each in used if each is not first)),
        unused_copies=tuple(each.chain.name for each in copies if each not in used),
    )


def _chosen(
    path: str, aligned: Sequence[AlignedChain], names: str
) -> list[AlignedChain]:
    """Return the chains of these names, in their order."""
    chosen = []
    for name in dict.fromkeys(each.strip() for each in names.split(",")):
        found = [each for each in aligned if each.chain.name.strip() == name]
        if not found:
            there = dict.fromkeys(named(each.chain.name) for each in aligned)
            missing = f"no chain {name}" if name else "no chain without a name"
            raise StructureError(path, f"{missing}; there is {', '.join(there)}")
        # Parts of a file may repeat a name: the one that aligns best is meant.
        chosen.append(max(found, key=lambda each: each.score))
    return chosen


def _fits(aligned: AlignedChain, *, force: bool) -> bool:
    if force:
        return bool((aligned.sites >= 0).any())
    return aligned.identity >= MIN_IDENTITY and aligned.mapped >= MIN_MAPPED


def _copies(first: AlignedChain, other: AlignedChain) -> bool:
    return first.shared_identity(other) >= MIN_IDENTITY_OF_COPIES


def _refusal(refused: Sequence[AlignedChain], *, force: bool) -> str:
    best = sorted(refused, key=lambda each: -each.score)
    told = "; ".join(str(each) for each in best[:MAX_NAMED])
    more = len(best) - MAX_NAMED
    rest = f"; and {more} more" if more > 0 else ""
    text = f"does not match the focus sequence ({told}{rest})"
    if force:
        return text + "; not one residue is found: give another structure"
    return (
        f"{text}; at least {MIN_IDENTITY:.0%} identity over {MIN_MAPPED:.0%} is "
        "needed: give the structure of a closer relative (`force` takes this one)"
    )


def _unlike(first: AlignedChain, other: AlignedChain) -> str:
    return (
        f"{named(other.chain.name)} does not have the sequence of "
        f"{named(first.chain.name)} ({first.shared_identity(other):.0%} identity, "
        f"{MIN_IDENTITY_OF_COPIES:.0%} is needed); name chains of one protein"
    )
