"""Sites found in chains by alignment."""

from __future__ import annotations

import csv
import gzip

import gemmi
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pottsfold.alignment import Numbering
from pottsfold.alphabet import DNA, PROTEIN, RNA, Alphabet
from pottsfold.contacts import map_structure, read_chains
from pottsfold.errors import StructureError, UsageError
from pottsfold.model import PottsModel
from tests.contacts.made_structures import (
    THREE,
    Atom,
    chain_atoms,
    mmcif_text,
    pdb_text,
)
from tests.strategies import seeds

FOCUS = "MKVLAWGHSTNDEFYRQPIC"


def model_of(
    sequence: str, positions=None, alphabet: Alphabet = PROTEIN, *, focus: bool = True
) -> PottsModel:
    length, q = len(sequence), alphabet.size
    return PottsModel(
        alphabet=alphabet,
        fields=np.zeros((length, q), np.float32),
        couplings=np.zeros((length, length, q, q), np.float32),
        numbering=Numbering(
            np.arange(1, length + 1) if positions is None else positions
        ),
        focus=alphabet.encode(sequence) if focus else None,
        focus_name="FOCUS" if focus else "",
    )


@pytest.fixture
def pdb(tmp_path):
    """Return a function that writes atoms as PDB."""

    def written(atoms):
        path = tmp_path / "made.pdb"
        path.write_text(pdb_text(atoms))
        return path

    return written


def numbers(found) -> list[int | None]:
    return [None if label is None else int(label[3:]) for label in found.residues]


def test_residues_are_found_whatever_their_numbers(pdb):
    found = map_structure(model_of(FOCUS), pdb(chain_atoms(FOCUS, first=501)))
    assert numbers(found) == list(range(501, 521))
    assert (found.chain, found.n_mapped, found.identity) == ("A", 20, 1.0)
    assert found.distances[0, 2] == 6.0
    assert not found.distances.flags.writeable


def test_focus_may_be_part_of_the_chain_and_the_chain_of_the_focus(pdb):
    longer = chain_atoms("GSHGSH" + FOCUS + "LEHHHH")
    assert numbers(map_structure(model_of(FOCUS), pdb(longer))) == list(range(7, 27))
    shorter = chain_atoms(FOCUS[3:16])
    found = map_structure(model_of(FOCUS), pdb(shorter))
    assert numbers(found) == [None] * 3 + list(range(1, 14)) + [None] * 4
    assert np.isnan(found.distances[0]).all()
    assert np.isnan(found.distances[:, 19]).all()


def test_missing_loop_is_left_unmapped(pdb):
    atoms = chain_atoms(FOCUS)
    found = map_structure(model_of(FOCUS), pdb(atoms[:8] + atoms[12:]))
    assert numbers(found) == [*range(1, 9), *[None] * 4, *range(13, 21)]


def test_insert_of_the_structure_is_stepped_over(pdb):
    found = map_structure(
        model_of(FOCUS), pdb(chain_atoms(FOCUS[:10] + "GGGGG" + FOCUS[10:]))
    )
    assert numbers(found) == [*range(1, 11), *range(16, 26)]


@given(seeds, st.floats(0.5, 0.9))
@settings(max_examples=25)
def test_dropped_columns_do_not_shift_their_neighbours(seed, share):
    from tempfile import TemporaryDirectory

    rng = np.random.default_rng(seed)
    whole = "".join(rng.choice(list(THREE), 60))
    kept = np.flatnonzero(rng.random(60) < share)
    model = model_of("".join(whole[k] for k in kept), kept + 1)
    with TemporaryDirectory() as folder:
        path = f"{folder}/made.pdb"
        with open(path, "w", encoding="utf-8") as handle:
            handle.write(pdb_text(chain_atoms(whole)))
        assert numbers(map_structure(model, path)) == (kept + 1).tolist()


def test_far_jump_in_numbering_costs_no_memory(pdb):
    positions = np.r_[1:11, 10**15 : 10**15 + 10]
    found = map_structure(model_of(FOCUS, positions), pdb(chain_atoms(FOCUS)))
    assert found.n_mapped == 20


def test_gap_and_unknown_letters_of_the_focus(pdb):
    sequence = FOCUS[:5] + "-" + FOCUS[6:9] + "X" + FOCUS[10:]
    found = map_structure(model_of(sequence), pdb(chain_atoms(FOCUS)))
    # A gap has no residue; an unknown letter has one, that is not the same.
    assert numbers(found) == [*range(1, 6), None, *range(7, 21)]
    assert found.identity == pytest.approx(18 / 19)


def test_best_chain_is_taken_unless_one_is_named(tmp_path):
    mutated = "A" + FOCUS[1:10] + "AAA" + FOCUS[13:]
    path = tmp_path / "made.cif"
    path.write_text(
        mmcif_text(
            chain_atoms("GSGSGSGSGSGSGSG", chain="L", y=50)
            + chain_atoms(mutated, chain="M")
            + chain_atoms(FOCUS, chain="N", y=20)
        )
    )
    assert map_structure(model_of(FOCUS), path).chain == "N"
    named = map_structure(model_of(FOCUS), path, "M")
    assert (named.chain, named.n_mapped) == ("M", 20)
    assert named.identity == pytest.approx(16 / 20)


def test_unknown_chain_is_refused_with_the_names_there_are(pdb):
    path = pdb(chain_atoms(FOCUS) + chain_atoms(FOCUS, chain="B", y=9))
    with pytest.raises(StructureError, match="no chain C; there is chain A, chain B"):
        map_structure(model_of(FOCUS), path, "C")


@pytest.mark.parametrize(
    ("sequence", "part"),
    [
        ("GPGPGPGPGPGPGPGPGPGPGPGP", r"chain A \d+% identity over \d+% of the sites"),
        (FOCUS[:6], "chain A 100% identity over 30% of the sites"),
    ],
)
def test_chain_that_does_not_match_is_refused(pdb, sequence, part):
    with pytest.raises(StructureError, match=part) as caught:
        map_structure(model_of(FOCUS), pdb(chain_atoms(sequence)))
    assert "\n" not in str(caught.value)
    assert "at least 30% identity over 50%" in str(caught.value)


def test_model_without_a_focus_is_refused_before_the_file_is_read(tmp_path):
    with pytest.raises(UsageError, match="no focus sequence to find in a structure"):
        map_structure(model_of(FOCUS, focus=False), tmp_path / "none.pdb")


@pytest.mark.parametrize("alphabet", [RNA, DNA])
def test_nucleic_model_finds_its_chain_whether_t_or_u(pdb, alphabet):
    rng = np.random.default_rng(5)
    bases = "".join(rng.choice(list("ACGU"), 30))
    atoms = chain_atoms(FOCUS)
    for k, base in enumerate(bases):
        atoms.append(Atom(base, k + 1, 5.0 * k, 40, name="C1'", chain="R"))
    sequence = bases.replace("U", "T") if alphabet is DNA else bases
    found = map_structure(model_of(sequence, alphabet=alphabet), pdb(atoms))
    assert (found.chain, found.n_mapped, found.identity) == ("R", 30, 1.0)


@pytest.mark.parametrize("family", ["PF00014", "1a0tP", "DHFR"])
def test_structure_is_the_same_as_pdb_and_as_mmcif(shared_data, tmp_path, family):
    source = next((shared_data / "families" / family).glob("*.pdb"))
    structure = gemmi.read_structure(str(source))
    structure.setup_entities()
    # A chain without a name cannot be written in mmCIF.
    for chain in structure[0]:
        chain.name = chain.name or "A"
    structure.assign_label_seq_id()
    path = tmp_path / "same.cif.gz"
    text = structure.make_mmcif_document().as_string()
    path.write_bytes(gzip.compress(text.encode()))
    model = model_of(read_chains(source)[0].letters.replace("X", "A"))
    first, second = map_structure(model, source), map_structure(model, path)
    assert first.residues == second.residues
    assert len(first.chains) == len(second.chains) == (2 if family == "DHFR" else 1)
    np.testing.assert_allclose(first.distances, second.distances, atol=1e-6)
    np.testing.assert_allclose(first.distances_cb, second.distances_cb, atol=1e-6)


def test_real_families_are_mapped_as_their_tables_say(shared_data):
    mapped = 0
    for table in sorted((shared_data / "families").glob("*/columns.tsv")):
        with open(table, encoding="utf-8") as handle:
            rows = list(csv.DictReader(handle, delimiter="\t"))
        sequence = "".join(row["reference"] for row in rows)
        found = map_structure(model_of(sequence), next(table.parent.glob("*.pdb")))
        known = [row["pdb_resid"] for row in rows]
        assert [label and label[3:] for label in found.residues] == known, table
        mapped += 1
    assert mapped >= 20
