"""CCMpred's ``.raw`` text: L lines of 20 fields; for every pair a line ``# i j``.

After ``# i j``, sites counted from 0, come 21 lines of 21 couplings: the line is the
letter at i, the column the letter at j. A last line ``#>META> {...}`` may follow.
"""

from __future__ import annotations

import re
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from pottsfold.model.fit import Fit
from pottsfold.model.formats import ccmpred
from pottsfold.model.formats.content import Content
from pottsfold.model.formats.foreign import assembled
from pottsfold.model.formats.model_format import ModelFormat, Reading
from pottsfold.model.formats.tokens import Lines, blocks_of_lines

SIZE = ccmpred.SIZE
TITLE = "CCMpred .raw"
NUMBERS = re.compile(rb"\s*(?:[-+]?(?:[0-9.]+(?:[eE][-+]?[0-9]+)?|nan|inf)\s+){2,}")
META = "#>META>"
LINES_OF_PAIR = SIZE + 1


def _recognise(content: Content) -> bool:
    return NUMBERS.match(content.data[:4096]) is not None


def _read(content: Content) -> Reading:
    ending = content.data.find(b"\n#")
    if ending < 0:
        raise content.bad(
            "numbers, but no line '# i j' as before the couplings of a CCMpred .raw"
        )
    length = content.data[:ending].count(b"\n") + 1
    n_pairs = length * (length - 1) // 2
    values = length * (SIZE - 1) + n_pairs * SIZE**2
    # A number and a blank take two bytes at least.
    if not n_pairs or 2 * values > len(content) + 1:
        raise content.bad(
            f"cut off: {len(content)} bytes where {length} lines of fields promise at "
            f"least {2 * values}"
        )
    numbers = np.empty(values, np.float32)
    pairs: list[tuple[int, int]] = []
    filled = last = 0
    for block in blocks_of_lines(content):
        chosen = _numbers(block, length, n_pairs, pairs)
        numbers[filled : filled + len(chosen)] = chosen
        filled += len(chosen)
        last = int(block.numbers_of_lines[-1])
    if filled < values or len(pairs) < n_pairs:
        raise content.bad(
            f"cut off after line {last}: {filled} numbers where {values} are due"
        )
    split = length * (SIZE - 1)
    blocks = numbers[split:].reshape(n_pairs, SIZE, SIZE)
    order = np.array([i * (2 * length - i - 1) // 2 + j - i - 1 for i, j in pairs])
    if (np.diff(order) != 1).any():
        if len(np.unique(order)) < n_pairs:
            raise content.bad("a pair of sites comes twice")
        blocks = blocks[np.argsort(order)]
    fields = ccmpred.with_gap_field(numbers[:split].reshape(length, SIZE - 1))
    model = assembled(content, ccmpred.ORDER, fields, blocks)
    return Reading(model, ccmpred.notes(model))


def _numbers(
    block: Lines, length: int, n_pairs: int, pairs: list[tuple[int, int]]
) -> NDArray[np.float32]:
    """Return the numbers of a block in a row; append its pairs of sites."""
    line = block.numbers_of_lines - 1
    after = line - length
    in_pairs = (after >= 0) & (after < n_pairs * LINES_OF_PAIR)
    heads = in_pairs & (after % LINES_OF_PAIR == 0)
    tail = after >= n_pairs * LINES_OF_PAIR
    due = np.where(after < 0, SIZE - 1, np.where(heads, 3, SIZE))
    due[tail] = block.counts[tail]
    block.check_counts(due)
    for k in np.flatnonzero(tail & (block.counts > 0)):
        if not block.word(int(block.starts[k])).startswith(META):
            raise block.bad(int(k), "more than the couplings of all pairs")
    for k in np.flatnonzero(heads):
        pairs.append(_pair(block, int(k), length))
    words = np.arange(block.starts[-1])
    return block.floats(words[np.repeat(~heads & ~tail, block.counts)])


def _pair(block: Lines, line: int, length: int) -> tuple[int, int]:
    words = [block.word(int(block.starts[line]) + k) for k in range(3)]
    if words[0] == "#" and words[1].isdecimal() and words[2].isdecimal():
        i, j = int(words[1]), int(words[2])
        if i < j < length:
            return i, j
    raise block.bad(line, f"'# i j' with i < j < {length} is due")


def _write(handle: BinaryIO, fit: Fit) -> None:
    fields, blocks = ccmpred.written_parameters(fit.model, TITLE)
    row = "%.9g\t" * (SIZE - 1) + "\n"
    handle.write((row * len(fields) % tuple(fields.ravel().tolist())).encode())
    square = ("%.9g\t" * SIZE + "\n") * SIZE
    for i, later in enumerate(blocks):
        for j, block in enumerate(later, start=i + 1):
            text = f"# {i} {j}\n" + square % tuple(block.ravel().tolist())
            handle.write(text.encode())


CCMPRED_RAW = ModelFormat(
    name="ccmpred-raw",
    title=TITLE,
    ending=".raw",
    conventions=ccmpred.CONVENTIONS,
    holds=frozenset(),
    recognise=_recognise,
    read=_read,
    write=_write,
    changes=ccmpred.changes,
)
