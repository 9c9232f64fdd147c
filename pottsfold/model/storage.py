"""The native model file, ``.potts``.

A safetensors file: an 8-byte length, a JSON header, the raw arrays. The header's
metadata hold everything that is not an array, and the SHA-256 of every part.
Nothing in it is executed, and sizes are checked before anything is allocated, so an
untrusted file can be opened. Couplings are stored once a pair, i < j, i outer.
The same alignment and settings make the same bytes on the same software: what
changes from run to run, threads, seconds and date, stands in a small file beside it,
``NAME.potts.run.json``, which may be thrown away.

===================  ============  =====================================
array                type          shape
===================  ============  =====================================
``fields``           float32       (L, q)
``couplings``        float32       (L (L - 1) / 2, q, q)
``positions``        int64         (L,)
``focus``            uint8         (L,), absent without a focus sequence
``frequencies``      float64       (L, q), absent where not known
``occupancy``        float64       (L,), absent where not known
===================  ============  =====================================
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment.numbering import Numbering
from pottsfold.alphabet import Alphabet
from pottsfold.errors import ModelFormatError, UsageError
from pottsfold.files import written_whole
from pottsfold.model.fit import Fit, FitReport
from pottsfold.model.potts import PottsModel
from pottsfold.provenance import Provenance, Run, run_path

FORMAT = "pottsfold-model"
VERSION = 1
MAX_HEADER_BYTES = 64 * 2**20
DTYPES = {
    "fields": ("F32", np.float32),
    "couplings": ("F32", np.float32),
    "positions": ("I64", np.int64),
    "focus": ("U8", np.uint8),
    "frequencies": ("F64", np.float64),
    "occupancy": ("F64", np.float64),
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


def save_fit(path: str | Path, fit: Fit) -> None:
    """Write a fit to a ``.potts`` file, whole or not at all.

    Raises
    ------
    OutputError
        If it cannot be written there.
    """
    model = fit.model
    about = {
        "length": model.length,
        "alphabet": {"letters": model.alphabet.letters, "name": model.alphabet.name},
        "gaps": model.gaps,
        "gauge": model.gauge,
        "focus_name": model.focus_name,
        "neff": model.neff,
    }
    if model.temperature is not None:
        about["temperature"] = model.temperature
    report = asdict(fit.report)
    run = report.pop("run")
    texts = {"model": json.dumps(about), "report": json.dumps(report, default=float)}
    pieces = _pieces(model)
    hashes = {name: _digest(parts) for name, parts in pieces.items()}
    hashes |= {name: _digest_text(text) for name, text in texts.items()}
    metadata = {
        "format": FORMAT,
        "version": str(VERSION),
        **texts,
        "sha256": json.dumps(hashes),
    }
    header: dict[str, Any] = {"__metadata__": metadata}
    end = 0
    for name, parts in pieces.items():
        size = sum(part.nbytes for part in parts)
        header[name] = {
            "dtype": DTYPES[name][0],
            "shape": _shapes(model.length, model.alphabet.size)[name],
            "data_offsets": [end, end + size],
        }
        end += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with written_whole(path) as beside, open(beside, "wb") as handle:
        handle.write(struct.pack("<Q", len(text)))
        handle.write(text)
        for parts in pieces.values():
            for part in parts:
                handle.write(part.data)
    if run is not None:
        record = {"model": hashes, "run": run}
        with written_whole(run_path(path)) as beside:
            beside.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _read_run(path: str, hashes: Mapping[str, str]) -> Run | None:
    """Return the run that made a model, or None where no record of it is found."""
    try:
        record = json.loads(run_path(path).read_text(encoding="utf-8"))
        return Run(**record["run"]) if record["model"] == hashes else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _pieces(model: PottsModel) -> dict[str, list[NDArray[Any]]]:
    """Return every array of the file as contiguous parts, none of them a copy.

    Those of eight bytes a number come first, so that all are aligned.
    """
    pieces: dict[str, list[NDArray[Any]]] = {"positions": [model.numbering.positions]}
    if model.frequencies is not None:
        pieces["frequencies"] = [model.frequencies]
    if model.occupancy is not None:
        pieces["occupancy"] = [model.occupancy]
    pieces["fields"] = [model.fields]
    pieces["couplings"] = [model.couplings[i, i + 1 :] for i in range(model.length - 1)]
    if model.focus is not None:
        pieces["focus"] = [model.focus]
    return pieces


def _shapes(length: int, size: int) -> dict[str, tuple[int, ...]]:
    return {
        "fields": (length, size),
        "couplings": (length * (length - 1) // 2, size, size),
        "positions": (length,),
        "focus": (length,),
        "frequencies": (length, size),
        "occupancy": (length,),
    }


def is_native(path: str | Path) -> bool:
    """Tell whether a file begins as a ``.potts`` file does."""
    try:
        with open(path, "rb") as handle:
            start = handle.read(9)
            size = handle.seek(0, 2)
    except OSError:
        return False
    return (
        len(start) == 9
        and struct.unpack("<Q", start[:8])[0] <= size - 8
        and start[8:] == b"{"
    )


def read_native_header(path: str | Path) -> ModelHeader:
    """Read what a ``.potts`` file says of itself, without its arrays.

    Raises
    ------
    ModelFormatError
        If it is not a model file, or its header is damaged.
    """
    header, _ = _parse(str(path))
    return header


def load_native(path: str | Path) -> Fit:
    """Read a fit from a ``.potts`` file, every array checked against its SHA-256.

    Raises
    ------
    ModelFormatError
        If it is not a model file, or is damaged.
    """
    name = str(path)
    header, arrays = _parse(name)
    for array_name, array in arrays.items():
        if _digest([array]) != header.hashes.get(array_name):
            raise ModelFormatError(
                name, f"damaged: {array_name} do not match their SHA-256; copy it anew"
            )
    length, size = header.length, header.alphabet.size
    couplings = np.zeros((length, length, size, size), np.float32)
    start = 0
    for i in range(length - 1):
        later = arrays["couplings"][start : start + length - 1 - i]
        couplings[i, i + 1 :] = later
        couplings[i + 1 :, i] = later.transpose(0, 2, 1)
        start += len(later)
    try:
        model = PottsModel(
            alphabet=header.alphabet,
            fields=arrays["fields"],
            couplings=couplings,
            numbering=Numbering(arrays["positions"]),
            gaps=header.gaps,  # type: ignore[arg-type]  # checked by the model
            gauge=header.gauge,
            focus=arrays.get("focus"),
            focus_name=header.focus_name,
            frequencies=arrays.get("frequencies"),
            neff=header.neff,
            occupancy=arrays.get("occupancy"),
            temperature=header.temperature,
        )
    except ValueError as error:
        raise ModelFormatError(name, f"damaged: {error}") from error
    return Fit(model, header.report)


def _parse(name: str) -> tuple[ModelHeader, dict[str, NDArray[Any]]]:
    """Return the header and the arrays, mapped from the file but not yet read."""
    try:
        with open(name, "rb") as handle:
            size = handle.seek(0, 2)
            handle.seek(0)
            start = handle.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            if not 2 <= length <= min(size - 8, MAX_HEADER_BYTES):
                raise ModelFormatError(name, "not a pottsfold model file")
            text = handle.read(length)
    except FileNotFoundError:
        raise ModelFormatError(name, "no such file") from None
    except OSError as error:
        raise ModelFormatError(name, f"cannot be read ({error.strerror})") from error
    try:
        raw = json.loads(text)
        metadata = raw.pop("__metadata__")
        if metadata["format"] != FORMAT:
            raise ModelFormatError(name, "not a pottsfold model file")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelFormatError(name, "not a pottsfold model file") from error
    _check_version(name, metadata.get("version"))
    try:
        header = _header(name, metadata)
        arrays = _map_arrays(name, raw, header, 8 + length, size)
    except ModelFormatError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, UsageError) as error:
        raise ModelFormatError(name, f"damaged header ({error})") from error
    return header, arrays


def _check_version(name: str, found: object) -> None:
    if found == str(VERSION):
        return
    if not (isinstance(found, str) and found.isdecimal() and int(found) > VERSION):
        raise ModelFormatError(name, f"damaged header (format {found!r})")
    raise ModelFormatError(
        name,
        f"written by a newer pottsfold (format {found}; this program reads "
        f"{VERSION}): update pottsfold",
    )


def _header(name: str, metadata: Mapping[str, str]) -> ModelHeader:
    hashes = json.loads(metadata["sha256"])
    for part in ("model", "report"):
        if _digest_text(metadata[part]) != hashes[part]:
            raise ModelFormatError(
                name, f"damaged: its {part} text does not match its SHA-256"
            )
    about = json.loads(metadata["model"])
    made = json.loads(metadata["report"])
    made["provenance"] = Provenance(**made["provenance"])
    for key in ("objectives", "history"):
        made[key] = tuple(made[key])
    temperature = about.get("temperature")  # absent where none was matched
    return ModelHeader(
        path=name,
        length=int(about["length"]),
        alphabet=Alphabet(**about["alphabet"]),
        gaps=str(about["gaps"]),
        gauge=str(about["gauge"]),
        focus_name=str(about["focus_name"]),
        neff=float(about["neff"]),
        report=FitReport(**made, run=_read_run(name, hashes)),
        hashes=hashes,
        temperature=None if temperature is None else float(temperature),
    )


def _map_arrays(
    name: str, raw: Mapping[str, Any], header: ModelHeader, base: int, size: int
) -> dict[str, NDArray[Any]]:
    """Check every array's type, shape and place against the file's size."""
    length, q = header.length, header.alphabet.size
    shapes = _shapes(length, q)
    missing = {"fields", "couplings", "positions"} - set(raw)
    if missing or not set(raw) <= set(shapes) or length < 2:
        raise ModelFormatError(name, "damaged header (arrays missing or unknown)")
    arrays: dict[str, NDArray[Any]] = {}
    for array_name, entry in raw.items():
        code, dtype = DTYPES[array_name]
        shape = shapes[array_name]
        first, last = entry["data_offsets"]
        due = int(np.prod(shape, dtype=object)) * np.dtype(dtype).itemsize
        if entry["dtype"] != code or tuple(entry["shape"]) != shape:
            raise ModelFormatError(name, f"damaged header ({array_name}: wrong shape)")
        if not 0 <= first <= last or last - first != due:
            raise ModelFormatError(name, f"damaged header ({array_name}: wrong size)")
        if base + last > size:
            raise ModelFormatError(
                name, f"cut off: {size} bytes where {base + last} are due; copy it anew"
            )
        arrays[array_name] = np.memmap(name, dtype, "r", base + first, shape)
    return arrays


def _digest(parts: list[NDArray[Any]]) -> str:
    """Return the SHA-256 of arrays' bytes, one after the other."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()


def _digest_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
