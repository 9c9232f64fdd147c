"""mmCIF files with few columns, in any order, from other programs."""

from __future__ import annotations

import json
import random

import gemmi
import numpy as np
import pytest

from pottsfold.contacts.structure import read_structure
from pottsfold.errors import StructureError
from tests.contacts.made_structures import THREE, backbone_atoms, mmcif_text

SEQUENCE = "MKVLATGDERWQNHPSFYIC"
COLUMNS = (
    "group_PDB id type_symbol label_atom_id label_alt_id label_comp_id label_asym_id "
    "label_entity_id label_seq_id pdbx_PDB_ins_code Cartn_x Cartn_y Cartn_z occupancy "
    "B_iso_or_equiv auth_seq_id auth_comp_id auth_asym_id auth_atom_id "
    "pdbx_PDB_model_num"
).split()
NEEDED = {
    "Cartn_x": "Cartn_x",
    "Cartn_y": "Cartn_y",
    "Cartn_z": "Cartn_z",
    "label_comp_id auth_comp_id": "label_comp_id or _atom_site.auth_comp_id",
    "label_atom_id auth_atom_id": "label_atom_id or _atom_site.auth_atom_id",
    "label_seq_id auth_seq_id": "auth_seq_id or _atom_site.label_seq_id",
}


def rows() -> list[dict[str, str]]:
    """Return one CA a residue, by column."""
    return [
        dict(
            zip(
                COLUMNS,
                f"ATOM {k} C CA . {THREE[letter]} A 1 {k} ? {3.0 * k} 0.0 0.0 1.0 20.0 "
                f"{k} {THREE[letter]} A CA 1".split(),
                strict=True,
            )
        )
        for k, letter in enumerate(SEQUENCE, start=1)
    ]


def text_of(rows, columns) -> str:
    lines = ["data_x", "loop_", *(f"_atom_site.{name}" for name in columns)]
    lines += [" ".join(row[name] for name in columns) for row in rows]
    return "\n".join([*lines, "#", ""])


@pytest.fixture
def read(tmp_path):
    """Return a function that reads the text of an mmCIF file."""

    def found(text):
        path = tmp_path / "made.cif"
        path.write_text(text)
        return read_structure(path)

    return found


def without(*names) -> list[str]:
    return [name for name in COLUMNS if name not in names]


@pytest.mark.parametrize(
    "lacking",
    [
        *([name] for name in COLUMNS if name not in NEEDED),
        ["label_asym_id", "auth_asym_id"],
        ["label_alt_id", "occupancy", "pdbx_PDB_model_num", "group_PDB", "type_symbol"],
        [name for name in COLUMNS if name.startswith("label_")],
        [name for name in COLUMNS if name.startswith("auth_")],
        ["id", "B_iso_or_equiv", "label_entity_id", "pdbx_PDB_ins_code"],
    ],
    ids="-".join,
)
def test_columns_that_carry_nothing_may_be_missing(read, lacking):
    (chain,) = read(text_of(rows(), without(*lacking))).chains
    nameless = {"label_asym_id", "auth_asym_id"} <= set(lacking)
    assert (chain.name, chain.letters) == ("" if nameless else "A", SEQUENCE)
    assert chain.anchor_places[:, 0].tolist() == [3.0 * k for k in range(1, 21)]
    assert chain.numbers == tuple(map(str, range(1, 21)))


@pytest.mark.parametrize(("lacking", "shown"), NEEDED.items())
def test_refusal_names_the_missing_column(read, lacking, shown):
    message = f"lacks the column _atom_site.{shown};"
    with pytest.raises(StructureError, match=message):
        read(text_of(rows(), without(*lacking.split())))


@pytest.mark.parametrize("missing", ["?", "."])
@pytest.mark.parametrize(
    "name", [name for name in COLUMNS if name.startswith(("label_", "auth_"))]
)
def test_a_missing_value_is_taken_from_the_other_column(read, missing, name):
    table = rows()
    for row in table[3:7]:
        row[name] = missing
    (chain,) = read(text_of(table, COLUMNS)).chains
    assert (chain.name, chain.letters) == ("A", SEQUENCE)
    assert chain.numbers == tuple(map(str, range(1, 21)))


@pytest.mark.parametrize(
    "name",
    [
        *("group_PDB", "type_symbol", "label_alt_id", "occupancy", "id"),
        *("pdbx_PDB_ins_code", "B_iso_or_equiv", "pdbx_PDB_model_num"),
    ],
)
def test_a_column_of_missing_values_is_none(read, name):
    (chain,) = read(text_of([{**row, name: "?"} for row in rows()], COLUMNS)).chains
    assert chain.letters == SEQUENCE


@pytest.mark.parametrize(
    "written", ["?", ".", "nan", "inf", "-", "1_0", "'1 0'", "*", "9999.000"]
)
def test_coordinate_that_is_no_number_is_no_place(read, written):
    table = rows()
    table[4]["Cartn_y"] = written
    found = read(text_of(table, COLUMNS))
    assert found.chains[0].letters == SEQUENCE[:4] + SEQUENCE[5:]
    assert "1 atom without readable coordinates left out" in found.notes


def test_uncertainties_quotes_and_capitals(read):
    table = rows()
    table[4].update(Cartn_x="15.0(3)", label_atom_id="'CA'", label_comp_id='"ALA"')
    text = text_of(table, COLUMNS).replace("_atom_site.", "_ATOM_SITE.")
    (chain,) = read(text.replace("Cartn_x", "CARTN_X")).chains
    assert chain.letters == SEQUENCE
    assert chain.coordinates[4].tolist() == [[15.0, 0.0, 0.0]]


def test_order_of_columns_is_free(read):
    shuffled = random.Random(3).sample(COLUMNS, len(COLUMNS))
    (chain,) = read(text_of(rows(), shuffled)).chains
    assert (chain.letters, chain.anchors[0]) == (SEQUENCE, "CA")


def test_atoms_of_two_blocks_are_told(read):
    text = text_of(rows(), COLUMNS)
    assert "only the first of 2 data blocks is used" in (
        read(text + text.replace("data_x", "data_y")).notes
    )
    before = "data_about\n_entry.id X\n"
    assert read(before + text).chains[0].letters == SEQUENCE


def test_copies_by_label_alone_are_chains(read):
    table = rows()
    copies = [
        {**row, "label_asym_id": "B", "Cartn_y": "6.0", "auth_seq_id": str(k + 100)}
        for k, row in enumerate(rows(), start=1)
    ]
    found = read(text_of(table + copies, COLUMNS)).chains
    assert [(chain.name, chain.letters) for chain in found] == [
        ("A", SEQUENCE),
        ("A-2", SEQUENCE),
    ]


def test_amino_acids_beside_the_sequence_are_ligands(read):
    table = rows()
    free = {**table[3], "group_PDB": "HETATM", "label_seq_id": ".", "Cartn_y": "40"}
    free |= {"label_asym_id": "C", "auth_seq_id": "301"}
    (chain,) = read(text_of([*table, free], COLUMNS)).chains
    assert chain.letters == SEQUENCE


def test_json_of_the_pdb_is_read_and_other_json_is_not(tmp_path):
    path = tmp_path / "made.json"
    document = gemmi.cif.read_string(text_of(rows(), COLUMNS))
    path.write_text(document.as_json(mmjson=True))
    assert read_structure(path).chains[0].letters == SEQUENCE
    path.write_text(json.dumps({"pae": [1, 2]}))
    with pytest.raises(StructureError, match="is JSON, but no mmJSON"):
        read_structure(path)


def test_small_molecules_have_no_atom_site_of_a_protein(read):
    with pytest.raises(StructureError, match="has no _atom_site"):
        read("data_x\nloop_\n_atom_site_label\n_atom_site_fract_x\nC1 0.5\n")


def test_names_of_several_lines_are_refused(read):
    table = rows()
    for name in ("label_atom_id", "auth_asym_id", "label_comp_id", "auth_seq_id"):
        for hostile in ("\n;CA\nsystem ls\n;\n", "'a\x1b[2J'", '"C\u2028A"'):
            spoiled = [{**row, name: hostile} for row in table]
            with pytest.raises(StructureError, match=r"name|residues") as caught:
                read(text_of(spoiled, COLUMNS))
            assert str(caught.value).isprintable()


def test_number_of_countless_digits_is_no_fault(read):
    table = rows()
    table[4]["auth_seq_id"] = "9" * 5000
    with pytest.raises(StructureError, match="cannot be the name"):
        read(text_of(table, COLUMNS))


def test_files_of_other_writers_are_the_same(tmp_path, read):
    plain = read(mmcif_text(backbone_atoms(SEQUENCE)))
    structure = gemmi.make_structure_from_block(
        gemmi.cif.read_string(mmcif_text(backbone_atoms(SEQUENCE))).sole_block()
    )
    again = read(structure.make_mmcif_document().as_string())
    assert again.chains[0].letters == plain.chains[0].letters == SEQUENCE
    places = [each.chains[0].anchor_places for each in (again, plain)]
    np.testing.assert_allclose(*places, atol=1e-5)
