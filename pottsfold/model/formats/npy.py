"""NumPy's arrays, ``.npy``: plain numbers and text, read without pickle.

NumPy's own reader hands the header to Python's parser, and objects to pickle; a
pattern is enough for the plain arrays that are due, and cannot be tricked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import ModelFormatError
from pottsfold.model.formats.content import Content

MAGIC = b"\x93NUMPY"
MAX_HEADER_BYTES = 2000
# Bytes of the header's length, by version.
WIDTHS = {b"\x01\x00": 2, b"\x02\x00": 4}
HEADER = re.compile(
    r"\{'descr': '(?P<kind>[<>|](?:b1|[iuf][1248]|U[0-9]{1,9}))', "
    r"'fortran_order': (?P<order>True|False), "
    r"'shape': \((?P<shape>(?:[0-9]{1,12}L?(?:, ?|,?(?=\))))*)\),? ?\}\s*"
)
NUMBERS = ("f4", "f8")


@dataclass(frozen=True)
class Header:
    """What the header of an array says.

    Parameters
    ----------
    kind : str
        Type of its numbers without their order of bytes: ``f4``, ``i8``, ``U53``.
    shape : tuple of int
        Its shape.
    dtype : dtype
        Type of its numbers.
    order : {"C", "F"}
        Which index is outer.
    at : int
        The byte where its numbers begin.
    """

    kind: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    order: Literal["C", "F"]
    at: int


def is_array(content: Content) -> bool:
    """Tell whether a file is NumPy's."""
    return content.data[: len(MAGIC)] == MAGIC


def header_of(content: Content) -> Header:
    """Return what the header of an array says.

    Raises
    ------
    ModelFormatError
        If it is not that of plain numbers or text.
    """
    start = len(MAGIC) + 2
    version = content.data[start - 2 : start]
    width = WIDTHS.get(version)
    if width is None:
        raise content.bad(f"a NumPy file of version {list(version)}, 1 and 2 are read")
    at = start + width
    at += int.from_bytes(content.data[start:at], "little")
    text = content.data[start + width : min(at, MAX_HEADER_BYTES)]
    found = HEADER.fullmatch(text.decode("ascii", "replace"))
    if found is None:
        raise content.bad(
            "not an array of single or double numbers; objects and records are not read"
        )
    kind = found["kind"]
    shape = tuple(int(size) for size in re.findall("[0-9]+", found["shape"]))
    order: Literal["C", "F"] = "F" if found["order"] == "True" else "C"
    return Header(kind[1:], shape, np.dtype(kind), order, at)


def dimensions(content: Content) -> int | None:
    """Return how many indices an array has; None where its header is not read."""
    try:
        return len(header_of(content).shape)
    except ModelFormatError:
        return None


def numbers_of(content: Content, header: Header) -> NDArray[Any]:
    """Return the array of a file, in its own type and shape.

    Raises
    ------
    ModelFormatError
        If the file is not as long as the header makes due.
    """
    count = prod(header.shape)
    due = header.at + count * header.dtype.itemsize
    if len(content) != due:
        state = "cut off" if len(content) < due else "damaged"
        raise content.bad(
            f"{state}: {len(content)} bytes where its header makes {due} due; fetch it "
            "again"
        )
    values = content.array(header.dtype, count, header.at)
    return values.reshape(header.shape, order=header.order)
