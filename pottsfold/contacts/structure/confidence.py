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
# Categories of mmCIF that only an experiment has, with ``_`` before them.
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
    # Atoms are most of a file, and searched for nothing.
    lines = text.splitlines()
    text = "\n".join(line for line in lines if not ATOM_LINE.match(line))
    if "ma_qa_metric" in text:
        # A model may have another measure of quality in place of B factors.
        return bool(re.search("plddt", text, re.IGNORECASE))
    method = METHOD.search(text)
    if method and not NO_EXPERIMENT.search(method[1]):
        return False
    if EXPERIMENT.search(text):
        return False
    return True if PREDICTED.search(text) else None


def residue_confidence(
    chains: Sequence[Chain], predicted: bool | None
) -> tuple[NDArray[np.float64], ...] | None:
    """Return the pLDDT of every residue of chains, None where they have none.

    Parameters
    ----------
    chains : sequence of Chain
        Of one file.
    predicted : bool or None
        What the file says of itself. If nothing, B factors are pLDDT where all atoms
        of a residue have the same, of 0 to 100 and not all alike.

    Returns
    -------
    tuple of (n,) float64, or None
        From 0 to 100, a mean over atoms; NaN for what the file does not have.
    """
    if predicted is False:
        return None
    factors = [atoms for chain in chains for atoms in chain.b_factors]
    values = np.concatenate(factors)
    known = values[~np.isnan(values)]
    if not len(known) or known.min() < 0 or known.max() > 100 or np.ptp(known) == 0:
        return None
    if predicted is None and not _looks_predicted(factors):
        return None
    # Some programs write 0 to 1.
    scale = 100.0 if known.max() <= 1 else 1.0
    return tuple(
        scale * np.array([atoms.mean() for atoms in chain.b_factors])
        for chain in chains
    )


def _looks_predicted(factors: Sequence[NDArray[np.float64]]) -> bool:
    several = [atoms for atoms in factors if len(atoms) > 1]
    return (
        len(several) >= MIN_RESIDUES
        and all(np.ptp(atoms) == 0 for atoms in several)
        and max(atoms.max() for atoms in factors) >= MIN_HIGHEST
    )
