"""Pairs of sites that touch in a structure, or that a file lists."""

import gzip
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.alignment import Numbering
from pottsfold.contacts import contact_mask, read_pairs
from pottsfold.errors import StructureError, TableError, UsageError
from tests.contacts.made_structures import Atom, chain_atoms, pdb_text
from tests.contacts.test_accessibility import with_b_factors
from tests.contacts.test_chain_map import FOCUS, model_of

# Side chains of these residues, from 0, stand off the line of CA atoms by so much.
LIFTED = {0: 4.0, 1: 4.0, 6: 4.0, 9: -5.0}


def structure_atoms(sequence=FOCUS, chain="A", y=0.0):
    """Return CA atoms 3 angstrom apart on a line, and CB of some residues."""
    atoms = chain_atoms(sequence, chain=chain, y=y)
    for k, up in LIFTED.items():
        atoms.append(replace(atoms[k], y=y + up, name="CB"))
    return sorted(atoms, key=lambda atom: atom.number)


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "made.pdb"
        path.write_text(text)
        return path

    return write


def expected_pairs(cutoff, left_out=()):
    """Return the pairs by the formula: CB where there is one, else CA."""
    places = [np.array([3.0 * k, LIFTED.get(k, 0.0)]) for k in range(len(FOCUS))]
    return [
        [i, j]
        for i in range(len(FOCUS))
        for j in range(i + 1, len(FOCUS))
        if np.linalg.norm(places[i] - places[j]) < cutoff and not {i, j} & set(left_out)
    ]


@pytest.mark.parametrize("cutoff", [5.0, 8.0])
def test_pairs_are_those_of_side_chains(written, cutoff):
    path = written(pdb_text(structure_atoms()))
    mask = contact_mask(model_of(FOCUS), path, cutoff=cutoff)
    assert mask.graph.pairs.tolist() == expected_pairs(cutoff)
    assert f"side chains are within {cutoff:g} angstrom in chain A" in mask.lines[0]
    # Atoms of the backbone do not count: with them residues 1 and 2 would touch 3.
    if cutoff == 5.0:
        assert [1, 2] not in mask.graph.pairs.tolist()


def test_residues_of_low_confidence_touch_nothing(written):
    values = [90.0] * len(FOCUS)
    values[4] = 60.0
    text = "TITLE ALPHAFOLD MODEL\n" + pdb_text(structure_atoms())
    mask = contact_mask(model_of(FOCUS), written(with_b_factors(text, values)))
    assert mask.graph.pairs.tolist() == expected_pairs(8.0, left_out=[4])
    assert "1 residues of pLDDT below 70 touch nothing" in mask.lines
    assert "1 sites have no partner: they stand for themselves" in mask.lines


def test_pairs_between_chains_alike_count(written):
    # The second chain lies upside down above the first.
    other = [
        replace(atom, x=57.0 - atom.x, y=5.0, chain="B") for atom in chain_atoms(FOCUS)
    ]
    atoms = [*chain_atoms(FOCUS), *other]
    path = written(pdb_text(atoms))
    pairs = contact_mask(model_of(FOCUS), path).graph.pairs.tolist()
    alone = contact_mask(model_of(FOCUS), path, "A").graph.pairs.tolist()
    assert set(map(tuple, alone)) < set(map(tuple, pairs))
    assert [0, len(FOCUS) - 1] in pairs


def test_a_structure_of_ca_atoms_is_said(written):
    mask = contact_mask(model_of(FOCUS), written(pdb_text(chain_atoms(FOCUS))))
    assert "no side chains: CA atoms stand for them" in mask.lines[-1]


def test_bad_masks_are_refused(written):
    path = written(pdb_text([Atom("GLY", 1, 0.0), *structure_atoms()]))
    model = model_of(FOCUS)
    with pytest.raises(UsageError, match="a number above 0"):
        contact_mask(model, path, cutoff=0)
    with pytest.raises(StructureError, match=r"no side chains within 0\.1 angstrom"):
        contact_mask(model, path, cutoff=0.1)
    with pytest.raises(StructureError, match="no chain C"):
        contact_mask(model, path, "C")
    with pytest.raises(StructureError, match="does not match the focus"):
        contact_mask(model_of("WWWWWWWWWWWWWWWWWWWW"), path)


NUMBERING = Numbering(np.array([5, 6, 7, 9, 20]))


@pytest.mark.parametrize(
    "text",
    [
        "i,j\n5,9\n20,6\n",
        "5 9\n6 20\n6 20 0.7\n",
        "# chosen by hand\n\n5\t9\n6\t20\n",
        "rank;j;i\n1;9;5\n2;20;6\n",
        '"i","j","aa_i"\n"5","9","A"\n"6","20","C"\n',
        "\ufeffi,j\r\n5,9\r\n6,20\r\n",
    ],
)
def test_lists_of_pairs_are_read(tmp_path, text):
    for name, data in (
        ("pairs.txt", text.encode()),
        ("pairs.gz", gzip.compress(text.encode())),
        ("wide.txt", ("\ufeff" + text.lstrip("\ufeff")).encode("utf-16-le")),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        mask = read_pairs(path, NUMBERING)
        assert mask.graph.pairs.tolist() == [[0, 3], [1, 4]]
        assert "2 pairs of 5 sites" in mask.lines[0]
        assert mask.lines[1:] == ("1 sites have no partner: they stand for themselves",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("i,j\n5,9\n5,8\n", "line 3: 8 is no site; there are 5 between 5 and 20"),
        ("5 9\n7 7\n", "line 2: a site is paired with itself"),
        ("5 9\nA7 9\n", "line 2: 'A7' is no residue number"),
        ("5 9\n7\n", "line 2: two residue numbers are needed"),
        ("", "no pair of sites in it"),
        ("i,j\n", "no pair of sites in it"),
        ("first,second\n5,9\n", "line 1: columns i and j, or two residue numbers"),
        ("5 9999999999999999999\n", "line 1: columns i and j"),
    ],
)
def test_bad_lists_are_refused(tmp_path, text, message):
    path = tmp_path / "pairs.txt"
    path.write_text(text)
    with pytest.raises(TableError, match=message):
        read_pairs(path, NUMBERING)


def test_files_that_are_no_list(tmp_path):
    with pytest.raises(TableError, match="no such file"):
        read_pairs(tmp_path / "none.txt", NUMBERING)
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(b"5 9\n" * 1000)[:20])
    with pytest.raises(TableError, match="cut off"):
        read_pairs(path, NUMBERING)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("pairs") / "a"
    path.write_bytes(data)
    try:
        assert read_pairs(path, NUMBERING).graph.n_pairs
    except TableError as error:
        assert "\n" not in str(error)
