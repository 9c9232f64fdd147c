"""plmc's ``.model`` files. Little-endian, no magic number.

Version 2, today's: int32 L, q, sequences used, sequences skipped, most iterations;
float32 theta (a divergence: 0.2 is an identity of 0.8), lambda_h, lambda_J,
lambda_group, Neff; q letters; a float32 for every sequence; L letters of the focus, all
gaps without one; L int32 residue numbers; float32 f_i, h_i, then f_ij and J_ij of all
pairs i < j, each (q, q).

Twenty letters, without the gap, come from a fit that takes gaps as missing data. The
sign is ours, the gauge what the penalties left.
"""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pottsfold.alignment.numbering import Numbering
from pottsfold.alphabet import GAP
from pottsfold.errors import OutputError, UsageError
from pottsfold.model.fit import Fit
from pottsfold.model.formats.content import Content
from pottsfold.model.formats.foreign import UNNAMED, alphabet_of, assembled, gap_note
from pottsfold.model.formats.model_format import (
    FOCUS,
    FREQUENCIES,
    NEFF,
    NUMBERING,
    OCCUPANCY,
    ModelFormat,
    Reading,
)
from pottsfold.model.potts import PottsModel

HEAD = struct.Struct("<5i5f")
MAX_LETTERS = 64
UNKNOWN = "X"


def _recognise(content: Content) -> bool:
    if len(content) < HEAD.size + 2:
        return False
    length, size, used, skipped, *_ = HEAD.unpack(content.data[: HEAD.size])
    letters = content.data[HEAD.size : HEAD.size + size] if size > 0 else b""
    return (
        length >= 1
        and 2 <= size <= MAX_LETTERS
        and min(used, skipped) >= 0
        and len(set(letters)) == size
        and all(32 < byte < 127 for byte in letters)
    )


def check_size(content: Content, due: int, what: str) -> None:
    """Refuse a file that is not as long as ``what`` its header says makes due.

    Raises
    ------
    ModelFormatError
        With the bytes expected and found.
    """
    if len(content) != due:
        state = "cut off" if len(content) < due else "damaged"
        raise content.bad(
            f"{state}: {len(content)} bytes where its header ({what}) makes {due} due; "
            "fetch it again"
        )


def _read(content: Content) -> Reading:
    head = HEAD.unpack(content.data[: HEAD.size])
    length, q, used, skipped, iterations = head[:5]
    theta, lambda_h, lambda_j, lambda_group, neff = head[5:]
    pairs = length * (length - 1) // 2
    rows = 4 * (used + skipped)
    due = HEAD.size + q + rows + 5 * length + 8 * length * q + 8 * pairs * q * q
    check_size(content, due, f"{length} sites, {q} letters, {used + skipped} rows")
    if length < 2:
        raise content.bad("a model of one site; two are needed")
    if not np.isfinite(head[5:]).all() or neff < 0:
        raise content.bad("damaged: its header holds numbers that are not finite")
    at = HEAD.size
    order = content.data[at : at + q].decode("ascii")
    at += q + rows
    blocks = content.array("<f4", pairs * q * q, due - 4 * pairs * q * q)
    others = sites_of(content, order, length, at)
    fields = others.pop("fields")
    model = assembled(
        content,
        order,
        fields,
        blocks.reshape(pairs, q, q),
        detect_missing=False,
        neff=float(neff),
        **others,
    )
    settings: dict[str, Any] = {
        "lambda_h": _short(lambda_h),
        "lambda_j": _short(lambda_j),
        "lambda_group": _short(lambda_group),
        "max_iterations": iterations,
    }
    # plmc -t outside [0, 1] turns weights off.
    settings["identity"] = _short(1 - theta) if 0 <= theta <= 1 else None
    return Reading(model, notes(model, order), settings, used)


def sites_of(content: Content, order: str, length: int, at: int) -> dict[str, Any]:
    """Return focus, numbering, frequencies and fields, which stand together.

    Parameters
    ----------
    content : Content
        The file; its size is checked.
    order : str
        Its q letters.
    length : int
        L.
    at : int
        The byte where the letters of the focus begin.

    Returns
    -------
    dict
        Arguments of :class:`PottsModel`, but ``fields``, (L, q) float32, in order of
        the file's letters.

    Raises
    ------
    ModelFormatError
        If letters, numbers or frequencies are not what they should be.
    """
    q = len(order)
    try:
        alphabet = alphabet_of(order)
    except UsageError as error:
        raise content.bad(f"damaged: {error}") from error
    letters = content.data[at : at + length].decode("ascii", "replace")
    positions = content.array("<i4", length, at + length)
    if (np.diff(positions.astype(np.int64)) <= 0).any():
        raise content.bad("damaged: its residue numbers do not increase")
    tables = content.array("<f4", 2 * length * q, at + 5 * length)
    frequencies, fields = tables.reshape(2, length, q)
    # Without a focus every letter is the gap, even where that is not among the q.
    has_focus = bool(set(letters) - {GAP}) and set(letters) != {order[0]}
    normalised = _normalised(content, frequencies, alphabet.encode(order))
    occupancy = None
    if normalised is not None and GAP in order:
        occupancy = 1 - normalised[:, 0]
    return {
        "focus": alphabet.encode(letters) if has_focus else None,
        "focus_name": UNNAMED if has_focus else "",
        "numbering": Numbering(positions.astype(np.int64)),
        "frequencies": normalised,
        "occupancy": occupancy,
        "fields": fields,
    }


def _normalised(
    content: Content, frequencies: NDArray[np.float32], places: NDArray[np.uint8]
) -> NDArray[np.float64] | None:
    """Return frequencies that sum to 1 in float64; None where all are zero."""
    damaged = content.bad("damaged: letter frequencies of a site do not sum to 1")
    # First, since NumPy warns of some NaNs that it meets.
    if not np.isfinite(frequencies).all():
        raise damaged
    if not frequencies.any():
        return None
    total = frequencies.sum(axis=1, dtype=np.float64, keepdims=True)
    if not (frequencies >= 0).all() or not (np.abs(total - 1) < 0.01).all():
        raise damaged
    size = int(places.max()) + 1
    result = np.zeros((len(frequencies), size))
    result[:, places] = frequencies / total
    return result


def _short(value: float) -> float:
    """Return a float32 as the decimal number that was meant."""
    return float(f"{value:.6g}")


def notes(model: PottsModel, order: str) -> tuple[str, ...]:
    """Return how a file was understood, one sentence each."""
    return (
        f"letters {order}; {gap_note(model, marked=True)}; a higher parameter is more "
        "probable, as here",
        "pair frequencies and sequence weights are left behind"
        + ("" if model.frequencies is not None else "; letter frequencies are zeros"),
    )


def _write(handle: BinaryIO, fit: Fit) -> None:
    model, settings = fit.model, fit.report.settings
    identity = settings.get("identity")
    handle.write(
        HEAD.pack(
            model.length,
            model.n_states,
            0,
            0,
            0,
            0.0 if identity is None else 1 - float(identity),
            *(
                float(settings.get(name) or 0)
                for name in ("lambda_h", "lambda_j", "lambda_group")
            ),
            model.neff,
        )
    )
    handle.write(model.alphabet.letters[model.states].encode())
    write_sites(handle, model)
    for i in range(model.length - 1):
        handle.write(bytes(4 * (model.length - 1 - i) * model.n_states**2))
    for i in range(model.length - 1):
        handle.write(later_blocks(model, i).tobytes())


def write_sites(handle: BinaryIO, model: PottsModel) -> None:
    """Write focus, numbers, frequencies and fields, which stand together.

    Raises
    ------
    OutputError
        If a residue number does not fit.
    """
    positions = model.numbering.positions
    if np.abs(positions).max() > np.iinfo(np.int32).max:
        raise OutputError(f"residue number {positions.max()} does not fit a plmc file")
    letters = model.focus_sequence or GAP * model.length
    handle.write(letters.replace("?", UNKNOWN).encode())
    handle.write(positions.astype("<i4").tobytes())
    frequencies = model.frequencies
    if frequencies is None:
        frequencies = np.zeros(model.fields.shape)
    for table in (frequencies, model.fields):
        handle.write(table[:, model.states].astype("<f4").tobytes())


def later_blocks(model: PottsModel, i: int) -> NDArray[np.float32]:
    """Return J_ij of all j > i over the modelled letters, shape (L - 1 - i, q, q)."""
    blocks = model.couplings_of(i)[i + 1 :, model.states, model.states]
    return np.ascontiguousarray(blocks, "<f4")


def changes(model: PottsModel) -> list[str]:
    """Return what is written in another way, one sentence each."""
    sentences = [
        "pair frequencies and sequence weights are not kept by a model: zeros and no "
        "sequences are written"
    ]
    if model.frequencies is None:
        sentences.append("letter frequencies are not known: zeros are written")
    if model.occupancy is not None and model.gaps == "missing":
        sentences.append("shares of gaps are not held: the occupancy of sites is lost")
    if model.focus is not None and (model.focus == model.alphabet.unknown).any():
        sentences.append(f"unknown letters of the focus are written {UNKNOWN}")
    return sentences


CONVENTIONS = (
    "letters in the model's order, without the gap where it is missing data; a higher "
    "parameter is more probable; residue numbers as in the model"
)
PLMC = ModelFormat(
    name="plmc",
    title="plmc .model",
    ending=".model",
    conventions=CONVENTIONS,
    holds=frozenset({FOCUS, NUMBERING, FREQUENCIES, NEFF, OCCUPANCY}),
    recognise=_recognise,
    read=_read,
    write=_write,
    changes=changes,
)
