"""Foreign files made straight from their descriptions, by plain loops."""

import io
import itertools
import struct

import numpy as np

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


def array(values):
    """An .npy as NumPy writes it."""
    handle = io.BytesIO()
    np.save(handle, values)
    return handle.getvalue()


def archive(**arrays):
    """An .npz as NumPy writes it."""
    handle = io.BytesIO()
    np.savez(handle, **arrays)
    return handle.getvalue()


def structuredca_arrays(length, contacts, target, *, exclude_gaps=False):
    order = PLMC_ORDER[1:] + "-"
    silent = "-" if exclude_gaps else ""
    matrix = np.zeros((length, length), bool)
    fields = np.zeros((length, 21), np.float32)
    blocks = []
    for i, j in contacts:
        matrix[i, j] = matrix[j, i] = True
    for i, a in itertools.product(range(length), order):
        fields[i, order.index(a)] = 0 if a in silent else field(i, a)
    for i, j in sorted(contacts):
        block = np.zeros((21, 21), np.float32)
        for a, b in itertools.product(order, order):
            if a not in silent and b not in silent:
                block[order.index(a), order.index(b)] = coupling(i, j, a, b)
        blocks.append(block)
    return {
        "contacts": matrix,
        "h": fields,
        "J": np.array(blocks),
        "gap_ratios_array": np.zeros(length, np.float32),
        "name": "fam",
        "msa_depth": 40,
        "target_sequence": target,
        "lambda_h": 1.0,
        "exclude_gaps": exclude_gaps,
        "weights_seqid": 0.8,
        "max_iterations": 60,
        "Neff": 12.5,
    }


def tensor(length, order, *, interleaved=False):
    """Every pair of sites from both sides."""
    result = np.zeros((length, length, len(order), len(order)))
    for i, j in pairs(length):
        for (k, a), (m, b) in itertools.product(enumerate(order), enumerate(order)):
            result[i, j, k, m] = result[j, i, m, k] = coupling(i, j, a, b)
    return result.transpose(0, 2, 1, 3) if interleaved else result


def pottsmpnn_arrays(length, neighbours, target):
    """Tables whose sum over both directions is a coupling, and energies of sites."""
    order = PLMC_ORDER[1:]
    tables = np.zeros((1, length, neighbours.shape[1], 22, 22), np.float32)
    listed = {(i, j) for i, row in enumerate(neighbours) for j in row}
    for i, k in np.ndindex(neighbours.shape):
        j = neighbours[i, k]
        share = 0.5 if (j, i) in listed else 1.0
        for a, b in itertools.product(order, order):
            cell = (0, i, k, order.index(a), order.index(b))
            if i == j:
                tables[cell] = -field(i, a) * (a == b)
            elif i < j:
                tables[cell] = -share * coupling(i, j, a, b)
            else:
                tables[cell] = -share * coupling(j, i, b, a)
    return {"etab": tables, "E_idx": neighbours[np.newaxis], "wt_seq": target}


def caliby_arrays(length, neighbours):
    """Fields and couplings of neighbours; what is masked is not zero."""
    order = ORDER[:20]
    fields = np.full((1, length, 22), 3, np.float32)
    tables = np.full((1, *neighbours.shape, 22, 22), 5, np.float32)
    listed = {(i, j) for i, row in enumerate(neighbours) for j in row}
    for i, a in itertools.product(range(length), order):
        fields[0, i, order.index(a)] = -field(i, a)
    for i, k in np.ndindex(neighbours.shape):
        j = neighbours[i, k]
        share = 1.0 if (j, i) in listed else 2.0
        for a, b in itertools.product(order, order):
            value = coupling(i, j, a, b) if i < j else coupling(j, i, b, a)
            tables[0, i, k, order.index(a), order.index(b)] = -share * value
    own = neighbours == np.arange(length)[:, np.newaxis]
    return {
        "h": fields,
        "J": tables,
        "edge_idx": neighbours[np.newaxis],
        "mask_i": np.ones((1, length), np.float32),
        "mask_ij": (~own[np.newaxis]).astype(np.float32),
    }
