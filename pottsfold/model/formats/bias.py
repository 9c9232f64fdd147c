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
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pottsfold.alphabet import PROTEIN
from pottsfold.errors import OutputError
from pottsfold.model.energy import conditional_log_probabilities
from pottsfold.model.fit import Fit
from pottsfold.model.formats.foreign import ModelFormat, require_alphabet
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
    require_alphabet(model, PROTEIN.letters, title)
    logs = conditional_log_probabilities(model, model.require_focus())
    residues = logs[:, model.alphabet.encode(LETTERS)]
    return residues - np.logaddexp.reduce(residues, axis=1, keepdims=True)


def _written(handle: BinaryIO, value: dict[str, Any]) -> None:
    handle.write(json.dumps(value, allow_nan=False).encode() + b"\n")


def _by_residue(
    title: str, tokens: list[str], lowest: int | None = None
) -> Callable[[BinaryIO, Fit], None]:
    """Return what writes a bias of every residue by its chain and number.

    Parameters
    ----------
    title : str
        The format's, for errors.
    tokens : list of str
        The program's words for the letters.
    lowest : int, optional
        Lowest residue number that the program can read.
    """

    def write(handle: BinaryIO, fit: Fit) -> None:
        positions = fit.model.numbering.positions
        if lowest is not None and positions[0] < lowest:
            raise OutputError(
                f"{title} has no residue numbers below {lowest}, and the first is "
                f"{positions[0]}; renumber with `first`"
            )
        rows = _biases(fit.model, title).round(DIGITS).tolist()
        named = {
            f"{CHAIN}{position}": dict(zip(tokens, row, strict=True))
            for position, row in zip(positions, rows, strict=True)
        }
        _written(handle, named)

    return write


def _write_proteinmpnn(handle: BinaryIO, fit: Fit) -> None:
    model = fit.model
    biases = _biases(model, PROTEINMPNN.title)
    places = model.numbering.positions - model.numbering.positions[0]
    if places[-1] >= MAX_ROWS:
        raise OutputError(
            f"residue numbers {model.numbering.positions[0]} to "
            f"{model.numbering.positions[-1]} make {places[-1] + 1} rows, more than a "
            "chain has"
        )
    rows = np.zeros((int(places[-1]) + 1, N_COLUMNS))
    rows[places, :-1] = biases.round(DIGITS)
    _written(handle, {_structure(model): {CHAIN: rows.tolist()}})


def _structure(model: PottsModel) -> str:
    """Return the name of the focus without its range, as a structure may be called."""
    return model.focus_name.partition("/")[0]


def _changes(model: PottsModel) -> list[str]:
    return [
        "written are log p(letter | the rest of the focus sequence), in nats: the "
        "model cannot be read back from them"
    ]


def _changes_proteinmpnn(model: PottsModel) -> list[str]:
    positions = model.numbering.positions
    return [
        *_changes(model),
        f"for structure {_structure(model)!r}, which must be the name of the PDB file "
        f"without .pdb, chain {CHAIN}, whose residues must be {positions[0]} to "
        f"{positions[-1]}",
    ]


def _changes_by_residue(model: PottsModel) -> list[str]:
    positions = model.numbering.positions
    return [
        *_changes(model),
        f"for residues {CHAIN}{positions[0]} to {CHAIN}{positions[-1]}, which must be "
        "the numbers in the structure",
    ]


_CONVENTIONS = "a higher number is more probable"
PROTEINMPNN = ModelFormat(
    name="proteinmpnn-bias",
    title="bias_by_res_jsonl of ProteinMPNN",
    ending="",
    conventions=f"letters {LETTERS}X; {_CONVENTIONS}",
    holds=frozenset(),
    write=_write_proteinmpnn,
    changes=_changes_proteinmpnn,
)
LIGANDMPNN = ModelFormat(
    name="ligandmpnn-bias",
    title="bias_AA_per_residue of LigandMPNN",
    ending="",
    conventions=_CONVENTIONS,
    holds=frozenset(),
    write=_by_residue("LigandMPNN", list(LETTERS)),
    changes=_changes_by_residue,
)
FOUNDRY = ModelFormat(
    name="foundry-bias",
    title="bias_per_residue of foundry's MPNN",
    ending="",
    conventions=_CONVENTIONS,
    holds=frozenset(),
    write=_by_residue("foundry", THREE, lowest=0),
    changes=_changes_by_residue,
)
