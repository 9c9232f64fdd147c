"""Tables of PottsMPNN and caliby, ``.npz``: energies of sites and their neighbours.

Both programs make a model of a structure, hold it as arrays, and leave saving to the
user; an archive of these arrays by the programs' own names is read:

PottsMPNN (``get_etab``)
    ``etab`` (1, L, K, 22, 22) and the neighbours ``E_idx`` (1, L, K). A site is among
    its own neighbours, and on that table's diagonal stand its own energies. Letters in
    alphabetical order, then two without energies; ``wt_seq``, if it is there. The
    energy is the sum over all tables, so that two sites that list each other have two
    (``calc_eners``). The table of all pairs that ``expand_etab`` makes does not tell
    these from others, so it is not read.
caliby (``potts_decoder_aux``)
    ``h`` (1, L, 22), ``J`` (1, L, K, 22, 22), ``edge_idx`` (1, L, K); ``mask_i`` and
    ``mask_ij``, if they are there. Letters in the order of their names of three, then
    unknown and gap (``POTTS_TOKENS``). The energy is the sum of fields and of half of
    all couplings (``compute_potts_energy``).

Low energies are probable in both, so the sign is turned.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pottsfold.alphabet import PROTEIN
from pottsfold.model.formats import npz
from pottsfold.model.formats.content import Content
from pottsfold.model.formats.foreign import UNNAMED, assembled, graph_note
from pottsfold.model.formats.model_format import FOCUS, ModelFormat, Reading
from pottsfold.model.formats.npy import NUMBERS

N_STATES = 22
POTTSMPNN_ORDER = PROTEIN.letters[1:]
CALIBY_ORDER = "ARNDCQEGHILKMFPSTWYV"
MASKS = (*NUMBERS, "b1", "i4", "i8")


def _recognise_pottsmpnn(content: Content) -> bool:
    return npz.holds(content, "etab", "E_idx")


def _recognise_caliby(content: Content) -> bool:
    return npz.holds(content, "h", "J", "edge_idx")


def _read_pottsmpnn(content: Content) -> Reading:
    with npz.opened(content) as arrays:
        tables = _one(content, "etab", arrays.array("etab", *NUMBERS), 4)
        neighbours = _one(content, "E_idx", arrays.array("E_idx", "i4", "i8"), 2)
        letters = arrays.text("wt_seq") if "wt_seq" in arrays else ""
    length = len(tables)
    focus: dict[str, Any] = {}
    if letters:
        if len(letters) != length:
            raise content.bad(f"wt_seq has {len(letters)} letters for {length} sites")
        focus = {"focus": PROTEIN.encode(letters), "focus_name": UNNAMED}
    fields = np.zeros((length, N_STATES))
    return _reading(content, POTTSMPNN_ORDER, fields, tables, neighbours, 1.0, focus)


def _read_caliby(content: Content) -> Reading:
    with npz.opened(content) as arrays:
        fields = _one(content, "h", arrays.array("h", *NUMBERS), 2)
        tables = _one(content, "J", arrays.array("J", *NUMBERS), 4)
        neighbours = _one(content, "edge_idx", arrays.array("edge_idx", "i4", "i8"), 2)
        for name, masked in (("mask_i", fields), ("mask_ij", tables)):
            if name not in arrays:
                continue
            mask = _one(content, name, arrays.array(name, *MASKS), masked.ndim // 2)
            if mask.shape != masked.shape[: mask.ndim]:
                raise content.bad(f"{name}: shape {mask.shape} does not fit")
            masked *= mask.reshape(mask.shape + (1,) * (masked.ndim - mask.ndim))
    return _reading(content, CALIBY_ORDER, fields, tables, neighbours, 0.5, {})


def _one(
    content: Content, name: str, array: NDArray[Any], dimensions: int
) -> NDArray[Any]:
    """Return an array without its first index, that of structures; one is read."""
    if array.ndim == dimensions + 1 and len(array) == 1:
        array = array[0]
    if array.ndim != dimensions:
        raise content.bad(
            f"{name}: shape {array.shape}, where {dimensions} indices are due; save "
            "one structure at a time"
        )
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def _reading(
    content: Content,
    order: str,
    fields: NDArray[np.float64],
    tables: NDArray[np.float64],
    neighbours: NDArray[np.integer],
    share: float,
    focus: dict[str, Any],
) -> Reading:
    """Return the model whose energy is that of fields and a share of all tables.

    Parameters
    ----------
    content : Content
        The file, for errors.
    order : str
        The first 20 of the 22 letters.
    fields : (L, 22) float64
        Energies of sites.
    tables : (L, K, 22, 22) float64
        Energies of sites and neighbours, the site's letter outer.
    neighbours : (L, K) int
        Which they are.
    share : float
        By which a cell counts.
    focus : dict
        Focus and its name, for :class:`PottsModel`.
    """
    length, k = neighbours.shape
    if tables.shape != (length, k, N_STATES, N_STATES) or length < 2:
        raise content.bad(
            f"tables {tables.shape} do not fit neighbours {neighbours.shape}: "
            f"(L, K, {N_STATES}, {N_STATES}) and (L, K) are due"
        )
    if fields.shape != (length, N_STATES):
        raise content.bad(f"h: shape {fields.shape} is not ({length}, {N_STATES})")
    if ((neighbours < 0) | (neighbours >= length)).any():
        raise content.bad(f"damaged: a neighbour that is none of the {length} sites")
    q = len(order)
    sites, partners = np.repeat(np.arange(length), k), neighbours.ravel()
    blocks = share * tables.reshape(-1, N_STATES, N_STATES)[:, :q, :q]
    own = sites == partners
    totals = fields[:, :q].copy()
    np.add.at(totals, sites[own], blocks[own].diagonal(axis1=1, axis2=2))
    pairs, sums = _pair_sums(sites[~own], partners[~own], blocks[~own], length)
    with np.errstate(over="ignore"):
        model = assembled(
            content,
            order,
            (-totals).astype(np.float32),
            (-sums).astype(np.float32),
            pairs=None if 2 * len(pairs) == length * (length - 1) else pairs,
            detect_missing=False,
            **focus,
        )
    notes = (
        f"letters {order}, those for unknown and gap left out; the sign is turned: "
        "there a higher parameter is less probable",
        *graph_note(model),
        "sites are numbered from 1"
        + ("" if focus else "; no focus sequence: add it with pottsfold convert"),
    )
    return Reading(model, notes)


def _pair_sums(
    sites: NDArray[np.integer],
    partners: NDArray[np.integer],
    blocks: NDArray[np.float64],
    length: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the pairs i < j and the sums of their blocks, that of i outer.

    Pairs whose blocks are all zero have none.
    """
    turned = sites > partners
    blocks[turned] = blocks[turned].transpose(0, 2, 1)
    keys = np.minimum(sites, partners) * length + np.maximum(sites, partners)
    there = blocks.any(axis=(1, 2))
    order = np.argsort(keys[there], kind="stable")
    found, starts = np.unique(keys[there][order], return_index=True)
    pairs = np.stack(np.divmod(found, length), axis=1)
    if not len(found):
        return pairs, np.zeros((0, *blocks.shape[1:]))
    return pairs, np.add.reduceat(blocks[there][order], starts, axis=0)


_CONVENTIONS = "letters {}; a higher parameter is less probable; sites and neighbours"
POTTSMPNN = ModelFormat(
    name="pottsmpnn",
    title="PottsMPNN .npz",
    ending="",
    conventions=_CONVENTIONS.format(POTTSMPNN_ORDER),
    holds=frozenset({FOCUS}),
    recognise=_recognise_pottsmpnn,
    read=_read_pottsmpnn,
)
CALIBY = ModelFormat(
    name="caliby",
    title="caliby .npz",
    ending="",
    conventions=_CONVENTIONS.format(CALIBY_ORDER),
    holds=frozenset(),
    recognise=_recognise_caliby,
    read=_read_caliby,
)
