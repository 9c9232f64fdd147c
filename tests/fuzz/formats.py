"""Changes behind the checks of a format: signed, packed and compressed again.

A bit flipped in a model file is found by its SHA-256, and one in a compressed file by
its checksum. Here the content is changed and then made whole again, so that the code
behind those checks meets it.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pottsfold.files import compression_of, unpack
from tests.fuzz.mutations import FLOATS, INTEGERS, hostile_floats, mutate_plain, pick
from tests.fuzz.seeds import PACK

# The text of a checkpoint.
ABOUT = "about.npy"
WORDS = (
    "",
    "-",
    "\u00e9",
    "\ud800",
    "\x1b[2J",
    "x" * 20_000,
    "nan",
    "missing",
    "state",
)
WORDS += ("zero_sum", "-ACGU", "AA", "\0", "\u0661", "../x", "1", "9" * 30)
VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    [],
    {},
    [[]],
    [None],
    {"a": 1},
    0.5,
    10**400,
)
VALUES += (*WORDS, *INTEGERS, *FLOATS, -(10**30), 1e308, 1e-308)


def mutate(rng: np.random.Generator, data: bytes, others: list[bytes]) -> bytes:
    """Return a changed file.

    Parameters
    ----------
    rng : Generator
        Decides everything.
    data : bytes
        A valid file.
    others : list of bytes
        Valid files of other kinds; seldom one of these is given instead.
    """
    if rng.random() < 0.02:
        return others[int(rng.integers(len(others)))]
    if rng.random() < 0.3:
        return mutate_plain(rng, data)
    compression = compression_of(data)
    if compression is not None:
        content = mutate(rng, unpack(io.BytesIO(data), compression), others)
        packed: bytes = PACK[f".{compression}"](content)
        # Twice over, now and then.
        return PACK[".gz"](packed) if rng.random() < 0.03 else packed
    if data.startswith(b"PAR1"):
        return _parquet(rng, data)
    if data.startswith(b"PK"):
        return _archive(rng, data)
    if data[8:9] == b"{":
        return _native(rng, data)
    if data[:1] == b"{":
        return _json_text(rng, data.decode()).encode("utf-8", "surrogatepass")
    return mutate_plain(rng, data)


def change_tree(rng: np.random.Generator, tree: Any) -> Any:
    """Return a JSON value with one place changed: replaced, dropped or repeated."""
    if not isinstance(tree, dict | list) or not tree or rng.random() < 0.1:
        return pick(rng, VALUES)
    keys = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
    key = keys[int(rng.integers(len(keys)))]
    chance = rng.random()
    if chance < 0.12:
        del tree[key]
    elif chance < 0.2 and isinstance(tree, dict):
        tree[str(pick(rng, WORDS))] = pick(rng, VALUES)
    elif chance < 0.25 and isinstance(tree, list):
        tree.append(tree[key])
    elif chance < 0.45:
        tree[key] = pick(rng, VALUES)
    else:
        tree[key] = change_tree(rng, tree[key])
    return tree


def _json_text(rng: np.random.Generator, text: str) -> str:
    """Return a JSON text changed as a tree, or now and then as a text."""
    chance = rng.random()
    if chance < 0.03:
        return '{"a":' * 100_000 if chance < 0.015 else "[" * 100_000
    if chance < 0.15:
        changed = mutate_plain(rng, text.encode("utf-8", "surrogatepass"))
        return changed.decode("utf-8", "replace")
    tree = change_tree(rng, json.loads(text))
    return json.dumps(tree, ensure_ascii=bool(rng.random() < 0.5))


def _native(rng: np.random.Generator, data: bytes) -> bytes:
    """Return a model file with changed texts or arrays, signed again."""
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    arrays = data[8 + length :]
    metadata = header["__metadata__"]
    part = int(rng.integers(6))
    if part in (0, 1):
        name = ("model", "report")[part]
        metadata[name] = _json_text(rng, metadata[name])
    elif part in (2, 3):
        arrays = _arrays(rng, header, arrays)
    elif part == 4:
        return _native_header(_json_text(rng, json.dumps(header)), arrays)
    else:
        name = str(pick(rng, [key for key in header if key != "__metadata__"]))
        header[name] = change_tree(rng, header[name])
    hashes = json.loads(metadata["sha256"])
    for name in ("model", "report"):
        text = metadata[name].encode("utf-8", "surrogatepass")
        hashes[name] = hashlib.sha256(text).hexdigest()
    for name, entry in header.items():
        try:
            first, last = entry["data_offsets"]
            hashes[name] = hashlib.sha256(arrays[first:last]).hexdigest()
        except (KeyError, TypeError, ValueError):
            continue
    metadata["sha256"] = json.dumps(hashes)
    return _native_header(json.dumps(header), arrays)


def _native_header(text: str, arrays: bytes) -> bytes:
    packed = text.encode("utf-8", "surrogatepass")
    packed += b" " * (-len(packed) % 8)
    return struct.pack("<Q", len(packed)) + packed + arrays


def _arrays(rng: np.random.Generator, header: dict[str, Any], data: bytes) -> bytes:
    """Return a model's arrays with hostile numbers in one of them."""
    name = str(pick(rng, [key for key in header if key != "__metadata__"]))
    first, last = header[name]["data_offsets"]
    codes = {"F32": "<f4", "F64": "<f8", "I64": "<i8", "I32": "<i4", "U8": "u1"}
    code = codes[header[name]["dtype"]]
    values = np.frombuffer(data[first:last], code).copy()
    hostile = FLOATS if code in ("<f4", "<f8") else INTEGERS
    value = pick(rng, hostile)
    if code in ("u1", "<i4"):
        # Small kinds of numbers take what fits in them.
        value = int(value) % (256 if code == "u1" else 2**31)
    cast = np.array([value], object).astype(code)
    match int(rng.integers(3)):
        case 0:
            values[int(rng.integers(len(values)))] = cast[0]
        case 1:
            start = int(rng.integers(len(values)))
            values[start : start + 21] = cast[0]
        case _:
            values[:] = cast[0]
    return data[:first] + values.tobytes() + data[last:]


def _archive(rng: np.random.Generator, data: bytes) -> bytes:
    """Return a checkpoint, or a model in arrays, changed and packed again.

    Checkpoints of earlier versions have no SHA-256, so one can be left out.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    is_checkpoint = ABOUT in members
    if is_checkpoint:
        about = json.loads(members[ABOUT][members[ABOUT].index(b"\n") + 1 :])
        if rng.random() < 0.9:
            about.pop("sha256", None)
        text = json.dumps(about)
        if rng.random() < 0.5:
            text = _json_text(rng, text)
        members[ABOUT] = _npy(text.encode("utf-8", "surrogatepass"))
    if not is_checkpoint or rng.random() < 0.5:
        name = pick(rng, list(members))
        start = members[name].index(b"\n") + 1
        chance = rng.random()
        if chance < 0.6:
            numbers = hostile_floats(rng, members[name][start:])
            members[name] = members[name][:start] + numbers
        elif chance < 0.85:
            members[name] = mutate_plain(rng, members[name])
        else:
            del members[name]
    packed = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if rng.random() < 0.2 else zipfile.ZIP_STORED
    with zipfile.ZipFile(packed, "w", method) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return packed.getvalue()


def _npy(data: bytes) -> bytes:
    """Return bytes as NumPy keeps an array of them."""
    buffer = io.BytesIO()
    np.save(buffer, np.frombuffer(data, np.uint8))
    return buffer.getvalue()


def _parquet(rng: np.random.Generator, data: bytes) -> bytes:
    """Return a Parquet file with changed columns, types or metadata."""
    table = pq.read_table(io.BytesIO(data))
    metadata = dict(table.schema.metadata or {})
    k = int(rng.integers(table.num_columns))
    name, column = table.column_names[k], table.column(k)
    match int(rng.integers(6)):
        case 0:
            text = metadata.get(b"pandas", b"{}").decode()
            metadata[b"pandas"] = _json_text(rng, text).encode("utf-8", "replace")
            table = table.replace_schema_metadata(metadata)
        case 1:
            table = table.set_column(k, name, _other_type(rng, column))
        case 2:
            table = table.rename_columns(
                [
                    str(pick(rng, WORDS)).encode("utf-8", "replace").decode()
                    if n == k
                    else other
                    for n, other in enumerate(table.column_names)
                ]
            )
        case 3:
            table = table.remove_column(k)
        case 4:
            table = table.append_column(name, column)
        case _:
            texts = [str(pick(rng, WORDS)).encode("utf-8", "replace").decode()]
            values = texts + [str(v) for v in column.to_pylist()[1:]]
            table = table.set_column(k, name, pa.array(values))
    if rng.random() < 0.1:
        table = table.slice(0, 0)
    packed = io.BytesIO()
    pq.write_table(table, packed)
    return packed.getvalue()


def _other_type(rng: np.random.Generator, column: pa.ChunkedArray) -> pa.Array:
    """Return a column of as many values, of a type that is not expected."""
    count, texts = len(column), [str(value) for value in column.to_pylist()]
    arrays = (
        pa.nulls(count),
        pa.array([b"\xff\xfe"] * count, pa.binary()),
        pa.array([[text] for text in texts]),
        pa.array([{"x": text} for text in texts]),
        pa.array(range(count), pa.int8()),
        pa.array(range(count), pa.timestamp("ns")),
        pa.array(texts).dictionary_encode(),
        pa.array([2**63] * count, pa.uint64()),
        pa.array([True] * count),
        pa.array(texts, pa.large_string()),
        pa.array([FLOATS[k % len(FLOATS)] for k in range(count)], pa.float32()),
        pa.array([None, *texts[1:]]),
    )
    return arrays[int(rng.integers(len(arrays)))]
