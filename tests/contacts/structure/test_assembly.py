"""Models that are copies in one assembly, and models that are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pottsfold.contacts import coupling_map, map_structure, ranked_pairs
from pottsfold.contacts.structure import read_structure
from tests.contacts.made_structures import (
    atom_lines,
    backbone_atoms,
    chain_atoms,
    mmcif_text,
)
from tests.contacts.test_chain_map import FOCUS, model_of

OTHER = "GSHMAELKRQWTYFPLLNN"
# By a rotation about x and a shift.
TURN = np.array([[1.0, 0.0, 0.0], [0.0, 0.6, -0.8], [0.0, 0.8, 0.6]])


def moved(atoms, shift, turn=TURN):
    places = [np.round(turn @ (a.x, a.y, a.z) + shift, 3) for a in atoms]
    return [
        replace(atom, x=x, y=y, z=z)
        for atom, (x, y, z) in zip(atoms, places, strict=True)
    ]


def jittered(atoms, seed, size=0.3):
    rng = np.random.default_rng(seed)
    shifts = rng.normal(0, size, (len(atoms), 3)).round(3)
    return [
        replace(atom, x=atom.x + dx, y=atom.y + dy, z=atom.z + dz)
        for atom, (dx, dy, dz) in zip(atoms, shifts, strict=True)
    ]


def pdb_models(models) -> str:
    lines = []
    for k, atoms in enumerate(models, start=1):
        lines += [f"MODEL     {k:>4}", *atom_lines(atoms), "ENDMDL"]
    return "\n".join([*lines, "END", ""])


def mmcif_models(models) -> str:
    first, *others = [mmcif_text(atoms).splitlines()[:-1] for atoms in models]
    for k, text in enumerate(others, start=2):
        rows = [line for line in text if line.startswith(("ATOM", "HETATM"))]
        first += [row.rsplit(" ", 1)[0] + f" {k}" for row in rows]
    return "\n".join([*first, "#", ""])


@pytest.fixture(params=[pdb_models, mmcif_models])
def read(request, tmp_path):
    """Return a function that reads models, written in one of the formats."""

    def found(models):
        path = tmp_path / "models"
        path.write_text(request.param(models))
        return read_structure(path)

    return found


ONE = backbone_atoms(FOCUS)
PAIR = ONE + backbone_atoms(OTHER, chain="B", y=-9)


def test_images_side_by_side_are_copies(read):
    shifts = [(0, 0, 30), (0, 0, 60)]
    found = read([PAIR, *(moved(PAIR, shift) for shift in shifts)])
    names = ["A", "B", "A-2", "B-2", "A-3", "B-3"]
    assert [chain.name for chain in found.chains] == names
    assert [chain.in_file.model for chain in found.chains] == [1, 1, 2, 2, 3, 3]
    assert found.notes == ("its 3 models are the copies of one assembly",)
    assert found.chains[2].coordinates[0][0].tolist() == [0.0, 0.0, 30.0]


def test_model_may_lack_chains_of_the_first(read):
    found = read([PAIR, moved(ONE, (0, 0, 30))])
    assert [chain.name for chain in found.chains] == ["A", "B", "A-2"]


@pytest.mark.parametrize(
    "models",
    [
        [jittered(ONE, k) for k in range(5)],
        [moved(jittered(ONE, k), (0, 0, 30.0 * k)) for k in range(5)],
        [ONE, ONE],
        [ONE, moved(ONE, (0.5, 0.5, 0.5))],
        [PAIR, ONE + moved(backbone_atoms(OTHER, chain="B"), (0, 0, 30))],
        [PAIR, moved(backbone_atoms(OTHER), (0, 0, 30))],
        [ONE, moved(ONE[:-5], (0, 0, 30))],
        [ONE, moved(ONE, (0, 0, 30)), jittered(ONE, 1)],
        [ONE, moved(ONE, (0, 0, 30)), moved(ONE, (0, 0, 30.5))],
    ],
    ids=[
        *("ensemble", "ensemble not superposed", "twice", "overlapping", "docking"),
        *("another protein", "other residues", "one is no image", "two overlap"),
    ],
)
def test_other_models_are_not_used_and_told(read, models):
    found = read(models)
    assert all(chain.in_file.model == 1 for chain in found.chains)
    assert len(found.chains) == len({atom.chain for atom in models[0]})
    assert found.notes == (f"only the first of {len(models)} models is used",)


def test_frames_parted_by_end_are_models(tmp_path):
    path = tmp_path / "frames.pdb"
    frames = [[*atom_lines(jittered(ONE, k)), "END"] for k in range(3)]
    path.write_text("\n".join(line for frame in frames for line in frame))
    assert read_structure(path).notes == ("only the first of 3 models is used",)


def test_model_without_its_end_ends_at_the_next(tmp_path):
    path = tmp_path / "models.pdb"
    text = pdb_models([jittered(ONE, k) for k in range(3)])
    path.write_text(text.replace("ENDMDL\n", ""))
    found = read_structure(path)
    assert found.chains[0].letters == FOCUS
    assert found.notes == ("only the first of 3 models is used",)


def test_contacts_between_copies_count(tmp_path):
    path = tmp_path / "assembly.pdb"
    turned = np.diag([-1.0, 1.0, 1.0])
    atoms = chain_atoms(FOCUS)
    path.write_text(pdb_models([atoms, moved(atoms, (57.0, 5.0, 0.0), turned)]))
    model = model_of(FOCUS)
    found = map_structure(model, path)
    assert [chain.name for chain in found.chains] == ["A", "A-2"]
    assert found.distances[0, 19] == 5.0
    assert found.distances_intra[0, 19] == 57.0
    assert "its 2 models are the copies of one assembly" in str(found)
    assert "distance_inter" in ranked_pairs(coupling_map(model), chain=found)
    alone = map_structure(model, path, "A")
    assert alone.distances[0, 19] == 57.0
    assert alone.unused_copies == ("A-2",)
