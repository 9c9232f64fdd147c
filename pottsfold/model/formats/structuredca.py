"""StructureDCA's ``.npz``: couplings of contacts alone, our sign.

Arrays as its ``DCAModel.write_coeff`` saves them (structuredca 1.1.1): ``contacts``
(L, L) bool, symmetric; ``h`` (L, 21); ``J`` (P, 21, 21), pairs i < j that are contacts,
i outer, the letter at i outer; ``target_sequence``; its settings, one number each.
Letters stand in alphabetical order, the gap last. E = - sum h - sum J, zero-sum over
letters: with ``exclude_gaps`` the gap is none, and its parameters are zero. Weights by
accessibility, which the program may multiply energies by, are not in the file.
"""

from __future__ import annotations

from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from pottsfold.alphabet import GAP, PROTEIN
from pottsfold.model.fit import Fit
from pottsfold.model.formats import npz
from pottsfold.model.formats.content import Content
from pottsfold.model.formats.foreign import (
    UNNAMED,
    assembled,
    gap_note,
    graph_note,
    require_alphabet,
)
from pottsfold.model.formats.model_format import (
    FOCUS,
    FOCUS_NAME,
    GRAPH,
    NEFF,
    ModelFormat,
    Reading,
)
from pottsfold.model.formats.npy import NUMBERS
from pottsfold.model.potts import PottsModel

TITLE = "StructureDCA .npz"
ORDER = PROTEIN.letters[1:] + GAP
UNKNOWN = "X"
# Its settings, by the names that reports have for the same.
SETTINGS = {"weights_seqid": "identity", "max_iterations": "max_iterations"}


def _recognise(content: Content) -> bool:
    return npz.holds(content, "contacts", "h", "J", "target_sequence")


def _read(content: Content) -> Reading:
    with npz.opened(content) as arrays:
        return _reading(content, arrays)


def _reading(content: Content, arrays: npz.Arrays) -> Reading:
    fields = arrays.array("h", *NUMBERS)
    length, q = len(fields), len(ORDER)
    if fields.shape != (length, q) or length < 2:
        raise content.bad(
            f"h: shape {fields.shape} is not (L, {q}) of two sites or more"
        )
    pairs = _pairs(content, arrays.array("contacts", "b1"), length)
    blocks = arrays.array("J", *NUMBERS)
    if len(pairs) and blocks.shape != (len(pairs), q, q):
        raise content.bad(
            f"J: shape {blocks.shape}, and {len(pairs)} contacts make "
            f"({len(pairs)}, {q}, {q}) due"
        )
    letters = arrays.text("target_sequence")
    if len(letters) != length:
        raise content.bad(
            f"a target sequence of {len(letters)} letters for {length} sites"
        )
    has_focus = bool(set(letters) - {GAP})
    name = arrays.text("name") if has_focus and "name" in arrays else ""
    states = slice(0, q - 1) if arrays.number("exclude_gaps") else slice(0, q)
    with np.errstate(over="ignore"):
        model = assembled(
            content,
            ORDER[states],
            fields[:, states].astype(np.float32),
            blocks.reshape(-1, q, q)[:, states, states].astype(np.float32),
            pairs=None if 2 * len(pairs) == length * (length - 1) else pairs,
            detect_missing=False,
            focus=PROTEIN.encode(letters) if has_focus else None,
            focus_name=name or (UNNAMED if has_focus else ""),
            neff=arrays.number("Neff") or 0.0,
        )
    settings = {
        ours: value
        for theirs, ours in SETTINGS.items()
        if (value := arrays.number(theirs)) is not None
    }
    notes = (
        f"letters {ORDER[states]}; {gap_note(model, marked=True)}; a higher parameter "
        "is more probable, as here",
        *graph_note(model),
        "sites are numbered from 1; energies are without weights by accessibility",
    )
    return Reading(model, notes, settings, max(int(arrays.number("msa_depth") or 0), 0))


def _pairs(
    content: Content, contacts: NDArray[np.bool_], length: int
) -> NDArray[np.int64]:
    """Return the pairs i < j of a matrix of contacts, i outer, (P, 2)."""
    if contacts.shape != (length, length):
        raise content.bad(
            f"contacts: shape {contacts.shape}, and h makes ({length}, {length}) due"
        )
    # A damaged byte is neither of the two truths.
    contacts = contacts.view(np.uint8) != 0
    if not np.array_equal(contacts, contacts.T) or contacts.diagonal().any():
        raise content.bad("damaged: contacts are not symmetric, or a site is its own")
    return np.argwhere(np.triu(contacts, 1))


def _write(handle: BinaryIO, fit: Fit) -> None:
    model = fit.model
    require_alphabet(model, ORDER, TITLE)
    length, q = model.length, len(ORDER)
    places = model.alphabet.encode(ORDER)
    states = slice(0, q - 1) if model.gaps == "missing" else slice(0, q)
    later = [model.later(i) for i in range(length)]
    contacts = np.zeros((length, length), np.bool_)
    for i, (partners, _) in enumerate(later):
        contacts[i, partners] = contacts[partners, i] = True
    fields = np.zeros((length, q), np.float32)
    fields[:, states] = model.fields[:, places[states]]

    def padded(blocks: NDArray[np.float32]) -> NDArray[np.float32]:
        result = np.zeros((len(blocks), q, q), np.float32)
        result[:, states, states] = blocks[
            :, places[states, np.newaxis], places[states]
        ]
        return result

    gaps = np.zeros(length) if model.occupancy is None else 1 - model.occupancy
    n_pairs = int(contacts.sum()) // 2
    with npz.Writer(handle) as archive:
        archive.add("contacts", contacts)
        archive.add("h", fields)
        archive.add_parts(
            "J",
            (n_pairs, q, q),
            np.dtype("<f4"),
            (padded(blocks) for _, blocks in later),
        )
        archive.add("gap_ratios_array", gaps.astype(np.float32))
        archive.add("name", model.focus_name)
        archive.add("msa_length", length)
        archive.add("target_sequence", _letters(model))
        archive.add("exclude_gaps", model.gaps == "missing")
        archive.add("Neff", float(model.neff))
        archive.add("n_contacts", 2 * n_pairs)


def _letters(model: PottsModel) -> str:
    return (model.focus_sequence or GAP * model.length).replace("?", UNKNOWN)


def _changes(model: PottsModel) -> list[str]:
    sentences = []
    letters = _letters(model)
    if model.focus is None:
        sentences.append(
            "no focus sequence: StructureDCA wants that of its alignment; add it with "
            "`focus`"
        )
    elif set(letters) - set(PROTEIN.letters[1:]):
        sentences.append(
            "the focus has gaps or unknown letters, which StructureDCA does not take"
        )
    if model.occupancy is None:
        sentences.append("shares of gaps are not known: zeros are written")
    return sentences


STRUCTUREDCA = ModelFormat(
    name="structuredca",
    title=TITLE,
    ending=".npz",
    conventions=(
        "letters in alphabetical order, the gap last; a higher parameter is more "
        "probable; pairs i < j that have couplings, i outer"
    ),
    holds=frozenset({FOCUS, FOCUS_NAME, GRAPH, NEFF}),
    recognise=_recognise,
    read=_read,
    write=_write,
    changes=_changes,
)
