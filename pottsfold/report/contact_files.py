"""Contacts as files, in our format or another program's."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from pottsfold.contacts import ChainMap, CouplingMap
from pottsfold.contacts.formats import (
    casp_rr_text,
    ccmpred_text,
    chimerax_commands,
    evcouplings_table,
    linked_pairs,
    plmc_text,
    pseudobond_text,
    pymol_text,
    restraints_table,
)
from pottsfold.errors import UsageError
from pottsfold.files import check_writable, written_whole
from pottsfold.tables.writing import check_table_path, write_table

if TYPE_CHECKING:
    import pandas as pd

Format = Literal[
    "csv",
    "rr",
    "evcouplings",
    "plmc",
    "ccmpred",
    "npy",
    "matrix",
    "restraints",
    "pymol",
    "chimerax",
]
TABLES = {"csv", "evcouplings", "restraints"}
MATRICES = {"ccmpred", "npy", "matrix"}
ON_A_STRUCTURE = {"pymol", "chimerax"}
# Formats for what is believed to touch: few pairs, and none that touch anyway.
OF_THE_STRONGEST = {"restraints", *ON_A_STRUCTURE}
OF_FAR_PAIRS = {"rr", *OF_THE_STRONGEST}
ENDINGS = {"npy": ".npy", "pymol": ".pml", "chimerax": ".cxc"}


def check_contacts_path(path: str, format: Format) -> str:
    """Return ``path`` when contacts can be written there, before any long work.

    Raises
    ------
    UsageError
        If the ending is not the format's.
    OutputError
        If the folder cannot be written.
    """
    if format in TABLES:
        return check_table_path(path)
    ending = ENDINGS.get(format, "")
    if path == "-":
        if format in ("npy", "chimerax"):
            raise UsageError(f"-o -: --format {format} needs a file ending in {ending}")
        return path
    if not path.endswith(ending):
        raise UsageError(f"-o {path}: end it in {ending} for --format {format}")
    check_writable(path)
    return path


def pseudobond_path(path: str) -> Path:
    """Return the second file of ``chimerax``, beside its commands."""
    return Path(path).with_suffix(".pb")


def write_contacts(
    path: str,
    format: Format,
    pairs: pd.DataFrame,
    coupling: CouplingMap,
    chain: ChainMap | None = None,
) -> str:
    """Write pairs, or the whole map, whole or not at all, and say what was written.

    Parameters
    ----------
    path : str
        Where; ``-`` is standard output. ``chimerax`` writes a second file beside it,
        ending in ``.pb``.
    format : str
        ``csv``: the table as it is. ``matrix``: npy where the path ends so, else
        ccmpred. The others are described in :mod:`pottsfold.contacts.formats`.
    pairs : DataFrame
        From :func:`pottsfold.contacts.ranked_pairs`; matrices do without.
    coupling : CouplingMap
        The map they are from.
    chain : ChainMap, optional
        Its sites in a structure, which ``pymol`` and ``chimerax`` need.

    Returns
    -------
    str
        As ``"53 pairs"``.

    Raises
    ------
    UsageError
        If the format needs what there is not: a structure, a focus sequence.
    """
    if format == "matrix":
        format = "npy" if path.endswith(".npy") else "ccmpred"
    if format in TABLES:
        write_table(_table(format, pairs), path)
    elif format == "npy":
        with written_whole(path) as beside:
            np.save(beside, coupling.scores, allow_pickle=False)
    elif format == "ccmpred":
        _write_text(path, ccmpred_text(coupling))
    elif format == "plmc":
        _write_text(path, plmc_text(pairs))
    elif format == "rr":
        _write_text(path, casp_rr_text(pairs, coupling))
    else:
        return _write_on_structure(path, format, pairs, coupling, chain)
    if format in MATRICES:
        return f"{coupling.length} x {coupling.length} scores"
    return f"{len(pairs)} pairs"


def _table(format: Format, pairs: pd.DataFrame) -> pd.DataFrame:
    if format == "evcouplings":
        return evcouplings_table(pairs)
    return restraints_table(pairs) if format == "restraints" else pairs


def _write_on_structure(
    path: str,
    format: Format,
    pairs: pd.DataFrame,
    coupling: CouplingMap,
    chain: ChainMap | None,
) -> str:
    if chain is None:
        raise UsageError(f"--format {format} draws on a structure; give --structure")
    links = linked_pairs(pairs, coupling, chain)
    what = f"{len(links)} pairs"
    if len(links) < len(pairs):
        what += f" ({len(pairs) - len(links)} more lack a residue)"
    if format == "pymol":
        _write_text(path, pymol_text(links, chain.path))
        return what
    bonds = pseudobond_path(path)
    commands = chimerax_commands(links, chain.path, bonds)
    _write_text(str(bonds), pseudobond_text(links))
    _write_text(path, commands)
    return what


def _write_text(path: str, text: str) -> None:
    if path == "-":
        sys.stdout.write(text)
        return
    with written_whole(path) as beside:
        beside.write_text(text, encoding="utf-8")
