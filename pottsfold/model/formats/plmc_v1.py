"""plmc's older ``.model`` files, version 1. Little-endian, no magic number.

int32 L, q; L letters of the focus, all gaps without one; L int32 residue numbers;
float32 f_i and h_i; for every pair i < j int32 i + 1, j + 1, then float32 f_ij and
J_ij, each (q, q). Letters are not named: 20 or 21 are a protein's.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

import numpy as np

from pottsfold.alphabet import RNA
from pottsfold.errors import OutputError
from pottsfold.model.fit import Fit
from pottsfold.model.formats.content import Content
from pottsfold.model.formats.foreign import (
    assembled,
    letters_of_size,
    require_named_alphabet,
    unnamed_change,
)
from pottsfold.model.formats.model_format import (
    FOCUS,
    FREQUENCIES,
    NUMBERING,
    OCCUPANCY,
    ModelFormat,
    Reading,
)
from pottsfold.model.formats.plmc import (
    CONVENTIONS,
    changes,
    check_size,
    later_blocks,
    notes,
    sites_of,
    write_sites,
)

SIZES = (5, 20, 21)


def _recognise(content: Content) -> bool:
    if len(content) < 12:
        return False
    length, size = struct.unpack("<2i", content.data[:8])
    if length < 2 or size not in SIZES:
        return False
    focus = content.data[8 : 8 + min(length, 64)]
    has_letters = all(65 <= byte <= 90 or byte in b"-." for byte in focus)
    # Two letters alone might be a number of sequences in a file of version 2.
    return has_letters and (length > 2 or len(content) == _size(length, size))


def _size(length: int, q: int) -> int:
    """Return the bytes of a file of version 1."""
    pairs = length * (length - 1) // 2
    return 8 + 5 * length + 8 * length * q + pairs * (8 + 8 * q * q)


def _read(content: Content) -> Reading:
    length, q = struct.unpack("<2i", content.data[:8])
    pairs = length * (length - 1) // 2
    due = _size(length, q)
    check_size(content, due, f"{length} sites, {q} letters")
    record = np.dtype(
        [("sites", "<i4", 2), ("f", "<f4", (q, q)), ("blocks", "<f4", (q, q))]
    )
    records = content.array(record, pairs, due - pairs * record.itemsize)
    numbers = np.stack(np.triu_indices(length, 1), axis=1) + 1
    wrong = np.flatnonzero((records["sites"] != numbers).any(axis=1))
    if wrong.size:
        found, expected = records["sites"][wrong[0]], numbers[wrong[0]]
        raise content.bad(
            f"damaged: sites {found[0]} and {found[1]} stand where {expected[0]} and "
            f"{expected[1]} are due"
        )
    order = letters_of_size(content, q)
    if q == RNA.size and b"T" in content.data[8 : 8 + length]:
        order = order.replace("U", "T")
    others = sites_of(content, order, length, 8)
    fields = others.pop("fields")
    model = assembled(
        content, order, fields, records["blocks"], detect_missing=False, **others
    )
    return Reading(model, notes(model, order))


def _write(handle: BinaryIO, fit: Fit) -> None:
    model, q = fit.model, fit.model.n_states
    require_named_alphabet(model, PLMC_V1.title)
    if q not in SIZES:
        raise OutputError(
            f"a plmc file of version 1 does not say what {q} letters are; choose "
            "`to=plmc`"
        )
    handle.write(struct.pack("<2i", model.length, q))
    write_sites(handle, model)
    no_frequencies = bytes(4 * q * q)
    for i in range(model.length - 1):
        for j, block in enumerate(later_blocks(model, i), start=i + 1):
            handle.write(struct.pack("<2i", i + 1, j + 1))
            handle.write(no_frequencies)
            handle.write(block.tobytes())


PLMC_V1 = ModelFormat(
    name="plmc-v1",
    title="plmc .model, version 1",
    ending="",
    conventions=CONVENTIONS,
    holds=frozenset({FOCUS, NUMBERING, FREQUENCIES, OCCUPANCY}),
    recognise=_recognise,
    read=_read,
    write=_write,
    changes=lambda model: unnamed_change(model) + changes(model),
)
