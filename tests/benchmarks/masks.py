"""How masked models rank mutants, beside models that couple all pairs.

Run: ``POTTSFOLD_DATA=... python -m tests.benchmarks.masks [--models FOLDER]
[--structures FOLDER] [--pairs 1 2 3 5]``. Dense models are fitted once and kept in the
folder of models. Domains of measured stability have their structures; a protein of
measured function takes part if ``FOLDER/NAME.pdb`` is its structure, named as the
folder of its library. ``--pairs`` couples the strongest 1L, 2L, ... pairs of the dense
model too. Figures are Spearman's correlation of log-odds, mean over the libraries.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from pottsfold.alignment import read_alignment, reweight
from pottsfold.contacts import contact_mask, coupling_map, strongest_pairs
from pottsfold.inference import fit_pseudolikelihood
from pottsfold.model import PairGraph, PottsModel
from pottsfold.mutations.adjustment.coefficients import Goal
from tests.benchmarks import adjustment


class KnownAlignments(adjustment.Models):
    """Dense models that remember which alignment the last one was fitted to."""

    last: ClassVar[Path]

    def of(self, name: str, alignment: Path) -> PottsModel:
        """Return a family's model."""
        type(self).last = alignment
        return super().of(name, alignment)


def strongest(model: PottsModel, count: int) -> PairGraph:
    """Return the graph of a model's strongest pairs, of any separation."""
    rows, columns = strongest_pairs(
        coupling_map(model).scores, model.numbering.positions, 1
    )
    pairs = np.column_stack([rows, columns])[:count]
    return PairGraph.of_pairs(model.length, pairs)


def agreements(
    protein: adjustment.Protein,
    model: PottsModel,
    alignment: Path,
    structure: Path,
    times: list[int],
) -> dict[str, float]:
    """Return the correlations of the dense model and of the masked ones."""
    graphs = {"contacts": contact_mask(model, structure).graph}
    graphs |= {f"{k}L": strongest(model, k * model.length) for k in times}
    family = reweight(read_alignment(alignment))
    found = {"all pairs": protein.agreement(protein.log_odds)}
    for name, graph in graphs.items():
        log_odds = adjustment.single_log_odds(
            fit_pseudolikelihood(family, graph=graph).model
        )
        sites, letters = protein.substitutions.sites, protein.substitutions.letters
        found[name] = protein.agreement(log_odds[sites, letters + 1])
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--structures", type=Path)
    parser.add_argument("--pairs", type=int, nargs="*", default=[])
    chosen = parser.parse_args()
    data = Path(os.environ["POTTSFOLD_DATA"])
    models = KnownAlignments(chosen.models)
    goals: tuple[Goal, ...] = ("stability", "function")
    for goal in goals[: 1 if chosen.structures is None else 2]:
        folder, ending = (
            (data / "stability_structures", ".pdb.gz")
            if goal == "stability"
            else (chosen.structures, ".pdb")
        )
        rows = {}
        for protein in adjustment.proteins(goal, data, models):
            structure = folder / f"{protein.name}{ending}"
            if structure.exists():
                model = models.of(protein.name, models.last)
                rows[protein.name] = agreements(
                    protein, model, models.last, structure, chosen.pairs
                )
        table = pd.DataFrame(rows).T
        print(f"\n{goal}\n{table.round(3).to_string()}\nmean\n{table.mean().round(4)}")


if __name__ == "__main__":
    main()
