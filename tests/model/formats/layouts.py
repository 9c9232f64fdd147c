"""Foreign files made straight from their descriptions, by plain loops."""

import struct

ORDER = "ARNDCQEGHILKMFPSTWYV-"
PLMC_ORDER = "-ACDEFGHIKLMNPQRSTVWY"


def field(i, letter):
    """A field that says where it stands; exact in the six digits of a .raw file."""
    return i * 128 + ord(letter)


def coupling(i, j, a, b):
    """A coupling that says where it stands; exact in float32."""
    return i * 8 + j + ord(a) / 128 + ord(b) / 16384


def pairs(length):
    return [(i, j) for i in range(length) for j in range(i + 1, length)]


def ccmpred_raw(length):
    lines = []
    for i in range(length):
        lines.append("".join(f"{field(i, a):g}\t" for a in ORDER[:20]))
    for i, j in pairs(length):
        lines.append(f"# {i} {j}")
        for a in ORDER:
            lines.append("".join(f"{coupling(i, j, a, b):.20e}\t" for b in ORDER))
    lines.append('#>META> {"version": "1"}')
    return "\n".join(lines).encode()


def gremlin(length, columns):
    lines = []
    for i in range(length):
        values = " ".join(f"{field(i, a):.9g}" for a in ORDER)
        lines.append(f"V[{columns[i]}] {values}")
    for i, j in pairs(length):
        values = " ".join(f"{coupling(i, j, a, b):.9g}" for a in ORDER for b in ORDER)
        lines.append(f"W[{columns[i]}][{columns[j]}] {values}")
    return ("\n".join(lines) + "\n").encode()


def adabmdca(length, *, numbers=False):
    lines = []
    mark = (lambda a: PLMC_ORDER.index(a)) if numbers else (lambda a: a)
    for i, j in pairs(length):
        for a in PLMC_ORDER:
            for b in PLMC_ORDER:
                value = coupling(i, j, a, b)
                lines.append(f"J {i} {j} {mark(a)} {mark(b)} {value:.9g}")
    for i in range(length):
        for a in PLMC_ORDER:
            lines.append(f"h {i} {mark(a)} {field(i, a):.9g}")
    return ("\n".join(lines) + "\n").encode()


def plmc(length, focus, numbers, order=PLMC_ORDER):
    q = len(order)
    data = struct.pack("<5i5f", length, q, 3, 1, 100, 0.2, 0.01, 5.0, 0.0, 2.5)
    data += order.encode() + struct.pack("<4f", 1, 2, 2, 0)
    data += focus.encode() + struct.pack(f"<{length}i", *numbers)
    data += struct.pack("<f", 1 / q) * (length * q)
    for i in range(length):
        for a in order:
            data += struct.pack("<f", field(i, a))
    for _ in pairs(length):
        data += struct.pack("<f", 1 / q**2) * (q * q)
    for i, j in pairs(length):
        for a in order:
            for b in order:
                data += struct.pack("<f", coupling(i, j, a, b))
    return data


def plmc_v1(length, focus, numbers, order=PLMC_ORDER):
    q = len(order)
    data = struct.pack("<2i", length, q)
    data += focus.encode() + struct.pack(f"<{length}i", *numbers)
    data += struct.pack("<f", 1 / q) * (length * q)
    for i in range(length):
        for a in order:
            data += struct.pack("<f", field(i, a))
    for i, j in pairs(length):
        data += struct.pack("<2i", i + 1, j + 1)
        data += struct.pack("<f", 1 / q**2) * (q * q)
        for a in order:
            for b in order:
                data += struct.pack("<f", coupling(i, j, a, b))
    return data


def _text(text):
    return bytes([0xA0 + len(text)]) + text.encode()


def ccmpred_braw(length, *, double=False, shuffled=False):
    number = (
        (lambda v: struct.pack(">Bd", 0xCB, v))
        if double
        else (lambda v: struct.pack(">Bf", 0xCA, v))
    )
    single = b"\xdc" + struct.pack(">H", length * 20)
    for i in range(length):
        for a in ORDER[:20]:
            single += number(field(i, a))
    blocks = bytes([0x80 + len(pairs(length))])
    for i, j in reversed(pairs(length)) if shuffled else pairs(length):
        blocks += _text(f"{i}/{j}") + b"\x83" + _text("i") + bytes([i])
        blocks += _text("j") + bytes([j]) + _text("x") + b"\xdc\x01\xb9"
        for a in ORDER:
            for b in ORDER:
                blocks += number(coupling(i, j, a, b))
    meta = b"\x83" + _text("a") + b"\x92\xc0\xc3" + _text("b") + b"\xd9\x03xyz"
    meta += _text("c") + b"\xd6\x01abcd"
    entries = [
        _text("meta") + meta,
        _text("format") + _text("ccm-1"),
        _text("ncol") + b"\xd2" + struct.pack(">i", length),
        _text("x_single") + single,
        _text("x_pair") + blocks,
    ]
    return b"\x85" + b"".join(reversed(entries) if shuffled else entries)
