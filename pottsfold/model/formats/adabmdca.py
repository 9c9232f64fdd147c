"""The text of adabmDCA (``params.dat``) and of bmDCA, one parameter a line.

``J i j a b value`` for pairs, ``h i a value`` for fields, sites counted from 0, in any
order; couplings that are left out are zero. adabmDCA names letters a and b; its first
versions and bmDCA number them, the gap 0 and then in alphabetical order. The sign is
ours.
"""

from __future__ import annotations

from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from pottsfold.alphabet import GAP
from pottsfold.errors import OutputError
from pottsfold.model.fit import Fit
from pottsfold.model.formats.content import Content, check_model_size
from pottsfold.model.formats.foreign import (
    assembled,
    gap_note,
    letters_of_size,
    require_named_alphabet,
    silent_gap_change,
    unnamed_change,
    upper_blocks,
)
from pottsfold.model.formats.model_format import ModelFormat, Reading
from pottsfold.model.formats.tokens import Lines, blocks_of_lines
from pottsfold.model.potts import PottsModel

MAX_LETTERS = 64
MAX_SITE = 10**6
# Words of a line, and where its sites, its letters and its value stand.
LAYOUTS = {"J": (6, (1, 2), (3, 4), 5), "h": (4, (1,), (2,), 3)}
Columns = tuple[NDArray[np.int32], NDArray[np.uint8], NDArray[np.float32]]


def _first_words(content: Content) -> list[str]:
    """Return the words of the first line that is not blank nor a comment."""
    for line in content.data[:65536].split(b"\n"):
        words = line.decode("ascii", "replace").split()
        if words and not words[0].startswith("#"):
            return words
    return []


def _has_letters(content: Content) -> bool:
    words = _first_words(content)
    letters = LAYOUTS[words[0]][2][0]
    return not (len(words) > letters and words[letters].isdecimal())


def _is_parameters(content: Content) -> bool:
    words = _first_words(content)
    return len(words) > 2 and words[0] in LAYOUTS and words[1].isdecimal()


def _read(content: Content) -> Reading:
    with_letters = _has_letters(content)
    parts: dict[str, list[Columns]] = {"J": [], "h": []}
    for block in blocks_of_lines(content):
        kinds = _kinds(block)
        for kind, found in parts.items():
            lines = np.flatnonzero(kinds == ord(kind))
            if lines.size:
                found.append(_columns(block, lines, kind, with_letters))
    if not parts["h"]:
        raise content.bad("no line 'h i a value': cut off, or not all parameters")
    order, codes, fields = _fields(content, parts["h"], with_letters)
    length, q = fields.shape
    blocks, note = _blocks(content, parts["J"], length, q, codes)
    model = assembled(content, order, fields, blocks)
    notes = (
        f"letters {order}{'' if with_letters else ', numbered from 0'}; "
        f"{gap_note(model)}; a higher parameter is more probable, as here",
        "no focus sequence nor numbers: sites are numbered from 1",
        *note,
    )
    return Reading(model, notes)


def _kinds(block: Lines) -> NDArray[np.uint8]:
    """Return J or h for every line, 0 for blank lines and comments, shape (K,)."""
    kinds = np.zeros(len(block.counts), np.uint8)
    filled = np.flatnonzero(block.counts)
    firsts = block.starts[filled]
    kinds[filled] = block.initials(firsts)
    due = block.counts.copy()
    for kind, layout in LAYOUTS.items():
        due[kinds == ord(kind)] = layout[0]
    others = filled[(kinds[filled] != ord("J")) & (kinds[filled] != ord("h"))]
    for line in others:
        word = block.word(int(block.starts[line]))
        if not word.startswith("#"):
            raise block.bad(int(line), f"begins with {word[:20]!r}, not with J or h")
        kinds[line] = 0
    block.check_counts(due)
    return kinds


def _columns(
    block: Lines, lines: NDArray[np.int64], kind: str, with_letters: bool
) -> Columns:
    """Return sites (M, k), letters (M, k) and values (M,) of M lines of one kind."""
    _, site_places, letter_places, value_place = LAYOUTS[kind]
    starts = block.starts[lines]
    sites = np.stack([block.integers(starts + k) for k in site_places], axis=1)
    odd = ((sites < 0) | (sites > MAX_SITE)).any(axis=1)
    if kind == "J":
        odd |= sites[:, 0] == sites[:, 1]
    letters = []
    for k in letter_places:
        if with_letters:
            marks = block.initials(starts + k)
            odd |= (marks <= ord(" ")) | (marks >= 127)
        else:
            numbers = block.integers(starts + k)
            odd |= (numbers < 0) | (numbers >= MAX_LETTERS)
            marks = numbers.astype(np.uint8)
        letters.append(marks)
    if odd.any():
        line = int(lines[np.flatnonzero(odd)[0]])
        words = range(block.starts[line], block.starts[line + 1])
        shown = " ".join(block.word(k)[:20] for k in words)
        raise block.bad(line, f"{shown!r}: no such site or letter")
    values = block.floats(starts + value_place)
    return sites.astype(np.int32), np.stack(letters, axis=1), values


def _joined(parts: list[Columns]) -> Columns:
    sites, letters, values = zip(*parts, strict=True)
    return np.concatenate(sites), np.concatenate(letters), np.concatenate(values)


def _fields(
    content: Content, parts: list[Columns], with_letters: bool
) -> tuple[str, NDArray[np.int64], NDArray[np.float32]]:
    """Return the letters, the place among them of every byte, and fields (L, q)."""
    sites, letters, values = _joined(parts)
    present = np.unique(letters)
    if with_letters:
        order = bytes(present).decode("ascii")
        order = (GAP if GAP in order else "") + order.replace(GAP, "")
    else:
        order = letters_of_size(content, int(present[-1]) + 1)
    length, q = int(sites.max()) + 1, len(order)
    if not 2 <= q <= MAX_LETTERS or length < 2:
        raise content.bad(f"fields of {q} letters at {length} sites; two are needed")
    codes = np.full(256, q, np.int64)
    marks = order.encode() if with_letters else bytes(range(q))
    codes[np.frombuffer(marks, np.uint8)] = np.arange(q)
    check_model_size(content, length, q)
    fields = np.zeros(length * q, np.float32)
    cells = sites[:, 0].astype(np.int64) * q + codes[letters[:, 0]]
    if len(np.unique(cells)) != len(fields) or len(cells) != len(fields):
        raise content.bad(
            f"{len(cells)} fields where {length} sites of {q} letters need "
            f"{len(fields)}, each once; cut off?"
        )
    fields[cells] = values
    return order, codes, fields.reshape(length, q)


def _blocks(
    content: Content,
    parts: list[Columns],
    length: int,
    q: int,
    codes: NDArray[np.int64],
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Return couplings (L (L - 1) / 2, q, q), and a sentence if some are left out."""
    n_pairs = length * (length - 1) // 2
    blocks = np.zeros(n_pairs * q * q, np.float32)
    seen = np.zeros(len(blocks), bool)
    total = 0
    for sites, letters, values in parts:
        a, b = codes[letters].T
        if sites.max() >= length or max(a.max(), b.max()) >= q:
            raise content.bad(
                f"a coupling of a site or letter without a field; {length} sites of "
                f"{q} letters have fields"
            )
        swapped = sites[:, 0] > sites[:, 1]
        i, j = sites.min(axis=1).astype(np.int64), sites.max(axis=1)
        a, b = np.where(swapped, b, a), np.where(swapped, a, b)
        cells = ((i * (2 * length - i - 1) // 2 + j - i - 1) * q + a) * q + b
        blocks[cells] = values
        seen[cells] = True
        total += len(values)
    if np.count_nonzero(seen) != total:
        raise content.bad(
            "a coupling comes twice; each pair of sites is due once, not both ways"
        )
    note = f"{total} of {len(blocks)} couplings are in the file; the others are zero"
    return blocks.reshape(n_pairs, q, q), (note,) if total < len(blocks) else ()


def _write(handle: BinaryIO, model: PottsModel, marks: list[str]) -> None:
    order = model.alphabet.letters
    # A blank that no letter can be holds the place of the sites.
    square = "".join(f"J \t {a} {b} %.9g\n" for a in marks for b in marks)
    for i, later in upper_blocks(model, order):
        for j, block in enumerate(later, start=i + 1):
            lines = square.replace("\t", f"{i} {j}")
            handle.write((lines % tuple(block.ravel().tolist())).encode())
    row = "".join(f"h \t {a} %.9g\n" for a in marks)
    for i, fields in enumerate(model.fields.tolist()):
        handle.write((row.replace("\t", str(i)) % tuple(fields)).encode())


def _write_letters(handle: BinaryIO, fit: Fit) -> None:
    letters = fit.model.alphabet.letters
    if set(letters) & set("0123456789"):
        raise OutputError(
            f"adabmDCA's text cannot tell the letters {letters} from numbers; choose "
            ".model"
        )
    _write(handle, fit.model, [letter.replace("%", "%%") for letter in letters])


def _write_numbers(handle: BinaryIO, fit: Fit) -> None:
    require_named_alphabet(fit.model, BMDCA.title)
    _write(handle, fit.model, [str(code) for code in range(fit.model.alphabet.size)])


ADABMDCA = ModelFormat(
    name="adabmdca",
    title="adabmDCA params.dat",
    ending=".dat",
    conventions=(
        "letters named, the gap -; a higher parameter is more probable; sites counted "
        "from 0"
    ),
    holds=frozenset(),
    recognise=lambda content: _is_parameters(content) and _has_letters(content),
    read=_read,
    write=_write_letters,
    changes=lambda model: unnamed_change(model) + silent_gap_change(model),
)
BMDCA = ModelFormat(
    name="bmdca",
    title="bmDCA text",
    ending="",
    conventions=(
        "letters numbered from 0, the gap, in alphabetical order; a higher parameter "
        "is more probable; sites counted from 0"
    ),
    holds=frozenset(),
    recognise=lambda content: _is_parameters(content) and not _has_letters(content),
    read=_read,
    write=_write_numbers,
    changes=lambda model: unnamed_change(model) + silent_gap_change(model),
)
