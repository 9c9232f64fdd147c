"""Facts about the real families under POTTSFOLD_DATA, and the planted one."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from pottsfold.alignment import Numbering
from pottsfold.alphabet import PROTEIN
from pottsfold.contacts import minimal_distances, read_chains
from pottsfold.datasets import planted_family
from pottsfold.model import PottsModel


def reference_rows(shared_data: Path) -> list[dict[str, str]]:
    with open(shared_data / "reference" / "contacts.csv", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def known_distances(shared_data: Path, family: str) -> np.ndarray:
    """Distances between the residues that the family's own table names."""
    folder = shared_data / "families" / family
    with open(folder / "columns.tsv", encoding="utf-8") as handle:
        numbers = [row["pdb_resid"] for row in csv.DictReader(handle, delimiter="\t")]
    chain = read_chains(next(folder.glob("*.pdb")))[0]
    atoms = {
        label[3:]: place
        for label, place in zip(chain.labels, chain.coordinates, strict=True)
    }
    return minimal_distances(tuple(atoms[number] for number in numbers))


def planted_truth(focus: np.ndarray | None = None) -> PottsModel:
    """The model that the embedded planted family was sampled from."""
    truth = planted_family().alignment.parent / "truth.npz"
    with np.load(truth, allow_pickle=False) as arrays:
        fields = arrays["fields"]
        length, q = fields.shape
        couplings = np.zeros((length, length, q, q), np.float32)
        for (i, j), block in zip(
            arrays["contacts"], arrays["contact_couplings"], strict=True
        ):
            couplings[i, j], couplings[j, i] = block, block.T
    return PottsModel(
        PROTEIN,
        fields,
        couplings,
        Numbering.sequential(length),
        gaps="missing",
        focus=focus,
    )
