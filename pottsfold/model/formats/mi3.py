"""Mi3's ``J.npy``: couplings alone, of the opposite sign.

A float32 array (L (L - 1) / 2, q * q), pairs i < j with i outer, the letter at i
outer, E = + sum J. There are no fields: they stand in the couplings, since
h_i(a) = sum_j h_i(a) / (L - 1). Letters are not named; 21 are the protein's, 5 RNA's.
"""

from __future__ import annotations

from math import isqrt
from typing import BinaryIO

import numpy as np

from pottsfold.model.fit import Fit
from pottsfold.model.formats import npy
from pottsfold.model.formats.content import Content
from pottsfold.model.formats.foreign import (
    assembled,
    gap_note,
    length_of_pairs,
    letters_of_size,
    require_named_alphabet,
    unnamed_change,
)
from pottsfold.model.formats.model_format import ModelFormat, Reading
from pottsfold.model.potts import PottsModel

TITLE = "Mi3 .npy"


def _recognise(content: Content) -> bool:
    return npy.is_array(content)


def _read(content: Content) -> Reading:
    header = npy.header_of(content)
    if header.kind not in npy.NUMBERS or len(header.shape) != 2:
        raise content.bad(
            "not an array of single or double numbers in rows, as couplings of Mi3 "
            "are, nor (L, L, q, q)"
        )
    shape = header.shape
    values = npy.numbers_of(content, header)
    length, q = length_of_pairs(shape[0]), isqrt(shape[1])
    if length is None or q * q != shape[1] or not q:
        raise content.bad(f"shape {shape} is not (L (L - 1) / 2, q * q)")
    letters = letters_of_size(content, q)
    with np.errstate(over="ignore"):
        blocks = -values.astype(np.float32)
    model = assembled(
        content,
        letters,
        np.zeros((length, q), np.float32),
        blocks.reshape(-1, q, q),
        detect_missing=False,
        gauge="no fields",
    )
    notes = (
        f"letters {letters}; {gap_note(model, marked=True)}; the sign is turned: there "
        "a higher parameter is less probable",
        "no fields: they stand in the couplings; no focus sequence nor numbers: sites "
        "are numbered from 1",
    )
    return Reading(model, notes)


def _write(handle: BinaryIO, fit: Fit) -> None:
    model = fit.model
    require_named_alphabet(model, TITLE)
    length, q = model.fields.shape
    shape = (length * (length - 1) // 2, q * q)
    np.lib.format.write_array_header_1_0(
        handle, {"shape": shape, "fortran_order": False, "descr": "<f4"}
    )
    shares = model.fields / np.float32(length - 1)
    for i in range(length - 1):
        later = model.couplings_of(i)[i + 1 :] + shares[i][:, np.newaxis]
        later += shares[i + 1 :, np.newaxis, :]
        handle.write((-later).astype("<f4").tobytes())


def _changes(model: PottsModel) -> list[str]:
    sentences = unnamed_change(model)
    if model.fields.any():
        sentences.append(
            "fields are moved into couplings, evenly over the partners; energies stay"
        )
    if model.gaps == "missing":
        sentences.append("gaps are missing data: read back, the gap is a letter")
    return sentences


MI3 = ModelFormat(
    name="mi3",
    title=TITLE,
    ending=".npy",
    conventions=(
        "letters in alphabetical order, the gap first; a higher parameter is less "
        "probable; pairs i < j, i outer; no fields"
    ),
    holds=frozenset(),
    recognise=_recognise,
    read=_read,
    write=_write,
    changes=_changes,
)
