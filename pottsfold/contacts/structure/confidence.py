"""How sure a predicted model is of its residues: pLDDT, in place of B factors."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pottsfold.contacts.structure.chain import Chain
from pottsfold.contacts.structure.content import Format

# Programs whose models have pLDDT, and the word itself.
PREDICTED = re.compile(
    r"alphafold|colabfold|esmfold|omegafold|openfold|plddt|\bboltz|\bchai-?1\b",
    re.IGNORECASE,
)
# Records of a PDB file that say what it is.
TELLING = ("HEADER", "TITLE", "COMPND", "EXPDTA", "REMARK")
NO_EXPERIMENT = re.compile(r"theoretical|predict|model", re.IGNORECASE)
CELL = re.compile(r"CRYST1((?:\s+\d+\.\d+){3})")
ATOM_LINE = re.compile(r"^(ATOM|HETATM)", re.MULTILINE | re.IGNORECASE)
# Categories of mmCIF that only an experiment has, ``_`` before them or ``"``.
EXPERIMENT = re.compile(r"\b_?(exptl_crystal|refine|diffrn|em_3d_reconstruction)\b")
METHOD = re.compile(r"exptl\.method\s+('[^']*'|\"[^\"]*\"|\S+)")
# Of models that say nothing: what else stands in the column, such as grades of
# conservation, is smaller.
MIN_HIGHEST = 50.0
MIN_RESIDUES = 10


def says_predicted(text: str, format: Format) -> bool | None:
    """Tell whether a file says that it is a prediction with pLDDT, None if nothing.

    Parameters
    ----------
    text : str
        The file.
    format : str
        Its format.
    """
    return _pdb_says(text) if format == "PDB" else _mmcif_says(text)


def _pdb_says(text: str) -> bool | None:
    first = ATOM_LINE.search(text)
    head = text[: first.start()] if first else text
    predicted = False
    for line in head.splitlines():
        record = line[:6].upper().rstrip()
        if record == "EXPDTA" and not NO_EXPERIMENT.search(line[6:]):
            return False
        cell = CELL.match(line.upper())
        if cell and any(float(edge) > 1 for edge in cell[1].split()):
            return False
        if record in TELLING and PREDICTED.search(line):
            predicted = True
    return True if predicted else None


def _mmcif_says(text: str) -> bool | None:
    if "ma_qa_metric" in text:
        # A model may have another measure of quality in place of B factors.
        return bool(re.search("plddt", text, re.IGNORECASE))
    method = METHOD.search(text)
    if method and not NO_EXPERIMENT.search(method[1]):
        return False
    if re.search(r"\b_?(refine|exptl_crystal|diffrn)\b", text):
        return False
    return True if PREDICTED.search(text) else None
