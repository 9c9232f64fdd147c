"""What all foreign formats share: their letters, pairs of sites and notes."""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment.frequencies import Gaps
from pottsfold.alignment.numbering import Numbering
from pottsfold.alphabet import DNA, GAP, NAMED, PROTEIN, RNA, Alphabet
from pottsfold.errors import OutputError, UsageError
from pottsfold.model.formats.content import Content, check_model_size
from pottsfold.model.graph import PairGraph
from pottsfold.model.potts import PottsModel

# What a file that does not say is taken to say.
UNNAMED, AS_READ = "unnamed", "as read"


def alphabet_of(order: str) -> Alphabet:
    """Return the alphabet of a file's letters; the gap may be anywhere, or missing.

    Raises
    ------
    UsageError
        If the letters make no alphabet.
    """
    letters = sorted(order.replace(GAP, ""))
    for named in NAMED.values():
        if sorted(named.letters[1:]) == letters:
            return named
    return Alphabet(GAP + order.replace(GAP, ""))


def letters_of_size(content: Content, size: int) -> str:
    """Return the letters of a format that numbers them in the order of ours.

    The gap is 0, then letters in alphabetical order; 20 protein letters are those
    without the gap.
    """
    known = {21: PROTEIN.letters, 20: PROTEIN.letters[1:], 5: RNA.letters}
    if size not in known:
        raise content.bad(
            f"{size} letters a site, and the format does not name them; 21 and 20 "
            "(protein, with the gap and without) and 5 (RNA) are known"
        )
    return known[size]


def length_of_pairs(n_pairs: int) -> int | None:
    """Return L of L (L - 1) / 2 pairs; None where no L of at least 2 gives them."""
    length = (1 + isqrt(1 + 8 * n_pairs)) // 2
    return length if n_pairs and length * (length - 1) // 2 == n_pairs else None


def assembled(
    content: Content,
    order: str,
    fields: NDArray[np.float32],
    blocks: NDArray[np.float32],
    *,
    pairs: NDArray[np.integer] | None = None,
    detect_missing: bool = True,
    **others: Any,
) -> PottsModel:
    """Return the model of a file's parameters.

    Parameters
    ----------
    content : Content
        The file, for errors.
    order : str
        Its s letters, in its order; without a gap, gaps are missing data.
    fields : (L, s) float32
        h_i(a), a positive one making a probable.
    blocks : (P, s, s) float32
        J_ij(a, b) of all pairs i < j, i outer, or of ``pairs``.
    pairs : (P, 2) int, optional
        The pairs i < j that have couplings, each once, where not all do.
    detect_missing : bool
        Take gaps as missing data where all their parameters are zero.
    **others
        Of :class:`PottsModel`.

    Raises
    ------
    ModelFormatError
        If the model is too large for its file, or values are not finite.
    """
    length = len(fields)
    try:
        alphabet = alphabet_of(order)
    except UsageError as error:
        raise content.bad(f"damaged: {error}") from error
    size = alphabet.size
    check_model_size(content, length, size, None if pairs is None else len(pairs))
    places = alphabet.encode(order)
    full_fields = np.zeros((length, size), np.float32)
    full_fields[:, places] = fields
    if pairs is None:
        couplings = _both_triangles(blocks, length, size, places)
    else:
        others["graph"] = graph = PairGraph.of_pairs(length, pairs)
        couplings = _on_graph(blocks, graph, pairs, size, places)
    gaps: Gaps = "state" if GAP in order else "missing"
    if detect_missing and _gap_adds_nothing(full_fields, couplings):
        gaps = "missing"
    others.setdefault("numbering", Numbering.sequential(length))
    try:
        return PottsModel(
            alphabet=alphabet,
            fields=full_fields,
            couplings=couplings,
            gaps=gaps,
            **{"gauge": AS_READ, **others},
        )
    except ValueError as error:
        raise content.bad(str(error)) from error


def _both_triangles(
    blocks: NDArray[np.float32], length: int, size: int, places: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """Return couplings (L, L, q, q) of blocks whose letters have codes ``places``."""
    couplings = np.zeros((length, length, size, size), np.float32)
    # Slices copy several times faster than lists of places.
    in_order = (np.diff(places) == 1).all()
    start = 0
    for i in range(length - 1):
        part = blocks[start : start + length - 1 - i]
        start += len(part)
        later = couplings[i, i + 1 :]
        if in_order:
            later[:, places[0] :, places[0] :] = part
        else:
            later[:, places[:, np.newaxis], places] = part
        couplings[i + 1 :, i] = later.transpose(0, 2, 1)
    return couplings


def _on_graph(
    blocks: NDArray[np.float32],
    graph: PairGraph,
    pairs: NDArray[np.integer],
    size: int,
    places: NDArray[np.uint8],
) -> NDArray[np.float32]:
    """Return couplings (M, q, q) of the blocks of some pairs."""
    couplings = np.zeros((len(graph.partners), size, size), np.float32)
    rows, columns = places[:, np.newaxis], places
    for (i, j), given in (
        (pairs.T, blocks),
        (pairs.T[::-1], blocks.transpose(0, 2, 1)),
    ):
        at = graph.places(i, j)[:, np.newaxis, np.newaxis]
        couplings[at, rows, columns] = given
    return couplings


def coupled(
    length: int, blocks: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.int64] | None]:
    """Return the blocks that are not all zero, and their pairs; None for all pairs.

    Parameters
    ----------
    length : int
        L.
    blocks : (L (L - 1) / 2, s, s) float32
        J_ij(a, b), i < j, i outer.
    """
    there = blocks.any(axis=(1, 2))
    if there.all():
        return blocks, None
    pairs = np.stack(np.triu_indices(length, 1), axis=1)
    return blocks[there], pairs[there]


def graph_note(model: PottsModel) -> list[str]:
    """Return the sentence on the pairs of a masked model."""
    if model.graph.is_complete:
        return []
    of = model.length * (model.length - 1) // 2
    return [f"{model.graph.n_pairs} of {of} pairs have couplings"]


def _gap_adds_nothing(
    fields: NDArray[np.float32], couplings: NDArray[np.float32]
) -> bool:
    """Tell whether the gap's parameters are all zero while other couplings are not."""
    return bool(
        not fields[:, 0].any() and not couplings[..., 0, :].any() and couplings.any()
    )


def upper_blocks(
    model: PottsModel, order: str
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield i and J_ij of all j > i, shape (L - 1 - i, s, s), letters in ``order``."""
    places = model.alphabet.encode(order)
    for i in range(model.length - 1):
        later = model.couplings_of(i)[i + 1 :]
        yield i, np.ascontiguousarray(later[:, places[:, np.newaxis], places])


def require_alphabet(model: PottsModel, order: str, title: str) -> None:
    """Refuse to write a model whose letters a format does not know.

    Raises
    ------
    OutputError
        If its alphabet is not that of ``order``.
    """
    if sorted(model.alphabet.letters) != sorted(order):
        raise OutputError(
            f"{title} holds letters {order} and the model's are "
            f"{model.alphabet.letters}; choose .model or .dat"
        )


def require_named_alphabet(model: PottsModel, title: str) -> None:
    """Refuse to write a model whose letters could not be told from their number.

    Raises
    ------
    OutputError
        If its alphabet is not that of proteins, RNA or DNA.
    """
    if model.alphabet.letters not in {named.letters for named in NAMED.values()}:
        raise OutputError(
            f"{title} does not name letters, and {model.alphabet.letters} would not be "
            "known again; choose .model or .dat"
        )


def unnamed_change(model: PottsModel) -> list[str]:
    """Return the sentence for formats that number letters and do not name them."""
    if model.alphabet.letters != DNA.letters:
        return []
    return ["letters are not named: DNA may be read back as RNA"]


def gap_note(model: PottsModel, *, marked: bool = False) -> str:
    """Return the sentence on what a read gap is; ``marked`` if the file says so."""
    if model.gaps == "state":
        return "the gap is a letter of the model"
    because = "not among its letters" if marked else "all its parameters are zero"
    return f"the gap is missing data ({because})"


def silent_gap_change(model: PottsModel) -> list[str]:
    """Return the sentence for formats that hold 'missing' as zeros only."""
    if model.gaps == "state":
        return []
    return ["gaps are missing data: the gap is written as a letter of zero parameters"]
