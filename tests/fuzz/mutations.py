"""Changes to a file that make it a hostile one: bytes, lines, fields and numbers.

Every change is drawn from the generator it is given and from nothing else, so that an
input is made again from its seed and number. What knows a format, so that the checks
behind its hashes and compression are reached, is in :mod:`tests.fuzz.formats`.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Change = Callable[[np.random.Generator, bytes], bytes]

NUMBERS = (
    *("nan", "inf", "-inf", "1e400", "-1e400", "1e-400", "1e30", "-1e30", "1e308"),
    *("0", "-0", "-1", "1", "9223372036854775807", "9223372036854775808", "4294967296"),
    *("2147483648", "-2147483649", "", "0x10", "1_000", "1,5", "+", ".", "1e", "NaN"),
    *("9" * 400, "1" + "0" * 5000, "\u0663", "\u00bd", "0.1.2", "None", "null", "true"),
)
HOSTILE_TEXTS = (
    *(b"", b" ", b"\t", b"\0", b"\r", b"\x1b[31m", b"\x07", b"\x7f", b"\xff\xfe"),
    *(b"\xef\xbb\xbf", b"\xc3", b"\xed\xa0\x80", "\u2028".encode(), b"\x0b", b"\x0c"),
    *("\u00e9".encode(), "\u202e".encode(), b'"', b"'", b"\\", b"`x`", b"{}", b"%s"),
    *(b"[" * 5000, b"x" * 100_000, b"A1C:" * 3000, b"-", b"*", b">", b"#", b"//", b";"),
    *(b"@SEQ", b"=", b",", b",,,,", b"data_", b"loop_", b"TER", b"END", b"MODEL"),
    *(b"nan", b"p.", b"WT", b"_wt", b"p.[", b"p.=", b"A0C", b"A-1C", b"Z", b"\xa0"),
)
NUMBER = re.compile(rb"[-+]?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?")
INTEGERS = (0, 1, -1, 2, 127, 128, 255, 256, 2**15, 2**16, 2**20, 2**24, 2**30)
INTEGERS += (2**31 - 1, -(2**31), 2**31, 2**32 - 1, 2**62, 2**63 - 1, -(2**63))
FLOATS = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1e30, -1e30, 1e-40, 3.4e38, -3.4e38, -1)


def pick(rng: np.random.Generator, choices: Sequence[Any]) -> Any:
    """Return one of the choices."""
    return choices[int(rng.integers(len(choices)))]


def _place(rng: np.random.Generator, data: bytes) -> int:
    """Return a place in the data; half of the time near the beginning."""
    reach = len(data) if rng.random() < 0.5 else min(len(data), 256)
    return int(rng.integers(reach + 1))


def flip_bits(rng: np.random.Generator, data: bytes) -> bytes:
    """Flip one to eight bits."""
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 9)) if data else 0):
        changed[_place(rng, data) % len(data)] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def overwrite(rng: np.random.Generator, data: bytes) -> bytes:
    """Put random bytes over a stretch."""
    start, length = _place(rng, data), int(rng.integers(1, 17))
    return data[:start] + rng.bytes(length) + data[start + length :]


def truncate(rng: np.random.Generator, data: bytes) -> bytes:
    """Cut the end off, anywhere or just before the end."""
    if rng.random() < 0.3:
        return data[: max(len(data) - int(rng.integers(1, 9)), 0)]
    return data[: _place(rng, data)]


def insert(rng: np.random.Generator, data: bytes) -> bytes:
    """Put a hostile text somewhere."""
    start = _place(rng, data)
    return data[:start] + pick(rng, HOSTILE_TEXTS) + data[start:]


def drop_stretch(rng: np.random.Generator, data: bytes) -> bytes:
    """Leave a stretch out."""
    start = _place(rng, data)
    return data[:start] + data[start + int(rng.integers(1, 65)) :]


def repeat_stretch(rng: np.random.Generator, data: bytes) -> bytes:
    """Repeat a stretch, sometimes many times."""
    start = _place(rng, data)
    stretch = data[start : start + int(rng.integers(1, 65))]
    times = pick(rng, (1, 2, 1000))
    return data[:start] + stretch * times + data[start:]


def hostile_integer(rng: np.random.Generator, data: bytes) -> bytes:
    """Put a binary integer, of four or eight bytes, over what is there."""
    code = pick(rng, ("<i", "<q", ">i"))
    size = struct.calcsize(code)
    value = pick(rng, INTEGERS)
    packed = (value % 2 ** (8 * size)).to_bytes(
        size, "little" if code[0] == "<" else "big"
    )
    start = _place(rng, data) // 4 * 4
    return data[:start] + packed + data[start + size :]


def hostile_floats(rng: np.random.Generator, data: bytes) -> bytes:
    """Put one or many binary numbers over what is there."""
    code = pick(rng, ("<f", "<d", ">f", ">d"))
    many = pick(rng, (1, 1, 1, 21, 500))
    value = pick(rng, FLOATS)
    packed = struct.pack(code, value) * many
    start = int(rng.integers(len(data) + 1)) // 4 * 4
    return (data[:start] + packed + data[start + len(packed) :])[: max(len(data), 8)]


def change_number(rng: np.random.Generator, data: bytes) -> bytes:
    """Put a hostile number in the place of one, or of all that are alike."""
    found = list(NUMBER.finditer(data[:200_000]))
    if not found:
        return insert(rng, data)
    chosen = found[int(rng.integers(len(found)))]
    hostile = pick(rng, NUMBERS).encode()
    if rng.random() < 0.1:
        return data.replace(chosen[0], hostile)[: 4 * len(data) + 10_000]
    return data[: chosen.start()] + hostile + data[chosen.end() :]


def change_lines(rng: np.random.Generator, data: bytes) -> bytes:
    """Drop, repeat, swap, empty, join or mangle lines."""
    lines = data.splitlines(keepends=True)
    if not lines:
        return insert(rng, data)
    k, other = (int(rng.integers(len(lines))) for _ in range(2))
    if rng.random() < 0.3:
        k = min(k, 3)
    match int(rng.integers(8)):
        case 0:
            del lines[k]
        case 1:
            lines[k] = lines[k] * pick(rng, (2, 3, 500))
        case 2:
            lines[k], lines[other] = lines[other], lines[k]
        case 3:
            lines[k] = b"\n"
        case 4:
            lines[k] = lines[k].rstrip(b"\r\n")
        case 5:
            lines[k] = pick(rng, HOSTILE_TEXTS) + b"\n"
        case 6:
            lines[k] = lines[k][: int(rng.integers(len(lines[k]) + 1))] + b"\n"
        case _:
            lines.insert(other, lines[k])
    return b"".join(lines)


def change_fields(rng: np.random.Generator, data: bytes) -> bytes:
    """Drop, repeat, swap or replace a field of one line or a column of all lines."""
    separator = next((s for s in (b",", b"\t", b" ") if s in data), b" ")
    lines = [line.split(separator) for line in data.split(b"\n")]
    field = int(rng.integers(max(map(len, lines))))
    how = int(rng.integers(5))
    text = pick(rng, HOSTILE_TEXTS)
    chosen = int(rng.integers(len(lines)))
    for line in lines if rng.random() < 0.3 else lines[chosen : chosen + 1]:
        if field >= len(line):
            field = len(line) - 1
        match how:
            case 0:
                del line[field]
            case 1:
                line.insert(field, line[field])
            case 2:
                line[field], line[0] = line[0], line[field]
            case 3:
                line[field] = text[:2000]
            case _:
                line[field] = pick(rng, NUMBERS).encode()
    return b"\n".join(separator.join(line) for line in lines)


def change_encoding(rng: np.random.Generator, data: bytes) -> bytes:
    """Write the text as another program or system would."""
    text = data.decode("latin-1")
    match int(rng.integers(7)):
        case 0:
            return text.encode("utf-16")
        case 1:
            return b"\xef\xbb\xbf" + data
        case 2:
            return data.replace(b"\n", b"\r\n")
        case 3:
            return data.replace(b"\n", b"\r")
        case 4:
            return data.replace(b",", b";").replace(b" ", b"\t")
        case 5:
            return data.swapcase()
        case _:
            return text.encode("utf-32-le")


def empty(_rng: np.random.Generator, _data: bytes) -> bytes:
    """Leave nothing."""
    return b""


OF_BYTES: tuple[Change, ...] = (flip_bits, overwrite, truncate, insert, drop_stretch)
OF_BYTES += (repeat_stretch, hostile_integer, hostile_floats)
OF_TEXT: tuple[Change, ...] = (change_number, change_number, change_lines)
OF_TEXT += (change_lines, change_fields, change_encoding, insert, flip_bits, truncate)


def is_text(data: bytes) -> bool:
    """Tell a text from binary data."""
    return not any(byte < 9 or 13 < byte < 32 for byte in data[:512])


def mutate_plain(rng: np.random.Generator, data: bytes) -> bytes:
    """Return data with one to three changes, those of texts where it is one."""
    if rng.random() < 0.01:
        return empty(rng, data)
    for _ in range(pick(rng, (1, 1, 2, 3))):
        kinds = OF_TEXT if is_text(data) and rng.random() < 0.8 else OF_BYTES
        change = kinds[int(rng.integers(len(kinds)))]
        data = change(rng, data)[: 2**22]
    return data
