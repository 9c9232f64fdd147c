"""Any program's couplings as one dense array, ``.npy``: a language model's Jacobian.

Single or double numbers (L, L, q, q) or (L, q, L, q), the latter as categorical
Jacobians come; a first index of one is passed over. Letters are not named, and taken to
be in alphabetical order, the gap first where there are 21. T_ij(a, b) and T_ji(b, a),
which need not be alike, are averaged; where one triangle is all zero the other is
taken. What stands at i = j is left out. A higher value is more probable.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pottsfold.alphabet import GAP
from pottsfold.model.formats import npy
from pottsfold.model.formats.content import Content
from pottsfold.model.formats.foreign import (
    assembled,
    coupled,
    gap_note,
    graph_note,
    letters_of_size,
)
from pottsfold.model.formats.model_format import ModelFormat, Reading
from pottsfold.model.formats.neighbours import N_STATES

TITLE = "dense .npy"


def _recognise(content: Content) -> bool:
    return npy.is_array(content) and (npy.dimensions(content) or 0) > 2


def _read(content: Content) -> Reading:
    header = npy.header_of(content)
    if header.kind not in npy.NUMBERS:
        raise content.bad(
            f"an array of {header.dtype}; save it as single or double numbers "
            "(array.astype('float32'))"
        )
    shape = header.shape[1:] if header.shape[0] == 1 else header.shape
    interleaved = _is_interleaved(content, shape)
    length, q = shape[0], shape[1 if interleaved else 2]
    if length < 2:
        raise content.bad("a model of one site; two are needed")
    if q == N_STATES:
        raise content.bad(
            "22 letters, as in the table of all pairs that PottsMPNN makes, which does "
            "not tell how often a pair counts; save what it is made of instead: "
            "numpy.savez('a.npz', etab=..., E_idx=..., wt_seq=...)"
        )
    letters = letters_of_size(content, q)
    values = npy.numbers_of(content, header).reshape(shape)
    if interleaved:
        values = values.transpose(0, 2, 1, 3)
    blocks, how = _symmetric(values)
    blocks, pairs = coupled(length, blocks)
    model = assembled(
        content,
        letters,
        np.zeros((length, q), np.float32),
        blocks,
        pairs=pairs,
        gauge="no fields",
    )
    order = (
        "site, letter, site, letter" if interleaved else "site, site, letter, letter"
    )
    notes = (
        f"indices {order}; letters {letters}, which the file does not name: in another "
        "order contacts are right, and effects of mutations are not",
        f"{gap_note(model, marked=GAP not in letters)}; a higher parameter is more "
        f"probable; {how}; the diagonal is left out",
        *graph_note(model),
        "no fields: zeros; no focus sequence nor numbers: sites are numbered from 1",
    )
    return Reading(model, notes)


def _is_interleaved(content: Content, shape: tuple[int, ...]) -> bool:
    """Tell whether a shape is (L, q, L, q), not (L, L, q, q)."""
    if len(shape) == 4:
        a, b, c, d = shape
        if a == b and c == d:
            return False
        if a == c and b == d:
            return True
    raise content.bad(f"shape {shape} is neither (L, L, q, q) nor (L, q, L, q)")


def _symmetric(values: NDArray[np.floating]) -> tuple[NDArray[np.float32], str]:
    """Return J_ij of all i < j, i outer, of a tensor, and how they were made."""
    length, q = len(values), values.shape[-1]
    blocks = np.empty((length * (length - 1) // 2, q, q), np.float32)
    upper = lower = False
    start = 0
    with np.errstate(over="ignore", invalid="ignore"):
        for i in range(length - 1):
            later, earlier = values[i, i + 1 :], values[i + 1 :, i]
            upper, lower = upper or bool(later.any()), lower or bool(earlier.any())
            stop = start + len(later)
            # Halves first: a sum of two large numbers need not be one.
            blocks[start:stop] = later / 2 + earlier.transpose(0, 2, 1) / 2
            start = stop
        if upper == lower:
            return blocks, "J_ij(a, b) and J_ji(b, a) are averaged"
        blocks *= 2
    return blocks, "one triangle is zero, and the other is taken"


TENSOR = ModelFormat(
    name="tensor",
    title=TITLE,
    ending="",
    conventions="(L, L, q, q), letters in alphabetical order, the gap first",
    holds=frozenset(),
    recognise=_recognise,
    read=_read,
)
