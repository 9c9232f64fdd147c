"""Real structures, as Biopython reads them."""

from __future__ import annotations

import gzip
import warnings
from pathlib import Path

import numpy as np
import pytest
from Bio.PDB import PDBParser
from Bio.PDB.PDBExceptions import PDBConstructionWarning
from Bio.SeqUtils import seq1

from pottsfold.contacts import read_chains


def structures(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.name.endswith((".pdb", ".pdb.gz", ".ent"))
    )


def of_biopython(path: Path) -> dict[str, dict[str, tuple[str, np.ndarray]]]:
    """Return letter and heavy atoms of every amino acid, by chain and number."""
    open_text = gzip.open if path.suffix == ".gz" else open
    with warnings.catch_warnings(), open_text(path, "rt") as handle:
        warnings.simplefilter("ignore", PDBConstructionWarning)
        model = PDBParser().get_structure("x", handle)[0]
    found: dict[str, dict[str, tuple[str, np.ndarray]]] = {}
    for chain in model:
        for residue in chain:
            hetero, number, insertion = residue.id
            if hetero.strip() or "CA" not in residue:
                continue
            heavy = [atom.coord for atom in residue if atom.element not in ("H", "D")]
            found.setdefault(chain.id.strip(), {})[f"{number}{insertion.strip()}"] = (
                seq1(residue.resname),
                np.array(heavy, np.float64),
            )
    return found


def test_residues_and_coordinates_are_those_of_biopython(shared_data):
    paths = structures(shared_data)
    if not paths:
        pytest.skip("no structure files are at hand")
    n_compared = 0
    for path in paths:
        expected = of_biopython(path)
        chains = read_chains(path)
        assert {chain.name for chain in chains} == set(expected), path
        for chain in chains:
            theirs = expected[chain.name]
            ours = {
                number: (letter, atoms)
                for number, letter, atoms in zip(
                    chain.numbers, chain.letters, chain.coordinates, strict=True
                )
            }
            assert theirs.keys() <= ours.keys(), path
            for number, (letter, atoms) in theirs.items():
                assert ours[number][0] == letter, (path, number)
                if len(ours[number][1]) == len(atoms):
                    # Biopython's are float32.
                    np.testing.assert_allclose(ours[number][1], atoms, atol=1e-4)
                    n_compared += 1
    assert n_compared > 1000
