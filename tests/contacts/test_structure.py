"""Structure files as they come: odd residues, odd files."""

from __future__ import annotations

import gzip
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pottsfold.contacts import minimal_distances, read_chains
from pottsfold.errors import StructureError
from tests.contacts.made_structures import Atom, chain_atoms, mmcif_text, pdb_text
from tests.naive import contacts as naive
from tests.strategies import seeds

WRITERS = {"pdb": pdb_text, "cif": mmcif_text}


@pytest.fixture(params=["pdb", "cif", "pdb.gz", "cif.gz", "ent"])
def write(request, tmp_path):
    """Return a function that writes atoms to a file of one of the kinds."""

    def written(atoms):
        path = tmp_path / f"made.{request.param}"
        kind = request.param.split(".")[0]
        text = WRITERS.get(kind, pdb_text)(atoms).encode()
        path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
        return path

    return written


def test_residues_are_read_with_letters_labels_and_places(write):
    (chain,) = read_chains(write(chain_atoms("MKVLA", first=11)))
    assert (chain.name, chain.letters) == ("A", "MKVLA")
    assert chain.labels == ("MET11", "LYS12", "VAL13", "LEU14", "ALA15")
    assert chain.coordinates[2].tolist() == [[6.0, 0.0, 0.0]]


def test_chains_go_by_the_authors_names(write):
    atoms = chain_atoms("MKV", chain="A") + chain_atoms("GGS", chain="B", y=20)
    found = [(chain.name, chain.letters) for chain in read_chains(write(atoms))]
    assert found == [("A", "MKV"), ("B", "GGS")]


def test_insertion_codes_are_residues_of_their_own(write):
    atoms = chain_atoms("MKV", first=52)
    atoms[1] = replace(atoms[1], number=52, insertion="A")
    (chain,) = read_chains(write(atoms))
    assert chain.letters == "MKV"
    assert chain.labels == ("MET52", "LYS52A", "VAL54")


def test_only_the_first_alternate_location_counts(write):
    atoms = chain_atoms("MKV")
    atoms[1:2] = [
        replace(atoms[1], alternate="A"),
        replace(atoms[1], alternate="B", x=100.0),
        replace(atoms[1], alternate="B", name="CB", x=101.0),
    ]
    (chain,) = read_chains(write(atoms))
    assert chain.coordinates[1].tolist() == [[3.0, 0.0, 0.0]]


def test_one_of_two_residues_at_one_place_counts(write):
    atoms = chain_atoms("MKV")
    atoms[1:2] = [
        replace(atoms[1], alternate="A"),
        replace(atoms[1], alternate="B", residue="ARG"),
    ]
    (chain,) = read_chains(write(atoms))
    assert chain.letters == "MKV"


def test_modified_residues_go_by_their_parent(write):
    atoms = chain_atoms("MKVSA")
    atoms[0] = replace(atoms[0], residue="MSE", hetero=True)
    atoms[3] = replace(atoms[3], residue="SEP", hetero=True)
    (chain,) = read_chains(write(atoms))
    assert chain.letters == "MKVSA"
    assert chain.labels[0] == "MSE1"


def test_unheard_of_residue_is_an_unknown_letter(tmp_path):
    atoms = chain_atoms("MKV")
    atoms[1] = replace(atoms[1], residue="QX9")
    path = tmp_path / "made.pdb"
    path.write_text(pdb_text(atoms))
    (chain,) = read_chains(path)
    assert chain.letters == "MXV"


def test_water_ligands_and_hydrogens_are_left_out(tmp_path):
    atoms = chain_atoms("MKV")
    atoms.insert(2, replace(atoms[1], name="HA", element="H", x=50.0))
    atoms.insert(3, replace(atoms[1], name="DA", element="D", x=51.0))
    lines = pdb_text(atoms).replace("END\n", "")
    others = [
        Atom("HOH", 201, 9, name="O", element="O", hetero=True),
        Atom("GLU", 202, 9, hetero=True),
        Atom("MTX", 203, 9, name="C1", hetero=True),
        Atom("CA", 204, 9, element="CA", hetero=True),
    ]
    path = tmp_path / "made.pdb"
    path.write_text(lines + pdb_text(others))
    (chain,) = read_chains(path)
    assert chain.letters == "MKV"
    assert [len(atoms) for atoms in chain.coordinates] == [1, 1, 1]


def test_only_the_first_model_is_read(tmp_path):
    one = pdb_text(chain_atoms("MKV")).replace("END\n", "")
    two = pdb_text(chain_atoms("MKV", y=5)).replace("END\n", "")
    path = tmp_path / "nmr.pdb"
    path.write_text(f"MODEL        1\n{one}ENDMDL\nMODEL        2\n{two}ENDMDL\nEND\n")
    (chain,) = read_chains(path)
    assert chain.coordinates[0].tolist() == [[0.0, 0.0, 0.0]]


def test_nucleotides_are_read_when_wanted(write):
    atoms = chain_atoms("MKV")
    for k, base in enumerate(["G", "A", "U", "PSU"]):
        atoms.append(Atom(base, k + 1, 4.0 * k, 30, name="C1'", chain="R"))
    (protein,) = read_chains(write(atoms))
    (rna,) = read_chains(write(atoms), nucleic=True)
    assert (protein.name, protein.letters) == ("A", "MKV")
    assert (rna.name, rna.letters) == ("R", "GAUU")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.pdb", b"", "empty"),
        ("empty.cif", b"", "empty"),
        ("blank.pdb", b"\n\n", "cannot be read"),
        ("prose.pdb", b"hello, this is a letter\n", "no protein residues"),
        ("prose.cif", b"hello, this is a letter\n", "no protein residues"),
        ("block.cif", b"data_X\n_entry.id X\n", "residues|cannot be read"),
        ("broken.cif", b"data_X\nloop_\n_atom_site.id\n_atom_site.x\n1\n", "cannot"),
        ("noise.pdb", bytes(range(128, 256)) * 9, "residues|cannot be read"),
        ("noise.cif", bytes(range(128, 256)) * 9, "residues|cannot be read"),
        ("cut.pdb.gz", gzip.compress(b"ATOM" * 999)[:20], "cannot|residues"),
        ("water.pdb", pdb_text([Atom("HOH", 1, 0, name="O")]).encode(), "no protein"),
    ],
)
def test_file_that_is_no_structure_gives_one_line(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(StructureError, match=message) as caught:
        read_chains(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")


def test_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(StructureError, match="no such file"):
        read_chains(tmp_path / "none.pdb")
    with pytest.raises(StructureError, match="no such file"):
        read_chains(tmp_path)


@given(seeds, st.integers(1, 9))
def test_distances_equal_their_formula(seed, length):
    rng = np.random.default_rng(seed)
    atoms = [rng.normal(0, 9, (rng.integers(1, 6), 3)).round(3) for _ in range(length)]
    absent = rng.random(length) < 0.3
    distances = minimal_distances(
        tuple(None if gone else a for a, gone in zip(atoms, absent, strict=True))
    )
    assert np.array_equal(distances, distances.T, equal_nan=True)
    for i in range(length):
        for j in range(length):
            if absent[i] or absent[j]:
                assert np.isnan(distances[i, j])
            else:
                expected = naive.distance(atoms[i].tolist(), atoms[j].tolist())
                assert distances[i, j] == pytest.approx(expected, abs=1e-8)


def test_eight_angstrom_exactly_is_not_below_eight():
    # In floating point 8.7 - 0.7 is a little less than 8.
    near, far = np.array([[0.7, 0, 0]]), np.array([[8.7, 0, 0]])
    assert 8.7 - 0.7 < 8
    assert minimal_distances((near, far))[0, 1] == 8


def test_chain_of_five_hundred_residues_takes_less_than_a_second():
    rng = np.random.default_rng(3)
    places = np.cumsum(rng.normal(0, 2, (500, 1, 3)), axis=0)
    atoms = tuple(places + rng.normal(0, 2, (500, 8, 3)))
    start = time.process_time()
    assert minimal_distances(atoms).shape == (500, 500)
    assert time.process_time() - start < 1
