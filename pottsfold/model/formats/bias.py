"""Biases for the design programs of the MPNN family, made from a model.

A network that designs a sequence for a structure takes numbers that are added to its
own logits. Those written are log p(a | the other letters of the focus sequence), in
nats, over the residues: the gap, where the model has it, is left out, so that the
probabilities of the 20 letters sum to 1. The model cannot be read back from them.

ProteinMPNN ``--bias_by_res_jsonl`` (``tied_featurize``)
    Name of the structure, chain, a row a residue from the first to the last number, 21
    columns: letters in alphabetical order, then the unknown one.
LigandMPNN ``--bias_AA_per_residue`` (``run.py``)
    ``{"A12": {"G": -1.2, ...}, ...}``: chain and number, then letters.
foundry ``bias_per_residue`` (``mpnn.utils.inference``)
    ``{"A12": {"GLY": -1.2, ...}, ...}``: chain and number, then names of letters.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pottsfold.alphabet import PROTEIN
from pottsfold.errors import OutputError, UsageError
from pottsfold.model.energy import conditional_log_probabilities
from pottsfold.model.fit import Fit
from pottsfold.model.formats.model_format import ModelFormat
from pottsfold.model.potts import PottsModel

CHAIN = "A"
LETTERS = PROTEIN.letters[1:]
# The unknown letter, which ends the columns of ProteinMPNN.
N_COLUMNS = len(LETTERS) + 1
THREE = (
    "ALA CYS ASP GLU PHE GLY HIS ILE LYS LEU MET ASN PRO GLN ARG SER THR VAL TRP TYR"
).split()
DIGITS = 5
# More rows than residues of any chain: numbers with such a hole are no chain's.
MAX_ROWS = 100_000


def _biases(model: PottsModel, title: str) -> NDArray[np.float64]:
    """Return log p(a | the rest of the focus sequence) of residues, (L, 20)."""
    if model.alphabet != PROTEIN:
        raise OutputError(
            f"{title} designs proteins, and the model's letters are "
            f"{model.alphabet.letters}"
        )
    logs = conditional_log_probabilities(model, model.require_focus())
    residues = logs[:, model.alphabet.encode(LETTERS)]
    return residues - np.logaddexp.reduce(residues, axis=1, keepdims=True)


def _written(handle: BinaryIO, value: dict[str, Any]) -> None:
    handle.write(json.dumps(value, allow_nan=False).encode() + b"\n")


def _write_proteinmpnn(handle: BinaryIO, fit: Fit, *, chain: str) -> None:
    model = fit.model
    biases = _biases(model, "ProteinMPNN")
    positions = model.numbering.positions
    places = positions - positions[0]
    if places[-1] >= MAX_ROWS:
        raise OutputError(
            f"residue numbers {positions[0]} to {positions[-1]} make {places[-1] + 1} "
            "rows, more than a chain has"
        )
    rows = np.zeros((int(places[-1]) + 1, N_COLUMNS))
    rows[places, :-1] = biases.round(DIGITS)
    _written(handle, {_structure(model): {chain: rows.tolist()}})


def _write_by_residue(
    handle: BinaryIO, fit: Fit, *, title: str, tokens: Sequence[str], chain: str
) -> None:
    """Write a bias of every residue by its chain and number, letters by ``tokens``."""
    rows = _biases(fit.model, title).round(DIGITS).tolist()
    named = {
        f"{chain}{position}": dict(zip(tokens, row, strict=True))
        for position, row in zip(fit.model.numbering.positions, rows, strict=True)
    }
    _written(handle, named)


def _write_foundry(handle: BinaryIO, fit: Fit, *, chain: str) -> None:
    first = fit.model.numbering.positions[0]
    if first < 0 or not chain.isalpha():
        raise OutputError(
            "foundry has no residue numbers below 0 and no chains but of letters, so "
            f"it cannot read {chain}{first}; renumber with `first`"
        )
    _write_by_residue(handle, fit, title="foundry", tokens=THREE, chain=chain)


def _structure(model: PottsModel) -> str:
    """Return the name of the focus without its range, as a structure may be called."""
    return model.focus_name.partition("/")[0]


def _changes(model: PottsModel, *, chain: str, named: bool) -> list[str]:
    positions = model.numbering.positions
    first = (
        "written are log p(letter | the rest of the focus sequence), in nats: the "
        "model cannot be read back from them"
    )
    if named:
        return [
            first,
            f"for structure {_structure(model)!r}, the name of the PDB file without "
            f".pdb, whose chain {chain} must have residues {positions[0]} to "
            f"{positions[-1]}",
        ]
    return [
        first,
        f"for residues {chain}{positions[0]} to {chain}{positions[-1]}: the numbers "
        "must be those in the structure",
    ]


def _bias(
    name: str, title: str, write: Callable[..., None], chain: str = CHAIN
) -> ModelFormat:
    return ModelFormat(
        name=name,
        title=title,
        ending="",
        conventions="a higher number is more probable",
        holds=frozenset(),
        write=partial(write, chain=chain),
        changes=partial(_changes, chain=chain, named=write is _write_proteinmpnn),
    )


def for_chain(foreign: ModelFormat, chain: str) -> ModelFormat:
    """Return a format of biases for another chain than A.

    Raises
    ------
    UsageError
        If it is no format of biases, or that is no chain's name.
    """
    if not (chain.isascii() and chain.isalnum()):
        raise UsageError(
            "a chain is named by letters and digits", parameter="chain", value=chain
        )
    for name, title, write in _KINDS:
        if foreign.name == name:
            return _bias(name, title, write, chain)
    names = ", ".join(kind[0] for kind in _KINDS)
    raise UsageError(
        f"only biases are for a chain ({names})", parameter="chain", value=chain
    )


_KINDS = (
    ("proteinmpnn-bias", "bias_by_res_jsonl of ProteinMPNN", _write_proteinmpnn),
    (
        "ligandmpnn-bias",
        "bias_AA_per_residue of LigandMPNN",
        partial(_write_by_residue, title="LigandMPNN", tokens=LETTERS),
    ),
    ("foundry-bias", "bias_per_residue of foundry's MPNN", _write_foundry),
)
BIASES = tuple(_bias(*kind) for kind in _KINDS)
