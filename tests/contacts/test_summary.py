"""What is told about a contact map."""

from __future__ import annotations

import numpy as np

from pottsfold.alignment import Numbering
from pottsfold.contacts import ChainMap, CouplingMap, contacts_summary_lines


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
    assert lines[2] == "strongest pairs (|i - j| >= 6)"
    assert lines[3] == "rank  i     j       score    distance"
    assert lines[4] == "   1  A95   Y114   19.000  no residue"
    assert lines[6] == "   3  C96   Y114   18.000      18.0 A  apart"
    assert len(lines) == 14


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
