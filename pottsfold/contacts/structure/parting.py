"""Residues parted into chains, where a chain's name alone does not do it.

Under one name, or none, a file may have several chains. A new one begins

- where a residue comes again that is there already, and is not bonded to what stands
  before it (numbers that have run over);
- where the file ends a chain (TER, another segment, another ``label_asym_id``) or the
  next residue is too far away for its number, *and* what follows has the sequence of
  what stands before. Other sequences stay with it: programs write TER at gaps too.

Segments are chains of their own where chains have no names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from pottsfold.contacts.structure.residues import (
    Residue,
    are_in_one_place,
    are_near,
    are_neighbours,
    can_be_bridged,
    is_bonded,
)

# Copies share words of five letters; short ones are equal, or a part.
WORD = 5
MIN_SHARED = 0.5
MIN_LENGTH, LONG, MIN_LETTERS = 4, 12, 3

Piece = list[Residue]


def part_chains(
    residues: Sequence[Residue], ended: set[tuple[str, str]]
) -> tuple[list[list[Residue]], list[str]]:
    """Return the chains that stand under one name, without ligands.

    Parameters
    ----------
    residues : sequence of Residue
        Of one name and model, in the order of the file.
    ended : set of (str, str)
        Piece and chain of what the file ends by TER.

    Returns
    -------
    chains : list of list of Residue
        Those with residues.
    notes : list of str
        Clauses on what could not be decided.
    """
    chains: list[list[Residue]] = []
    doubled = False
    for piece, begins_anew in _pieces(residues):
        kept = _without_ligands(piece, ended)
        if not kept:
            continue
        if chains and not begins_anew and not _is_repeat(kept, chains[-1]):
            chains[-1] += kept
        else:
            chains.append(kept)
        doubled = doubled or _holds_copy(kept)
    notes = ["a second copy of the sequence counts as part of its chain"]
    return chains, notes if doubled else []


def _pieces(residues: Sequence[Residue]) -> Iterator[tuple[Piece, bool]]:
    """Give stretches of residues, and whether each begins a chain for certain."""
    by_segment = _segments_matter(residues)
    begins_anew = True
    previous = None
    for (_, segment), group in groupby(
        residues,
        key=lambda each: (each.first.piece, each.first.segment if by_segment else ""),
    ):
        # A segment stands for a chain where that has no name.
        named_by_segment = by_segment and not residues[0].first.chain
        begins_anew = previous is None or (named_by_segment and segment != previous)
        previous = segment
        for piece, restarts in _between_restarts(group):
            yield piece, begins_anew or restarts
            begins_anew = False


def _segments_matter(residues: Sequence[Residue]) -> bool:
    """Tell names of segments from whatever else stands in their columns."""
    runs = [name for name, _ in groupby(each.first.segment for each in residues)]
    whole = all(
        len({atom.segment for atom in each.atoms.values()}) == 1 for each in residues
    )
    return 1 < len(runs) == len(set(runs)) and 2 * len(runs) <= len(residues) and whole


def _between_restarts(residues: Iterable[Residue]) -> Iterator[tuple[Piece, bool]]:
    """Give residues up to one that is there already, and whether that came before.

    Atoms of a residue that come later are added to it, and residues of other names
    at its place are its alternatives.
    """
    piece: Piece = []
    by_number: dict[str, Residue] = {}
    restarts = False
    for residue in residues:
        known = by_number.get(residue.number)
        if known is not None and _joins(known, residue):
            continue
        last = piece[-1] if piece else None
        # Numbers may run over, and a residue without its own follow its neighbour.
        follows = last is not None and (known is last or is_bonded(last, residue))
        if last is not None and known is not None and not follows:
            yield piece, restarts
            piece, by_number, restarts = [], {}, True
        elif last is not None and not _may_follow(last, residue):
            yield piece, restarts
            piece, restarts = [], False
        piece.append(residue)
        by_number[residue.number] = residue
    if piece:
        yield piece, restarts


def _joins(known: Residue, residue: Residue) -> bool:
    """Add a residue to one of its number that it is a part or alternative of."""
    if not are_near(known, residue):
        return False
    for each in (known, *known.others):
        if each.name == residue.name and each.is_apart(residue):
            each.atoms.update(residue.atoms)
            return True
    if known.name != residue.name and (
        residue.is_alternative(known) or are_in_one_place(known, residue)
    ):
        known.others.append(residue)
        return True
    return False


def _may_follow(one: Residue, other: Residue) -> bool:
    return is_bonded(one, other) or can_be_bridged(one, other)


def _without_ligands(piece: Piece, ended: set[tuple[str, str]]) -> Piece:
    """Return the residues of a polymer: those before TER, in a sequence, or linked.

    Residues marked HETATM count among others, and at the end of a piece, or in one
    that has no others, where they are bonded to a neighbour.
    """
    last = max((k for k, each in enumerate(piece) if not each.first.hetero), default=-1)
    kept: Piece = []
    for k, residue in enumerate(piece):
        first = residue.first
        certain = first.in_sequence or (first.piece, first.chain) in ended
        before = bool(kept) and are_neighbours(kept[-1], residue)
        after = k + 1 < len(piece) and are_neighbours(residue, piece[k + 1])
        if certain or k < last or not first.hetero or before or (last < 0 and after):
            kept.append(residue)
    return kept


def _is_repeat(piece: Piece, chain: Sequence[Residue]) -> bool:
    """Tell a new chain by numbers or a sequence that come again."""
    if is_bonded(chain[-1], piece[0]):
        return False
    numbers = {each.number for each in chain}
    return any(each.number in numbers for each in piece) or is_copy(
        _letters(piece), _letters(chain)
    )


def _holds_copy(piece: Piece) -> bool:
    """Tell whether a piece has its sequence twice, before and after a break."""
    letters = _letters(piece)
    if len(set(letters)) < MIN_LETTERS:
        return False
    return any(
        not are_neighbours(piece[k - 1], piece[k]) and is_copy(letters[k:], letters[:k])
        for k in range(LONG, len(piece) - LONG + 1)
        if len(piece[k].atoms) > 1
    )


def _letters(piece: Iterable[Residue]) -> str:
    return "".join(each.letter for each in piece)


def is_copy(one: str, other: str) -> bool:
    """Tell whether two sequences are of one protein, whatever each of them lacks.

    Examples
    --------
    >>> is_copy("MKVLAWGHSTNDEFYRQPIC", "VLAWGHSTNDDEFYRQPICK")
    True
    >>> is_copy("MKVLAWGHSTNDEFYRQPIC", "CPRYFEDNTSHGWALVKM")
    False
    """
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < LONG:
        if len(shorter) < MIN_LENGTH or len(set(shorter)) < MIN_LETTERS:
            return False
        return shorter == longer or (len(shorter) > WORD and shorter in longer)
    words = [_words(text) for text in (shorter, longer)]
    return len(words[0] & words[1]) >= MIN_SHARED * max(len(words[0]), MIN_LENGTH)


def _words(text: str) -> set[str]:
    return {text[k : k + WORD] for k in range(len(text) - WORD + 1)}
