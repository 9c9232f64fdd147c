"""The sites of a model on the residues of a chain: by alignment, never by number."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.alphabet import DNA, GAP, RNA
from pottsfold.contacts.structure import (
    UNKNOWN_RESIDUE,
    Chain,
    minimal_distances,
    read_chains,
)
from pottsfold.errors import StructureError, UsageError
from pottsfold.model import PottsModel

if TYPE_CHECKING:
    from Bio.Align import PairwiseAligner

LEAST_IDENTITY = 0.3
LEAST_MAPPED = 0.5
LONGEST_FILL = 20
MOST_NAMED = 10


@dataclass(frozen=True, eq=False)
class ChainMap:
    """A chain of a structure seen from the sites of a model.

    Parameters
    ----------
    path : str
        File of the structure.
    chain : str
        Name of the chain.
    identity : float
        Share of the mapped sites whose residue is the focus letter.
    residues : tuple of (str or None)
        Label of every site's residue, None where it has none.
    distances : (L, L) float64
        Smallest distances between heavy atoms, in angstrom; NaN where a site has no
        residue.
    """

    path: str
    chain: str
    identity: float
    residues: tuple[str | None, ...]
    distances: NDArray[np.float64]

    def __post_init__(self) -> None:
        distances = np.ascontiguousarray(self.distances, np.float64).view()
        if distances.shape != (len(self.residues),) * 2:
            raise ValueError(
                f"distances are {distances.shape} for {len(self.residues)} sites"
            )
        distances.flags.writeable = False
        object.__setattr__(self, "distances", distances)

    @property
    def n_mapped(self) -> int:
        """Number of sites that have a residue."""
        return sum(label is not None for label in self.residues)

    def __str__(self) -> str:
        return (
            f"{_named(self.chain)} of {self.path}: {self.n_mapped} of "
            f"{len(self.residues)} sites have a residue, {self.identity:.0%} of them "
            "the same as in the focus"
        )


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A chain and the index of each site's residue in it, -1 for none."""

    chain: Chain
    score: float
    sites: NDArray[np.intp]
    identity: float

    @property
    def mapped(self) -> float:
        return float((self.sites >= 0).mean())

    @property
    def fits(self) -> bool:
        return self.identity >= LEAST_IDENTITY and self.mapped >= LEAST_MAPPED

    def __str__(self) -> str:
        return (
            f"{_named(self.chain.name)} {self.identity:.0%} identity over "
            f"{self.mapped:.0%} of the sites"
        )


def map_structure(
    model: PottsModel, path: str | Path, chain: str | None = None
) -> ChainMap:
    """Find a model's sites in a structure, and the distances between them.

    The focus sequence is aligned to the residues that have coordinates.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence. One of RNA or DNA letters is sought among nucleic
        acid chains, any other among protein chains.
    path : str or Path
        PDB or mmCIF file, plain or gz; its first model is used.
    chain : str, optional
        Name of the chain; by custom the one that aligns best.

    Raises
    ------
    UsageError
        If the model has no focus sequence.
    StructureError
        If the file cannot be read, has no such chain, or the chain does not match:
        fewer than half of the sites found, or less than 30 % of those identical.
    """
    if model.focus_sequence is None:
        raise UsageError(
            "this model has no focus sequence to find in a structure; "
            "fit with --focus NAME"
        )
    nucleic = set(model.alphabet.letters) <= {*RNA.letters, *DNA.letters}
    chains = read_chains(path, nucleic=nucleic)
    if chain is not None:
        names = dict.fromkeys(_named(each.name) for each in chains)
        chains = tuple(each for each in chains if each.name == chain)
        if not chains:
            raise StructureError(
                str(path), f"no {_named(chain)}; there is {', '.join(names)}"
            )
    query, places = _query(model)
    aligner = _aligner(nucleic)
    candidates = [_aligned(each, query, places, aligner, nucleic) for each in chains]
    fitting = [candidate for candidate in candidates if candidate.fits]
    if not fitting:
        raise StructureError(str(path), _refusal(candidates))
    best = max(fitting, key=lambda candidate: candidate.score)
    return _chain_map(str(path), best)


def _query(model: PottsModel) -> tuple[str, NDArray[np.intp]]:
    """Return the focus as a text to align, and each site's place in it, or -1.

    Residues between two sites that are no sites themselves (their columns were
    dropped) stand in it as unknown: left out, each would cost the alignment a gap,
    and it would rather misplace the sites between two of them. Of a long run a part
    will do, since one gap is cheap.
    """
    text = ""
    places = np.full(model.length, -1, dtype=np.intp)
    steps = np.diff(model.numbering.positions, prepend=model.numbering.positions[0] - 1)
    for site, letter in enumerate(model.focus_sequence or ""):
        text += UNKNOWN_RESIDUE * min(int(steps[site]) - 1, LONGEST_FILL)
        if letter != GAP:
            places[site] = len(text)
            text += letter
    return text, places


def _aligner(nucleic: bool) -> PairwiseAligner:
    """Return an aligner, global with free ends, with the scores of BLAST."""
    from Bio.Align import PairwiseAligner, substitution_matrices

    aligner = PairwiseAligner(mode="global")
    if nucleic:
        aligner.wildcard = UNKNOWN_RESIDUE
        aligner.match_score, aligner.mismatch_score = 5, -4
    else:
        aligner.substitution_matrix = substitution_matrices.load("BLOSUM62")
    aligner.open_gap_score, aligner.extend_gap_score = -11, -1
    aligner.end_gap_score = 0
    return aligner


def _aligned(
    chain: Chain,
    query: str,
    places: NDArray[np.intp],
    aligner: PairwiseAligner,
    nucleic: bool,
) -> _Candidate:
    target, query = (_alignable(text, nucleic) for text in (chain.letters, query))
    alignment = aligner.align(target, query)[0]
    # Residue of the chain under every letter of the query.
    under = np.full(len(query), -1, dtype=np.intp)
    for (start, stop), (first, last) in zip(*alignment.aligned, strict=True):
        under[first:last] = np.arange(start, stop)
    sites = np.where(places >= 0, under[places], -1)
    same = [
        query[place] == target[site] != UNKNOWN_RESIDUE
        for place, site in zip(places, sites, strict=True)
        if site >= 0
    ]
    return _Candidate(
        chain=chain,
        score=float(alignment.score),
        sites=sites,
        identity=float(np.mean(same)) if same else 0.0,
    )


def _alignable(text: str, nucleic: bool) -> str:
    """Return a text in letters the aligner has scores for."""
    if nucleic:
        text = text.replace("T", "U")
    known = "ACGU" if nucleic else "ACDEFGHIKLMNPQRSTVWY"
    return "".join(letter if letter in known else UNKNOWN_RESIDUE for letter in text)


def _chain_map(path: str, candidate: _Candidate) -> ChainMap:
    chain = candidate.chain
    coordinates = [None if k < 0 else chain.coordinates[k] for k in candidate.sites]
    return ChainMap(
        path=path,
        chain=chain.name,
        identity=candidate.identity,
        residues=tuple(None if k < 0 else chain.labels[k] for k in candidate.sites),
        distances=minimal_distances(tuple(coordinates)),
    )


def _refusal(candidates: list[_Candidate]) -> str:
    best = sorted(candidates, key=lambda candidate: -candidate.score)
    named = "; ".join(str(candidate) for candidate in best[:MOST_NAMED])
    more = len(best) - MOST_NAMED
    rest = f"; and {more} more" if more > 0 else ""
    return (
        f"does not match the focus sequence ({named}{rest}); at least "
        f"{LEAST_IDENTITY:.0%} identity over {LEAST_MAPPED:.0%} is needed: give the "
        "structure of a closer relative"
    )


def _named(chain: str) -> str:
    return f"chain {chain}" if chain.strip() else "the chain without a name"
