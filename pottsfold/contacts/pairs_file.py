"""Pairs of sites as a text file lists them, by residue number."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from pottsfold.alignment import Numbering
from pottsfold.contacts.mask import ContactMask, lonely_lines
from pottsfold.errors import TableError, visible
from pottsfold.files import read_small_text, sha256_of
from pottsfold.model import PairGraph
from pottsfold.provenance import recorded_name

BETWEEN = re.compile(r"\s*[,;\t]\s*|\s+")
WHOLE = re.compile(r"-?[0-9]{1,9}")
# Bytes of a list, unpacked, that are read; what is said of more.
MAX_BYTES = 2**30
TOO_LONG = "more than 1 GiB; leave out pairs"


def read_pairs(path: str | Path, numbering: Numbering) -> ContactMask:
    """Read which pairs of sites may have couplings.

    A table with columns ``i`` and ``j``, as :func:`ranked_pairs` makes, or lines that
    begin with two residue numbers; separated by commas, semicolons, tabs or blanks;
    plain or packed. Empty lines and those that begin with ``#`` are passed over, a pair
    that comes twice counts once.

    Parameters
    ----------
    path : str or Path
        The file.
    numbering : Numbering
        Of the sites.

    Raises
    ------
    TableError
        If it cannot be read, has no pair, or a line names no pair of two sites.
    """
    name = str(path)
    lines = read_small_text(name, MAX_BYTES, TOO_LONG).splitlines()
    used = [
        (number, BETWEEN.split(line.strip()))
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    places = (0, 1)
    if used and not all(WHOLE.fullmatch(word) for word in used[0][1][:2]):
        header = [word.strip('"').casefold() for word in used[0][1]]
        if not {"i", "j"} <= set(header):
            raise TableError(
                name,
                f"line {used[0][0]}: columns i and j, or two residue numbers a line, "
                "are needed",
            )
        places = header.index("i"), header.index("j")
        used = used[1:]
    pairs = [_pair(name, number, words, places, numbering) for number, words in used]
    if not pairs:
        raise TableError(name, "no pair of sites in it")
    graph = PairGraph.of_pairs(len(numbering), np.array(pairs))
    line = (
        f"couplings of the {graph.n_pairs} pairs of {len(numbering)} sites listed in "
        f"{recorded_name(path)}, SHA-256 {sha256_of(path)}"
    )
    return ContactMask(graph, (line, *lonely_lines(graph)))


def _pair(
    name: str,
    number: int,
    words: list[str],
    places: tuple[int, int],
    numbering: Numbering,
) -> list[int]:
    """Return the columns of a line's two sites."""
    if len(words) <= max(places):
        raise TableError(name, f"line {number}: two residue numbers are needed")
    sites = []
    for word in (words[place].strip('"') for place in places):
        if not WHOLE.fullmatch(word):
            raise TableError(
                name, f"line {number}: {visible(word)[:20]!r} is no residue number"
            )
        column = numbering.column(int(word))
        if column is None:
            first, last = numbering.positions[[0, -1]].tolist()
            raise TableError(
                name,
                f"line {number}: {word} is no site; there are {len(numbering)} between "
                f"{first} and {last}",
            )
        sites.append(column)
    if sites[0] == sites[1]:
        raise TableError(name, f"line {number}: a site is paired with itself")
    return sites
