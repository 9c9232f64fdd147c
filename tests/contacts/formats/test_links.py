"""Pairs drawn on a structure: which atoms, and what PyMOL and ChimeraX are told."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from pottsfold.contacts import coupling_map, map_structure, ranked_pairs
from pottsfold.contacts.formats import (
    CONTACT_FORMATS,
    Contacts,
    End,
    Link,
    chimerax_commands,
    linked_pairs,
    pseudobond_text,
    pymol_text,
    write_contacts,
)
from pottsfold.errors import UsageError
from tests.contacts.made_structures import atom_lines, chain_atoms, pdb_text
from tests.contacts.test_chain_map import FOCUS, model_of

PAIR = re.compile(r"(/\S*:\S+@\w+) (/\S*:\S+@\w+) (#\w{6})")


@pytest.fixture
def drawn(tmp_path):
    """Return the map of a dimer whose chain B lies across chain A."""
    atoms = chain_atoms(FOCUS, first=-2)
    atoms[4:4] = [replace(atoms[4], name="CB", y=1.0)]
    turned = [
        replace(atom, x=57 - atom.x, y=5) for atom in chain_atoms(FOCUS, chain="B")
    ]
    path = tmp_path / "my dimer.pdb"
    path.write_text(pdb_text(atoms + turned[:18]))
    model = model_of(FOCUS)
    return coupling_map(model), map_structure(model, path)


def links_of(drawn, separation: int = 1) -> dict[tuple[int, int], Link]:
    coupling, chain = drawn
    pairs = ranked_pairs(coupling, separation=separation)
    links = linked_pairs(pairs, coupling, chain)
    assert len(links) == len(pairs)
    numbers = zip(pairs["i"], pairs["j"], strict=True)
    return dict(zip(numbers, links, strict=True))


def test_links_name_the_structures_own_residues(drawn):
    links = links_of(drawn)
    near = links[1, 3]
    assert near == Link(End("A", "-2", "CA"), End("A", "0", "CA"), "in_contact")
    assert links[5, 6].first == End("A", "2", "CB")
    far = links[1, 12]
    assert (far.kind, far.first.chain, far.second.chain) == ("not_in_contact", "A", "A")


def test_pair_between_chains_is_drawn_where_it_is_closest(drawn):
    _, chain = drawn
    link = links_of(drawn)[4, 17]
    assert link.kind == "between_chains"
    assert {link.first.chain, link.second.chain} == {"A", "B"}
    assert chain.distances_inter[3, 16] < 8 < chain.distances_intra[3, 16]


def test_pair_without_residues_is_left_out(tmp_path):
    path = tmp_path / "short.pdb"
    path.write_text(pdb_text(chain_atoms(FOCUS[:15])))
    model = model_of(FOCUS)
    coupling = coupling_map(model)
    pairs = ranked_pairs(coupling)
    found = linked_pairs(pairs, coupling, map_structure(model, path))
    assert len(found) == 15 * 14 // 2


def test_pymol_draws_every_link_once(drawn):
    links = list(links_of(drawn, 6).values())
    text = pymol_text(links, drawn[1].path)
    lines = text.splitlines()
    loaded = re.fullmatch(r"cmd\.load\((.*), 'pottsfold'\)", lines[0])
    assert json.loads(loaded[1]) == drawn[1].path
    assert sum(line.startswith("distance ") for line in lines) == len(links)
    for kind in ("in_contact", "between_chains", "not_in_contact"):
        count = sum(link.kind == kind for link in links)
        assert text.count(f"distance {kind}, ") == count
        assert (f"set dash_radius, 0.25, {kind}" in text) == (
            count > 0 and kind != "not_in_contact"
        )
    # A number below 0 is escaped, or it would be half of a range.
    assert 'chain "A" and resi \\-2)' in text


def test_chimerax_names_every_pair_once(drawn, tmp_path):
    links = list(links_of(drawn, 6).values())
    bonds = pseudobond_text(links).splitlines()
    pairs = [line for line in bonds if not line.startswith(";")]
    assert len(pairs) == len(links)
    assert all(PAIR.fullmatch(line) for line in pairs)
    assert len(set(pairs)) == len(pairs)
    options = {line for line in bonds if "=" in line}
    assert {"; halfbond = false", "; radius = 0.25", "; radius = 0.1"} <= options
    commands = chimerax_commands(links, drawn[1].path, tmp_path / "a b.pb")
    lines = commands.splitlines()
    assert lines[0] == f'open "{drawn[1].path}"'
    assert lines[-2] == f'open "{tmp_path / "a b.pb"}"'
    shown = next(line for line in lines if line.startswith("show /"))
    assert "/A:" in shown
    assert "/B:" in shown
    with pytest.raises(UsageError, match="quotation mark"):
        chimerax_commands(links, 'a"b.pdb', "x.pb")


def test_chain_without_a_name_is_left_out_of_chimerax_names():
    link = Link(End("", "5", "CB"), End("", "52A", "CA"), "in_contact")
    assert ":5@CB :52A@CA #0072B2" in pseudobond_text([link])
    assert 'chain "" and resi 5)' in pymol_text([link], "x.pdb")
    assert "color :5,52A cornflowerblue" in chimerax_commands([link], "x.pdb", "x.pb")


def test_models_of_an_assembly_are_named(tmp_path):
    path = tmp_path / "assembly.pdb"
    copy = [replace(atom, x=57 - atom.x, y=5.0) for atom in chain_atoms(FOCUS)]
    lines = []
    for k, atoms in enumerate((chain_atoms(FOCUS), copy), start=1):
        lines += [f"MODEL     {k:>4}", *atom_lines(atoms), "ENDMDL"]
    path.write_text("\n".join(lines))
    model = model_of(FOCUS)
    coupling, chain = coupling_map(model), map_structure(model, path)
    links = list(links_of((coupling, chain)).values())
    between = next(link for link in links if link.kind == "between_chains")
    assert {between.first.model, between.second.model} == {1, 2}
    assert {between.first.chain, between.second.chain} == {"A"}
    bonds = pseudobond_text(links)
    assert re.search(r"#1\.1/A:\d+@CA #1\.2/A:\d+@CA #009E73", bonds)
    assert "color #1.1/A:" in chimerax_commands(links, path, "x.pb")
    script = pymol_text(links, path).split("\n")
    assert script[1:3] == ["split_states pottsfold", "delete pottsfold"]
    assert any('(pottsfold_0002 and chain "A" and resi' in line for line in script)
    assert script[-2] == "zoom pottsfold_*"


def test_first_of_several_models_is_named_in_chimerax_alone(tmp_path):
    path = tmp_path / "nmr.pdb"
    bent = [replace(atom, y=0.1 * k * k) for k, atom in enumerate(chain_atoms(FOCUS))]
    lines = []
    for k, atoms in enumerate((chain_atoms(FOCUS), bent), start=1):
        lines += [f"MODEL     {k:>4}", *atom_lines(atoms), "ENDMDL"]
    path.write_text("\n".join(lines))
    model = model_of(FOCUS)
    links = list(links_of((coupling_map(model), map_structure(model, path))).values())
    assert "#1.1/A:1@CA #1.1/A:3@CA" in pseudobond_text(links)
    assert "split_states" not in pymol_text(links, path)


def test_residues_that_numbers_do_not_tell_apart_are_not_drawn(tmp_path):
    path = tmp_path / "twice.pdb"
    first = atom_lines(chain_atoms(FOCUS))
    second = atom_lines(chain_atoms(FOCUS, y=6))
    path.write_text("\n".join([*first, "TER", *second, "TER"]))
    model = model_of(FOCUS)
    coupling, chain = coupling_map(model), map_structure(model, path)
    assert [each.name for each in chain.chains] == ["A", "A-2"]
    given = Contacts(ranked_pairs(coupling, chain=chain), coupling, chain)
    for name, ending in (("pymol", ".pml"), ("chimerax", ".cxc")):
        with pytest.raises(UsageError, match="residue numbers of chain A come again"):
            write_contacts(str(tmp_path / f"x{ending}"), CONTACT_FORMATS[name], given)
