"""The native model file, ``.potts``.

A safetensors file: an 8-byte length, a JSON header, the raw arrays. The header's
metadata hold everything that is not an array, and the SHA-256 of every part.
Nothing in it is executed, and sizes are checked before anything is allocated, so an
untrusted file can be opened (:mod:`pottsfold.model.header`). Couplings are stored once
a pair, i < j, i outer. A model of some pairs alone says which: its file is of version
2, which programs that know version 1 alone refuse.

A file is read into memory, not mapped: pages of a mapping that is cut or rewritten
change under the program, or end it. The rows of one site are read at a time, hashed and
put in both their places, so the model itself is nearly all the memory that it takes,
and the bytes that were hashed are those that were read.

The same alignment and settings make the same bytes on the same software: what
changes from run to run, threads, seconds and date, stands in a small file beside it,
``NAME.potts.run.json``, which may be thrown away.

===================  ============  =====================================
array                type          shape
===================  ============  =====================================
``fields``           float32       (L, q)
``couplings``        float32       (P, q, q)
``pairs``            int32         (P, 2), absent where all L (L - 1) / 2 are there
``positions``        int64         (L,)
``focus``            uint8         (L,), absent without a focus sequence
``frequencies``      float64       (L, q), absent where not known
``occupancy``        float64       (L,), absent where not known
===================  ============  =====================================
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import struct
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment.numbering import Numbering
from pottsfold.errors import ModelFormatError, UsageError
from pottsfold.files import written_whole
from pottsfold.memory import MIB, check_memory
from pottsfold.model.fit import Fit
from pottsfold.model.graph import PairGraph
from pottsfold.model.header import (
    DENSE,
    DTYPES,
    FORMAT,
    MASKED,
    ModelHeader,
    Place,
    array_shapes,
    digest_of_text,
    read_header_of,
)
from pottsfold.model.potts import PottsModel, model_bytes
from pottsfold.provenance import run_path

# Models of so many bytes are read without asking how much memory there is.
SMALL = 64 * MIB
# Residue numbers beyond it would leave the range of integers where they are shifted.
MAX_POSITION = 1e15


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
    n_pairs = None if model.graph.is_complete else model.graph.n_pairs
    if n_pairs is not None:
        about["pairs"] = n_pairs
    report = asdict(fit.report)
    run = report.pop("run")
    texts = {"model": json.dumps(about), "report": json.dumps(report, default=float)}
    pieces = _pieces(model)
    hashes = {name: _digest(parts) for name, parts in pieces.items()}
    hashes |= {name: digest_of_text(text) for name, text in texts.items()}
    metadata = {
        "format": FORMAT,
        "version": DENSE if n_pairs is None else MASKED,
        **texts,
        "sha256": json.dumps(hashes),
    }
    header: dict[str, Any] = {"__metadata__": metadata}
    shapes = array_shapes(model.length, model.alphabet.size, n_pairs)
    end = 0
    for name, parts in pieces.items():
        size = sum(part.nbytes for part in parts)
        header[name] = {
            "dtype": DTYPES[name][0],
            "shape": shapes[name],
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
    pieces["couplings"] = [model.later(i)[1] for i in range(model.length - 1)]
    if not model.graph.is_complete:
        pieces["pairs"] = [model.graph.pairs]
    if model.focus is not None:
        pieces["focus"] = [model.focus]
    return pieces


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
    with _opened(str(path)) as handle:
        header, _ = read_header_of(handle, str(path))
    return header


def load_native(path: str | Path) -> Fit:
    """Read a fit from a ``.potts`` file, every array checked against its SHA-256.

    Raises
    ------
    ModelFormatError
        If it is not a model file, is damaged, or is changed while it is read.
    MemoryShort
        If there is not enough memory for the model.
    """
    name = str(path)
    with _opened(name) as handle:
        header, places = read_header_of(handle, name)
        needed = model_bytes(header.length, header.alphabet.size, header.n_pairs)
        if needed > SMALL:
            check_memory(needed, "close other programs, or use a larger machine")
        graph = PairGraph.complete(header.length)
        if "pairs" in places:
            graph = _read_graph(handle, header, places.pop("pairs"))
        couplings = _read_couplings(handle, header, places.pop("couplings"), graph)
        arrays = {
            array_name: _read_array(handle, header, array_name, place)
            for array_name, place in places.items()
        }
    positions = arrays["positions"]
    if np.abs(positions.astype(np.float64)).max() > MAX_POSITION:
        raise ModelFormatError(
            name, f"damaged: residue numbers beyond {MAX_POSITION:g}"
        )
    try:
        model = PottsModel(
            alphabet=header.alphabet,
            fields=arrays["fields"],
            couplings=couplings,
            numbering=Numbering(positions),
            gaps=header.gaps,  # type: ignore[arg-type]  # checked by the model
            gauge=header.gauge,
            focus=arrays.get("focus"),
            focus_name=header.focus_name,
            frequencies=arrays.get("frequencies"),
            neff=header.neff,
            occupancy=arrays.get("occupancy"),
            temperature=header.temperature,
            graph=graph,
        )
    except ValueError as error:
        raise ModelFormatError(name, str(error)) from error
    return Fit(model, header.report)


@contextlib.contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    """Open a file, and say so if it cannot be read, now or later."""
    try:
        with open(name, "rb") as handle:
            yield handle
    except FileNotFoundError:
        raise ModelFormatError(name, "no such file") from None
    except OSError as error:
        raise ModelFormatError(name, f"cannot be read ({error.strerror})") from error


def _read_graph(handle: BinaryIO, header: ModelHeader, place: Place) -> PairGraph:
    """Return the graph of the pairs that a file names."""
    pairs = _read_array(handle, header, "pairs", place)
    try:
        graph = PairGraph.of_pairs(header.length, pairs)
    except UsageError as error:
        raise ModelFormatError(header.path, f"damaged: {error}") from error
    if not np.array_equal(graph.pairs, pairs):
        raise ModelFormatError(header.path, "damaged: its pairs are not in order")
    return graph


def _read_couplings(
    handle: BinaryIO, header: ModelHeader, place: Place, graph: PairGraph
) -> NDArray[np.float32]:
    """Return couplings as a model has them of those of pairs i < j, site by site."""
    length, size = header.length, header.alphabet.size
    blocks = np.zeros((len(graph.partners), size, size), np.float32)
    rows = np.empty((length - 1, size, size), np.float32)
    digest = hashlib.sha256()
    handle.seek(place.start)
    for i in range(length - 1):
        places = graph.later_of_site(i)
        later = rows[: places.stop - places.start]
        _fill(handle, header, later)
        digest.update(later.data)
        blocks[places] = later
        graph.mirror(blocks, i)
    _compare(header, "couplings", digest.hexdigest())
    return graph.couplings(blocks)


def _read_array(
    handle: BinaryIO, header: ModelHeader, name: str, place: Place
) -> NDArray[Any]:
    array = np.empty(place.shape, place.dtype)
    handle.seek(place.start)
    _fill(handle, header, array)
    _compare(header, name, _digest([array]))
    return array


def _fill(handle: BinaryIO, header: ModelHeader, array: NDArray[Any]) -> None:
    """Fill an array with the next bytes of a file."""
    if not array.nbytes:
        return
    if handle.readinto(array.data.cast("B")) < array.nbytes:  # type: ignore[attr-defined]
        raise ModelFormatError(header.path, "cut off while it was read; read it again")


def _compare(header: ModelHeader, name: str, digest: str) -> None:
    if digest != header.hashes.get(name):
        raise ModelFormatError(
            header.path,
            f"damaged, or changed while it was read: {name} do not match their "
            "SHA-256; copy it anew",
        )


def _digest(parts: list[NDArray[Any]]) -> str:
    """Return the SHA-256 of arrays' bytes, one after the other."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()
