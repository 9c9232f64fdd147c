"""Names from files that are more than names: no script, list or page obeys them.

Every format there is is written with every hostile name in every place where a text of
a file stands; what comes out has only the commands and columns that it has without.
"""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pottsfold.contacts import coupling_map, map_structure, ranked_pairs
from pottsfold.contacts.chain_map import SiteResidues
from pottsfold.contacts.formats import CONTACT_FORMATS, Contacts, write_contacts
from pottsfold.contacts.structure import InFile
from pottsfold.errors import PottsfoldError, UsageError
from tests.contacts.made_structures import chain_atoms, pdb_text
from tests.contacts.test_chain_map import FOCUS, model_of

MARK = "PWNED"
PATH_LINE = re.compile(
    r"""cmd\.load\("(\\x..|\\u.{4}|[^"\\;])*", 'pottsfold'\)|open "[^"\\;]*\"""",
)
HOSTILE = {
    "line end": f"N\nsystem touch {MARK}\n",
    "carriage return": f"N\rsystem touch {MARK}",
    "line separator": f"N\u2028system touch {MARK}",
    "next line": f"N\x85system touch {MARK}",
    "semicolon": f"N; system touch {MARK}",
    "quotes": f'N") ; python; {MARK}; python end; ("',
    "apostrophe": f"N'); {MARK} ('",
    "python": f"/import os; {MARK}",
    "script": f"@{MARK}.pml",
    "selector": f"N or all) and ({MARK}",
    "comma": f"N, label={MARK}",
    "wildcard": f"*{MARK}",
    "range": f"N-{MARK}+",
    "comment": f"N # {MARK}",
    "model": f"#1/{MARK}",
    "attribute": f":{MARK}::a>1",
    "backslash": f"N\\\n{MARK}",
    "blank": f"N {MARK}",
    "tab": f"N\t{MARK}",
    "escape": f"\x1b]0;{MARK}\x07",
    "nul": f"N\0{MARK}",
    "right to left": f"N\u202e{MARK}",
    "letters": f"\u03b1{MARK}",
    "undecodable": f"N\udc80{MARK}",
    "formula": f"=cmd|' /C {MARK}'!A1",
}
FIELDS = ("chain", "number", "atom", "chain name", "focus name", "path")


@pytest.fixture
def contacts(tmp_path) -> Contacts:
    """Return contacts drawn on a structure, with harmless names."""
    path = tmp_path / "made.pdb"
    path.write_text(pdb_text(chain_atoms(FOCUS)))
    coupling = coupling_map(model_of(FOCUS))
    mapped = map_structure(model_of(FOCUS), path)
    return Contacts(ranked_pairs(coupling, chain=mapped), coupling, mapped)


def with_name(contacts: Contacts, field: str, name: str) -> Contacts:
    """Return contacts with a name put in one place."""
    chain = contacts.chain
    (residues,) = chain.chains
    if field == "focus name":
        return replace(contacts, coupling=replace(contacts.coupling, name=name))
    if field == "path":
        return replace(contacts, chain=replace(chain, path=f"{chain.path}/{name}.pdb"))
    length = len(residues.numbers)
    changed: dict[str, SiteResidues] = {
        "chain": replace(residues, in_file=InFile(name)),
        "number": replace(residues, numbers=(name,) * length),
        "atom": replace(residues, anchors=(name,) * length),
        "chain name": replace(residues, name=name),
    }
    return replace(contacts, chain=replace(chain, chains=(changed[field],)))


def written(folder: Path, name: str, contacts: Contacts) -> dict[str, str]:
    """Return the texts of the files that a format writes, by ending."""
    chosen = CONTACT_FORMATS[name]
    folder.mkdir(exist_ok=True)
    ending = ".csv" if chosen.kind == "table" else chosen.ending or ".txt"
    write_contacts(str(folder / f"out{ending}"), chosen, contacts)
    texts = {}
    for path in sorted(folder.iterdir()):
        texts[path.suffix] = path.read_bytes().decode("utf-8", "replace")
        path.unlink()
    return texts


def n_lines(text: str) -> int:
    """Return how many lines a text has by any program's reckoning."""
    return len(re.split(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", text))


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("name", CONTACT_FORMATS)
def test_hostile_names_are_refused_or_words(tmp_path, contacts, name, field):
    folder = tmp_path / "out"
    few = replace(contacts, pairs=contacts.pairs.head(5))
    plain = written(folder, name, few)
    for hostile in HOSTILE.values():
        try:
            texts = written(folder, name, with_name(few, field, hostile))
        except UsageError as error:
            assert str(error).isprintable()
            assert not list(folder.iterdir())
            continue
        assert texts.keys() == plain.keys()
        for ending, text in texts.items():
            if ending == ".npy":
                continue
            assert n_lines(text) == n_lines(plain[ending])
            for line, other in zip(
                text.split("\n"), plain[ending].split("\n"), strict=True
            ):
                if line == other or (name, field) == ("rr", "focus name"):
                    continue
                # What differs is a path, in quotation marks with nothing of its own.
                assert field == "path"
                assert PATH_LINE.fullmatch(line), line


@pytest.mark.parametrize("hostile", HOSTILE)
def test_target_of_rr_is_one_printable_word(tmp_path, contacts, hostile):
    spoiled = with_name(contacts, "focus name", HOSTILE[hostile])
    (text,) = written(tmp_path / "out", "rr", spoiled).values()
    target = text.split("\n")[1]
    assert re.fullmatch(r"TARGET \S+", target)
    assert target.isprintable()


def test_path_in_pymol_is_that_path(tmp_path, contacts):
    for name in HOSTILE.values():
        spoiled = with_name(contacts, "path", name.replace("\0", ""))
        (text,) = written(tmp_path / "out", "pymol", spoiled).values()
        line = text.split("\n")[0]
        assert line.isascii()
        literal = line.removeprefix("cmd.load(").removesuffix(", 'pottsfold')")
        assert ast.literal_eval(literal) == str(Path(spoiled.chain.path))
        assert not set(literal[1:-1]) & set("\"';,()#$`@&|<>*?")


@pytest.mark.parametrize("place", ["atom", "chain", "residue", "number", "alternate"])
@pytest.mark.parametrize("name", ["pymol", "chimerax"])
def test_hostile_names_in_a_structure(tmp_path, contacts, name, place):
    """From the file to the script: a line of the name is nowhere a command."""
    few = replace(contacts, pairs=contacts.pairs.head(5))
    for hostile in set(HOSTILE) - {"nul", "undecodable"}:
        path = tmp_path / "made.cif"
        path.write_text(structure_with(place, HOSTILE[hostile]), encoding="utf-8")
        try:
            mapped = map_structure(model_of(FOCUS), path, force=True)
            texts = written(tmp_path / "out", name, replace(few, chain=mapped))
        except PottsfoldError as error:
            assert str(error).isprintable()
            continue
        # Of an alternative and of an unknown residue no name is written.
        assert place in ("alternate", "residue")
        assert not any(MARK in text for text in texts.values())


def structure_with(place: str, name: str) -> str:
    """Return an mmCIF file with a name, as a text of several lines, in one column."""
    lines = ["data_x", "loop_"]
    lines += [
        f"_atom_site.{item}"
        for item in "label_atom_id auth_asym_id label_comp_id auth_seq_id label_alt_id "
        "Cartn_x Cartn_y Cartn_z".split()
    ]
    row = {"atom": "CA", "chain": "A", "residue": "", "number": "", "alternate": "."}
    for atom in chain_atoms(FOCUS):
        row |= {"residue": atom.residue, "number": str(atom.number)}
        words = [f"\n;{name}\n;\n" if at == place else row[at] for at in row]
        lines.append(f"{' '.join(words)} {atom.x} 0 0")
    return "\n".join(lines)


def test_a_format_that_forgets_is_a_fault(tmp_path, contacts):
    from pottsfold.contacts.formats.contact_format import ContactFormat, as_text

    careless = ContactFormat(
        "careless", "text", as_text(lambda given: f"load {given.chain.path}\n")
    )
    with pytest.raises(TypeError, match="made by a `Dialect`"):
        write_contacts(str(tmp_path / "x.txt"), careless, contacts)
    assert not (tmp_path / "x.txt").exists()


def test_matrices_have_numbers_alone(tmp_path, contacts):
    np.testing.assert_array_equal(
        np.loadtxt(written(tmp_path / "out", "ccmpred", contacts)[".txt"].splitlines()),
        contacts.coupling.scores,
    )
