"""Learn the adjustment of single effects, and tell how well it does on other proteins.

Run: ``POTTSFOLD_DATA=... python -m tests.benchmarks.adjustment [--models FOLDER]
[--lambda-h X] [--lambda-j-factor Y] [--write]``. Every family is fitted once, its model
kept in FOLDER, in a folder of its penalties. The target is the rank of a measured score
among those of the protein; each protein weighs the same. Figures are means over
proteins of Spearman's correlation, each protein predicted from the others, relatives
left out together. ``--write`` writes the coefficients learnt from all of them into the
package; those in it are of ``--lambda-h 1 --lambda-j-factor 3``.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata, spearmanr

from pottsfold.alignment import read_alignment, reweight
from pottsfold.contacts import site_accessibility
from pottsfold.inference import fit_pseudolikelihood
from pottsfold.inference.regularization import (
    DEFAULT_FIELD_PENALTY,
    Regularization,
    default_regularization,
)
from pottsfold.model import PottsModel, load_fit, save_fit
from pottsfold.mutations import single_log_odds
from pottsfold.mutations.adjustment.amino_acids import LETTERS
from pottsfold.mutations.adjustment.coefficients import FILE, Goal
from pottsfold.mutations.adjustment.features import (
    NAMES,
    Substitutions,
    substitutions_of,
)
from pottsfold.mutations.burial import burial_of

PACKAGE = Path(__file__).parents[2] / "pottsfold/mutations/adjustment" / FILE
Array = NDArray[np.float64]
# Alignments and libraries whose names differ from their folder's.
ALIGNMENTS = {
    "pabp_yeast": "pabp_focus_derived.a2m",
    "yap1_ww": "YAP1_HUMAN.a2m.gz",
    "ube4b": "UBE4B_MOUSE.a2m",
    "rl401": "RL401_YEAST.a2m",
    "gal4": "GAL4_YEAST.a2m",
    "gb1": "SPG1_STRSG_metlpub.a2m",
}
# Without substitutions of every site, or the same measurements once more.
LEFT_OUT = {"variants_gb1_wu4", "variants_pabp_doubles", "variants_pabp_singles"}
# An RNA, and two that are large beside the others.
NOT_USED = {"trna_arg_ccu", "erk2", "met_kinase"}
RELATIVES = (
    {"cxcr4", "ccr5", "adrb2", "gpr68"},
    {"ha_h1", "ha_h3"},
    {"rl401", "sumo1"},
)
# Ridge penalty on standardised features, and how much of the rank by log-odds, in
# units of the prediction's standard deviation, is added to it: where a protein is
# unlike the others the model knows better.
RIDGE = 0.1
KEPT: dict[Goal, float] = {"function": 0.25, "stability": 0.0}


@dataclass(frozen=True, eq=False)
class Protein:
    """One protein: its substitutions, what was measured, what others predict."""

    name: str
    neff: float
    substitutions: Substitutions
    log_odds: Array
    scores: list[Array]
    burial: Array | None = None
    others: dict[str, Array] = field(default_factory=dict)

    @property
    def target(self) -> Array:
        """Mean rank over the libraries, -1/2 to 1/2; NaN where not measured."""
        ranks = np.full((len(self.scores), len(self.log_odds)), np.nan)
        for row, scores in zip(ranks, self.scores, strict=True):
            seen = np.isfinite(scores)
            row[seen] = (rankdata(scores[seen]) - 0.5) / seen.sum() - 0.5
        with np.errstate(invalid="ignore"):
            total = np.where(
                np.isfinite(ranks).any(axis=0), np.nansum(ranks, 0), np.nan
            )
            return total / np.isfinite(ranks).sum(axis=0).clip(1)

    def agreement(self, predicted: Array) -> float:
        """Return Spearman's correlation, mean over the libraries."""
        found = []
        for scores in self.scores:
            seen = np.isfinite(scores) & np.isfinite(predicted)
            found.append(spearmanr(scores[seen], predicted[seen])[0])
        return float(np.mean(found))


@dataclass(frozen=True)
class Models:
    """Models of families, fitted where they are not in the folder yet."""

    folder: Path
    lambda_h: float = DEFAULT_FIELD_PENALTY
    lambda_j_factor: float = 1.0

    def of(self, name: str, alignment: Path) -> PottsModel:
        """Return a family's model."""
        folder = self.folder / f"{self.lambda_h:g}_{self.lambda_j_factor:g}"
        path = folder / f"{name}.potts"
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            family = reweight(read_alignment(alignment))
            # Gaps are missing data: 20 modelled letters.
            couplings = default_regularization(family.length, 20).couplings
            strengths = Regularization(self.lambda_h, self.lambda_j_factor * couplings)
            save_fit(path, fit_pseudolikelihood(family, regularization=strengths))
        return load_fit(path).model


def proteins(goal: Goal, data: Path, models: Models) -> Iterator[Protein]:
    """Yield the proteins of a kind of library."""
    if goal == "stability":
        for path in sorted((data / "stability_structures").glob("*.fasta.gz")):
            name = path.name.removesuffix(".fasta.gz")
            folder = path.parent
            yield _protein(
                name,
                models.of(name, path),
                [folder / f"{name}.csv.gz"],
                folder / f"{name}.pdb.gz",
            )
        return
    folders = [f for base in ("dms", "dms_more") for f in (data / base).iterdir()]
    for folder in sorted(folders):
        libraries = [
            path
            for path in sorted(folder.glob("variants_*.csv.gz"))
            if path.name.removesuffix(".csv.gz") not in LEFT_OUT
        ]
        if folder.name in NOT_USED or not libraries:
            continue
        found = sorted(
            folder.glob("*_derived.a2m.gz"), key=lambda p: ("demask" in p.name, p.name)
        ) or sorted(folder.glob("*.a2m*"))
        alignment = folder / ALIGNMENTS.get(folder.name, found[0].name)
        yield _protein(folder.name, models.of(folder.name, alignment), libraries)


def _protein(
    name: str, model: PottsModel, libraries: list[Path], structure: Path | None = None
) -> Protein:
    log_odds = single_log_odds(model)
    found = substitutions_of(model, log_odds)
    mutants = [
        f"{LETTERS[a]}{model.numbering.positions[i]}{LETTERS[b]}"
        for i, a, b in zip(found.sites, found.wild_types, found.letters, strict=True)
    ]
    tables = [pd.read_csv(path) for path in libraries]
    scores = [t.groupby("mutant").score.mean().reindex(mutants) for t in tables]
    burial, others = None, {}
    if structure is not None:
        accessible = site_accessibility(model, structure).relative
        burial = burial_of(accessible)[found.sites]
        rest = tables[0].drop_duplicates("mutant").set_index("mutant").reindex(mutants)
        others = {c: rest[c].to_numpy(float) for c in rest if c != "score"}
    return Protein(
        name,
        model.neff,
        found,
        log_odds[found.sites, found.letters + 1],
        [s.to_numpy(float) for s in scores if s.notna().sum() > 50],
        burial,
        others,
    )


def design(of: Protein, structure: bool) -> Array:
    """Return the columns that coefficients are learnt for, those of the package."""
    found = of.substitutions
    one_hot = np.eye(20)
    plain = [found.features, one_hot[found.wild_types], one_hot[found.letters]]
    if not structure:
        return np.column_stack(plain)
    assert of.burial is not None
    centred = of.burial[:, np.newaxis] - 0.5
    whole = np.column_stack(plain)
    return np.column_stack([whole, centred * whole, centred, centred**2])


def learn(goal: Goal, some: list[Protein], structure: bool) -> Array:
    """Return coefficients of the columns of :func:`design`, by ridge regression."""
    columns, targets, weights = [], [], []
    for protein in some:
        target, matrix = protein.target, design(protein, structure)
        seen = np.isfinite(target) & np.isfinite(matrix).all(axis=1)
        columns.append(matrix[seen])
        targets.append(target[seen])
        weights.append(np.full(seen.sum(), 1 / max(seen.sum(), 1)))
    x, y, w = (np.concatenate(each) for each in (columns, targets, weights))
    w /= w.sum()
    mean = w @ x
    scale = np.sqrt(w @ (x - mean) ** 2) + 1e-9
    z = (x - mean) / scale
    normal = (z * w[:, np.newaxis]).T @ z + RIDGE * np.eye(x.shape[1])
    found: Array = np.linalg.solve(normal, (z * w[:, np.newaxis]).T @ (y - w @ y))
    found /= scale
    spread = np.sqrt(w @ ((x - mean) @ found) ** 2)
    found[NAMES.index("log_odds")] += KEPT[goal] * spread * np.sqrt(12)
    return found


def relatives(name: str) -> set[str]:
    """Return the proteins to be left out with one."""
    return next((group for group in RELATIVES if name in group), {name})


def left_out(goal: Goal, all_of: list[Protein], structure: bool) -> dict[str, Array]:
    """Return predictions of every protein, from those not related to it."""
    result = {}
    for protein in all_of:
        rest = [p for p in all_of if p.name not in relatives(protein.name)]
        coefficients = learn(goal, rest, structure)
        result[protein.name] = design(protein, structure) @ coefficients
    return result


def as_content(coefficients: Array, structure: bool) -> dict[str, Any]:
    """Return coefficients as they stand in the package's file."""

    def part(values: Array) -> dict[str, Any]:
        n = len(NAMES)
        named = {"features": dict(zip(NAMES, values[:n], strict=True))}
        for name, some in (
            ("wild_type", values[n : n + 20]),
            ("substitution", values[n + 20 : n + 40]),
        ):
            named[name] = dict(zip(LETTERS, some - some.mean(), strict=True))
        return {
            k: {a: round(float(v), 4) for a, v in d.items()} for k, d in named.items()
        }

    size = len(NAMES) + 40
    content = part(coefficients[:size])
    if structure:
        times = coefficients[size : 2 * size]
        content["times burial"] = part(times)
        # What centring the letters' tables takes from the product with burial.
        shift = sum(times[k : k + 20].mean() for k in (len(NAMES), len(NAMES) + 20))
        content["burial"] = round(float(coefficients[-2] + shift), 4)
        content["burial squared"] = round(float(coefficients[-1]), 4)
    return content


def told(goal: Goal, all_of: list[Protein]) -> dict[str, Any]:
    """Print the figures of a goal, and return what the package's file says of it."""
    forms = {"alignment": False, "structure": True}
    if goal == "function":
        del forms["structure"]
    rows: dict[str, Callable[[Protein], float]] = {
        "log_odds": lambda p: p.agreement(p.log_odds)
    }
    for form, structure in forms.items():
        predicted = left_out(goal, all_of, structure)
        rows[form] = lambda p, found=predicted: p.agreement(found[p.name])
    for other in all_of[0].others:
        rows[other] = lambda p, name=other: p.agreement(p.others[name])
    table = pd.DataFrame({k: {p.name: f(p) for p in all_of} for k, f in rows.items()})
    table.insert(0, "Neff", [round(p.neff) for p in all_of])
    print(f"\n{goal}\n{table.round(3).to_string()}\nmean\n{table.mean().round(4)}")
    content: dict[str, Any] = {
        "proteins": [p.name for p in all_of],
        "mean Spearman, each protein from the others": {
            name: round(float(table[name].mean()), 3) for name in ("log_odds", *forms)
        },
    }
    for form, structure in forms.items():
        content[form] = as_content(learn(goal, all_of, structure), structure)
    return content


def main(arguments: list[str] | None = None) -> None:
    """Learn, print, and write on request."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--lambda-h", type=float, default=DEFAULT_FIELD_PENALTY)
    parser.add_argument("--lambda-j-factor", type=float, default=1.0)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args(arguments)
    data = Path(os.environ["POTTSFOLD_DATA"])
    goals: tuple[Goal, ...] = ("function", "stability")
    models = Models(chosen.models, chosen.lambda_h, chosen.lambda_j_factor)
    found = {goal: list(proteins(goal, data, models)) for goal in goals}
    content = {
        "about": "Coefficients of the adjusted effects of single substitutions; what "
        "they multiply is described in coefficients.py and features.py.",
        "learnt": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "goals": {goal: told(goal, found[goal]) for goal in goals},
    }
    for goal, other in (goals, goals[::-1]):
        coefficients = learn(goal, found[goal], False)
        means = [p.agreement(design(p, False) @ coefficients) for p in found[other]]
        print(f"learnt for {goal}, on {other}: {np.mean(means):.3f}")
    if chosen.write:
        PACKAGE.write_text(json.dumps(content, indent=1) + "\n")
        print(f"wrote {PACKAGE}")


if __name__ == "__main__":
    main()
