"""Facts about the real families under POTTSFOLD_DATA."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from pottsfold.contacts import minimal_distances, read_chains


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
