"""The header of a ``.potts`` file: read from an open file, and trusted in nothing.

Every name, type and size is checked, and every array's place against the size of the
file, before memory is set aside.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, NoReturn

import numpy as np

from pottsfold.alphabet import Alphabet
from pottsfold.errors import ModelFormatError, UsageError
from pottsfold.model.fit import FitReport
from pottsfold.provenance import Provenance, Run, run_path

FORMAT = "pottsfold-model"
# Of files of dense models, and of those that name the pairs that have couplings.
DENSE, MASKED = "1", "2"
MAX_HEADER_BYTES = 64 * 2**20
MAX_RUN_BYTES = 2**20
DTYPES = {
    "fields": ("F32", np.float32),
    "couplings": ("F32", np.float32),
    "pairs": ("I32", np.int32),
    "positions": ("I64", np.int64),
    "focus": ("U8", np.uint8),
    "frequencies": ("F64", np.float64),
    "occupancy": ("F64", np.float64),
}
REQUIRED = {"fields", "couplings", "positions"}
# What values of another kind bring about.
WRONG = (
    UsageError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OverflowError,
)
# What the texts hold, by kind; the report's values may be left out.
MODEL_TEXTS = ("gaps", "gauge", "focus_name")
REPORT_KINDS: dict[type, tuple[str, ...]] = {
    str: ("method", "stopped_because", "verdict"),
    float: ("gradient_norm", "n_evaluations", "n_sequences", "neff"),
    dict: ("settings", "quality", "provenance"),
    list: ("objectives", "history"),
}
RUN_KINDS: dict[type, tuple[str, ...]] = {
    str: ("date",),
    float: ("threads", "seconds", "cpu_seconds"),
}


@dataclass(frozen=True)
class ModelHeader:
    """Everything in a model file but the arrays.

    Parameters
    ----------
    path : str
        The file.
    length : int
        Number of sites L.
    alphabet : Alphabet
        Letters.
    gaps, gauge, focus_name : str
        As in :class:`pottsfold.model.PottsModel`.
    neff : float
        Effective number of sequences.
    report : FitReport
        How it was made.
    hashes : dict of str
        SHA-256 of every part of the file, by name.
    temperature : float or None
        Matched temperature.
    n_pairs : int or None
        Pairs of sites that have couplings; None for all.
    """

    path: str
    length: int
    alphabet: Alphabet
    gaps: str
    gauge: str
    focus_name: str
    neff: float
    report: FitReport
    hashes: Mapping[str, str]
    temperature: float | None = None
    n_pairs: int | None = None


@dataclass(frozen=True)
class Place:
    """Where an array stands in a file.

    Parameters
    ----------
    start : int
        Its first byte, counted from the beginning of the file.
    dtype : numpy.dtype
        Type of its numbers.
    shape : tuple of int
        Its shape.
    """

    start: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]


def array_shapes(
    length: int, size: int, n_pairs: int | None
) -> dict[str, tuple[int, ...]]:
    """Return the shape of every array of a model of L sites and q letters, by name."""
    masked = {} if n_pairs is None else {"pairs": (n_pairs, 2)}
    return {
        **masked,
        "fields": (length, size),
        "couplings": (
            length * (length - 1) // 2 if n_pairs is None else n_pairs,
            *(size, size),
        ),
        "positions": (length,),
        "focus": (length,),
        "frequencies": (length, size),
        "occupancy": (length,),
    }


def digest_of_text(text: str) -> str:
    """Return the SHA-256 of a text, as hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_header_of(handle: BinaryIO, name: str) -> tuple[ModelHeader, dict[str, Place]]:
    """Return what an open ``.potts`` file says of itself, and where its arrays stand.

    Raises
    ------
    ModelFormatError
        If it is not a model file, or its header is damaged.
    """
    size = handle.seek(0, 2)
    handle.seek(0)
    start = handle.read(8)
    length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
    if not 2 <= length <= min(size - 8, MAX_HEADER_BYTES):
        raise ModelFormatError(name, "not a pottsfold model file")
    try:
        raw = parsed_object(handle.read(length))
        metadata = raw.pop("__metadata__")
        if metadata["format"] != FORMAT:
            raise ValueError(FORMAT)
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise ModelFormatError(name, "not a pottsfold model file") from error
    version = metadata.get("version")
    _check_version(name, version)
    try:
        header = _header(name, metadata, version == MASKED)
        places = _places(name, raw, header, 8 + length, size)
    except ModelFormatError:
        raise
    except RecursionError as error:
        raise _damaged(name, "brackets in too many brackets") from error
    except WRONG as error:
        raise _damaged(name, str(error)) from error
    return header, places


def _damaged(name: str, what: str) -> ModelFormatError:
    # What a file says of itself may be long, or no text for a screen.
    shown = what.encode("ascii", "backslashreplace").decode()[:120]
    return ModelFormatError(name, f"damaged header ({shown}); copy it anew")


def parsed_object(text: str | bytes, *, finite: bool = False) -> dict[str, Any]:
    """Return a JSON object that nobody vouches for.

    Parameters
    ----------
    text : str or bytes
        The JSON.
    finite : bool
        Refuse the words NaN and Infinity.

    Raises
    ------
    ValueError, TypeError, RecursionError
        If it is none, a name comes twice, a text could not be printed or written, or
        brackets go too deep.
    """

    def refuse(word: str) -> NoReturn:
        raise ValueError(f"{word} is no number")

    found = json.loads(
        text,
        object_pairs_hook=_distinct,
        parse_constant=refuse if finite else None,
    )
    if not isinstance(found, dict):
        raise TypeError("no JSON object")
    # A lone surrogate, half a character, cannot be encoded.
    json.dumps(found, ensure_ascii=False).encode()
    return found


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice")
    return found


def _check_version(name: str, found: object) -> None:
    if found in (DENSE, MASKED):
        return
    if not (isinstance(found, str) and found.isdecimal() and 0 < len(found) < 9):
        raise _damaged(name, f"format {found!r}")
    if int(found) < int(DENSE):
        raise _damaged(name, f"format {found!r}")
    raise ModelFormatError(
        name,
        f"written by a newer pottsfold (format {found}; this program reads "
        f"{DENSE} and {MASKED}): update pottsfold",
    )


def _header(name: str, metadata: Mapping[str, str], masked: bool) -> ModelHeader:
    hashes = parsed_object(metadata["sha256"])
    for part in ("model", "report"):
        if digest_of_text(metadata[part]) != hashes[part]:
            raise ModelFormatError(
                name, f"damaged: its {part} text does not match its SHA-256"
            )
    about = parsed_object(metadata["model"], finite=True)
    letters = about["alphabet"]
    _check_kinds(about, {str: MODEL_TEXTS, float: ("length", "neff")})
    _check_kinds(letters, {str: ("letters", "name")})
    temperature = about.get("temperature")  # absent where none was matched
    if temperature is not None:
        _check_kinds(about, {float: ("temperature",)})
    n_pairs = about["pairs"] if masked else None
    for count in (about["length"], n_pairs or 0):
        if type(count) is not int or count < 0:
            raise TypeError("a count is no whole number")
    return ModelHeader(
        path=name,
        length=about["length"],
        alphabet=Alphabet(**letters),
        gaps=about["gaps"],
        gauge=about["gauge"],
        focus_name=about["focus_name"],
        neff=float(about["neff"]),
        report=_report(name, parsed_object(metadata["report"]), hashes),
        hashes=hashes,
        temperature=None if temperature is None else float(temperature),
        n_pairs=n_pairs,
    )


def _report(name: str, made: dict[str, Any], hashes: Mapping[str, str]) -> FitReport:
    kinds = {
        kind: tuple(key for key in keys if key in made)
        for kind, keys in REPORT_KINDS.items()
    }
    _check_kinds(made, kinds)
    provenance = made["provenance"]
    _check_kinds(provenance, {dict: ("versions", "settings", "source")})
    made["provenance"] = Provenance(**provenance)
    for key, kind in (("objectives", float), ("history", str)):
        for value in made[key]:
            _check_kind(key, value, kind)
        made[key] = tuple(made[key])
    return FitReport(**made, run=_read_run(name, hashes))


def _check_kinds(
    values: Mapping[str, Any], kinds: Mapping[type, tuple[str, ...]]
) -> None:
    """Refuse values, by name, that are not of the kind that is due."""
    if not isinstance(values, dict):
        raise TypeError("no JSON object")
    for kind, names in kinds.items():
        for key in names:
            _check_kind(key, values[key], kind)


def _check_kind(key: str, value: object, kind: type) -> None:
    """Refuse a value of another kind; float stands for any number."""
    kinds = (int, float) if kind is float else (kind,)
    if type(value) not in kinds:
        raise TypeError(f"{key} is no {kind.__name__}")
    if kind is float:
        float(value)  # type: ignore[arg-type]  # fails where it is too large for one


def _read_run(path: str, hashes: Mapping[str, str]) -> Run | None:
    """Return the run that made a model, or None where no record of it is found."""
    try:
        with open(run_path(path), "rb") as handle:
            record = parsed_object(handle.read(MAX_RUN_BYTES), finite=True)
        if record["model"] != hashes:
            return None
        _check_kinds(record["run"], RUN_KINDS)
        return Run(**record["run"])
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def _places(
    name: str, raw: Mapping[str, Any], header: ModelHeader, base: int, size: int
) -> dict[str, Place]:
    """Check every array's type, shape and place against the file's size."""
    shapes = array_shapes(header.length, header.alphabet.size, header.n_pairs)
    required = REQUIRED if header.n_pairs is None else REQUIRED | {"pairs"}
    if not required <= set(raw) <= set(shapes) or header.length < 2:
        raise ModelFormatError(name, "damaged header (arrays missing or unknown)")
    places: dict[str, Place] = {}
    for array_name, entry in raw.items():
        code, dtype = DTYPES[array_name]
        shape = shapes[array_name]
        first, last = entry["data_offsets"]
        due = math.prod(shape) * np.dtype(dtype).itemsize
        if entry["dtype"] != code or tuple(entry["shape"]) != shape:
            raise ModelFormatError(name, f"damaged header ({array_name}: wrong shape)")
        whole = type(first) is int and type(last) is int
        if not whole or not 0 <= first <= last or last - first != due:
            raise ModelFormatError(name, f"damaged header ({array_name}: wrong size)")
        if base + last > size:
            raise ModelFormatError(
                name, f"cut off: {size} bytes where {base + last} are due; copy it anew"
            )
        places[array_name] = Place(base + first, np.dtype(dtype), shape)
    return places
