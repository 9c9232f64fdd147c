"""Contacts between chains of the same sequence."""

from __future__ import annotations

import gzip

import gemmi
import numpy as np
import pytest

from pottsfold.contacts import coupling_map, map_structure, ranked_pairs
from pottsfold.errors import StructureError
from tests.contacts.made_structures import ALIKE, chain_atoms, mmcif_text, pdb_text
from tests.contacts.test_chain_map import FOCUS, model_of

OTHER = FOCUS.translate(ALIKE)


@pytest.fixture
def dimer(tmp_path):
    """Return a file with chains A and B alike, C of another protein."""
    path = tmp_path / "dimer.pdb"
    mutant = "A" + FOCUS[1:]
    path.write_text(
        pdb_text(
            chain_atoms(FOCUS)
            + chain_atoms(mutant, chain="B", first=101, y=5)
            + chain_atoms(OTHER, chain="C", y=2)
        )
    )
    return path


def test_by_custom_all_chains_of_the_sequence_count(dimer):
    found = map_structure(model_of(FOCUS), dimer)
    assert [chain.name for chain in found.chains] == ["A", "B"]
    assert found.distances_inter[0, 0] == 5
    assert found.distances_inter[0, 4] == 13
    assert found.distances_intra[0, 4] == 12
    assert found.distances[0, 4] == 12
    assert found.distances[0, 0] == 0
    assert found.partners[0, 4].tolist() in ([0, 1], [1, 0])
    assert "contacts within and between chains A, B count" in str(found)
    assert found.chains[1].numbers[0] == "101"


def test_named_chains_are_taken_and_no_others(dimer):
    model = model_of(FOCUS)
    alone = map_structure(model, dimer, "A")
    assert alone.distances_inter is None
    assert alone.unused_copies == ("B",)
    assert str(alone).endswith("chain B of the same sequence left out")
    both = map_structure(model, dimer, "B, A")
    assert [chain.name for chain in both.chains] == ["B", "A"]
    assert both.chain == "B"
    assert both.unused_copies == ()


def test_named_chains_must_be_alike_and_there(dimer):
    with pytest.raises(
        StructureError, match=r"chain C does not have the sequence of chain"
    ):
        map_structure(model_of(FOCUS), dimer, "A,C")
    with pytest.raises(StructureError, match="no chain Q; there is chain A, chain B"):
        map_structure(model_of(FOCUS), dimer, "A,Q")


def test_missing_residue_of_one_chain_is_found_in_the_other(tmp_path):
    path = tmp_path / "dimer.cif"
    second = chain_atoms(FOCUS, chain="B", y=40)
    path.write_text(mmcif_text(chain_atoms(FOCUS)[:15] + second))
    found = map_structure(model_of(FOCUS), path, "A,B")
    assert found.n_mapped == 15
    assert not np.isnan(found.distances).any()


def test_table_tells_distances_within_and_between(dimer):
    model = model_of(FOCUS)
    chain = map_structure(model, dimer)
    table = ranked_pairs(coupling_map(model), chain=chain)
    assert list(table.columns[-5:]) == [
        *("distance", "contact", "distance_cb", "distance_intra", "distance_inter")
    ]
    row = table[(table["i"] == 1) & (table["j"] == 3)].iloc[0]
    assert row["distance"] == row["distance_intra"] == 6
    assert row["distance_inter"] == pytest.approx(np.hypot(6, 5))
    single = ranked_pairs(coupling_map(model), chain=map_structure(model, dimer, "A"))
    assert list(single.columns[-3:]) == ["distance", "contact", "distance_cb"]


def test_low_identity_is_refused_unless_forced(dimer):
    model = model_of(FOCUS)
    with pytest.raises(StructureError, match="`force` takes this one"):
        map_structure(model, dimer, "C")
    forced = map_structure(model, dimer, "C", force=True)
    assert forced.chain == "C"
    assert forced.identity < 0.3


def test_domain_swapped_dimer_keeps_its_contacts(shared_data, tmp_path):
    """Halves that change places touch between chains, wherever they touched before."""
    source = shared_data / "families" / "PF00014" / "bpti.pdb"
    structure = gemmi.read_structure(str(source))
    structure.setup_entities()
    polymer = structure[0]["A"].get_polymer()
    sequence = "".join(
        gemmi.find_tabulated_residue(residue.name).one_letter_code.upper()
        for residue in polymer
    )
    swapped = gemmi.Structure()
    swapped.add_model(gemmi.Model(1))
    for name, first in (("A", True), ("B", False)):
        chain = gemmi.Chain(name)
        for residue in polymer:
            copy = residue.clone()
            if (copy.seqid.num <= 30) != first:
                for atom in copy:
                    atom.pos += gemmi.Position(60, 0, 0)
            chain.add_residue(copy)
        swapped[0].add_chain(chain)
    swapped.setup_entities()
    path = tmp_path / "swapped.cif.gz"
    text = swapped.make_mmcif_document().as_string()
    path.write_bytes(gzip.compress(text.encode()))
    model = model_of(sequence)
    alone, both = map_structure(model, source), map_structure(model, path)
    np.testing.assert_allclose(both.distances, alone.distances, atol=2e-3)
    np.testing.assert_allclose(both.distances_cb, alone.distances_cb, atol=2e-3)
    across = both.distances_inter[:30, 30:]
    np.testing.assert_allclose(across, alone.distances[:30, 30:], atol=2e-3)
    assert (both.distances_intra[:30, 30:] > 20).all()
