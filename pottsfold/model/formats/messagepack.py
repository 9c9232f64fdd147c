"""As much of the MessagePack encoding as CCMpred's files need.

Arrays of numbers are turned into NumPy arrays from the bytes where all have one
type, as every program writes them. A general reader would first make millions of
Python numbers, six times the size of the file; and here every size is checked against
the bytes that are left before anything is made.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pottsfold.model.formats.content import Content

MAX_SKIPPED = 10**6
# Tag of a number: its struct code, its bytes.
NUMBERS = {
    0xCA: ("f", 4),
    0xCB: ("d", 8),
    0xCC: ("B", 1),
    0xCD: ("H", 2),
    0xCE: ("I", 4),
    0xCF: ("Q", 8),
    0xD0: ("b", 1),
    0xD1: ("h", 2),
    0xD2: ("i", 4),
    0xD3: ("q", 8),
}
# Tag of text or bytes: bytes of its length, bytes beside it (the kind of extension).
BYTES = {
    0xC4: (1, 0),
    0xC5: (2, 0),
    0xC6: (4, 0),
    0xC7: (1, 1),
    0xC8: (2, 1),
    0xC9: (4, 1),
    0xD9: (1, 0),
    0xDA: (2, 0),
    0xDB: (4, 0),
}
FIXED = {0xD4: 2, 0xD5: 3, 0xD6: 5, 0xD7: 9, 0xD8: 17, 0xC0: 0, 0xC2: 0, 0xC3: 0}
ARRAYS, MAPS = {0xDC: 2, 0xDD: 4}, {0xDE: 2, 0xDF: 4}


class Unpacker:
    """A place in MessagePack bytes, which every method moves on.

    Parameters
    ----------
    content : Content
        The file.
    """

    def __init__(self, content: Content) -> None:
        self.content = content
        self.at = 0

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        raw = self.content.data[self.at : self.at + count]
        if len(raw) < count:
            raise self.content.bad(
                f"cut off: {len(self.content)} bytes where at least {self.at + count} "
                "are due; fetch it again"
            )
        self.at += count
        return raw

    def _size(self, few: int, tags: dict[int, int], least: int, what: str) -> int:
        tag = self.take(1)[0]
        if tag & 0xF0 == few:
            count = tag & 0x0F
        elif tag in tags:
            count = int.from_bytes(self.take(tags[tag]), "big")
        else:
            raise self.content.bad(f"damaged: no {what} at byte {self.at - 1}")
        if count * least > len(self.content) - self.at:
            raise self.content.bad(
                f"cut off: {what} of {count} at byte {self.at}, and "
                f"{len(self.content) - self.at} bytes are left"
            )
        return count

    def map_size(self) -> int:
        """Return the number of entries of the map that begins here."""
        return self._size(0x80, MAPS, 2, "map")

    def array_size(self) -> int:
        """Return the number of entries of the array that begins here."""
        return self._size(0x90, ARRAYS, 1, "array")

    def text(self) -> str:
        """Return the text that begins here."""
        tag = self.take(1)[0]
        if tag & 0xE0 == 0xA0:
            count = tag & 0x1F
        elif tag in BYTES and BYTES[tag][1] == 0:
            count = int.from_bytes(self.take(BYTES[tag][0]), "big")
        else:
            raise self.content.bad(f"damaged: no text at byte {self.at - 1}")
        return self.take(count).decode("utf-8", "replace")

    def number(self) -> float:
        """Return the number that begins here, an int where it is stored as one."""
        tag = self.take(1)[0]
        if tag < 0x80:
            return tag
        if tag >= 0xE0:
            return tag - 0x100
        if tag not in NUMBERS:
            raise self.content.bad(f"damaged: no number at byte {self.at - 1}")
        code, count = NUMBERS[tag]
        value: float = struct.unpack(">" + code, self.take(count))[0]
        return value

    def integer(self) -> int:
        """Return the integer that begins here."""
        value = self.number()
        if not isinstance(value, int):
            raise self.content.bad(
                f"damaged: {value} before byte {self.at}, no integer"
            )
        return value

    def numbers(self) -> NDArray[np.float32]:
        """Return the array of numbers that begins here; infinite where too large."""
        count = self.array_size()
        tag = self.content.data[self.at : self.at + 1][0] if count else 0
        if tag in (0xCA, 0xCB):
            step = 1 + NUMBERS[tag][1]
            if self.at + count * step <= len(self.content):
                record = np.dtype([("tag", "u1"), ("value", f">f{step - 1}")])
                found = self.content.array(record, count, self.at)
                if (found["tag"] == tag).all():
                    self.at += count * step
                    return _single(found["value"])
        return _single(np.array([self.number() for _ in range(count)], np.float64))

    def skip(self) -> None:
        """Move past the value that begins here, whatever it is."""
        pending = seen = 1
        while pending:
            pending -= 1
            tag = self.take(1)[0]
            self.at -= 1
            if tag & 0xF0 == 0x80 or tag in MAPS:
                pending += 2 * self.map_size()
            elif tag & 0xF0 == 0x90 or tag in ARRAYS:
                pending += self.array_size()
            elif tag & 0xE0 == 0xA0:
                self.take(1 + (tag & 0x1F))
            elif tag in BYTES:
                self.at += 1
                count, beside = BYTES[tag]
                self.take(int.from_bytes(self.take(count), "big") + beside)
            elif tag in FIXED:
                self.take(1 + FIXED[tag])
            else:
                self.number()
            seen += 1
            if seen > MAX_SKIPPED:
                raise self.content.bad("damaged: too much beside the parameters")


def _single(values: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        return values.astype(np.float32)


def pack_text(text: str) -> bytes:
    """Return the encoding of a text of less than 32 bytes."""
    raw = text.encode()
    return bytes([0xA0 | len(raw)]) + raw


def pack_integer(value: int) -> bytes:
    """Return the shortest encoding of an integer from 0 to 2^32 - 1."""
    if value < 0x80:
        return bytes([value])
    for tag, count in ((0xCC, 1), (0xCD, 2), (0xCE, 4)):
        if value < 256**count:
            return bytes([tag]) + value.to_bytes(count, "big")
    raise ValueError(f"{value} is too large")


def pack_map_size(count: int) -> bytes:
    """Return the beginning of a map."""
    if count < 16:
        return bytes([0x80 | count])
    if count < 2**16:
        return b"\xde" + count.to_bytes(2, "big")
    return b"\xdf" + count.to_bytes(4, "big")


def pack_floats(values: NDArray[np.float32]) -> bytes:
    """Return the encoding of an array of single-precision numbers."""
    count = values.size
    if count < 16:
        head = bytes([0x90 | count])
    elif count < 2**16:
        head = b"\xdc" + count.to_bytes(2, "big")
    else:
        head = b"\xdd" + count.to_bytes(4, "big")
    record = np.empty(count, np.dtype([("tag", "u1"), ("value", ">f4")]))
    record["tag"], record["value"] = 0xCA, values.ravel()
    return head + record.tobytes()
