"""Designs as a table and as FASTA."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pottsfold.design.designs import Design
from pottsfold.files import written_whole
from pottsfold.model import PottsModel, energy
from pottsfold.mutations.notation import Substitution, write_mutant

if TYPE_CHECKING:
    import pandas as pd

LETTERS_PER_LINE = 60


def design_table(model: PottsModel, designs: tuple[Design, ...]) -> pd.DataFrame:
    """Return designs as a table, best first.

    Columns are rank, sequence, mutations, n_mutations, energy, log_odds, proven and
    gap; those that compare with the wild type are empty where the model has none, and
    so is a gap of which nothing is known.

    Parameters
    ----------
    model : PottsModel
        What they were designed with.
    designs : tuple of Design
        From :func:`pottsfold.design.design_sequences`.
    """
    import pandas as pd

    gaps = np.array([one.gap for one in designs], np.float64)
    energies = np.array([one.energy for one in designs], np.float64)
    changes: list[str | None] = [None] * len(designs)
    counts: list[int | None] = [None] * len(designs)
    log_odds = np.full(len(designs), np.nan)
    if model.focus is not None:
        changes = [mutations(model, one.codes) for one in designs]
        counts = [int((one.codes != model.focus).sum()) for one in designs]
        log_odds = energy(model, model.focus)[0] - energies
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(designs) + 1),
            "sequence": [model.alphabet.decode(one.codes) for one in designs],
            "mutations": pd.Series(changes, dtype="object"),
            "n_mutations": pd.Series(counts, dtype="Int64"),
            "energy": energies,
            "log_odds": log_odds,
            "proven": [one.proven for one in designs],
            "gap": np.where(np.isfinite(gaps), gaps, np.nan),
        }
    )


def mutations(model: PottsModel, codes: NDArray[np.uint8]) -> str:
    """Return a sequence (L,) uint8 as a mutant of the wild type, like A23T:G56D."""
    wild_type = model.require_focus()
    sites = np.flatnonzero(codes != wild_type)
    return write_mutant(
        Substitution(
            model.alphabet.decode(wild_type[[site]]),
            int(model.numbering.positions[site]),
            model.alphabet.decode(codes[[site]]),
        )
        for site in sites
    )


def write_designs(
    path: str, model: PottsModel, designs: tuple[Design, ...], name: str
) -> None:
    """Write designs as FASTA, whole or not at all.

    Parameters
    ----------
    path : str
        File, packed if it ends in .gz.
    model : PottsModel
        What they were designed with.
    designs : tuple of Design
        Best first.
    name : str
        Of the model, for the headers.
    """
    lines = []
    for rank, one in enumerate(designs, 1):
        sure = "proven" if one.proven else "unproven"
        words = "_".join(name.split())
        lines.append(f">design_{rank} energy={one.energy:.4f} {sure} model={words}")
        letters = model.alphabet.decode(one.codes)
        lines += [
            letters[start : start + LETTERS_PER_LINE]
            for start in range(0, len(letters), LETTERS_PER_LINE)
        ]
    text = "\n".join(lines) + "\n"
    data = text.encode("ascii", "replace")
    if path.endswith(".gz"):
        # Neither name nor time: equal sequences make equal files.
        data = gzip.compress(data, mtime=0)
    with written_whole(path) as beside:
        Path(beside).write_bytes(data)
