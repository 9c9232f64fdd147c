"""Chains of a structure file, PDB or mmCIF.

Only residues of the polymer count: water and ligands are left out, and a modified
residue goes by the letter of its parent (selenomethionine is M). Of alternate
locations the one of the highest occupancy is taken, the first of equals, throughout
a residue: atoms of two alternatives are never there together. An atom without
readable coordinates is nowhere. Of several models the first is read, or all of them
when they are one assembly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pottsfold.contacts.structure.assembly import are_one_assembly
from pottsfold.contacts.structure.atoms import Atom, AtomList, without_stacked
from pottsfold.contacts.structure.chain import Chain, InFile, StructureChains
from pottsfold.contacts.structure.confidence import says_predicted
from pottsfold.contacts.structure.content import WANTED, Format, read_content
from pottsfold.contacts.structure.mmcif import MissingColumn, mmcif_atoms
from pottsfold.contacts.structure.parting import part_chains
from pottsfold.contacts.structure.pdb import pdb_atoms
from pottsfold.contacts.structure.residues import (
    Residue,
    candidate_residues,
    fullest,
)
from pottsfold.errors import StructureError

MAX_SHOWN = 20


def read_chains(path: str | Path, *, nucleic: bool = False) -> tuple[Chain, ...]:
    """Return the protein (or nucleic acid) chains of a file.

    Parameters
    ----------
    path : str or Path
        PDB or mmCIF, plain or packed (gz, bz2, xz, zst), told apart by content.
    nucleic : bool
        Whether nucleotides are wanted, or amino acids.

    Raises
    ------
    StructureError
        If there is no such file, it cannot be read, or has no such residue.
    """
    return read_structure(path, nucleic=nucleic).chains


def read_structure(path: str | Path, *, nucleic: bool = False) -> StructureChains:
    """Return the chains of a file, and what was left out or decided in reading.

    Parameters
    ----------
    path, nucleic
        As for :func:`read_chains`.

    Raises
    ------
    StructureError
        Likewise.
    """
    text, format = read_content(path)
    found = _atoms(str(path), text, format, 1)
    models = _models(found, nucleic)
    if found.n_models > 1:
        # A trajectory is long, and its second model shows that it is one.
        for count in (2, found.n_models):
            more = _atoms(str(path), text, format, count)
            copies = _models(more, nucleic)
            if len(copies) < count or not are_one_assembly(copies):
                break
        else:
            found, models = more, copies
    chains = _together(models)
    if not chains:
        raise StructureError(str(path), _nothing(found, nucleic))
    _check_names(str(path), chains)
    notes = [
        *found.notes,
        *_model_notes(found.n_models, len(models)),
        *_atom_notes(found.left_out),
    ]
    if not nucleic and all(len(atoms) == 1 for c in chains for atoms in c.coordinates):
        notes.append("one atom a residue, and distances are between those")
    return StructureChains(
        tuple(chains), tuple(dict.fromkeys(notes)), says_predicted(text, format)
    )


def _atoms(path: str, text: str, format: Format, max_models: int) -> AtomList:
    try:
        if format == "PDB":
            found = pdb_atoms(text, max_models)
        else:
            found = mmcif_atoms(text, max_models, json=format == "mmJSON")
    except MissingColumn as error:
        raise StructureError(path, f"{error}; {WANTED}") from error
    except (RuntimeError, ValueError, IndexError) as error:
        if format == "mmJSON":
            raise StructureError(path, f"is JSON, but no mmJSON; {WANTED}") from error
        cause = " ".join(str(error).split()).removeprefix("string:")
        raise StructureError(
            path, f"cannot be read as {format} ({cause}); {WANTED}"
        ) from error
    without_stacked(found)
    return found


def _models(found: AtomList, nucleic: bool) -> list[list[Chain]]:
    """Return the chains of every model that has any."""
    by_model: dict[int, dict[str, list[Atom]]] = {}
    for atom in found.atoms:
        chains = by_model.setdefault(atom.model, {})
        chains.setdefault(atom.chain, []).append(atom)
    models = []
    for ordinal, by_name in by_model.items():
        model = ordinal + 1 if found.n_models > 1 else None
        of_model: list[Chain] = []
        for name, atoms in by_name.items():
            residues = candidate_residues(atoms, nucleic, found.left_out)
            parts, notes = part_chains(residues, found.ended)
            found.notes += notes
            of_model += _chains_of_one_name(name, model, parts)
        if of_model:
            models.append(of_model)
    return models


def _chains_of_one_name(
    name: str, model: int | None, parts: Sequence[Sequence[Residue]]
) -> list[Chain]:
    """Return chains that have one name in the file, each by a name of its own."""
    segments = [part[0].first.segment for part in parts]
    numbers = Counter(
        number for part in parts for number in {each.number for each in part}
    )
    chains = []
    for k, part in enumerate(parts, start=1):
        own = name
        if len(parts) > 1 and all(segments) and len(set(segments)) == len(parts):
            own = segments[k - 1]
        elif len(parts) > 1 and not name:
            own = str(k)
        elif k > 1:
            own = f"{name}-{k}"
        repeated = any(numbers[each.number] > 1 for each in part)
        repeated |= len({each.number for each in part}) < len(part)
        chains.append(_chain(own, part, InFile(name, model, repeated)))
    return chains


def _chain(name: str, residues: Sequence[Residue], in_file: InFile) -> Chain:
    chosen = [fullest(residue) for residue in residues]
    anchors = [each.anchor for each in chosen]
    numbers = tuple(residue.number for residue in residues)
    return Chain(
        name=name,
        letters="".join(each.letter for each in chosen),
        labels=tuple(
            each.name + number for each, number in zip(chosen, numbers, strict=True)
        ),
        coordinates=tuple(
            np.array([atom.place for atom in each.atoms]) for each in chosen
        ),
        numbers=numbers,
        anchors=tuple(atom.name for atom in anchors),
        anchor_places=np.array([atom.place for atom in anchors]).reshape(-1, 3),
        atom_names=tuple(tuple(atom.name for atom in each.atoms) for each in chosen),
        b_factors=tuple(
            np.array([atom.b_factor for atom in each.atoms]) for each in chosen
        ),
        in_file=in_file,
    )


def _together(models: Sequence[Sequence[Chain]]) -> list[Chain]:
    """Return the chains of all models, those of the second as ``A-2``."""
    together: list[Chain] = []
    names: set[str] = set()
    for k, model in enumerate(models, start=1):
        for chain in model:
            base = chain.name or ("1" if len(models) > 1 else "")
            name = f"{base}-{k}" if k > 1 else base
            count = k
            while name in names:
                count += 1
                name = f"{base}-{count}"
            names.add(name)
            together.append(replace(chain, name=name))
    return together


def _model_notes(n_models: int, n_used: int) -> list[str]:
    if n_models == 1:
        return []
    if n_used == 1:
        return [f"only the first of {n_models} models is used"]
    return [f"its {n_models} models are the copies of one assembly"]


def _atom_notes(left_out: Counter[str]) -> list[str]:
    return [
        f"{count} atom{'s' if count > 1 else ''} {cause} left out"
        for cause, count in left_out.items()
    ]


def _nothing(found: AtomList, nucleic: bool) -> str:
    kind = "nucleic acid" if nucleic else "protein"
    causes = "".join(f", {note}" for note in _atom_notes(found.left_out))
    return f"no {kind} residues in it{causes}; {WANTED}"


def _check_names(path: str, chains: Iterable[Chain]) -> None:
    """Refuse names that no name can be: of several lines, with control characters.

    Names go to messages, figures and scripts; what those cannot hold moreover, such
    as a quotation mark, is their own business.
    """
    for chain in chains:
        in_file = "" if chain.in_file is None else chain.in_file.chain
        for name in (chain.name, in_file, *chain.labels, *chain.anchors):
            if not name.isprintable() or len(name) > MAX_SHOWN:
                shown = repr(name[:MAX_SHOWN])
                raise StructureError(
                    path,
                    f"{shown} cannot be the name of a chain, residue or atom; "
                    "mend the file",
                )
