"""The sites of a model on the residues of a structure: by alignment, not by number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pottsfold.contacts.chain_alignment import AlignedChain, named
from pottsfold.contacts.chain_choice import ChosenChains, choose_chains
from pottsfold.contacts.distances import OligomerDistances, oligomer_distances
from pottsfold.contacts.structure import Chain, InFile
from pottsfold.model import PottsModel


@dataclass(frozen=True)
class SiteResidues:
    """The residues of one chain at the sites of a model.

    Parameters
    ----------
    name : str
        Of the chain.
    letters : str
        One a site, the gap where there is no residue.
    numbers : tuple of str
        Number and insertion code, as ``52A``; empty where there is none.
    anchors : tuple of str
        Name of the atom that stands for the residue (CB, CA of glycine); likewise.
    in_file : InFile, optional
        Where the chain stands in the file; by default under its name.
    """

    name: str
    letters: str
    numbers: tuple[str, ...]
    anchors: tuple[str, ...]
    in_file: InFile | None = None


@dataclass(frozen=True, eq=False)
class ChainMap:
    """A chain of a structure, or several alike, seen from the sites of a model.

    Parameters
    ----------
    path : str
        File of the structure.
    chain : str
        Name of the chain the sites are mapped on.
    identity : float
        Share of the mapped sites whose residue is the focus letter.
    residues : tuple of (str or None)
        Label of every site's residue, None where it has none.
    distances : (L, L) float64
        Smallest distances between heavy atoms, in angstrom, within a chain or
        between any two; NaN where a site has no residue.
    distances_cb : (L, L) float64 or None
        Likewise between CB atoms (CA where there is no CB: glycine).
    distances_intra : (L, L) float64 or None
        Smallest between heavy atoms within a chain; None when not known apart from
        ``distances``.
    distances_inter : (L, L) float64 or None
        Smallest between heavy atoms of two chains, for i = j too; None when one
        chain is used.
    partners : (L, L, 2) intp or None
        Which of ``chains`` sites i and j are in where they are nearest between
        chains.
    chains : tuple of SiteResidues
        All chains used, the mapped one first.
    unused_copies : tuple of str
        Names of other chains of the same sequence, not used.
    notes : tuple of str
        Clauses on what was left out or decided in reading the file.
    """

    path: str
    chain: str
    identity: float
    residues: tuple[str | None, ...]
    distances: NDArray[np.float64]
    distances_cb: NDArray[np.float64] | None = None
    distances_intra: NDArray[np.float64] | None = None
    distances_inter: NDArray[np.float64] | None = None
    partners: NDArray[np.intp] | None = None
    chains: tuple[SiteResidues, ...] = ()
    unused_copies: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        length = len(self.residues)
        for field in ("", "_cb", "_intra", "_inter"):
            given = getattr(self, f"distances{field}")
            if given is None:
                continue
            distances = np.ascontiguousarray(given, np.float64).view()
            if distances.shape != (length, length):
                raise ValueError(f"distances are {distances.shape} for {length} sites")
            distances.flags.writeable = False
            object.__setattr__(self, f"distances{field}", distances)
        if self.partners is not None:
            self.partners.flags.writeable = False

    @property
    def within_chains(self) -> NDArray[np.float64]:
        """Distances within a chain, (L, L): all there are for a single one."""
        return self.distances if self.distances_intra is None else self.distances_intra

    @property
    def n_mapped(self) -> int:
        """Number of sites that have a residue."""
        return sum(label is not None for label in self.residues)

    def __str__(self) -> str:
        text = (
            f"{named(self.chain)} of {self.path}: {self.n_mapped} of "
            f"{len(self.residues)} sites have a residue, {self.identity:.0%} of them "
            "the same as in the focus"
        )
        if len(self.chains) > 1:
            names = ", ".join(chain.name for chain in self.chains)
            text += f"; contacts within and between chains {names} count"
        text += "".join(f"; {note}" for note in self.notes)
        if self.unused_copies:
            text += f"; {_listed(self.unused_copies)} of the same sequence left out"
        return text


def map_structure(
    model: PottsModel,
    path: str | Path,
    chain: str | None = None,
    *,
    force: bool = False,
) -> ChainMap:
    """Find a model's sites in a structure, and the distances between them.

    The focus sequence is aligned to the residues that have coordinates. In a
    homo-oligomer the smallest distance between any two chains of the same sequence
    (at least 90 % of the residues both have) counts beside those within a chain.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence. One of RNA or DNA letters is sought among nucleic
        acid chains, any other among protein chains.
    path : str or Path
        PDB or mmCIF file, plain or packed; its first model is used, or all of them
        when they are the copies of one assembly.
    chain : str, optional
        Name of the chain to use, or names of several alike, as ``"A,B"``: these
        and no others, mapped on the first. By default the chain that aligns best,
        and all of the same sequence.
    force : bool
        Take a chain whatever its identity.

    Raises
    ------
    UsageError
        If the model has no focus sequence.
    StructureError
        If the file cannot be read, has no such chain, the chain does not match
        (fewer than half of the sites found, or less than 30 % of those identical),
        or chains named together are not alike.
    """
    return chain_map(choose_chains(model, path, chain, force=force))


def chain_map(chosen: ChosenChains) -> ChainMap:
    """Return the residues of chosen chains at the sites, and their distances."""
    first = chosen.used[0]
    found = _distances(chosen.used)
    return ChainMap(
        path=chosen.path,
        chain=first.chain.name,
        identity=first.identity,
        residues=tuple(None if k < 0 else first.chain.labels[k] for k in first.sites),
        distances=found.nearest,
        distances_cb=found.anchors,
        distances_intra=found.intra,
        distances_inter=found.inter,
        partners=found.partners,
        chains=tuple(_site_residues(each) for each in chosen.used),
        unused_copies=chosen.unused_copies,
        notes=chosen.structure.notes,
    )


def _distances(used: Sequence[AlignedChain]) -> OligomerDistances:
    heavy, anchors = [], []
    for each in used:
        chain: Chain = each.chain
        heavy.append([None if k < 0 else chain.coordinates[k] for k in each.sites])
        anchors.append(
            [None if k < 0 else chain.anchor_places[k : k + 1] for k in each.sites]
        )
    return oligomer_distances(heavy, anchors)


def _site_residues(aligned: AlignedChain) -> SiteResidues:
    chain = aligned.chain
    return SiteResidues(
        name=chain.name,
        letters=aligned.letters,
        numbers=tuple("" if k < 0 else chain.numbers[k] for k in aligned.sites),
        anchors=tuple("" if k < 0 else chain.anchors[k] for k in aligned.sites),
        in_file=chain.in_file,
    )


def _listed(names: tuple[str, ...]) -> str:
    return f"chain{'s' if len(names) > 1 else ''} {', '.join(names)}"
