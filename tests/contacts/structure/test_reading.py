"""Structure files as they come: odd residues, odd files."""

from __future__ import annotations

import gzip
from dataclasses import replace

import numpy as np
import pytest

from pottsfold.contacts import read_chains
from pottsfold.errors import StructureError
from tests.contacts.made_structures import Atom, chain_atoms, mmcif_text, pdb_text

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


def test_first_of_equally_full_alternate_locations_counts(write):
    atoms = chain_atoms("MKV")
    atoms[1:2] = [
        replace(atoms[1], alternate="A"),
        replace(atoms[1], alternate="B", x=100.0),
        replace(atoms[1], alternate="B", name="CB", x=101.0),
    ]
    (chain,) = read_chains(write(atoms))
    assert chain.coordinates[1].tolist() == [[3.0, 0.0, 0.0]]


def test_fullest_alternate_location_counts_throughout_a_residue(write):
    atoms = chain_atoms("MKV")
    atoms[1:2] = [
        replace(atoms[1], alternate="A", occupancy=0.3),
        replace(atoms[1], alternate="B", occupancy=0.7, x=100.0),
        replace(atoms[1], alternate="A", occupancy=0.3, name="CB", x=4.0),
    ]
    (chain,) = read_chains(write(atoms))
    assert chain.coordinates[1].tolist() == [[100.0, 0.0, 0.0]]


def test_fuller_of_two_residues_at_one_place_counts(write):
    atoms = chain_atoms("MKV")
    atoms[1:2] = [
        replace(atoms[1], alternate="A", occupancy=0.4),
        replace(atoms[1], alternate="B", occupancy=0.6, residue="ARG"),
    ]
    (chain,) = read_chains(write(atoms))
    assert chain.letters == "MRV"


def test_residue_is_anchored_at_cb_or_failing_that_ca(write):
    atoms = chain_atoms("GKV")
    atoms[2:2] = [replace(atoms[1], name="CB", x=4.5)]
    (chain,) = read_chains(write(atoms))
    assert chain.anchors == ("CA", "CB", "CA")
    assert chain.anchor_places[:, 0].tolist() == [0.0, 4.5, 6.0]
    assert chain.numbers == ("1", "2", "3")


def test_atom_without_coordinates_is_nowhere(tmp_path):
    text = mmcif_text(chain_atoms("MKV")).replace("3.0 0.0 0.0", "? ? ?", 1)
    path = tmp_path / "made.cif"
    path.write_text(text)
    (chain,) = read_chains(path)
    assert chain.letters == "MV"


def mutated(rng: np.random.Generator, content: bytes) -> bytes:
    """Cut, overwrite, double or reshuffle a part of a file."""
    kind = rng.integers(5)
    at, to = sorted(rng.integers(0, len(content), 2).tolist())
    if kind == 0:
        return content[:at]
    if kind == 1:
        return content[:at] + rng.bytes(int(rng.integers(1, 40))) + content[at:]
    if kind == 2:
        return content[:at] + content[to:]
    if kind == 3:
        lines = content.splitlines(keepends=True)
        rng.shuffle(lines)
        return b"".join(lines)
    spoiled = bytearray(content)
    for place in rng.integers(0, len(content), 30):
        spoiled[place] = rng.integers(32, 127)
    return bytes(spoiled)


@pytest.mark.parametrize("ending", ["pdb", "cif", "pdb.gz", "cif.gz"])
def test_spoiled_files_give_chains_or_one_line(tmp_path, ending):
    atoms = chain_atoms("MKVLAWGHST") + chain_atoms("MKVLAWGHST", chain="B", y=6)
    content = WRITERS[ending[:3]](atoms).encode()
    path = tmp_path / f"spoiled.{ending}"
    rng = np.random.default_rng(11)
    read = 0
    for _ in range(60):
        # A packed file is spoiled within, or in its packing.
        within = rng.random() < 0.5
        spoiled = mutated(rng, content) if within else content
        if ending.endswith("gz"):
            spoiled = gzip.compress(spoiled, mtime=0)
        path.write_bytes(spoiled if within else mutated(rng, spoiled))
        try:
            chains = read_chains(path)
        except StructureError as error:
            assert "\n" not in str(error)
            continue
        read += 1
        for chain in chains:
            assert len(chain.letters) == len(chain.coordinates) == len(chain.anchors)
            assert all(np.isfinite(atoms).all() for atoms in chain.coordinates)
    # The mmCIF reader is strict, that of PDB takes what lines it can.
    assert (read > 0) is ending.startswith("pdb")
    assert read < 60


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
        ("blank.pdb", b"\n\n", "nothing in it"),
        ("prose.pdb", b"hello, this is a letter\n", "no protein residues"),
        ("prose.cif", b"hello, this is a letter\n", "no protein residues"),
        ("block.cif", b"data_X\n_entry.id X\n", "no _atom_site"),
        ("broken.cif", b"data_X\nloop_\n_atom_site.id\n_atom_site.x\n1\n", "cannot"),
        ("noise.pdb", bytes(range(128, 256)) * 9, "no protein residues"),
        ("noise.cif", bytes(range(128, 256)) * 9, "no protein residues"),
        ("cut.pdb.gz", gzip.compress(b"ATOM" * 999, mtime=0)[:20], "cut off"),
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
