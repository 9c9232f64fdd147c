"""Atoms of an mmCIF file, whatever columns its ``_atom_site`` has.

Only coordinates, and a name of the atom and of its residue and a residue number are
needed. Names of atoms and residues are the file's (``label_``), names of chains and
numbers are the author's (``auth_``), and each stands in for the other, in the whole
column or where a value is ``?`` or ``.``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import gemmi

from pottsfold.contacts.structure.atoms import Atom, AtomList, decimal, is_place
from pottsfold.contacts.structure.names import is_element

ATOM_SITE = "_atom_site."
COORDINATES = ("cartn_x", "cartn_y", "cartn_z")
# What is needed, and the columns that have it, the better one first.
ATOM = ("label_atom_id", "auth_atom_id")
RESIDUE = ("label_comp_id", "auth_comp_id")
NUMBER = ("auth_seq_id", "label_seq_id")
CHAIN = ("auth_asym_id", "label_asym_id")
NEEDED = (ATOM, RESIDUE, NUMBER, *((name,) for name in COORDINATES))
AS_WRITTEN = {name.lower(): name for name in ("Cartn_x", "Cartn_y", "Cartn_z")}

Column = Sequence[str]


class MissingColumn(ValueError):
    """A column that cannot be done without; the message names no file."""


def mmcif_atoms(text: str, max_models: int, *, json: bool = False) -> AtomList:
    """Return the atoms of the first block of an mmCIF file that has any.

    Parameters
    ----------
    text : str
        The file.
    max_models : int
        How many models to read; the others are counted.
    json : bool
        Whether it is mmJSON.

    Raises
    ------
    MissingColumn
        If a column that is needed is not there.
    ValueError, RuntimeError
        If the syntax is wrong.
    """
    read = gemmi.cif.read_mmjson_string if json else gemmi.cif.read_string
    tables = [_table(block) for block in read(text)]
    filled = [table for table in tables if table]
    if not filled:
        raise MissingColumn("has no _atom_site, so no coordinates")
    found = _atoms(filled[0], max_models)
    if len(filled) > 1:
        found.notes.append(f"only the first of {len(filled)} data blocks is used")
    return found


def _table(block: gemmi.cif.Block) -> dict[str, Column]:
    """Return the columns of a block's atoms, blank where a value is missing."""
    columns = block.get_mmcif_category(ATOM_SITE)
    return {
        name.lower(): [value or "" for value in values]
        for name, values in columns.items()
    }


def _atoms(table: dict[str, Column], max_models: int) -> AtomList:
    for names in NEEDED:
        if not any(name in table for name in names):
            shown = " or ".join(
                ATOM_SITE + AS_WRITTEN.get(name, name) for name in names
            )
            raise MissingColumn(f"lacks the column {shown}")
    n_atoms = len(next(iter(table.values())))
    blank = [""] * n_atoms

    def column(*names: str) -> Column:
        there = [table[name] for name in names if name in table]
        if len(there) < 2:
            return there[0] if there else blank
        return [one or other for one, other in zip(*there, strict=True)]

    # Where ligands have a number in a sequence too, it tells nothing.
    sequence = column("label_seq_id")
    tells_sequence = not all(sequence)
    rows = zip(
        column("pdbx_pdb_model_num"),
        column(*CHAIN),
        column("label_asym_id"),
        column(*RESIDUE),
        column(*NUMBER),
        column("pdbx_pdb_ins_code"),
        column("group_pdb"),
        sequence,
        column(*ATOM),
        column("label_alt_id"),
        column("type_symbol"),
        *(column(name) for name in COORDINATES),
        column("occupancy"),
        column("b_iso_or_equiv"),
        strict=True,
    )
    found = AtomList()
    models: dict[str, int] = {}
    for model, *row in rows:
        ordinal = models.setdefault(model, len(models))
        if ordinal >= max_models:
            continue
        atom = _atom(ordinal, row, tells_sequence, found)
        if atom is not None:
            found.atoms.append(atom)
    found.n_models = len(models)
    return found


def _atom(ordinal: int, row: list[str], tells: bool, found: AtomList) -> Atom | None:
    chain, asym, residue, number, insertion, group, sequence = row[:7]
    name, alternate, element, x, y, z, occupancy, b_factor = row[7:]
    place = (_number(x), _number(y), _number(z))
    if not is_place(place):
        found.left_out["without readable coordinates"] += 1
        return None
    if not number:
        found.left_out["without a residue number"] += 1
        return None
    full = _number(occupancy)
    return Atom(
        model=ordinal,
        chain=chain,
        segment="",
        piece=f"{ordinal}/{asym}",
        residue=residue.upper(),
        number=number + insertion,
        hetero=group.upper() == "HETATM",
        in_sequence=tells and bool(sequence),
        name=name,
        alternate=alternate,
        element=element.upper() if is_element(element.upper()) else "",
        place=place,
        occupancy=1.0 if math.isnan(full) else full,
        b_factor=_number(b_factor),
    )


def _number(text: str) -> float:
    """Return a number, which may have its standard uncertainty after it: ``1.5(2)``."""
    return decimal(text.partition("(")[0])
