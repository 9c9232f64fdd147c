"""Solvent accessibility of sites."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest
from Bio.PDB.Atom import Atom as TheirAtom
from Bio.PDB.Residue import Residue
from Bio.PDB.SASA import ShrakeRupley

from pottsfold.alphabet import RNA
from pottsfold.contacts import read_structure, site_accessibility
from pottsfold.contacts.solvent_area import PROBE, solvent_areas, sphere_points
from pottsfold.errors import StructureError, UsageError
from tests.contacts.made_structures import backbone_atoms, chain_atoms, pdb_text
from tests.contacts.test_chain_map import FOCUS, model_of
from tests.naive import contacts as naive

# Residues whose heavy atoms are those of a made backbone.
SMALL = "AGAAGGAAAGAGGAAAAGAA"


@pytest.fixture
def written(tmp_path):
    def write(text: str):
        path = tmp_path / "made.pdb"
        path.write_text(text)
        return path

    return write


def with_b_factors(text: str, values: list[float]) -> str:
    """Return a PDB file with B factors of residues 1, 2, ..."""
    lines = []
    for line in text.splitlines():
        if line.startswith("ATOM"):
            line = f"{line[:60]}{values[int(line[22:26]) - 1]:6.2f}{line[66:]}"
        lines.append(line)
    return "\n".join([*lines, ""])


def atoms_of(seed: int, n: int = 60):
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 12, (n, 3)), rng.choice([1.4, 1.65, 1.8, 1.87], n)


def test_lone_sphere_and_two_that_overlap():
    r = np.array([1.8, 1.4])
    R = r + PROBE
    d = 3.0
    areas = solvent_areas(np.array([[0, 0, 0], [0, d, 0.0]]), r, n_points=20_000)
    # The cap of a sphere within another has height R - (R^2 + d^2 - other^2) / 2d.
    for one, other, area in ((R[0], R[1], areas[0]), (R[1], R[0], areas[1])):
        height = one - (one**2 + d**2 - other**2) / (2 * d)
        exact = 4 * np.pi * one**2 - 2 * np.pi * one * height
        assert area == pytest.approx(exact, rel=1e-3)
    alone = solvent_areas(np.array([[0, 0, 0], [0, 99.0, 0]]), r)
    assert alone == pytest.approx(4 * np.pi * R**2)
    swallowed = solvent_areas(np.zeros((2, 3)), np.array([1.4, 3.0]))
    assert swallowed[0] == 0


def test_areas_are_those_of_biopython():
    places, radii = atoms_of(3)
    residue = Residue((" ", 1, " "), "XXX", "")
    for k, (place, radius) in enumerate(zip(places, radii, strict=True)):
        atom = TheirAtom(str(k), place, 0.0, 1.0, " ", str(k), k, "C")
        atom.element = str(radius)
        residue.add(atom)
    theirs = ShrakeRupley(PROBE, 960, {str(r): float(r) for r in set(radii)})
    theirs.compute(residue, level="A")
    expected = np.array([atom.sasa for atom in residue])
    # Their points have single precision.
    point = 4 * np.pi * (radii + PROBE).max() ** 2 / 960
    assert np.abs(solvent_areas(places, radii) - expected).max() <= 1.01 * point


def test_areas_are_those_of_plain_loops():
    places, radii = atoms_of(5, 20)
    areas = solvent_areas(places, radii, n_points=100)
    points = sphere_points(100)
    assert np.linalg.norm(points, axis=1) == pytest.approx(1)
    for k in range(20):
        expected = naive.solvent_area(places, radii, k, points, PROBE)
        assert areas[k] == pytest.approx(expected, abs=1e-9)


def test_wanted_atoms_are_buried_by_all():
    places, radii = atoms_of(4)
    wanted = np.array([7, 3])
    whole = solvent_areas(places, radii)
    assert solvent_areas(places, radii, wanted).tolist() == whole[wanted].tolist()


def test_sites_without_residue_are_not_known(written):
    path = written(pdb_text(backbone_atoms(SMALL[2:])))
    found = site_accessibility(model_of(SMALL), path)
    missing = np.array([label is None for label in found.mapping.residues])
    assert missing.sum() == 2
    assert np.isnan(found.relative[missing]).all()
    assert np.isnan(found.neighbours[missing]).all()
    assert (found.relative[~missing] > 0).all()
    assert not found.relative.flags.writeable


def test_neighbours_are_counted_by_anchors(written):
    path = written(pdb_text(backbone_atoms(SMALL)))
    found = site_accessibility(model_of(SMALL), path)
    chain = read_structure(path).chains[0]
    for k, place in enumerate(chain.anchor_places):
        near = sum(np.linalg.norm(place - p) <= 10 for p in chain.anchor_places)
        assert found.neighbours[k] == near - 1


def test_other_chains_bury_whether_named_or_not(written):
    single = pdb_text(backbone_atoms(SMALL))
    model = model_of(SMALL)
    alone = site_accessibility(model, written(single)).relative
    other = backbone_atoms(SMALL, chain="B", y=5)
    both = written(pdb_text(backbone_atoms(SMALL) + other))
    for chain in (None, "A", "A,B"):
        found = site_accessibility(model, both, chain)
        assert (found.relative < alone - 0.05).all()
    one, two = (site_accessibility(model, both, chain) for chain in "AB")
    mean = site_accessibility(model, both)
    assert mean.relative == pytest.approx((one.relative + two.relative) / 2)


@pytest.mark.parametrize(("apart", "told"), [(0.5, True), (2.0, False)])
def test_superposed_chains_are_told(written, apart, told):
    other = backbone_atoms(SMALL, chain="B", y=apart)
    both = written(pdb_text(backbone_atoms(SMALL) + other))
    found = site_accessibility(model_of(SMALL), both)
    said = (
        "40 residues of two chains in one place bury each other: keep one of "
        "superposed structures"
    )
    assert (said in found.notes) == told
    assert len(found.notes) == told


@pytest.mark.parametrize("head", ["", "TITLE     ALPHAFOLD MONOMER V2.0\n"])
def test_low_confidence_is_not_known(written, head):
    values = [90.0] * 17 + [69.9, 50, 30]
    path = written(head + with_b_factors(pdb_text(backbone_atoms(SMALL)), values))
    found = site_accessibility(model_of(SMALL), path)
    assert np.isnan(found.relative).tolist() == [False] * 17 + [True] * 3
    assert np.isnan(found.neighbours[17:]).all()
    assert found.notes == ("3 residues of pLDDT below 70 left out",)


@pytest.mark.parametrize(
    "head",
    [
        "EXPDTA    X-RAY DIFFRACTION\n",
        "CRYST1   57.570   55.482   66.129  90.00  90.00  90.00 P 1\n",
    ],
)
def test_b_factors_of_an_experiment_are_no_confidence(written, head):
    values = [60.0] * 10 + [20.0] * 10
    path = written(head + with_b_factors(pdb_text(backbone_atoms(SMALL)), values))
    found = site_accessibility(model_of(SMALL), path)
    assert not np.isnan(found.relative).any()
    assert found.notes == ()


@pytest.mark.parametrize("values", [[1.0, 9.0] * 10, [20.0] * 20])
def test_other_values_in_the_column_are_no_confidence(written, values):
    path = written(with_b_factors(pdb_text(backbone_atoms(SMALL)), values))
    assert not np.isnan(site_accessibility(model_of(SMALL), path).relative).any()


def test_residues_that_lack_atoms_are_not_known(written):
    atoms = [
        atom
        for atom in backbone_atoms(SMALL)
        if (atom.number, atom.name) not in {(1, "CB"), (4, "O")}
    ]
    found = site_accessibility(model_of(SMALL), written(pdb_text(atoms)))
    assert np.flatnonzero(np.isnan(found.relative)).tolist() == [0, 3]
    assert not np.isnan(found.neighbours).any()
    assert found.notes == ("2 residues without all heavy atoms left out",)


def test_what_cannot_be_had_is_refused(written):
    with pytest.raises(StructureError, match="only 0 of 20 residues at sites"):
        site_accessibility(model_of(FOCUS), written(pdb_text(chain_atoms(FOCUS))))
    with pytest.raises(StructureError, match="no chain Q"):
        site_accessibility(
            model_of(SMALL), written(pdb_text(backbone_atoms(SMALL))), "Q"
        )
    with pytest.raises(UsageError, match="for proteins"):
        site_accessibility(model_of("ACGUACGU", alphabet=RNA), "none.pdb")


def test_accessibility_is_that_of_the_published_tables(shared_data):
    correlations = []
    for path in sorted((shared_data / "stability_structures").glob("*.csv.gz")):
        table = pd.read_csv(path)
        if "rsa" not in table:
            continue
        name = str(path).removesuffix(".csv.gz")
        with gzip.open(name + ".fasta.gz", "rt") as lines:
            next(lines)
            focus = next(lines).strip().replace("-", "G")
        found = site_accessibility(model_of(focus), name + ".pdb.gz")
        site = table["mutant"].str[1:-1].astype(int) - 1
        theirs = table.groupby(site)["rsa"].first()
        ours = found.relative[theirs.index]
        known = ~np.isnan(ours)
        correlations.append(np.corrcoef(ours[known], theirs[known])[0, 1])
    assert len(correlations) > 30
    assert min(correlations) >= 0.98
