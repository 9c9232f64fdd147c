"""One small family written in every format that is read.

Rows are kept as A2M: upper case and ``-`` in match columns, lower case and ``.`` in
insert columns. The focus, row 0, is residues 11 to 89 of its protein and has inserts
and a gap of its own.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from pathlib import Path

import numpy as np
from xopen import xopen

from pottsfold.alphabet import PROTEIN

N_SEQUENCES, N_MATCH = 12, 78
INSERTS = {10: 3, 65: 1}  # after that many match columns, so many insert columns


def zstd(data: bytes) -> bytes:
    """Return data compressed by Zstandard."""
    buffer = io.BytesIO()
    with xopen(buffer, "wb", format="zst", threads=0) as handle:
        handle.write(data)
    return buffer.getvalue()


COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".zst": zstd,
    ".bz2": bz2.compress,
}
NAMES = ("FOCUS_ECOLI/11-89", *(f"RELATIVE_{k}/{k}-{k + 77}" for k in range(1, 12)))


def a2m_rows() -> list[str]:
    """Return the rows of the family, 82 columns each."""
    rng = np.random.default_rng(42)
    letters = PROTEIN.letters[1:]
    rows = []
    for n in range(N_SEQUENCES):
        match = [str(letter) for letter in rng.choice(list(letters), N_MATCH)]
        gaps = [30] if n == 0 else rng.choice(N_MATCH, 5, replace=False)
        for k in gaps:
            match[k] = "-"
        row = ""
        for k, letter in enumerate(match):
            width = INSERTS.get(k, 0)
            # The focus has 2 of the 3 residues inserted after column 10.
            filled = (2 if width == 3 else 0) if n == 0 else rng.integers(width + 1)
            inserted = "".join(rng.choice(list(letters.lower()), filled))
            row += inserted.ljust(width, ".") + letter
        rows.append(row)
    return rows


def match_only(row: str) -> str:
    """Return a row without its insert columns."""
    return "".join(letter for letter in row if letter.isupper() or letter == "-")


def fasta(names: tuple[str, ...], rows: list[str], width: int = 60) -> str:
    """Return FASTA with a description after every name, wrapped."""
    text = ""
    for name, row in zip(names, rows, strict=True):
        text += f">{name} some protein [Some species]\n"
        text += "".join(row[k : k + width] + "\n" for k in range(0, len(row), width))
    return text


def stockholm(names: tuple[str, ...], rows: list[str]) -> str:
    """Return Stockholm in blocks of 30 columns, with every kind of mark-up."""
    length = len(rows[0])
    text = "# STOCKHOLM 1.0\n#=GF ID   FAMILY\n#=GF CC   free text // here\n"
    text += f"#=GS {names[1]} OS Some species\n\n"
    for start in range(0, length, 30):
        block = slice(start, start + 30)
        for name, row in zip(names, rows, strict=True):
            text += f"{name:<24}{row[block]}\n"
        marks = "".join("." if c in "." or c.islower() else "x" for c in rows[2][block])
        text += f"#=GR {names[0]} SS  {'H' * len(marks)}\n#=GC RF  {marks}\n\n"
    return text + "//\n"


def clustal(names: tuple[str, ...], rows: list[str]) -> str:
    """Return Clustal in blocks of 60 columns, with marks and residue counts."""
    text = "CLUSTAL O(1.2.4) multiple sequence alignment\n\n\n"
    counts = dict.fromkeys(names, 0)
    for start in range(0, len(rows[0]), 60):
        for name, row in zip(names, rows, strict=True):
            part = row[start : start + 60]
            counts[name] += len(part.replace("-", ""))
            text += f"{name:<24}{part} {counts[name]}\n"
        text += " " * 24 + "*:. *\n\n"
    return text


def as_text(format_name: str) -> str:
    """Return the family in a format; FASTA, Clustal and PSICOV without inserts."""
    rows = a2m_rows()
    matched = [match_only(row) for row in rows]
    return {
        "fasta": lambda: fasta(NAMES, matched),
        "a2m": lambda: fasta(NAMES, rows),
        "a3m": lambda: fasta(NAMES, [row.replace(".", "") for row in rows]),
        "stockholm": lambda: stockholm(NAMES, rows),
        "clustal": lambda: clustal(NAMES, matched),
        "psicov": lambda: "".join(row + "\n" for row in matched),
    }[format_name]()


FORMATS = ("fasta", "a2m", "a3m", "stockholm", "clustal", "psicov")


def write(folder: Path, text: str | bytes, name: str = "family.txt") -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path
