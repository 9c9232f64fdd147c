"""CCMpred's ``.braw``: a MessagePack map, mostly kept compressed as ``.braw.gz``.

``format`` is "ccm-1", ``ncol`` L, ``x_single`` L x 20 fields, ``x_pair`` a map from
"i/j", sites counted from 0 and i < j, to a map of ``i``, ``j`` and ``x``, 441
couplings with the letter at i outer. ``meta`` may be there and is passed over. The
order of entries is not relied on.
"""

from __future__ import annotations

from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from pottsfold.model.fit import Fit
from pottsfold.model.formats import ccmpred
from pottsfold.model.formats.content import Content
from pottsfold.model.formats.foreign import assembled, length_of_pairs
from pottsfold.model.formats.messagepack import (
    Unpacker,
    pack_floats,
    pack_integer,
    pack_map_size,
    pack_text,
)
from pottsfold.model.formats.model_format import ModelFormat, Reading

TITLE = "CCMpred .braw"
KEYS = ("format", "ncol", "x_single", "x_pair", "meta")
SIZE = ccmpred.SIZE


def _recognise(content: Content) -> bool:
    head = content.data[:16]
    starts = {0xDE: 3, 0xDF: 5}
    start = starts.get(head[0], 1)
    is_map = head[0] in starts or head[0] & 0xF0 == 0x80
    return is_map and any(head[start:].startswith(pack_text(key)) for key in KEYS)


def _read(content: Content) -> Reading:
    unpacker = Unpacker(content)
    version, length = "", 0
    fields: NDArray[np.float32] | None = None
    blocks: NDArray[np.float32] | None = None
    for _ in range(unpacker.map_size()):
        key = unpacker.text()
        if key == "format":
            version = unpacker.text()
        elif key == "ncol":
            length = unpacker.integer()
        elif key == "x_single":
            fields = unpacker.numbers()
        elif key == "x_pair":
            blocks = _pairs(unpacker)
        else:
            unpacker.skip()
    if version != "ccm-1":
        raise content.bad(f"format {version[:20]!r}, and 'ccm-1' is read")
    if blocks is None or fields is None:
        raise content.bad("damaged: x_single or x_pair is missing")
    if length * (length - 1) // 2 != len(blocks) or length < 2:
        raise content.bad(f"damaged: {len(blocks)} pairs of {length} sites")
    if len(fields) != length * (SIZE - 1):
        raise content.bad(
            f"damaged: {len(fields)} fields where {length * (SIZE - 1)} are due"
        )
    fields = ccmpred.with_gap_field(fields.reshape(length, SIZE - 1))
    model = assembled(content, ccmpred.ORDER, fields, blocks)
    return Reading(model, ccmpred.notes(model))


def _pairs(unpacker: Unpacker) -> NDArray[np.float32]:
    """Return all couplings, shape (L (L - 1) / 2, 21, 21), pairs in order."""
    content = unpacker.content
    n_pairs = unpacker.map_size()
    length = length_of_pairs(n_pairs)
    if length is None:
        raise content.bad(f"damaged: {n_pairs} pairs are not those of any sites")
    # A number takes a byte at least.
    if n_pairs * SIZE**2 > len(content) - unpacker.at:
        raise content.bad(
            f"cut off: {len(content)} bytes hold no {n_pairs} pairs of sites; fetch "
            "it again"
        )
    blocks = np.empty((n_pairs, SIZE, SIZE), np.float32)
    seen = np.zeros(n_pairs, bool)
    for _ in range(n_pairs):
        name = unpacker.text()
        sites, values = _pair(unpacker, name)
        i, j = sites
        if not 0 <= i < j < length:
            raise content.bad(f"damaged: pair {name[:20]!r} of {length} sites")
        place = i * (2 * length - i - 1) // 2 + j - i - 1
        if seen[place]:
            raise content.bad(f"damaged: pair {name[:20]!r} comes twice")
        seen[place] = True
        blocks[place] = values.reshape(SIZE, SIZE)
    return blocks


def _pair(unpacker: Unpacker, name: str) -> tuple[tuple[int, int], NDArray[np.float32]]:
    sites: dict[str, int] = {}
    values: NDArray[np.float32] | None = None
    for _ in range(unpacker.map_size()):
        key = unpacker.text()
        if key in ("i", "j"):
            sites[key] = unpacker.integer()
        elif key == "x":
            values = unpacker.numbers()
        else:
            unpacker.skip()
    if values is None or len(values) != SIZE**2 or len(sites) < 2:
        raise unpacker.content.bad(
            f"damaged: pair {name[:20]!r} needs i, j and {SIZE**2} numbers x"
        )
    return (sites["i"], sites["j"]), values


def _write(handle: BinaryIO, fit: Fit) -> None:
    fields, blocks = ccmpred.written_parameters(fit.model, TITLE)
    length = len(fields)
    handle.write(pack_map_size(4))
    handle.write(pack_text("format") + pack_text("ccm-1"))
    handle.write(pack_text("ncol") + pack_integer(length))
    handle.write(pack_text("x_single") + pack_floats(fields))
    handle.write(pack_text("x_pair") + pack_map_size(length * (length - 1) // 2))
    for i, later in enumerate(blocks):
        for j, block in enumerate(later, start=i + 1):
            handle.write(pack_text(f"{i}/{j}") + pack_map_size(3))
            handle.write(pack_text("i") + pack_integer(i))
            handle.write(pack_text("j") + pack_integer(j))
            handle.write(pack_text("x") + pack_floats(block))


CCMPRED_BRAW = ModelFormat(
    name="ccmpred-braw",
    title=TITLE,
    ending=".braw",
    conventions=ccmpred.CONVENTIONS,
    holds=frozenset(),
    recognise=_recognise,
    read=_read,
    write=_write,
    changes=ccmpred.changes,
)
