"""GREMLIN's ``.mrf`` text: a line ``V[i]`` for every site, ``W[i][j]`` for every pair.

``V[i]`` is followed by q fields, ``W[i][j]`` by q * q couplings, the letter at i outer.
Sites are columns of the alignment counted from 0, before those of many gaps were
dropped: they may skip. Letters are ARNDCQEGHILKMFPSTWYV and the gap, for RNA AUCG and
the gap, for binary data 01 and the gap. The sign is ours.
"""

from __future__ import annotations

import re
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment.numbering import Numbering
from pottsfold.errors import OutputError
from pottsfold.model.fit import Fit
from pottsfold.model.formats.content import Content
from pottsfold.model.formats.foreign import (
    assembled,
    gap_note,
    silent_gap_change,
    upper_blocks,
)
from pottsfold.model.formats.model_format import NUMBERING, ModelFormat, Reading
from pottsfold.model.formats.tokens import Lines, blocks_of_lines
from pottsfold.model.potts import PottsModel

ORDERS = ("ARNDCQEGHILKMFPSTWYV-", "AUCG-", "01-")
TITLE = "GREMLIN .mrf"
SITE = re.compile(r"V\[([0-9]{1,9})\]")
PAIR = re.compile(r"W\[([0-9]{1,9})\]\[([0-9]{1,9})\]")


def _recognise(content: Content) -> bool:
    return SITE.match(content.data[:16].decode("ascii", "replace")) is not None


def _read(content: Content) -> Reading:
    ending = content.data.find(b"\nW")
    if ending < 0:
        raise content.bad("no line W[i][j]: cut off, or a model without couplings")
    length = content.data[:ending].count(b"\n") + 1
    newline = content.data.find(b"\n")
    q = len(content.data[:newline].split()) - 1
    orders = [order for order in ORDERS if len(order) == q]
    if not orders:
        raise content.bad(f"line 1: {q} fields, and 21, 5 or 3 are known")
    n_pairs = length * (length - 1) // 2
    values = length * q + n_pairs * q * q
    # A number and a blank take two bytes at least.
    if not n_pairs or 2 * values > len(content):
        raise content.bad(
            f"cut off: {len(content)} bytes where {length} sites promise at least "
            f"{2 * values}"
        )
    numbers = np.empty(values, np.float32)
    names: list[str] = []
    filled = 0
    for block in blocks_of_lines(content):
        chosen = _numbers(block, length, n_pairs, q, names)
        numbers[filled : filled + len(chosen)] = chosen
        filled += len(chosen)
    if filled < values:
        raise content.bad(
            f"cut off after line {len(names)}: {filled} numbers where {values} are due"
        )
    positions, blocks = _placed(content, names, length, numbers[length * q :], q)
    fields = numbers[: length * q].reshape(length, q)
    model = assembled(
        content, orders[0], fields, blocks, numbering=Numbering(positions)
    )
    notes = (
        f"letters {orders[0]}; {gap_note(model)}; a higher parameter is more probable, "
        "as here",
        f"no focus sequence: sites are numbered by column, {positions[0]} to "
        f"{positions[-1]}",
    )
    return Reading(model, notes)


def _numbers(
    block: Lines, length: int, n_pairs: int, q: int, names: list[str]
) -> NDArray[np.float32]:
    """Return the numbers of a block in a row; append the first words of its lines."""
    line = block.numbers_of_lines - 1
    due = np.where(line < length, 1 + q, 1 + q * q)
    due[line >= length + n_pairs] = 0
    block.check_counts(due)
    firsts = block.starts[:-1][due > 0]
    for k, first in enumerate(firsts):
        word = block.word(int(first))
        if not (SITE if line[k] < length else PAIR).fullmatch(word):
            kind = "V[i]" if line[k] < length else "W[i][j]"
            raise block.bad(k, f"begins with {word[:20]!r} where {kind} is due")
        names.append(word)
    is_number = np.ones(block.starts[-1], bool)
    is_number[firsts] = False
    return block.floats(np.flatnonzero(is_number))


def _placed(
    content: Content,
    names: list[str],
    length: int,
    numbers: NDArray[np.float32],
    q: int,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return residue numbers, shape (L,), and blocks in the order of pairs."""
    columns = np.array([int(name[2:-1]) for name in names[:length]])
    if (np.diff(columns) <= 0).any():
        raise content.bad("sites V[i] do not increase")
    pairs = np.array([name[2:-1].split("][") for name in names[length:]], np.int64)
    sites = np.searchsorted(columns, pairs)
    known = columns[np.minimum(sites, length - 1)] == pairs
    bad = np.flatnonzero(~known.all(axis=1) | (sites[:, 0] >= sites[:, 1]))
    if bad.size:
        line = length + int(bad[0])
        raise content.bad(
            f"line {line + 1}: {names[line]} is no pair of sites V, i < j"
        )
    i, j = sites.T
    order = i * (2 * length - i - 1) // 2 + j - i - 1
    if len(np.unique(order)) < len(order):
        raise content.bad("a pair of sites comes twice")
    blocks = numbers.reshape(-1, q, q)
    in_order = (np.diff(order) == 1).all()
    return columns + 1, blocks if in_order else blocks[np.argsort(order)]


def _order(model: PottsModel) -> str:
    for order in ORDERS:
        if sorted(order) == sorted(model.alphabet.letters):
            return order
    raise OutputError(
        f"{TITLE} holds the letters {', '.join(ORDERS)} and the model's are "
        f"{model.alphabet.letters}; choose .model or .dat"
    )


def _columns(model: PottsModel) -> list[int]:
    positions = model.numbering.positions
    if positions[0] < 1:
        return list(range(model.length))
    return [int(position) - 1 for position in positions]


def _write(handle: BinaryIO, fit: Fit) -> None:
    model = fit.model
    order, columns = _order(model), _columns(model)
    row = " %.9g" * len(order) + "\n"
    for column, fields in zip(
        columns, model.fields[:, model.alphabet.encode(order)], strict=True
    ):
        handle.write((f"V[{column}]" + row % tuple(fields.tolist())).encode())
    square = " %.9g" * len(order) ** 2 + "\n"
    for i, later in upper_blocks(model, order):
        for j, block in enumerate(later, start=i + 1):
            text = square % tuple(block.ravel().tolist())
            handle.write((f"W[{columns[i]}][{columns[j]}]" + text).encode())


def _changes(model: PottsModel) -> list[str]:
    sentences = silent_gap_change(model)
    if model.numbering.positions[0] < 1:
        sentences.append("residue numbers below 1 do not fit: sites count from 0")
    return sentences


GREMLIN = ModelFormat(
    name="gremlin",
    title=TITLE,
    ending=".mrf",
    conventions=(
        f"letters {ORDERS[0]} (RNA {ORDERS[1]}); a higher parameter is more probable; "
        "sites are residue numbers less one"
    ),
    holds=frozenset({NUMBERING}),
    recognise=_recognise,
    read=_read,
    write=_write,
    changes=_changes,
)
