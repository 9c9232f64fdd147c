"""Atoms of a PDB file, of any time and program.

Columns are those of the format, 1 to 66; what stands in 73 to 80 has meant a segment,
an element and a charge, or an identifier and a line number, and is believed only
where it can be the first two. A line whose columns have been moved, by a name of four
letters or a number of six digits, is read word by word instead.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import NamedTuple

from pottsfold.contacts.structure.atoms import Atom, AtomList, decimal, is_place
from pottsfold.contacts.structure.names import is_element, is_long_name

LINE_END = re.compile(r"\r\n|\n|\r")
NUMBER = re.compile(r"\s*-?\d+\s*")
HYBRID_36 = re.compile(r"[A-Z][0-9A-Z]{3}|[a-z][0-9a-z]{3}")
SEGMENT = re.compile(r"[A-Za-z0-9_]{1,4}")
# Where a coordinate as F8.3 has its point.
POINT = 4
# Columns, from 0, before which each begins, also where a few have been put in.
ENDS = (38, 46, 54)
# From the residue number on: three coordinates as the format has them.
FOUR = r"(?:   \d|  [\d-]\d| [\d-]\d\d|[\d-]\d{3})"
COMMON = re.compile(rf"{FOUR}[ A-Za-z]   (?:{FOUR}\.\d{{3}}){{3}}")
CUT = re.compile(r"[\d.*]{2}")
WORDS = re.compile(
    r"(?:ATOM|HETATM)\s*(?:\d+|\*+)\s+(?P<name>\S{1,5})\s+(?P<residue>[A-Za-z0-9]{1,5})"
    r"\s+(?:(?P<chain>[A-Za-z0-9])\s*)?(?P<number>-?\d+[A-Za-z]?)"
    r"\s+(?P<x>-?\d*\.\d+)\s+(?P<y>-?\d*\.\d+)\s+(?P<z>-?\d*\.\d+)"
    r"(?:\s+(?P<occupancy>\d*\.\d+)(?:\s+(?P<b_factor>-?\d*\.\d+))?)?(?:\s|$)",
    re.IGNORECASE,
)


class _Fields(NamedTuple):
    """What one line says."""

    name: str
    alternate: str
    residue: str
    chain: str
    number: str
    place: tuple[float, float, float]
    occupancy: float
    b_factor: float


def pdb_atoms(text: str, max_models: int) -> AtomList:
    """Return the atoms of a PDB file.

    A model begins with MODEL, or with the first atom after ENDMDL or END; a piece of
    a chain ends with TER.

    Parameters
    ----------
    text : str
        The file.
    max_models : int
        How many models to read; the others are counted.
    """
    lines = LINE_END.split(text)
    long_names = _has_long_names(lines)
    found = AtomList()
    model, piece, begun, chain = -1, 0, False, ""
    for line in lines:
        record = line[:6].upper().rstrip()
        if record in ("MODEL", "ENDMDL", "END"):
            begun = False
        elif record == "TER" or (record.startswith("TER") and not record[3:].strip()):
            found.ended.add((f"{model}/{piece}", chain))
            piece += 1
        elif record.startswith(("ATOM", "HETATM")):
            if not begun:
                begun, model, piece = True, model + 1, 0
            if model >= max_models:
                continue
            atom = _atom(line, model, f"{model}/{piece}", long_names, found)
            if atom is not None:
                found.atoms.append(atom)
                chain = atom.chain
    found.n_models = model + 1
    return found


def _has_long_names(lines: Iterable[str]) -> bool:
    """Tell whether column 21 belongs to names of residues, not to those of chains."""
    names = {
        line[17:21].upper()
        for line in lines
        if line[:4].upper() in ("ATOM", "HETA") and line[20:21].strip()
    }
    return all(map(is_long_name, names))


def _atom(
    line: str, model: int, piece: str, long_names: bool, found: AtomList
) -> Atom | None:
    fields = _by_columns(line, long_names)
    if fields is None or not is_place(fields.place):
        fields = _by_words(line) or fields
        if fields is None:
            found.left_out["without a residue number"] += 1
            return None
        if not is_place(fields.place):
            found.left_out["without readable coordinates"] += 1
            return None
    segment, element = line[72:76].strip(), line[76:78].strip().upper()
    return Atom(
        model=model,
        chain=fields.chain,
        segment=segment if segment and SEGMENT.fullmatch(segment) else "",
        piece=piece,
        residue=fields.residue.upper(),
        number=fields.number,
        hetero=line[:6].upper() == "HETATM",
        in_sequence=False,
        name=fields.name,
        alternate=fields.alternate,
        element=element if is_element(element) else "",
        place=fields.place,
        occupancy=fields.occupancy,
        b_factor=fields.b_factor,
    )


def _by_columns(line: str, long_names: bool) -> _Fields | None:
    if COMMON.match(line, 22):
        # Nearly every line is like this, and goes without a closer look.
        number = str(int(line[22:26]))
        place = (float(line[30:38]), float(line[38:46]), float(line[46:54]))
    else:
        number = _number(line[22:26])
        place = (
            _coordinate(line, 30, 38),
            _coordinate(line, 38, 46),
            _coordinate(line, 46, 54),
        )
    if not number:
        return None
    occupancy = decimal(line[54:60])
    end = 21 if long_names else 20
    return _Fields(
        # Sugars had an asterisk before 2007.
        name=line[12:16].strip().replace("*", "'"),
        alternate=line[16:17].strip(),
        residue=line[17:end].strip(),
        chain=line[end:22].strip(),
        number=number + line[26:27].strip(),
        place=place,
        occupancy=1.0 if math.isnan(occupancy) else occupancy,
        b_factor=decimal(line[60:66]),
    )


def _by_words(line: str) -> _Fields | None:
    found = WORDS.match(line)
    if found is None or any(
        found.start(name) >= end for name, end in zip("xyz", ENDS, strict=True)
    ):
        # Where a coordinate is blank, the next word is no stand-in for it.
        return None
    return _Fields(
        name=found["name"],
        alternate="",
        residue=found["residue"],
        chain=found["chain"] or "",
        number=found["number"],
        place=(float(found["x"]), float(found["y"]), float(found["z"])),
        occupancy=float(found["occupancy"] or 1.0),
        b_factor=decimal(found["b_factor"] or ""),
    )


def _number(text: str) -> str:
    """Return a residue number, also one of hybrid-36; the empty string for none."""
    if NUMBER.fullmatch(text):
        return str(int(text))
    if HYBRID_36.fullmatch(text):
        # Numbers go on from 9999 with A000, and after ZZZZ with a000.
        first = int("A000", 36) if text[0].isupper() else int("A000", 36) - 26 * 36**3
        return str(int(text, 36) - first + 10_000)
    return ""


def _coordinate(line: str, start: int, end: int) -> float:
    """Return a coordinate, NaN where its columns cut through a longer number."""
    text = line[start:end]
    if text[POINT : POINT + 1] != ".":
        # Elsewhere than F8.3 has its point, blanks or a sign must part the numbers.
        before, after = line[start - 1 : start + 1], line[end - 1 : end + 1]
        if CUT.fullmatch(before) or CUT.fullmatch(after):
            return math.nan
    return decimal(text)
