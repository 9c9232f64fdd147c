"""The foreign formats there are: recognised by content, chosen by name or ending."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import BinaryIO

from pottsfold.errors import ModelFormatError, UsageError, nearest
from pottsfold.files import sha256_of, written_whole
from pottsfold.model.fit import Fit, FitReport
from pottsfold.model.formats.adabmdca import ADABMDCA, BMDCA
from pottsfold.model.formats.bias import BIASES
from pottsfold.model.formats.ccmpred_braw import CCMPRED_BRAW
from pottsfold.model.formats.ccmpred_raw import CCMPRED_RAW
from pottsfold.model.formats.content import Content, open_content
from pottsfold.model.formats.foreign import AS_READ, UNNAMED
from pottsfold.model.formats.gremlin import GREMLIN
from pottsfold.model.formats.mi3 import MI3
from pottsfold.model.formats.model_format import (
    FOCUS,
    FOCUS_NAME,
    FREQUENCIES,
    GRAPH,
    NEFF,
    NUMBERING,
    OCCUPANCY,
    ModelFormat,
)
from pottsfold.model.formats.neighbours import CALIBY, POTTSMPNN
from pottsfold.model.formats.npz import MAGIC as ZIP_MARK
from pottsfold.model.formats.npz import TORCH, names_in
from pottsfold.model.formats.plmc import PLMC
from pottsfold.model.formats.plmc_v1 import PLMC_V1
from pottsfold.model.formats.structuredca import STRUCTUREDCA
from pottsfold.model.formats.tensor import TENSOR
from pottsfold.provenance import Provenance, software_versions, source_of

# Formats without a mark of their own come last.
MODEL_FORMATS = (
    STRUCTUREDCA,
    POTTSMPNN,
    CALIBY,
    TENSOR,
    MI3,
    CCMPRED_BRAW,
    GREMLIN,
    ADABMDCA,
    BMDCA,
    CCMPRED_RAW,
    PLMC_V1,
    PLMC,
    *BIASES,
)
READ_FORMATS = tuple(each for each in MODEL_FORMATS if each.read is not None)
WRITTEN_FORMATS = tuple(each for each in MODEL_FORMATS if each.write is not None)
COMPRESSED = ".gz"
NATIVE_MARK, NATIVE_REACH = b'"pottsfold-model"', 256
# How a pickle of Python begins, in the versions that programs write; what follows is
# not zero, as it is in plmc's files of 640 sites.
PICKLE = re.compile(rb"\x80[\x02-\x05][^\x00]", re.DOTALL)


def read_foreign(path: str | Path) -> Fit:
    """Read a model of any foreign format, plain or compressed.

    Parameters
    ----------
    path : str or Path
        The file; its name does not matter.

    Returns
    -------
    Fit
        Its report says ``read from ...`` and how the file was understood.

    Raises
    ------
    ModelFormatError
        If it is of no known format, or damaged.
    """
    with open_content(path) as content:
        foreign = _recognised(content)
        assert foreign.read is not None  # those alone are recognised
        reading = foreign.read(content)
        digest = sha256_of(path)
    report = FitReport(
        method=f"read from {foreign.title}",
        settings={"gaps": reading.model.gaps, **reading.settings},
        n_sequences=reading.n_sequences,
        neff=reading.model.neff,
        history=reading.notes,
        provenance=Provenance(
            versions=software_versions(),
            source=source_of(path, digest, format=foreign.title),
        ),
    )
    return Fit(reading.model, report)


def _recognised(content: Content) -> ModelFormat:
    """Return the format of a file's content."""
    if NATIVE_MARK in content.data[:NATIVE_REACH]:
        raise content.bad(
            "not a pottsfold model as it was written: compressed, cut off or damaged; "
            "unpack it or copy it anew"
        )
    for foreign in READ_FORMATS:
        if foreign.recognise(content):
            return foreign
    raise _archive_error(content) or content.bad(
        "not a pottsfold model, nor one of plmc, CCMpred, adabmDCA, bmDCA, GREMLIN, "
        "Mi3 or StructureDCA, nor an array of couplings; pottsfold fit makes a model "
        "from an alignment"
    )


def _archive_error(content: Content) -> ModelFormatError | None:
    """Return the error of an archive or pickle of Python; None for another file."""
    if content.data[:4] == ZIP_MARK:
        names = names_in(content)
        if not names:
            return content.bad(
                "cut off or damaged: not a whole archive; fetch it again"
            )
        if not any(name.endswith(TORCH) for name in names):
            return content.bad(
                "an archive without the arrays of a model: contacts, h, J and "
                "target_sequence of StructureDCA, etab and E_idx of PottsMPNN, or h, J "
                "and edge_idx of caliby"
            )
    elif not PICKLE.match(content.data[:3]):
        return None
    return content.bad(
        "a pickle, as PyTorch saves, which could run any program and is not read; save "
        "its arrays instead, by their names: numpy.savez('a.npz', etab=..., E_idx=...)"
    )


def write_foreign(path: str | Path, fit: Fit, foreign: ModelFormat) -> None:
    """Write a model in a foreign format, whole or not at all.

    Compressed where the name ends in ``.gz``.

    Raises
    ------
    OutputError
        If it cannot be written there, or the format cannot hold the model.
    """
    if foreign.write is None:
        raise UsageError(f"{foreign.title} can be read, not written")
    with written_whole(path) as beside, open(beside, "wb") as handle:
        if Path(path).suffix == COMPRESSED:
            # No name and no time: the same model makes the same bytes.
            with gzip.GzipFile("", "wb", 6, handle, mtime=0) as packed:
                foreign.write(_as_binary(packed), fit)
        else:
            foreign.write(handle, fit)


def _as_binary(packed: gzip.GzipFile) -> BinaryIO:
    return packed  # type: ignore[return-value]  # it writes like any binary file


def foreign_named(name: str) -> ModelFormat:
    """Return the format of a name.

    Raises
    ------
    UsageError
        If there is none.
    """
    for foreign in MODEL_FORMATS:
        if foreign.name == name:
            return foreign
    names = [foreign.name for foreign in WRITTEN_FORMATS]
    raise UsageError(
        f"no format {name!r}; there are {', '.join(names)}{nearest(name, names)}"
    )


def foreign_of_ending(path: Path) -> ModelFormat | None:
    """Return the format that a file's ending chooses, ``.gz`` set aside."""
    suffix = Path(path.stem).suffix if path.suffix == COMPRESSED else path.suffix
    for foreign in WRITTEN_FORMATS:
        if foreign.ending and foreign.ending == suffix.lower():
            return foreign
    return None


def losses(fit: Fit, foreign: ModelFormat) -> list[str]:
    """Return what a format does not hold of a fit, or holds otherwise, in sentences."""
    model = fit.model
    if foreign.read is None:
        return foreign.changes(model)
    positions = model.numbering.positions
    present = {
        FOCUS: model.focus is not None,
        FOCUS_NAME: model.focus is not None and model.focus_name != UNNAMED,
        NUMBERING: int(positions[0]) != 1 or int(positions[-1]) != model.length,
        FREQUENCIES: model.frequencies is not None,
        NEFF: model.neff > 0,
        OCCUPANCY: model.occupancy is not None,
    }
    lost = [name for name, is_there in present.items() if is_there]
    lost = [name for name in lost if name not in foreign.holds]
    lost.append("report of the fit")
    if model.gauge != AS_READ:
        lost.append("name of the gauge")
    if FOCUS in lost and FOCUS_NAME in lost:
        lost.remove(FOCUS_NAME)
        lost[lost.index(FOCUS)] = "focus sequence and name"
    sentences = [f"Lost in this format: {', '.join(lost)}", *foreign.changes(model)]
    if not model.graph.is_complete and GRAPH not in foreign.holds:
        of = model.length * (model.length - 1) // 2
        sentences.append(
            f"{model.graph.n_pairs} of {of} pairs have couplings; those of the others "
            "are written as zeros"
        )
    return sentences
