"""What all contact formats share: their description, and what there is to write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pottsfold.contacts.chain_map import ChainMap
from pottsfold.contacts.coupling_map import CouplingMap
from pottsfold.contacts.formats.checked_text import CheckedText
from pottsfold.errors import UsageError
from pottsfold.files import check_writable, standard_output, written_whole
from pottsfold.tables.writing import check_table_path, write_table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Contacts:
    """Pairs of residues, the map they are from, and the structure they are seen in.

    Parameters
    ----------
    pairs : DataFrame
        From :func:`pottsfold.contacts.ranked_pairs`; matrices do without.
    coupling : CouplingMap
        The map they are from.
    chain : ChainMap, optional
        Its sites in a structure.
    """

    pairs: pd.DataFrame
    coupling: CouplingMap
    chain: ChainMap | None = None


# Writes to a path, where "-" is standard output, and returns how many pairs it wrote.
Writer = Callable[[str, Contacts], int]


@dataclass(frozen=True)
class ContactFormat:
    """One format of contacts.

    Parameters
    ----------
    name : str
        What ``format`` calls it.
    kind : {"table", "matrix", "text", "on_structure"}
        A table of pairs (csv, tsv or Parquet), a matrix of all scores, a text of
        pairs, or a drawing on a structure, which is then needed.
    write : callable
        Writes contacts to a path.
    ending : str
        Ending that the file needs; any will do if empty. Tables have their own.
    top : str, optional
        Default number of pairs, as :func:`pottsfold.contacts.pairs_asked` reads it;
        all by default.
    separation : int
        Default smallest separation along the chain, in residues.
    standard_output : bool
        Whether it can go to standard output.
    """

    name: str
    kind: Literal["table", "matrix", "text", "on_structure"]
    write: Writer
    ending: str = ""
    top: str | None = None
    separation: int = 1
    standard_output: bool = True

    @property
    def needs_structure(self) -> bool:
        """Whether it draws on a structure."""
        return self.kind == "on_structure"

    @property
    def holds_all_pairs(self) -> bool:
        """Whether pairs cannot be chosen."""
        return self.kind == "matrix"

    def check_path(self, path: str) -> str:
        """Return ``path`` when contacts can be written there, before any long work.

        Raises
        ------
        UsageError
            If the ending is not the format's.
        OutputError
            If the folder cannot be written.
        """
        if self.kind == "table":
            return check_table_path(path)
        message = ""
        if path == "-" and not self.standard_output:
            message = f"`format={self.name}` needs a file ending in {self.ending}"
        elif path != "-" and not path.endswith(self.ending):
            message = f"end it in {self.ending} for `format={self.name}`"
        if message:
            raise UsageError(message, parameter="output", value=path)
        if path != "-":
            check_writable(path)
        return path


def as_table(make: Callable[[pd.DataFrame], pd.DataFrame]) -> Writer:
    """Return the writer of a table that is made of pairs."""

    def write(path: str, contacts: Contacts) -> int:
        write_table(make(contacts.pairs), path)
        return len(contacts.pairs)

    return write


def as_text(make: Callable[[Contacts], CheckedText]) -> Writer:
    """Return the writer of a text that is made of contacts."""

    def write(path: str, contacts: Contacts) -> int:
        write_text(path, make(contacts))
        return len(contacts.pairs)

    return write


def write_text(path: str, text: CheckedText) -> None:
    """Write a text, whole or not at all; ``-`` is standard output.

    Raises
    ------
    TypeError
        If its words were not checked: it is a fault of the format.
    """
    if not isinstance(text, CheckedText):
        raise TypeError("a format's text is made by a `Dialect`")
    if path == "-":
        with standard_output() as out:
            out.write(text)
        return
    with written_whole(path) as beside:
        beside.write_text(text, encoding="utf-8")
