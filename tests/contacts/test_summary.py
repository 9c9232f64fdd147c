"""What is told about a contact map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pottsfold.alignment import Numbering
from pottsfold.contacts import (
    ChainMap,
    CouplingMap,
    contacts_summary_lines,
    coupling_map,
    map_structure,
)
from tests.contacts.made_structures import chain_atoms, pdb_text
from tests.contacts.test_chain_map import model_of


def made(length: int = 20) -> tuple[CouplingMap, ChainMap]:
    sites = np.arange(float(length))
    far = abs(sites[:, np.newaxis] - sites)
    distances = far.copy()
    distances[0] = distances[:, 0] = np.nan
    coupling = CouplingMap(
        far, far, Numbering.sequential(length, 95), "ACDEFGHIKLMNPQRSTVWY"
    )
    residues = (None, *(f"ALA{k}" for k in range(1, length)))
    return coupling, ChainMap("x.pdb", "B", 0.5, residues, distances)


def test_mapping_precision_and_pairs_are_told():
    lines = contacts_summary_lines(*made())
    assert lines[0] == (
        "chain B of x.pdb: 19 of 20 sites have a residue, 50% of them the same as in "
        "the focus"
    )
    assert lines[1].startswith(
        "precision L/5 0.000 (0 of 3), L/2 0.000 (0 of 9), L 0.000 (0 of 19); L = 19, "
        "|i - j| >= 6, 25 contacts in 91 pairs, 14 pairs left out"
    )
    assert lines[2] == "precision at     L/10    L/5    L/2      L     2L"
    assert lines[4] == "|i - j| >= 12   0.000  0.000  0.000  0.000  0.000"
    assert lines[6] == "strongest pairs (|i - j| >= 6)"
    assert lines[7] == "rank  i     j       score    distance"
    assert lines[8] == "   1  A95   Y114   19.000  no residue"
    assert lines[10] == "   3  C96   Y114   18.000      18.0 A  apart"
    assert len(lines) == 18


def test_without_a_structure_only_pairs_are_told():
    lines = contacts_summary_lines(made()[0], count=3)
    assert lines[0] == "strongest pairs (|i - j| >= 6)"
    assert len(lines) == 5
    assert "distance" not in lines[1]


def test_family_too_short_for_a_far_pair_has_an_empty_table():
    small = CouplingMap(
        np.zeros((3, 3)), np.zeros((3, 3)), Numbering.sequential(3), "ACD"
    )
    assert len(contacts_summary_lines(small)) == 2


def test_of_an_oligomer_the_pairs_between_chains_only_are_counted(tmp_path):
    sequence = "MKVLAWGHSTNDEFYRQPIC"
    turned = [
        replace(atom, x=57 - atom.x, y=5) for atom in chain_atoms(sequence, chain="B")
    ]
    path = tmp_path / "dimer.pdb"
    path.write_text(pdb_text(chain_atoms(sequence) + turned))
    model = model_of(sequence)
    lines = contacts_summary_lines(coupling_map(model), map_structure(model, path))
    assert "contacts within and between chains A, B count" in lines[0]
    (told,) = (line for line in lines if "between chains only" in line)
    # All scores are equal, so pairs stand in order: 1 with 7..20, then 2 with 8..13.
    # Within a chain none of them touch; between two, those whose numbers sum to
    # 19..23, which are 1 with 18, 19 and 20.
    assert told == "top 20 pairs: 3 in contact between chains only"
