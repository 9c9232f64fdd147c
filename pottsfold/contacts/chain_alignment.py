"""The focus sequence aligned to the residues of a chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.alphabet import GAP
from pottsfold.contacts.structure import UNKNOWN_RESIDUE, Chain
from pottsfold.model import PottsModel

if TYPE_CHECKING:
    from Bio.Align import PairwiseAligner

MAX_FILL_LENGTH = 20
PER_LINE = 60


@dataclass(frozen=True, eq=False)
class AlignedChain:
    """A chain and where the sites of a model are in it.

    Parameters
    ----------
    chain : Chain
        Of the structure.
    score : float
        Of the alignment, in the units of its substitution scores.
    sites : (L,) intp
        Index of each site's residue in the chain, -1 for none.
    identity : float
        Share of the sites with a residue whose residue is the focus letter.
    """

    chain: Chain
    score: float
    sites: NDArray[np.intp]
    identity: float

    @property
    def mapped(self) -> float:
        """Share of the sites that have a residue."""
        return float((self.sites >= 0).mean())

    @property
    def letters(self) -> str:
        """Letters of the chain at the sites, shape (L,), the gap for none."""
        return "".join(GAP if k < 0 else self.chain.letters[k] for k in self.sites)

    def shared_identity(self, other: AlignedChain) -> float:
        """Return the share of alike residues where both have one.

        It is 0 when that is at fewer than half of the sites that this chain has.
        """
        pairs = [
            (one, two)
            for one, two in zip(self.letters, other.letters, strict=True)
            if GAP not in (one, two)
        ]
        if 2 * len(pairs) < (self.sites >= 0).sum() or not pairs:
            return 0.0
        return sum(one == two for one, two in pairs) / len(pairs)

    def __str__(self) -> str:
        return (
            f"{named(self.chain.name)} {self.identity:.0%} identity over "
            f"{self.mapped:.0%} of the sites"
        )


def align_chains(
    model: PottsModel, chains: tuple[Chain, ...], *, nucleic: bool
) -> list[AlignedChain]:
    """Return the chains, each aligned globally, ends free, to a model's focus.

    Parameters
    ----------
    model : PottsModel
        With a focus sequence.
    chains : tuple of Chain
        All protein, or all nucleic acid.
    nucleic : bool
        Which of the two.
    """
    query, places = _query(model)
    aligner = _aligner(nucleic)
    known: dict[str, AlignedChain] = {}
    aligned = []
    for chain in chains:
        # Copies of a chain in an oligomer often have the same residues.
        if chain.letters not in known:
            known[chain.letters] = _aligned(chain, query, places, aligner, nucleic)
        same = known[chain.letters]
        aligned.append(AlignedChain(chain, same.score, same.sites, same.identity))
    return aligned


def alignment_lines(
    focus: str, positions: NDArray[np.int64], letters: str, numbers: tuple[str, ...]
) -> list[str]:
    """Return the sites above the residues found for them, as lines of text.

    Stretches of 60 sites that have the focus letter throughout are left out, so
    nothing is returned for a chain of the same sequence. Residues between sites are
    not shown.

    Parameters
    ----------
    focus : str
        Letter of every site.
    positions : (L,) int64
        Their numbers.
    letters : str
        Letter of every site's residue, the gap where it has none.
    numbers : tuple of str
        Number of every site's residue, empty where it has none.

    Examples
    --------
    >>> lines = alignment_lines("MKV", np.arange(5, 8), "M-L", ("15", "", "17"))
    >>> print(*lines, sep=chr(10))
    focus       5 MKV
                  |
    chain      15 M-L
    """
    lines: list[str] = []
    for start in range(0, len(focus), PER_LINE):
        above, below = (text[start : start + PER_LINE] for text in (focus, letters))
        if above == below:
            continue
        first = next(filter(None, numbers[start : start + PER_LINE]), "")
        marks = "".join(
            "|" if one == two != GAP else " "
            for one, two in zip(above, below, strict=True)
        )
        lines += [
            f"focus {positions[start]:>7} {above}",
            f"{'':13} {marks}".rstrip(),
            f"chain {first:>7} {below}",
        ]
    return lines


def named(chain: str) -> str:
    """Return how messages call a chain, which may have no name in a PDB file."""
    return f"chain {chain}" if chain.strip() else "the chain without a name"


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
        text += UNKNOWN_RESIDUE * min(int(steps[site]) - 1, MAX_FILL_LENGTH)
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
) -> AlignedChain:
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
    return AlignedChain(
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
