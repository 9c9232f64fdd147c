"""Chains that their names do not tell apart."""

from __future__ import annotations

import pytest

from pottsfold.contacts.structure import InFile, read_structure
from pottsfold.contacts.structure.parting import is_copy
from tests.contacts.made_structures import Atom, atom_lines, backbone_atoms, chain_atoms

SEQUENCE = "MKVLATGDERWQNHPSFYICTGEE"
OTHER = "GSHMAELKRQWTYFPLLNN"
TER = ["TER"]


@pytest.fixture
def read(tmp_path):
    """Return a function that reads lines of a PDB file."""

    def found(lines):
        path = tmp_path / "made.pdb"
        path.write_text("\n".join([*lines, "END", ""]))
        structure = read_structure(path)
        return [(each.name, each.letters) for each in structure.chains], structure

    return found


def part(sequence=SEQUENCE, chain=" ", first=1, y=0.0, segment="", x=0.0):
    lines = atom_lines(backbone_atoms(sequence, chain=chain, first=first, x=x, y=y))
    return [line[:72] + f"{segment:<4}" + line[76:] for line in lines]


COPIES = [("1", SEQUENCE), ("2", SEQUENCE)]


@pytest.mark.parametrize(
    "lines",
    [
        part() + TER + part(first=25, y=8) + TER,
        part() + TER + part(y=8) + TER,
        part() + part(y=8),
        part() + part(first=25, y=8),
        part() + TER + part(SEQUENCE, first=2, y=8),
    ],
    ids=["through", "again", "no TER", "through, no TER", "shifted"],
)
def test_copies_without_a_name_are_chains(read, lines):
    chains, _ = read(lines)
    assert chains == COPIES


def test_copies_under_one_letter_are_named_after_it(read):
    chains, _ = read(part(chain="A") + TER + part(chain="A", first=1001, y=8))
    assert chains == [("A", SEQUENCE), ("A-2", SEQUENCE)]
    chains, structure = read(part(chain="A") + part(chain="A", y=8))
    assert chains == [("A", SEQUENCE), ("A-2", SEQUENCE)]
    assert {chain.in_file for chain in structure.chains} == {InFile("A", None, True)}


def test_copy_that_lacks_residues_is_a_copy(read):
    second = part(SEQUENCE[3:10], first=28, y=8) + part(
        SEQUENCE[13:], first=38, x=13 * 3.8, y=8
    )
    chains, _ = read(part() + TER + second)
    assert chains == [("1", SEQUENCE), ("2", SEQUENCE[3:10] + SEQUENCE[13:])]


def test_ter_at_a_gap_does_not_part_a_chain(read):
    rest = part(SEQUENCE[12:], chain="A", first=13, x=12 * 3.8)
    chains, _ = read(part(SEQUENCE[:10], chain="A") + TER + rest + TER)
    assert chains == [("A", SEQUENCE[:10] + SEQUENCE[12:])]


def test_other_protein_that_begins_anew_is_a_chain(read):
    chains, _ = read(part() + TER + part(OTHER, y=8))
    assert chains == [("1", SEQUENCE), ("2", OTHER)]


def test_segments_stand_for_names(read):
    lines = part(segment="PROA") + part(OTHER, first=25, y=8, segment="PROB")
    chains, _ = read(lines)
    assert chains == [("PROA", SEQUENCE), ("PROB", OTHER)]
    lines = part(segment="A") + part(y=8, segment="B")
    assert read(lines)[0] == [("A", SEQUENCE), ("B", SEQUENCE)]


def test_segments_part_copies_under_one_letter(read):
    lines = part(chain="P", segment="PROA")
    lines += part(chain="P", first=101, y=8, segment="PROB")
    assert read(lines)[0] == [("PROA", SEQUENCE), ("PROB", SEQUENCE)]
    pieces = part(SEQUENCE[:9], chain="P", segment="PRO1")
    pieces += part(SEQUENCE[11:], chain="P", first=12, x=11 * 3.8, segment="PRO2")
    assert read(pieces)[0] == [("P", SEQUENCE[:9] + SEQUENCE[11:])]


def test_a_second_copy_that_may_be_one_chain_is_told(read):
    chains, structure = read(part(chain="A") + part(chain="A", first=1001, y=8))
    assert chains == [("A", SEQUENCE * 2)]
    assert structure.notes == (
        "a second copy of the sequence counts as part of its chain",
    )


def test_molecular_dynamics_file_with_water_and_ions(read):
    def solvent(name, first):
        return atom_lines(
            [
                Atom(name, first + k, 40.0 + 3 * k, 30, name="O", chain=" ")
                for k in range(30)
            ]
        )

    lines = part() + TER + part(first=25, y=8) + TER
    lines += solvent("SOL", 49) + TER + solvent("SOL", 1) + solvent("NA", 1)
    assert read(lines)[0] == COPIES


def test_repeats_within_a_chain_are_no_copies(read):
    chains, structure = read(part(SEQUENCE * 3, chain="A"))
    assert chains == [("A", SEQUENCE * 3)]
    assert structure.notes == ()


def test_short_peptides_are_copies_when_equal(read):
    lines = part("GNNQQNY") + TER + part("GNNQQNY", first=8, y=8)
    assert [letters for _, letters in read(lines)[0]] == ["GNNQQNY"] * 2
    lines = part("GNNQQNY") + TER + part("GNNQRST", first=8, y=8)
    assert [letters for _, letters in read(lines)[0]] == ["GNNQQNYGNNQRST"]


def test_chain_of_ca_atoms_alone(read):
    lines = atom_lines(chain_atoms(SEQUENCE, chain=" "))
    second = atom_lines(chain_atoms(SEQUENCE, chain=" ", first=25, y=6))
    assert read([*lines, "TER", *second])[0] == COPIES


def test_atoms_of_a_copy_are_not_added_to_a_residue(read):
    """Where one copy lacks the atoms that the other has, they are no residue."""
    lines = part()
    first = [each for each in lines if each[12:16].strip() in ("N", "CA", "C")]
    rest = [
        f"{each[:46]}{50.0:8.3f}{each[54:]}"
        for each in lines
        if each[12:16].strip() in ("O", "CB")
    ]
    chains = read(first + rest)[1].chains
    assert all(len(atoms) <= 3 for chain in chains for atoms in chain.coordinates)


def test_ter_between_bonded_residues_parts_nothing(read):
    lines = part(SEQUENCE * 2, chain="A")
    at = len(part())
    assert read(lines[:at] + TER + lines[at:])[0] == [("A", SEQUENCE * 2)]


def test_two_names_in_one_place_are_one_residue(read):
    lines = atom_lines(backbone_atoms(SEQUENCE, chain="A"))
    mutant = [f"{line[:17]}SER{line[20:]}" for line in lines if line[22:26] == "   5"]
    at = next(k for k, line in enumerate(lines) if line[22:26] == "   6")
    assert read(lines[:at] + mutant + lines[at:])[0] == [("A", SEQUENCE)]
    # Of two residues with one number, a place each, neither is left out.
    twice = [
        f"{line[:22]}   5{line[26:]}" if line[22:26] == "   6" else line
        for line in lines
    ]
    assert read(twice)[0] == [("A", SEQUENCE)]


def test_likeness_of_sequences():
    assert is_copy(SEQUENCE, SEQUENCE[:15] + "A" + SEQUENCE[16:])
    assert not is_copy(SEQUENCE, SEQUENCE[::-1])
    assert not is_copy("AAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAA")
