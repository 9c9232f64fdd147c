"""PDB files of other times and programs."""

from __future__ import annotations

import pytest

from pottsfold.contacts.structure import read_structure
from pottsfold.errors import StructureError
from tests.contacts.made_structures import (
    Atom,
    atom_lines,
    backbone_atoms,
    chain_atoms,
    pdb_text,
)

SEQUENCE = "MKVLATGDERWQNHPSFYIC"


@pytest.fixture
def read(tmp_path):
    """Return a function that reads lines of a PDB file."""

    def found(lines):
        path = tmp_path / "made.pdb"
        path.write_text("\n".join([*lines, "END", ""]))
        return read_structure(path)

    return found


def with_tail(tail) -> list[str]:
    """Return lines whose columns 73 to 80 are made by a function of their number."""
    lines = atom_lines(chain_atoms(SEQUENCE))
    return [f"{line[:72]:<72}{tail(k)}" for k, line in enumerate(lines, start=1)]


@pytest.mark.parametrize(
    "tail",
    [
        lambda k: f"1XXX{k + 60:4}",
        lambda k: f"1XXX{k + 1000:4}",
        lambda k: f"{k + 123456:>8}",
        lambda k: f"{-0.05 * k:8.4f}",
        lambda k: f"PROA{'C':>2}",
        lambda k: f"{'C':>6}9Z",
        lambda k: f"{'C':>6}+9",
        lambda k: f"{'X':>6}",
        lambda k: f"{'77':>6}",
        lambda k: "",
        lambda k: "\t\t",
        lambda k: "a remark of any length, up to column 120 or so ......",
    ],
)
def test_what_stands_in_the_last_columns_is_no_hindrance(read, tail):
    found = read(with_tail(tail))
    (chain,) = found.chains
    assert (chain.name, chain.letters) == ("A", SEQUENCE)
    assert chain.anchor_places[:, 0].tolist() == [3.0 * k for k in range(20)]


@pytest.mark.parametrize("columns", [54, 60, 66])
def test_lines_may_end_after_the_coordinates(read, columns):
    (chain,) = read(line[:columns] for line in atom_lines(chain_atoms(SEQUENCE))).chains
    assert chain.letters == SEQUENCE


@pytest.mark.parametrize(
    "written",
    [
        *("********", "        ", "     nan", "     NaN", "     inf", "    -inf"),
        *("   1_000", "   1,000", "   1.2.3", "       ?", "   0x1f ", "9999.000"),
        *("-9999.99", "      --", "1e400   "),
    ],
)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_coordinate_that_is_no_number_is_no_place(read, written, axis):
    lines = atom_lines(backbone_atoms(SEQUENCE))
    start = 30 + 8 * axis
    spoiled = [
        line[:start] + written + line[start + 8 :] if line[22:26] == "   5" else line
        for line in lines
    ]
    found = read(spoiled)
    (chain,) = found.chains
    assert chain.letters == SEQUENCE[:4] + SEQUENCE[5:]
    assert "5 atoms without readable coordinates left out" in found.notes


def test_file_without_any_readable_coordinates_says_so(read):
    lines = [f"{line[:30]}{24 * '*'}" for line in atom_lines(chain_atoms("MKV"))]
    with pytest.raises(StructureError, match="3 atoms without readable coordinates"):
        read(lines)


def test_atoms_that_were_never_placed_are_left_out(read):
    lines = atom_lines(backbone_atoms(SEQUENCE))
    zero = f"{0.0:8.3f}" * 3
    lines = [
        line[:30] + zero + line[54:] if line[22:26] == "   5" else line
        for line in lines
    ]
    found = read(lines)
    assert found.chains[0].letters == SEQUENCE[:4] + SEQUENCE[5:]
    # The first nitrogen does stand at the origin, and cannot be told from them.
    assert found.notes == ("6 atoms stacked on one point left out",)


def test_alternatives_in_one_place_are_no_dummies(read):
    atoms = backbone_atoms(SEQUENCE)
    lines = []
    for line in atom_lines(atoms):
        lines += [f"{line[:16]}{each}{line[17:]}" for each in "ABCD"]
    found = read(lines)
    assert found.chains[0].letters == SEQUENCE
    assert found.notes == ()


@pytest.mark.parametrize(
    ("coordinates", "x"),
    [
        ("-1000.123 200.000 300.000", -1000.123),  # one digit more than there is room
        ("-100.1231200.0001300.000", -100.123),  # no blank between, as F8.3 may be
        ("   1.23    4.50    6.00 ", 1.23),
        (" 1.23456 2.34567 3.45678", 1.23456),
        ("       1       2       3", 1.0),
    ],
)
def test_coordinates_of_other_widths_are_read_whole_or_not(read, coordinates, x):
    lines = atom_lines(chain_atoms(SEQUENCE))
    lines[4] = lines[4][:30] + coordinates + lines[4][54:]
    assert read(lines).chains[0].coordinates[4][0, 0] == x


def test_coordinates_that_run_into_each_other_are_no_place(read):
    lines = atom_lines(chain_atoms(SEQUENCE))
    lines[4] = lines[4][:30] + "-1000.1231200.0001300.000" + lines[4][54:]
    assert read(lines).chains[0].letters == SEQUENCE[:4] + SEQUENCE[5:]


@pytest.mark.parametrize(
    "name", "NALA CALA HISD HISE HISH CYS2 CYSH LYSH ASPH GLUH ASPP GLUP NHID".split()
)
@pytest.mark.parametrize("moved", [False, True])
def test_names_of_four_letters(read, name, moved):
    lines = atom_lines(chain_atoms(SEQUENCE))
    rest = lines[4][20:] if moved else lines[4][21:]
    lines[4] = lines[4][:17] + name + rest
    (chain,) = read(lines).chains
    letter = {"H": "H", "L": "K", "G": "E"}.get(name[0], name[0])
    letter = {"NALA": "A", "CALA": "A", "ASPH": "D", "ASPP": "D", "NHID": "H"}.get(
        name, letter
    )
    assert (chain.name, chain.letters[4]) == ("A", letter)
    assert chain.labels[4] == f"{name}5"
    assert chain.coordinates[4].tolist() == [[12.0, 0.0, 0.0]]


def test_chain_names_of_two_letters(read):
    lines = [f"{line[:20]}B{line[21:]}" for line in atom_lines(chain_atoms(SEQUENCE))]
    (chain,) = read(lines).chains
    assert (chain.name, chain.letters) == ("BA", SEQUENCE)


def test_serial_numbers_of_six_digits_move_the_columns(read):
    lines = atom_lines(chain_atoms(SEQUENCE))
    moved = [f"ATOM  {100_000 + k}{line[11:]}" for k, line in enumerate(lines)]
    assert read(moved).chains[0].anchor_places[:, 0].tolist() == [
        3.0 * k for k in range(20)
    ]


def test_lines_of_words_are_read(read):
    lines = [
        f"ATOM {k} {a.name} {a.residue} A {a.number} {a.x:.3f} {a.y:.3f} 0.000 -0.2 1.7"
        for k, a in enumerate(backbone_atoms(SEQUENCE), start=1)
    ]
    (chain,) = read(lines).chains
    assert chain.letters == SEQUENCE
    assert chain.coordinates[1].shape == (5, 3)


def test_numbers_go_on_in_hybrid_36(read):
    lines = atom_lines(chain_atoms("MKVL", first=9998))
    numbers = ["9998", "9999", "A000", "A001"]
    lines = [
        line[:22] + number + line[26 if len(line.rstrip()) == 78 else 27 :]
        for line, number in zip(atom_lines(chain_atoms("MKVL")), numbers, strict=True)
    ]
    (chain,) = read(lines).chains
    assert chain.numbers == ("9998", "9999", "10000", "10001")


def test_numbers_that_run_over_are_of_one_chain(read):
    lines = atom_lines(backbone_atoms(SEQUENCE * 2))
    lines = [f"{line[:22]}{int(line[22:26]) % 25:4}{line[26:]}" for line in lines]
    (chain,) = read(lines).chains
    assert chain.letters == SEQUENCE * 2
    assert chain.in_file.repeated


def test_atoms_without_a_residue_number_are_told(read):
    lines = atom_lines(chain_atoms(SEQUENCE))
    lines[4] = lines[4][:22] + "****" + lines[4][26:]
    found = read(lines)
    assert found.chains[0].letters == SEQUENCE[:4] + SEQUENCE[5:]
    assert found.notes[0] == "1 atom without a residue number left out"


def test_models_of_one_atom_a_residue_are_told(read):
    notes = read(atom_lines(chain_atoms(SEQUENCE))).notes
    assert notes == ("one atom a residue, and distances are between those",)
    assert read(atom_lines(backbone_atoms(SEQUENCE))).notes == ()


def test_hydrogens_are_known_by_name_where_there_is_no_element(read):
    names = ["N", "H", "CA", "HA", "1HB", "CB", "2HB", "HG21", "HG", "D", "QB", "OG"]
    atoms = [
        Atom("SER", 1, 1.5 * k, name=name, element="") for k, name in enumerate(names)
    ]
    (chain,) = read(atom_lines(atoms)).chains
    assert len(chain.coordinates[0]) == 4
    wrong = [Atom("SER", 1, 0.0, element="C"), Atom("SER", 1, 1.0, 0, 0, "HG", "HG")]
    assert len(read(atom_lines(wrong)).chains[0].coordinates[0]) == 1


def test_ligands_that_are_amino_acids_are_left_out(read):
    free = [Atom("GLU", 5, 90, 0, 0, n, n[0], hetero=True) for n in ("N", "CA", "C")]
    protein = atom_lines(backbone_atoms(SEQUENCE))
    for lines in (
        [*protein, "TER", *atom_lines(free)],
        [*protein, *atom_lines(free)],
        pdb_text(backbone_atoms(SEQUENCE)).splitlines()[:-1] + atom_lines(free),
    ):
        (chain,) = read(lines).chains
        assert chain.letters == SEQUENCE


def test_atoms_given_twice_count_once(read):
    lines = atom_lines(backbone_atoms("MKV"))
    found = read([each for line in lines for each in (line, line)])
    assert [len(atoms) for atoms in found.chains[0].coordinates] == [5, 5, 5]
    assert found.notes == ("15 atoms given twice left out",)


def test_other_alternatives_after_the_whole_chain_are_no_copy(read):
    atoms = chain_atoms(SEQUENCE)
    lines = []
    for alternate, y in (("A", 0.0), ("B", 1.0)):
        lines += [
            line[:16] + alternate + line[17:38] + f"{y:8.3f}" + line[46:]
            for line in atom_lines(atoms)
        ]
    (chain,) = read(lines).chains
    assert chain.letters == SEQUENCE
    assert all(len(atoms) == 1 for atoms in chain.coordinates)
    only_b = [line for line in lines if line[16] == "B"]
    assert read(only_b).chains[0].letters == SEQUENCE


def test_sugars_with_an_asterisk_are_nucleotides(tmp_path):
    atoms = [
        Atom(base, k + 1, 6.0 * k, name="C1*", chain="R")
        for k, base in enumerate("GACU")
    ]
    path = tmp_path / "old.pdb"
    path.write_text(pdb_text(atoms))
    (chain,) = read_structure(path, nucleic=True).chains
    assert (chain.letters, set(chain.anchors)) == ("GACU", {"C1'"})
